#include "tests/sample/event_records.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tests/sample/clients.h"
#include "tests/sample/record_forms.h"

namespace tutti {

EventRecords::EventRecords(const SampleOrganization& organization)
    : organization_(organization), tenant_(organization.TenantId()) {}

std::string EventRecords::Spelling(uint32_t person, uint64_t id) const {
  std::string name = organization_.PersonName(person);
  const uint64_t drawn = organization_.key().Number("spelling", person);
  if (drawn % 7 != 0 || organization_.key().Number("spelled", id) % 3 != 0) return name;
  if (drawn % 2 == 0) return absl::AsciiStrToUpper(name);
  name[0] = 'P';
  return name;
}

std::string EventRecords::Puid(uint32_t person) const {
  return absl::StrFormat("10032001%08X", organization_.key().Number("puid", person) & 0xffffffff);
}

std::string EventRecords::ClaimKey(uint32_t person) const {
  return absl::StrCat("i:0h.f|membership|", absl::AsciiStrToLower(Puid(person)), "@live.com");
}

std::string EventRecords::ObjectId(uint32_t person) const {
  return organization_.key().Guid("person", person);
}

std::string EventRecords::Address(uint64_t id) const {
  const uint64_t drawn = organization_.key().Number("address", id);
  if (drawn % 5 == 0) return absl::StrFormat("2001:db8::%x", (drawn >> 8) & 0xffff);
  if (drawn % 5 == 1) return absl::StrCat("198.51.100.", (drawn >> 8) % 250 + 1, ":", 56044);
  return absl::StrCat("192.0.2.", (drawn >> 8) % 250 + 1);
}

AuditJson EventRecords::Begin(const RecordStart& start) {
  AuditJson json;
  json.Text("CreationTime", AuditTime(start.seconds))
      .Text("Id",
            organization_.key().Guid("record", start.id << 4 | static_cast<uint64_t>(start.part)))
      .Text("Operation", start.operation)
      .Text("OrganizationId", tenant_)
      .Number("RecordType", start.record_type);
  if (!start.result.empty()) json.Text("ResultStatus", start.result);
  json.Text("UserKey", start.user_key)
      .Number("UserType", start.user_type)
      .Number("Version", 1)
      .Text("Workload", start.workload)
      .Text("UserId", start.user);
  return json;
}

void EventRecords::Finish(const RecordStart& start, AuditJson json, std::vector<AuditRow>& rows) {
  AuditRow& row = rows.emplace_back();
  row.created = start.seconds;
  row.record_type = start.record_type_name;
  row.user = start.user;
  row.operation = std::string(start.operation);
  row.id = organization_.key().Guid("record", start.id << 4 | static_cast<uint64_t>(start.part));
  row.json = json.Take();
}

RecordStart EventRecords::StartOf(const SampleEvent& event) const {
  RecordStart start;
  start.user = Spelling(event.person, event.id);
  start.seconds = event.seconds;
  start.id = event.id;
  return start;
}

void EventRecords::Append(const SampleEvent& event, std::vector<AuditRow>& rows) {
  switch (event.act) {
    case SampleAct::kMailSent:
      return AppendMail(event, rows);
    case SampleAct::kMailRead:
      return AppendMailRead(event, rows);
    case SampleAct::kChatSent:
    case SampleAct::kChannelMessage:
      return AppendMessage(event, rows);
    case SampleAct::kCommunityPosted:
    case SampleAct::kCommunityRead:
      return AppendCommunity(event, rows);
    case SampleAct::kFileRead:
    case SampleAct::kFileWritten:
      return AppendFile(event, rows);
    case SampleAct::kFileShared:
      return AppendShare(event, rows);
    case SampleAct::kMeetingAttended:
    case SampleAct::kCallJoined:
      return AppendAttendance(event, rows);
    case SampleAct::kAssistantUsed:
      return AppendAssistant(event, rows);
  }
}

void EventRecords::AddMailbox(uint32_t person, AuditJson& json) const {
  const std::string sid = absl::StrCat("S-1-5-21-1000000000-2000000000-3000000000-", 1000 + person);
  json.Text("ExternalAccess", "False")
      .Number("InternalLogonType", 0)
      .Number("LogonType", 0)
      .Text("LogonUserSid", sid)
      .Text("MailboxGuid", organization_.key().Guid("mailbox", person))
      .Text("MailboxOwnerSid", sid)
      .Text("MailboxOwnerUPN", organization_.PersonName(person))
      .Text("OrganizationName", organization_.domain())
      .Raw("OriginatingServer", R"("SAMPLE01 (15.20.7544.029)\r\n")");
}

std::string EventRecords::Recipients(const SampleEvent& event) const {
  const uint32_t peer = (event.person + 1 + event.form) % organization_.people();
  std::string list = absl::StrCat("[", R"({"Address":")", organization_.PersonName(peer),
                                  R"(","Name":"A colleague"})");
  if (event.traits & kSampleGroupMailbox) {
    std::string group = organization_.GroupAddress(event.other);
    if (event.form == 1) group[0] = 'G';
    absl::StrAppend(&list, R"(,{"Address":")", group, R"(","Name":"A group"})");
  }
  return list + "]";
}

