#include "common/upload/known_names.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

// Separated by bars.
constexpr absl::string_view kOperations =
    "AccessInvitationAccepted|AccessInvitationCreated|AccessInvitationExpired|"
    "AccessInvitationRevoked|AccessInvitationUpdated|AccessRequestAccepted|"
    "AccessRequestApproved|AccessRequestCreated|AccessRequestDenied|AccessRequestUpdated|"
    "Add administrative unit|Add app role assignment grant to user|"
    "Add app role assignment to service principal|Add application|"
    "Add conditional access policy|Add delegated permission grant|Add device|"
    "Add domain to company|Add group|Add member to group|Add member to role|"
    "Add OAuth2PermissionGrant|Add owner to application|Add owner to group|"
    "Add owner to service principal|Add partner to company|Add policy|"
    "Add registered owner to device|Add registered users to device|Add service principal|"
    "Add service principal credentials|Add unverified domain|Add user|Add verified domain|"
    "Add-DistributionGroupMember|Add-MailboxFolderPermission|Add-MailboxPermission|"
    "Add-RecipientPermission|Add-RoleGroupMember|Add-UnifiedGroupLinks|AddedToGroup|"
    "AddedToSecureLink|AddFolderPermissions|AddGroupMembers|AIAppInteraction|"
    "AIInteractionCreatedNotification|AirAdminActionInvestigationData|AirInvestigationData|"
    "AirManualInvestigation|AlertEntityGenerated|AlertTriggered|AlertUpdated|"
    "AllowShareFormForCopy|AnalyzedByExternalApplication|AnonymousLinkCreated|"
    "AnonymousLinkRemoved|AnonymousLinkUpdated|AnonymousLinkUsed|AppDeletedFromCatalog|"
    "AppInstalled|ApplyPriorityCleanup|ApplyRecord|AppPublishedToCatalog|AppUninstalled|"
    "AppUpdatedInCatalog|AppUpgraded|AtpDetection|AttachmentAccess|BotAddedToTeam|"
    "BotRemovedFromTeam|Bulk import users|CallParticipantDetail|CaseAdded|CaseViewed|"
    "Change user license|Change user password|ChannelAdded|ChannelDeleted|"
    "ChannelOwnerResponded|ChannelSettingChanged|ChatCreated|ChatRetrieved|ChatUpdated|"
    "Clear-MobileDevice|ClientViewSignaled|ClockedIn|ClockedOut|CollectFormResponse|"
    "CommentCreated|CommentDeleted|CompanyLinkCreated|CompanyLinkRemoved|CompanyLinkUsed|"
    "ComplianceManagerAction|ConnectedAIAppInteraction|ConnectorAdded|ConnectorRemoved|"
    "ConnectorUpdated|Consent to application|CopilotInteraction|Copy|Create|Create company|"
    "Create group settings|CreateDashboard|CreateDataset|CreatedToDoItem|CreateFlow|CreateForm|"
    "CreateGroup|CreatePowerApp|CreateReport|CreateResponse|CreateUser|CreateWorkspace|"
    "DataExport|Delete application|Delete application password for user|"
    "Delete conditional access policy|Delete device|Delete group|Delete group settings|"
    "Delete policy|Delete user|DeleteDashboard|DeleteDataset|DeleteFlow|DeleteForm|"
    "DeletePermissions|DeletePowerApp|DeleteReport|DeleteWorkspace|Device no longer compliant|"
    "Device no longer managed|Disable account|Disable-InboxRule|Disable-TransportRule|DLPInfo|"
    "DLPRuleMatch|DLPRuleUndo|DocumentSensitivityMismatchDetected|DownloadReport|EditDashboard|"
    "EditDataset|EditFlow|EditForm|EditPowerApp|EditReport|Enable account|"
    "Enable-AddressListPaging|Enable-InboxRule|Enable-Mailbox|Enable-TransportRule|"
    "EnableSpecificCollaboration|ExportForm|ExportReport|ExportTile|FailedValidation|"
    "FileAccessed|FileAccessedExtended|FileArchived|FileCheckedIn|FileCheckedOut|"
    "FileCheckOutDiscarded|FileCopied|FileCopiedToClipboard|FileCopiedToRemovableMedia|"
    "FileCreated|FileCreatedOnRemovableMedia|FileDeleted|FileDeletedFirstStageRecycleBin|"
    "FileDeletedSecondStageRecycleBin|FileDownloaded|FileFetched|FileMalwareDetected|"
    "FileModified|FileModifiedExtended|FileMoved|FileOpened|FilePreviewed|FilePrinted|"
    "FileReactivated|FileRead|FileRecycled|FileRenamed|FileRestored|"
    "FileSensitivityLabelApplied|FileSensitivityLabelChanged|FileSensitivityLabelRemoved|"
    "FileSyncDownloadedFull|FileSyncDownloadedPartial|FileSyncUploadedFull|"
    "FileSyncUploadedPartial|FileTranscriptContentAccessed|FileTranscriptRequest|"
    "FileUnarchived|FileUploaded|FileUploadedToCloud|FileVersionRecycled|"
    "FileVersionsAllDeleted|FileVersionsAllMinorsRecycled|FileVersionsAllRecycled|FileViewed|"
    "FileVisited|FolderAccessed|FolderBind|FolderCopied|FolderCreated|FolderDeleted|"
    "FolderDeletedFirstStageRecycleBin|FolderDeletedSecondStageRecycleBin|FolderModified|"
    "FolderMoved|FolderRecycled|FolderRenamed|FolderRestored|FolderSharingLinkShared|"
    "FolderViewed|GenerateScreenshot|GetGroupsAsAdmin|GetWorkspaces|GroupAdded|GroupCreation|"
    "GroupDeletion|GroupEdited|GroupRemoved|GroupUpdated|HardDelete|HoldCreated|HoldUpdated|"
    "HubSiteJoined|HubSiteRegistered|HubSiteUnjoined|HubSiteUnregistered|"
    "Install-AdminAuditLogConfig|Install-DataClassificationConfig|Install-DefaultSharingPolicy|"
    "Install-ResourceConfig|InvitationCreated|Invite external user|InviteeResponded|InviteSent|"
    "LabelContentExplorerAccessedItem|LaunchPowerApp|ListColumnCreated|ListColumnDeleted|"
    "ListColumnUpdated|ListContentTypeCreated|ListContentTypeDeleted|ListContentTypeUpdated|"
    "ListCreated|ListDeleted|ListForms|ListItemCreated|ListItemDeleted|ListItemRecycled|"
    "ListItemRestored|ListItemUpdated|ListItemViewed|ListRestored|ListUpdated|ListViewCreated|"
    "ListViewed|ListViewUpdated|MailboxLogin|MailItemsAccessed|ManagedSyncClientAllowed|"
    "MarkedMessageChanged|MCASLoginEvent|MeetingDetail|MeetingParticipantDetail|"
    "MeetingRecordingCreated|MemberAdded|MemberRemoved|MemberRoleChanged|MessageBind|"
    "MessageCreatedHasLink|MessageCreatedNotification|MessageCreation|MessageDeleted|"
    "MessageDeletedNotification|MessageEditedHasLink|MessageHostedContentRead|"
    "MessageHostedContentsListed|MessageRead|MessageSent|MessagesExported|MessagesListed|"
    "MessageUpdated|MessageUpdatedNotification|MessageViewed|MipAutoLabelExchangeItem|MipLabel|"
    "ModifiedProfile|ModifyFolderPermissions|Move|MoveToDeletedItems|"
    "NetworkConfigurationUpdated|NetworkSecurityConfigurationUpdated|NetworkUserSuspended|"
    "New-App|New-ComplianceSearch|New-ComplianceSearchAction|New-DistributionGroup|"
    "New-HostedContentFilterPolicy|New-InboxRule|New-Mailbox|New-MailboxExportRequest|"
    "New-MailboxSearch|New-MailUser|New-ManagementRoleAssignment|New-RoleGroup|"
    "New-SyncMailUser|New-TransportRule|New-UnifiedGroup|OptInForProTrial|PageCreated|"
    "PageDeleted|PageModified|PagePrefetched|PageViewed|PageViewedExtended|PerformedCardAction|"
    "PermissionLevelAdded|PermissionLevelModified|PermissionLevelRemoved|"
    "PermissionLevelsInheritanceBroken|PlanCreated|PlanDeleted|PlanListRead|PlanModified|"
    "PlanRead|PowerAppPermissionEdited|PreviewForm|PrintDashboard|PrintReport|"
    "PriorityCleanupDelete|ProcessProfileFields|PublishPowerApp|PutPermissions|"
    "Quarantine_Viewheader|QuarantineDeleteMessage|QuarantineExportMessage|"
    "QuarantinePreviewMessage|QuarantineReleaseMessage|ReactedToMessage|RecordDelete|"
    "RecordingExported|Redeem external user invite|RefreshDataset|Register device|"
    "Register security info|Remove app role assignment from service principal|"
    "Remove delegated permission grant|Remove domain from company|Remove member from group|"
    "Remove member from role|Remove OAuth2PermissionGrant|Remove owner from group|"
    "Remove partner from company|Remove service principal|Remove service principal credentials|"
    "Remove-App|Remove-ComplianceSearch|Remove-DistributionGroup|"
    "Remove-DistributionGroupMember|Remove-InboxRule|Remove-Mailbox|"
    "Remove-MailboxFolderPermission|Remove-MailboxPermission|Remove-MobileDevice|"
    "Remove-RecipientPermission|Remove-RoleGroupMember|Remove-TransportRule|"
    "Remove-UnifiedGroup|Remove-UnifiedGroupLinks|RemovedFromGroup|RemovedFromSecureLink|"
    "RemoveFolderPermissions|Reset user password|Restore user|RosterCreated|ScheduleShared|"
    "SearchCreated|SearchExported|SearchPreviewed|SearchQueryInitiatedExchange|"
    "SearchQueryInitiatedSharePoint|SearchQueryPerformed|SearchRemoved|SearchStarted|"
    "SearchViewed|SecureLinkCreated|SecureLinkDeleted|SecureLinkUpdated|SecureLinkUsed|Send|"
    "SendAs|SendOnBehalf|SensitivityLabelApplied|SensitivityLabeledFileOpened|"
    "SensitivityLabeledFileRenamed|SensitivityLabelRemoved|SensitivityLabelUpdated|"
    "Set Company Information|Set DirSyncEnabled flag|Set domain authentication|"
    "Set federation settings on domain|Set force change user password|Set license properties|"
    "Set user manager|Set-AdminAuditLogConfig|Set-AntiPhishPolicy|Set-App|Set-AtpPolicyForO365|"
    "Set-CalendarProcessing|Set-CASMailbox|Set-ConditionalAccessPolicy|Set-Contact|"
    "Set-DistributionGroup|Set-ExchangeAssistanceConfig|Set-HostedContentFilterPolicy|"
    "Set-InboxRule|Set-Mailbox|Set-MailboxAutoReplyConfiguration|"
    "Set-MailboxCalendarConfiguration|Set-MailboxFolderPermission|"
    "Set-MailboxJunkEmailConfiguration|Set-MailboxMessageConfiguration|Set-MailboxPlan|"
    "Set-MailboxRegionalConfiguration|Set-MailboxSearch|Set-MailUser|Set-MalwareFilterPolicy|"
    "Set-MobileDevice|Set-OrganizationConfig|Set-OwaMailboxPolicy|"
    "Set-RecipientEnforcementProvisioningPolicy|Set-RoleGroup|Set-SafeAttachmentPolicy|"
    "Set-SafeLinksPolicy|Set-SyncUser|Set-TenantObjectVersion|Set-TransportConfig|"
    "Set-TransportRule|Set-UnifiedGroup|Set-User|Set-UserPhoto|SetScheduledRefresh|"
    "ShareDashboard|SharedChannelInvitation|ShareForm|ShareReport|SharingInheritanceBroken|"
    "SharingInheritanceReset|SharingInvitationAccepted|SharingInvitationBlocked|"
    "SharingInvitationCreated|SharingInvitationRevoked|SharingInvitationUpdated|"
    "SharingLinkCreated|SharingLinkDeleted|SharingLinkUpdated|SharingLinkUsed|"
    "SharingPolicyChanged|SharingRevoked|SharingSet|ShiftAdded|ShiftDeleted|ShiftEdited|"
    "SignInEvent|SiteCollectionAdminAdded|SiteCollectionAdminRemoved|SiteCollectionCreated|"
    "SiteCollectionQuotaModified|SiteColumnCreated|SiteColumnDeleted|SiteColumnUpdated|"
    "SiteContentTypeCreated|SiteContentTypeDeleted|SiteContentTypeUpdated|SiteDeleted|"
    "SiteIBModeChanged|SiteIBModeSet|SiteLocksChanged|SitePermissionsModified|SiteRenamed|"
    "SiteSensitivityLabelApplied|SiteSensitivityLabelChanged|SiteSensitivityLabelRemoved|"
    "SoftDelete|SoftDeleteUser|SSOUserLoggedIn|Start-ComplianceSearch|StartAPaidTrial|"
    "StreamCreateChannel|StreamCreateVideo|StreamDeleteVideo|StreamEditVideo|"
    "StreamInvokeChannelView|StreamInvokeGetTranscript|StreamInvokeGetVideo|"
    "StreamInvokeVideoDownload|StreamInvokeVideoLike|StreamInvokeVideoShare|"
    "StreamInvokeVideoUpload|StreamInvokeVideoView|SubmitResponse|SubscribedToMessages|"
    "SupervisionPolicyCreated|SupervisionRuleMatch|SupervisorAdminToggled|TabAdded|TabRemoved|"
    "TabUpdated|TaskAssigned|TaskCompleted|TaskCreated|TaskDeleted|TaskListRead|TaskModified|"
    "TaskRead|TeamArchived|TeamCreated|TeamDeleted|TeamsAppInstalled|TeamsAppUninstalled|"
    "TeamsAppUpgraded|TeamSettingChanged|TeamsImpressionWasSentAdaptiveCard|"
    "TeamsSessionStarted|TeamsTenantSettingChanged|TeamUnarchived|ThreadAccessFailure|"
    "ThreadViewed|TIMailData|TIUrlClickData|ToDoListCreated|TranscriptsExported|"
    "UnmanagedSyncClientBlocked|Unregister device|UnsubscribedFromMessages|Update|"
    "Update application|Update application - Certificates and secrets management|"
    "Update company settings|Update conditional access policy|Update device|Update domain|"
    "Update group|Update group settings|Update policy|Update service principal|"
    "Update StsRefreshTokenValidFrom Timestamp|Update user|UpdateCalendarDelegation|"
    "UpdateComplianceTag|UpdateFileDescription|UpdateFileName|UpdateFolderPermissions|"
    "UpdateFormSetting|UpdateInboxRules|UpdateUsersInBulk|UpdateWorkspace|"
    "User deleted security info|User registered security info|"
    "User started security info registration|UserLoggedIn|UserLoggedOff|UserLoginFailed|"
    "UserSuspension|Validate user authentication|Verify domain|ViewDashboard|ViewedExplore|"
    "ViewedSearchExported|ViewForm|ViewReport|ViewResponse|ViewResponses|ViewTile|"
    "WACTokenShared|WebMembersCanShareModified|WebPropertiesUpdated|WebRequestAccessModified";

