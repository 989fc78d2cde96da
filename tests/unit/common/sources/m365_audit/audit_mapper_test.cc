#include "common/sources/m365_audit/audit_mapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/common/sources/m365_audit/audit_cases.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kWeb = R"(,"ClientInfoString":"Client=OWA;Mozilla/5.0")";
constexpr absl::string_view kBrowser = R"(,"UserAgent":"Mozilla/5.0")";
constexpr absl::string_view kAmysDrive =
    R"("SiteUrl":"https://ex-my.sharepoint.com/personal/amy_example_com/")";
constexpr absl::string_view kTeamSite = R"("SiteUrl":"https://ex.sharepoint.com/sites/plans/")";

std::string Mail(absl::string_view item) {
  return absl::StrCat(kWeb, R"(,"Item":{"InternetMessageId":"<m>")", item, "}");
}

std::string File(absl::string_view name, absl::string_view extension, absl::string_view site) {
  return absl::StrCat(kBrowser, R"(,"ItemType":"File","ListItemUniqueId":"f1","SourceFileName":")",
                      name, R"(","SourceFileExtension":")", extension, "\",", site);
}

TEST(AuditMapper, MapsMail) {
  ExpectCases({
      {"Exchange", "Send", Mail(""), "amy@example.com mail.sent outlook web"},
      {"exchange", " sendAS. ", Mail(""), "amy@example.com mail.sent outlook web"},
      {"Exchange", "SendOnBehalf", Mail(""), "amy@example.com mail.sent outlook web"},
      {"Exchange", "Send", Mail(R"j(,"Attachments":"plan.pdf (949373b); image001.png (68b)")j"),
       "amy@example.com mail.sent "
       "outlook web "
       "+attachment_copy"},
      {"Exchange", "Send", Mail(R"j(,"Attachments":"image001.png (6b); image12345.JPG (7b)")j"),
       "amy@example.com mail.sent "
       "outlook web"},
      {"Exchange", "Send", Mail(R"j(,"Attachments":"image of a cat.png (6b)")j"),
       "amy@example.com mail.sent outlook web "
       "+attachment_copy"},
      {"Exchange", "Create", Mail(""), ""},
      {"SharePoint", "Send", Mail(""), ""},
      {"amy", "Send", Mail(""), ""},
      {"Exchange", "MailItemsAccessed",
       absl::StrCat(kWeb, R"(,"OperationProperties":[{"Name":"MailAccessType","Value":"Bind"}])"),
       "amy@example.com mail.read outlook web"},
      {"Exchange", "MailItemsAccessed",
       absl::StrCat(kWeb, R"(,"OperationProperties":[{"Name":"MailAccessType","Value":"Sync"}])"),
       ""},
      {"Exchange", "MailItemsAccessed", R"(,"ClientInfoString":"Client=ActiveSync;x")", ""},
      {"Exchange", "Send", R"(,"ClientInfoString":"Client=ActiveSync;x")",
       "amy@example.com mail.sent other mobile"},
  });
}

TEST(AuditMapper, SeesMailToGroupsWhenTheirAddressesAreGiven) {
  ReadingOptions reading;
  reading.group_addresses = {"team@example.com"};
  Log log;
  log.Add("Exchange", "Send", Mail(R"(,"Recipients":[{"Address":"bob@example.com"}])"));
  log.Add("Exchange", "Send",
          absl::StrCat(kWeb, R"(,"Item":{"InternetMessageId":"<m2>","Recipients":)",
                       R"([{"Address":"bob@example.com"},{"Address":"Team@Example.com"}]})"));
  EXPECT_THAT(log.Import(reading).activities,
              ElementsAre("amy@example.com mail.sent outlook web",
                          "amy@example.com mail.sent outlook web +group_mailbox"));
  EXPECT_THAT(log.Import().activities, ElementsAre("amy@example.com mail.sent outlook web",
                                                   "amy@example.com mail.sent outlook web"));
}

TEST(AuditMapper, CountsAMailOnceForItsSender) {
  const Mapped mapped = Log()
                            .Add("Exchange", "Send", Mail(""))
                            .Add("Exchange", "SendAs", Mail(""))
                            .AddBy("bob@example.com", "Exchange", "Send", Mail(""))
                            .Import();
  EXPECT_THAT(mapped.activities, ElementsAre("amy@example.com mail.sent outlook web",
                                             "bob@example.com mail.sent outlook web"));
  EXPECT_EQ(mapped.Excluded(Exclusion::kRepeated), 1);
}