void EventRecords::AppendMail(const SampleEvent& event, std::vector<AuditRow>& rows) {
  const MailClientText& client = MailClients()[event.client];
  RecordStart start = StartOf(event);
  start.record_type = 2;
  start.record_type_name = "ExchangeItem";
  start.operation = "Send";
  start.workload = "Exchange";
  start.user_key = Puid(event.person);
  start.result = "Succeeded";
  AuditJson json = Begin(start);
  json.Text("ClientIPAddress", Address(event.id))
      .Text("AppId", client.app_id)
      .Text("ClientInfoString", client.info);
  if (!client.process.empty()) json.Text("ClientProcessName", client.process);
  if (!client.actor_info.empty()) json.Text("ActorInfoString", client.actor_info);
  AddMailbox(event.person, json);
  AuditJson item;
  item.Text("Id", absl::StrCat("RgAAAAD", event.id))
      .Text("InternetMessageId", absl::StrCat("<", event.id, "@", organization_.domain(), ">"))
      .Number("SizeInBytes", static_cast<int64_t>(3000 + event.id % 4000))
      .Text("Subject", "Made-up subject");
  if (event.traits & kSampleAttachmentCopy) {
    item.Text("Attachments", event.form == 2 ? "image001.png (6875b); offer.pdf (94937b)"
                                             : "figures.xlsx (18211b)");
  } else if (event.form == 3) {
    item.Text("Attachments", "image001.png (6875b); image002.jpg (4021b)");
  }
  // Newer and documented logs name the recipients differently.
  const std::string recipients = Recipients(event);
  if (event.form != 0) item.Raw("Recipients", recipients);
  json.Raw("Item", item.Take());
  if (event.form == 0) json.Raw("recipientList", recipients);
  Finish(start, std::move(json), rows);
}

void EventRecords::AppendMailRead(const SampleEvent& event, std::vector<AuditRow>& rows) {
  const MailClientText& client = MailClients()[event.client];
  RecordStart start = StartOf(event);
  start.record_type = 50;
  start.record_type_name = "ExchangeItemAggregated";
  start.operation = "MailItemsAccessed";
  start.workload = "Exchange";
  start.user_key = Puid(event.person);
  start.result = "Succeeded";
  AuditJson json = Begin(start);
  json.Text("ClientIPAddress", Address(event.id))
      .Text("AppId", client.app_id)
      .Text("ClientInfoString", client.info);
  if (!client.process.empty()) json.Text("ClientProcessName", client.process);
  if (!client.actor_info.empty()) json.Text("ActorInfoString", client.actor_info);
  AddMailbox(event.person, json);
  json.Raw("OperationProperties",
           R"([{"Name":"MailAccessType","Value":"Bind"},{"Name":"IsThrottled","Value":"False"}])")
      .Raw("Folders", absl::StrCat(R"([{"FolderItems":[{"InternetMessageId":"<read-)", event.id,
                                   R"(@partner.example>"}],"Id":"LgAAAAD","Path":"\\Inbox"}])"))
      .Number("OperationCount", 1);
  Finish(start, std::move(json), rows);
}