// Likewise.
constexpr absl::string_view kApplications =
    "Access|Admin Center|App Chat|Azure|Bookings|Business Chat|Calendar|Clipchamp|Copilot Pages|"
    "Copilot Studio|Create|Defender|Designer|Dynamics 365|Engage|Entra|Excel|Exchange|Fabric|Forms|"
    "GitHub|Graph|Insights|Intune|Kaizala|Learning|Lists|Loop|Notebooks|OneDrive|OneNote|Outlook|"
    "Outlook Sidepane|Pages|Planner|Power Apps|Power Automate|Power BI|Power Pages|PowerPoint|"
    "Project|Publisher|Purview|Sales|Search|Security|Service|SharePoint|Shifts|Stream|Sway|Teams|"
    "To Do|Visio|Viva|Viva Engage|Viva Goals|Viva Insights|Viva Learning|Viva Topics|Vscode|"
    "Whiteboard|Windows|Word|Yammer";

// Letters and digits in lower case, without the maker's name.
std::string PlainApplication(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) plain.push_back(absl::ascii_tolower(byte));
  }
  for (const absl::string_view maker : {"microsoft", "m365", "365", "office"}) {
    if (plain.size() > maker.size() && absl::StartsWith(plain, maker)) plain.erase(0, maker.size());
  }
  return plain;
}

}  // namespace

absl::string_view KnownApplication(absl::string_view name) {
  static const auto& by_plain = *[] {
    auto* map = new absl::flat_hash_map<std::string, absl::string_view>;
    for (const absl::string_view application : absl::StrSplit(kApplications, '|')) {
      map->emplace(PlainApplication(application), application);
    }
    return map;
  }();
  const auto found = by_plain.find(PlainApplication(name));
  return found == by_plain.end() ? absl::string_view() : found->second;
}

absl::string_view KnownOperation(absl::string_view name) {
  static const auto& by_lower = *[] {
    auto* map = new absl::flat_hash_map<std::string, absl::string_view>;
    for (const absl::string_view operation : absl::StrSplit(kOperations, '|')) {
      map->emplace(absl::AsciiStrToLower(operation), operation);
    }
    return map;
  }();
  name = absl::StripAsciiWhitespace(name);
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.remove_suffix(1);
  const auto found = by_lower.find(absl::AsciiStrToLower(name));
  return found == by_lower.end() ? absl::string_view() : found->second;
}

}  // namespace tutti