TEST(AuditMapper, TakesUnattendedApplicationsOnlyWhenAsked) {
  Log log;
  log.Add("Exchange", "Send", R"(,"ClientInfoString":"Client=REST;;")");
  const Mapped without = log.Import();
  EXPECT_THAT(without.activities, IsEmpty());
  EXPECT_EQ(without.Excluded(Exclusion::kUnattendedApp), 1);
  ReadingOptions reading;
  reading.include_unattended_apps = true;
  EXPECT_THAT(log.Import(reading).activities, ElementsAre("amy@example.com mail.sent - -"));
}

TEST(AuditMapper, MapsFiles) {
  const std::string own(kAmysDrive);
  ExpectCases({
      {"SharePoint", "FileAccessed", File("a.docx", "docx", kTeamSite),
       "amy@example.com file.read word web +shared_file +team_site"},
      {"OneDrive", "FileAccessedExtended", File("a.docx", "docx", own),
       "amy@example.com file.read word web +personal_drive"},
      {"OneDrive", "FileDownloaded",
       File("a.docx", "docx",
            R"("SiteUrl":"https://ex-my.sharepoint.com/personal/bob_example_com/")"),
       "amy@example.com file.read word web +shared_file +personal_drive"},
      {"OneDrive", "FileModified", File("p.png", "png", own),
       "amy@example.com file.written other web +personal_drive"},
      {"OneDrive", "FileUploaded", File("a.pdf", "pdf", own),
       "amy@example.com file.written other web +personal_drive"},
      {"SharePoint", "FileSyncUploadedFull",
       absl::StrCat(R"(,"UserAgent":"Microsoft SkyDriveSync 1","ItemType":"File",)", kTeamSite),
       "amy@example.com file.written - desktop +shared_file +team_site"},
      {"SharePoint", "FileSyncDownloadedFull", File("a.docx", "docx", kTeamSite), ""},
      {"SharePoint", "FileAccessed", File("AllItems.aspx", "aspx", kTeamSite), ""},
      {"SharePoint", "FileAccessed", File("amy_SThumb.jpg", "jpg", kTeamSite), ""},
      {"SharePoint", "FileAccessed", File("p.png", "png", kTeamSite), ""},
      {"SharePoint", "FileModified", R"(,"ItemType":"Page","SourceFileExtension":"docx")", ""},
      {"SharePoint", "PageViewed", File("a.docx", "docx", kTeamSite), ""},
      {"SharePoint", "FilePreviewed",
       R"(,"UserAgent":"OneDriveMpc-Transform_Thumbnail/1.0","SourceFileExtension":"docx")", ""},
  });
}

// A share of file f1 in Amy's drive, or a record that belongs to it.
std::string Share(absl::string_view correlation, absl::string_view target) {
  return absl::StrCat(File("a.docx", "docx", kAmysDrive), R"(,"CorrelationId":")", correlation,
                      "\"", target);
}

std::string Target(absl::string_view type, absl::string_view name) {
  return absl::StrCat(R"(,"TargetUserOrGroupType":")", type, R"(","TargetUserOrGroupName":")", name,
                      "\"");
}