void EventRecords::AppendCommunity(const SampleEvent& event, std::vector<AuditRow>& rows) {
  RecordStart start = StartOf(event);
  start.record_type = 22;
  start.record_type_name = "Yammer";
  start.workload = "Yammer";
  start.result = "TRUE";
  start.user_key = Puid(event.person);
  start.operation = "MessageCreation";
  if (event.act == SampleAct::kCommunityRead) {
    start.operation = event.form == 0   ? "ThreadViewed"
                      : event.form == 1 ? "MarkedMessageChanged"
                                        : "FileVisited";
  }
  AuditJson json = Begin(start);
  json.Text("ClientIP", Address(event.id))
      .Number("YammerNetworkId", 1000001)
      .Text("ActorUserId", organization_.PersonName(event.person))
      .Text("GroupName", "Made-up community")
      .Text("MessageId", absl::StrCat(event.id))
      .Text("ThreadId", absl::StrCat(event.id / 3));
  Finish(start, std::move(json), rows);
}

std::string EventRecords::SiteOf(SamplePlace place, uint32_t other) const {
  const std::string& id = organization_.options().organization;
  if (place == SamplePlace::kTeamSite) {
    return absl::StrCat("https://", id, ".sharepoint.com/sites/team-", other + 1, "/");
  }
  std::string folder = organization_.PersonName(other);
  for (char& c : folder) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return absl::StrCat("https://", id, "-my.sharepoint.com/personal/", folder, "/");
}

void EventRecords::AddFile(const SampleEvent& event, AuditJson& json) const {
  const FileKind& kind = FileKindOf(event.item);
  const std::string site = SiteOf(event.place, event.other);
  const std::string name = absl::StrCat(kind.stem, " ", event.item & 0xffff, ".", kind.extension);
  const std::string folder =
      event.place == SamplePlace::kTeamSite ? "Shared Documents" : "Documents";
  json.Text("EventSource", "SharePoint")
      .Text("ItemType", "File")
      .Text("ListId", organization_.key().Guid("list", event.other))
      .Text("ListItemUniqueId", organization_.key().Guid("file", event.item))
      .Text("ObjectId", absl::StrCat(site, folder, "/", name))
      .Text("SiteUrl", site)
      .Text("SourceRelativeUrl", folder)
      .Text("SourceFileName", name)
      .Text("SourceFileExtension", kind.extension);
  const FileClientText& client = FileClients()[event.client];
  json.Text("UserAgent", absl::StrReplaceAll(client.agent, {{"{app}", kind.office_name}}));
  if (!client.platform.empty()) json.Text("Platform", client.platform);
  if (!client.browser.empty()) json.Text("BrowserName", client.browser);
  if (!client.application.empty()) {
    json.Text("ApplicationDisplayName",
              absl::StrReplaceAll(client.application, {{"{app}", kind.office_name}}));
  }
  if (!client.client_name.empty()) {
    json.Raw("AppAccessContext",
             absl::StrCat(R"({"ClientAppName":")", client.client_name, R"("})"));
  }
}

void EventRecords::AppendFile(const SampleEvent& event, std::vector<AuditRow>& rows) {
  static constexpr absl::string_view kReads[] = {"FileAccessed", "FileAccessedExtended",
                                                 "FileDownloaded", "FilePreviewed"};
  static constexpr absl::string_view kWrites[] = {"FileModified", "FileModifiedExtended",
                                                  "FileUploaded"};
  RecordStart start = StartOf(event);
  start.record_type = 6;
  start.record_type_name = "SharePointFileOperation";
  start.workload = event.place == SamplePlace::kTeamSite ? "SharePoint" : "OneDrive";
  start.user_key = ClaimKey(event.person);
  const bool sync = event.act == SampleAct::kFileWritten && event.form == kWrittenBySync;
  start.operation = event.act == SampleAct::kFileRead ? kReads[event.form]
                    : sync                            ? "FileSyncUploadedFull"
                                                      : kWrites[event.id % std::size(kWrites)];
  AuditJson json = Begin(start);
  json.Text("ClientIP", Address(event.id))
      .Text("CorrelationId", organization_.key().Guid("correlation", event.id));
  if (!sync) {
    AddFile(event, json);
    return Finish(start, std::move(json), rows);
  }
  const FileKind& kind = FileKindOf(event.item);
  const std::string site = SiteOf(event.place, event.other);
  json.Text("ItemType", "File")
      .Text("ListItemUniqueId", organization_.key().Guid("file", event.item))
      .Text("ObjectId", absl::StrCat(site, "Documents/", kind.stem, ".", kind.extension))
      .Text("SiteUrl", site)
      .Text("SourceFileExtension", kind.extension)
      .Text("UserAgent", "Microsoft SkyDriveSync 24.070.0407.0003 ship; Windows NT 10.0 (19045)")
      .Text("Platform", "WinDesktop");
  Finish(start, std::move(json), rows);
}

void EventRecords::AppendShare(const SampleEvent& event, std::vector<AuditRow>& rows) {
  struct Part {
    absl::string_view operation;
    absl::string_view target_type;
    absl::string_view target;
  };
  // SharePoint's own records of every share, and what makes it this kind of share.
  static constexpr absl::string_view kHash =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  static constexpr absl::string_view kLinkGroup =
      "SharingLinks.00000000-0000-4000-8000-000000000000.OrganizationEdit";
  const std::string peer = organization_.PersonName((event.person + 3) % organization_.people());
  std::vector<Part> parts = {{"SharingInheritanceBroken", "", ""},
                             {"SharingSet", "SecurityGroup", kLinkGroup},
                             {"SharingSet", "SecurityGroup", kHash},
                             {"AddedToGroup", "Member", "Limited Access System Group"}};
  switch (static_cast<ShareForm>(event.form)) {
    case kCompanyLink:
      parts.push_back({"CompanyLinkCreated", "", ""});
      break;
    case kAnyoneLink:
      parts.push_back({"AnonymousLinkCreated", "", ""});
      break;
    case kToMember:
      parts.push_back({"SharingSet", "Member", peer});
      break;
    default:
      parts.push_back({"AddedToSecureLink", "Guest", "visitor@partner.example"});
      break;
  }
  RecordStart start = StartOf(event);
  start.record_type = 14;
  start.record_type_name = "SharePointSharingOperation";
  start.workload = event.place == SamplePlace::kTeamSite ? "SharePoint" : "OneDrive";
  start.user_key = ClaimKey(event.person);
  for (const Part& part : parts) {
    start.operation = part.operation;
    AuditJson json = Begin(start);
    json.Text("ClientIP", Address(event.id))
        .Text("CorrelationId", organization_.key().Guid("correlation", event.id));
    AddFile(event, json);
    if (!part.target_type.empty()) {
      json.Text("TargetUserOrGroupType", part.target_type)
          .Text("TargetUserOrGroupName", part.target);
    }
    Finish(start, std::move(json), rows);
    ++start.part;
  }
}

void EventRecords::AppendAssistant(const SampleEvent& event, std::vector<AuditRow>& rows) {
  const AssistantHost& host = AssistantHosts()[event.client];
  RecordStart start = StartOf(event);
  start.record_type = 261;
  start.record_type_name = "CopilotInteraction";
  start.operation = "CopilotInteraction";
  start.workload = "Copilot";
  start.user_key = ObjectId(event.person);
  AuditJson data;
  data.Text("AppHost", host.host)
      .Raw("Contexts", host.context.empty()
                           ? "[]"
                           : absl::StrCat(R"([{"Id":"made-up","Type":")", host.context, R"("}])"))
      .Raw("Messages", absl::StrCat(R"([{"Id":")", event.id, R"(0","isPrompt":true},{"Id":")",
                                    event.id, R"(1","isPrompt":false}])"))
      .Text("ThreadId",
            absl::StrCat("19:", organization_.key().Guid("assistant", event.person), "@thread.v2"));
  AuditJson json = Begin(start);
  json.Text("ClientIP", Address(event.id)).Raw("CopilotEventData", data.Take());
  if (!host.agent.empty()) {
    json.Text("AgentId", organization_.key().Guid("agent", event.client))
        .Text("AgentName", host.agent);
  }
  Finish(start, std::move(json), rows);
}

}  // namespace tutti