TEST(AuditMapper, SaysWhetherAShareStaysInside) {
  constexpr char kShared[] = "amy@example.com file.shared word web";
  constexpr char kInside[] = "amy@example.com file.shared word web +internal";
  constexpr char kOutside[] = "amy@example.com file.shared word web +external";
  ExpectCases({
      {"OneDrive", "SharingSet", Share("c", Target("Member", "bob@example.com")), kInside},
      {"OneDrive", "SharingSet", Share("c", Target("SecurityGroup", "Sales")), kInside},
      {"OneDrive", "CompanyLinkCreated", Share("c", ""), kInside},
      {"OneDrive", "SharingSet", Share("c", Target("Guest", "x@elsewhere.com")), kOutside},
      {"OneDrive", "AddedToSecureLink", Share("c", Target("Guest", "x")), kOutside},
      {"OneDrive", "AnonymousLinkCreated", Share("c", ""), kOutside},
      {"OneDrive", "SharingInvitationCreated", Share("c", ""), kOutside},
      {"OneDrive", "SecureLinkCreated", Share("c", ""), kShared},
      {"OneDrive", "SharingSet", Share("c", Target("Member", "SHAREPOINT\\\\system")), ""},
      {"OneDrive", "SharingSet", Share("c", Target("SharePointGroup", "SharingLinks.f1.x")), ""},
      {"OneDrive", "SharingSet",
       Share("c", Target("SharePointGroup", "Limited Access System Group For List x")), ""},
      {"OneDrive", "SharingSet",
       Share("c", Target("SecurityGroup",
                         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")),
       ""},
      {"OneDrive", "SharingSet", Share("c", Target("SecurityGroup", "Plans Members")), ""},
      {"OneDrive", "SharingInheritanceBroken", Share("c", ""), ""},
  });
}

TEST(AuditMapper, CountsAShareOnceWithWhatAllItsRecordsSay) {
  const Mapped mapped =
      Log()
          .Add("OneDrive", "SharingSet", Share("c", Target("SharePointGroup", "SharingLinks.x")))
          .Add("OneDrive", "SecureLinkCreated", Share("c", ""))
          .Add("OneDrive", "AddedToSecureLink", Share("c", Target("Guest", "x")))
          .Add("OneDrive", "AddedToSecureLink", Share("c", Target("Member", "b")))
          .Add("OneDrive", "CompanyLinkCreated", Share("d", ""))
          .Import();
  EXPECT_THAT(mapped.activities,
              ElementsAre("amy@example.com file.shared word web +internal +external",
                          "amy@example.com file.shared word web +internal"));
  EXPECT_EQ(mapped.Excluded(Exclusion::kRepeated), 2);
  EXPECT_EQ(mapped.Excluded(Exclusion::kSystemShare), 1);
}

TEST(AuditMapper, MarksAFileThatItsReaderHasSharedAlsoBeforeTheShare) {
  const std::string file = File("a.docx", "docx", kAmysDrive);
  const std::string bobs = File(
      "a.docx", "docx", R"("SiteUrl":"https://ex-my.sharepoint.com/personal/bob_example_com")");
  const Mapped mapped = Log()
                            .Add("OneDrive", "FileAccessed", file)
                            .Add("OneDrive", "CompanyLinkCreated", Share("c", ""))
                            .AddBy("bob@example.com", "OneDrive", "FileAccessed", bobs)
                            .Import();
  EXPECT_THAT(mapped.activities,
              ElementsAre("amy@example.com file.read word web +shared_file +personal_drive",
                          "amy@example.com file.shared word web +internal",
                          "bob@example.com file.read word web +personal_drive"));
}

TEST(AuditMapper, MapsMessagesAndCommunities) {
  ExpectCases({
      {"MicrosoftTeams", "MessageSent",
       R"(,"CommunicationType":"OneOnOne","ChatThreadId":"19:a@unq.gbl.spaces","MessageId":"1")",
       "amy@example.com chat.sent teams -"},
      {"MicrosoftTeams", "MessageCreatedHasLink",
       R"(,"CommunicationType":"GroupChat","ExtraProperties":[{"Key":"OsName","Value":"iOS"}])",
       "amy@example.com chat.sent teams mobile"},
      {"MicrosoftTeams", "MessageSent", R"(,"CommunicationType":"Channel")",
       "amy@example.com channel_message.sent teams -"},
      {"MicrosoftTeams", "MessageSent", R"(,"ChannelName":"General")",
       "amy@example.com channel_message.sent teams -"},
      {"MicrosoftTeams", "MessageSent", R"(,"ChatThreadId":"19:x@thread.tacv2")",
       "amy@example.com channel_message.sent teams -"},
      {"MicrosoftTeams", "ReactedToMessage", "", ""},
      {"MicrosoftTeams", "ChatCreated", "", ""},
      {"Yammer", "MessageCreation", R"(,"MessageId":12)",
       "amy@example.com community.posted community -"},
      {"Viva Engage", "ThreadViewed", "", "amy@example.com community.read community -"},
      {"Yammer", "FileVisited", "", "amy@example.com community.read community -"},
      {"Yammer", "GroupCreation", "", ""},
  });
}

TEST(AuditMapper, CountsAMessageOnceThatIsLoggedTwice) {
  constexpr absl::string_view kMessage = R"(,"ChatThreadId":"19:a","MessageId":"7")";
  const Mapped mapped =
      Log()
          .Add("MicrosoftTeams", "MessageSent", kMessage)
          .Add("MicrosoftTeams", "MessageCreatedHasLink", kMessage)
          .Add("MicrosoftTeams", "MessageSent", R"(,"ChatThreadId":"19:b","MessageId":"7")")
          .Import();
  EXPECT_EQ(mapped.activities.size(), 2u);
  EXPECT_EQ(mapped.Excluded(Exclusion::kRepeated), 1);
}

std::string Attendance(absl::string_view attendees, absl::string_view rest = "") {
  return absl::StrCat(R"(,"MeetingDetailId":"record-1","JoinTime":"2026-05-03T08:00:00",)",
                      R"("Attendees":[)", attendees, "]", rest);
}

TEST(AuditMapper, MapsAttendeesNotTheOrganiser) {
  constexpr absl::string_view kBob = R"({"UserObjectId":"b0b00000-0000-4000-8000-000000000000",)"
                                     R"("RecipientType":"User"})";
  constexpr absl::string_view kCarol = R"({"UPN":"Carol@example.com","RecipientType":"User"})";
  const Mapped mapped =
      Log()
          .Add("MicrosoftTeams", "MeetingDetail", R"(,"CommunicationSubType":"RecurringMeeting")")
          .Add("MicrosoftTeams", "MeetingParticipantDetail", Attendance(kBob))
          .Add(
              "MicrosoftTeams", "MeetingParticipantDetail",
              Attendance(kBob, R"(,"ArtifactsShared":[{"ArtifactSharedName":"videoTransmitted"}])"))
          .Add("MicrosoftTeams", "MeetingParticipantDetail", Attendance(kCarol))
          .AddBy("bob@example.com", "AzureActiveDirectory", "UserLoggedIn",
                 R"(,"UserKey":"b0b00000-0000-4000-8000-000000000000")")
          .Import();
  EXPECT_THAT(mapped.activities,
              ElementsAre("bob@example.com meeting.attended teams - +video +recurring",
                          "carol@example.com meeting.attended teams - +recurring"));
  EXPECT_THAT(mapped.seconds, ElementsAre(1777795200, 1777795200));
  EXPECT_EQ(mapped.Excluded(Exclusion::kRepeated), 1);
  EXPECT_EQ(mapped.Excluded(Exclusion::kMeetingOutline), 1);
  EXPECT_EQ(mapped.tenant().people, 2);
}

TEST(AuditMapper, LeavesOutWhoIsNoAttendeeOfTheTenant) {
  const Mapped mapped =
      Log()
          .Add("MicrosoftTeams", "MeetingParticipantDetail",
               Attendance(R"({"UserObjectId":"00000000-0000-4000-8000-000000000009"},)"
                          R"({"UPN":"dave@example.com","RecipientType":"Phone"},)"
                          R"({"UPN":"eve@example.com",)"
                          R"("OrganizationId":"bbbbbbbb-0000-4000-8000-000000000002"},)"
                          R"({"UPN":"x#EXT#@example.com"})"))
          .Add("MicrosoftTeams", "MeetingParticipantDetail",
               Attendance(R"({"UPN":"frank@example.com"})",
                          R"(,"ExtraProperties":[{"Key":"UserAgent","Value":"Teams Echo"}])"))
          .Import();
  EXPECT_THAT(mapped.activities, IsEmpty());
  EXPECT_EQ(mapped.Excluded(Exclusion::kUnknownAttendee), 1);
  EXPECT_EQ(mapped.Excluded(Exclusion::kNotAnAttendee), 3);
  EXPECT_EQ(mapped.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(mapped.tenant().people, 0);
}

// Mutation: an agent that joins in somebody's name is the person.
TEST(AuditMapper, LeavesOutAgentsThatAttend) {
  const Mapped mapped =
      Log()
          .Add("MicrosoftTeams", "MeetingParticipantDetail",
               Attendance(R"({"UPN":"bob@example.com"})", R"(,"IsAgenticAction":true)"))
          .Add("MicrosoftTeams", "CallParticipantDetail",
               R"(,"Attendees":[{"UPN":"bob@example.com"}],"IsAgenticAction":"True")")
          .Import();
  EXPECT_THAT(mapped.activities, IsEmpty());
  EXPECT_EQ(mapped.Excluded(Exclusion::kSoftware), 2);
  EXPECT_EQ(mapped.tenant().people, 0);
}

TEST(AuditMapper, MapsCalls) {
  constexpr absl::string_view kAttendee = R"(,"Attendees":[{"UPN":"bob@example.com"}])";
  ExpectCases({
      {"MicrosoftTeams", "CallParticipantDetail",
       absl::StrCat(R"(,"CommunicationType":"OneOnOne")", kAttendee),
       "bob@example.com call.joined teams - +one_to_one"},
      {"MicrosoftTeams", "CallParticipantDetail",
       absl::StrCat(R"(,"CommunicationType":"GroupCall")", kAttendee),
       "bob@example.com call.joined teams - +group"},
  });
}

// Mutation: whatever can be parsed replaces the record's own time, and ingest refuses year 1.
TEST(AuditMapper, TakesTheTimeOfJoiningOnlyWhereItCanBe) {
  Log log;
  for (const char* joined :
       {"2026-05-04T08:00:00", "2026-05-04T08:00:00+0100", "0001-01-01T00:00:00",
        "1970-01-01T00:00:00Z", "2099-01-01T00:00:00", "2026-05-04T09:30:00", "2026-03-04T09:00:00",
        "5/4/2026 8:00 AM", ""}) {
    log.Add(
        "MicrosoftTeams", "MeetingParticipantDetail",
        absl::StrCat(R"(,"JoinTime":")", joined, R"(","Attendees":[{"UPN":"bob@example.com"}])"));
  }
  constexpr int64_t kRecord = 1777885200;  // 09:00
  EXPECT_THAT(log.Import().seconds, ElementsAre(kRecord - 3600, kRecord - 7200, kRecord, kRecord,
                                                kRecord, kRecord, kRecord, kRecord, kRecord));
}

// Mutation: a loop over no attendees, and nothing after it.
TEST(AuditMapper, LeavesATraceOfMeetingsWhoseAttendeesCannotBeRead) {
  const Mapped mapped = Log()
                            .Add("MicrosoftTeams", "MeetingParticipantDetail", R"(,"Attendees":[])")
                            .Add("MicrosoftTeams", "CallParticipantDetail")
                            .Import();
  EXPECT_EQ(mapped.Excluded(Exclusion::kNoAttendees), 2);
  EXPECT_EQ(mapped.tenant().fates.Of(Fate::kLeftOut), 2);
}

// Mutation: a number taken for success whatever it is.
TEST(AuditMapper, ReadsAResultHoweverItIsWritten) {
  const char* const sent = "amy@example.com mail.sent outlook web";
  for (const char* failed :
       {"0", R"("0")", "0.0", "false", R"("False")", R"("failure")", R"(" Failed ")"}) {
    ExpectCases({{"Exchange", "Send", absl::StrCat(Mail(""), R"(,"ResultStatus":)", failed), ""}});
  }
  for (const char* done : {"1", R"("1")", "true", R"("True")", R"("Succeeded")", R"("")", "null"}) {
    ExpectCases({{"Exchange", "Send", absl::StrCat(Mail(""), R"(,"ResultStatus":)", done), sent}});
  }
}

TEST(AuditMapper, CountsRecordsPeopleAndWhatItLeavesOut) {
  const Mapped mapped =
      Log()
          .Add("Exchange", "Send", Mail(""))
          .AddAgain()
          .AddBy("AMY@Example.com", "Exchange", "HardDelete")
          .AddBy("bob@example.com", "Exchange", "Send", R"(,"ResultStatus":"failed")")
          .AddBy("S-1-5-18", "Exchange", "Send")
          .AddBy("carol@example.com", "Exchange", "carol@example.com")
          .Import();
  const TenantSummary& tenant = mapped.tenant();
  EXPECT_EQ(mapped.summary.rows, 6);
  EXPECT_EQ(tenant.records, 6);
  EXPECT_EQ(tenant.duplicates, 1);
  EXPECT_EQ(tenant.distinct, 5);
  EXPECT_EQ(tenant.people, 3);
  EXPECT_EQ(tenant.Excluded(Exclusion::kFailed), 1);
  EXPECT_EQ(tenant.Excluded(Exclusion::kNotAPerson), 1);
  EXPECT_THAT(tenant.activities, ElementsAre(std::make_pair("mail.sent", 1)));
  EXPECT_THAT(SummaryJson(mapped.summary),
              ::testing::HasSubstr(R"j("ignored_operations":{"(other)":1,"HardDelete":1})j"));
  EXPECT_EQ(tenant.fates.Of(Fate::kActivity), 1);
  EXPECT_EQ(tenant.fates.Of(Fate::kLeftOut), 2);
  EXPECT_EQ(tenant.fates.Of(Fate::kWithoutMeaning), 2);
  EXPECT_EQ(tenant.first_seconds.value_or(0), 1777885200);
}

}  // namespace
}  // namespace tutti
