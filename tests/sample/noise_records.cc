#include "tests/sample/noise_records.h"

#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

constexpr uint64_t kOfDay = uint64_t{1} << 57;

// A mailbox record that says nothing about what its owner did.
struct MailNoise {
  int record_type = 0;
  absl::string_view record_type_name;
  absl::string_view operation;
  absl::string_view result;
  absl::string_view client;
  absl::string_view access;  // MailAccessType, may be empty
};
constexpr MailNoise kMailNoise[] = {
    {50, "ExchangeItemAggregated", "MailItemsAccessed", "Succeeded", "Client=MSExchangeRPC",
     "Sync"},
    {50, "ExchangeItemAggregated", "MailItemsAccessed", "Succeeded",
     "Client=REST;Client=RESTSystem;;", "Bind"},
    {50, "ExchangeItemAggregated", "MailItemsAccessed", "Succeeded",
     "Client=ActiveSync;UserAgent=Apple-iPhone14C5/2104.101", "Bind"},
    {2, "ExchangeItem", "Create", "Succeeded", "Client=OWA;Action=ViaProxy", ""},
    {2, "ExchangeItem", "Send", "Failed", "Client=OWA;Action=ViaProxy", ""},
    {2, "ExchangeItem", "Send", "Succeeded", "Client=REST;;", ""},
};

// A file record that is no document of a person's.
struct FileNoise {
  int record_type = 0;
  absl::string_view record_type_name;
  absl::string_view operation;
  absl::string_view item_type;
  absl::string_view name;
  absl::string_view extension;
  absl::string_view agent;
};
constexpr absl::string_view kBrowser =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Safari/537.36";
constexpr FileNoise kFileNoise[] = {
    {4, "SharePoint", "PageViewed", "Page", "Home.aspx", "aspx", kBrowser},
    {6, "SharePointFileOperation", "FileAccessed", "File", "AllItems.aspx", "aspx", kBrowser},
    {6, "SharePointFileOperation", "FilePreviewed", "File", "Draft 4.docx", "docx",
     "OneDriveMpc-Transform_Thumbnail/1.0"},
    {6, "SharePointFileOperation", "FileAccessed", "File", "portrait.jpg", "jpg", kBrowser},
    {6, "SharePointFileOperation", "FileSyncDownloadedFull", "File", "Draft 4.docx", "docx",
     "Microsoft SkyDriveSync 24.070.0407.0003 ship; Windows NT 10.0 (19045)"},
    {36, "SharePointListOperation", "ListUpdated", "List", "", "", kBrowser},
};

// Accounts that are no people of the organisation, and what they do.
struct Outsider {
  absl::string_view user;  // "{domain}" stands for the organisation's
  int user_type = 0;
  absl::string_view workload;
  absl::string_view operation;
  int record_type = 0;
  absl::string_view record_type_name;
};
constexpr Outsider kOutsiders[] = {
    {"app@sharepoint", 0, "SharePoint", "FileModified", 6, "SharePointFileOperation"},
    {"SHAREPOINT\\system", 0, "SharePoint", "FileUploaded", 6, "SharePointFileOperation"},
    {"S-1-5-18", 2, "Exchange", "Send", 2, "ExchangeItem"},
    {"NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)", 3, "Exchange", "Send", 2,
     "ExchangeItem"},
    {"Application", 5, "MicrosoftTeams", "MessageSent", 25, "MicrosoftTeams"},
    {"svc-scanner@{domain}", 5, "Exchange", "Send", 2, "ExchangeItem"},
    {"ServicePrincipal_00000000-0000-4000-8000-00000000abcd", 6, "Exchange", "Send", 2,
     "ExchangeItem"},
    {"00000000-0000-4000-8000-0000000000aa", 0, "SharePoint", "FileAccessed", 6,
     "SharePointFileOperation"},
    {"visitor_partner.example#EXT#@{domain}", 0, "MicrosoftTeams", "MessageSent", 25,
     "MicrosoftTeams"},
    {"urn:spo:guest#visitor@partner.example", 10, "SharePoint", "FileAccessed", 6,
     "SharePointFileOperation"},
    {"fim_password_service@support.onmicrosoft.com", 0, "AzureActiveDirectory", "Update user.", 8,
     "AzureActiveDirectory"},
    {"person-0001@{domain}", 2, "Exchange", "Set-Mailbox", 1, "ExchangeAdmin"},
    {"SecurityComplianceAlerts", 4, "user1", "AirInvestigation", 64, "AirInvestigation"},
};

}  // namespace

void NoiseRecords::AppendForPerson(const SampleHabits& habits, int day,
                                   std::vector<AuditRow>& rows) {
  constexpr int kMost = 3;
  constexpr uint32_t kMailKinds = std::size(kMailNoise);
  constexpr uint32_t kFileKinds = std::size(kFileNoise);
  constexpr uint32_t kOtherKinds = 6;
  const uint32_t person = habits.person;
  Draws draws(organization_.key(), SampleStream::kNoise, person, static_cast<uint32_t>(day));
  for (int i = 0; i < kMost; ++i) {
    if (!draws.Chance(kNoisePerPresence / kMost)) continue;
    RecordStart start;
    start.id = (uint64_t{person} << 16 | static_cast<uint32_t>(day)) << 16 |
               static_cast<uint64_t>(0x8000 + i);
    start.user = records_.Spelling(person, start.id);
    start.seconds = organization_.DayStart(day) + int64_t{8} * 3600 + draws.Below(36000);
    const uint32_t kind = draws.Below(kMailKinds + kFileKinds + kOtherKinds);
    if (kind < kMailKinds) {
      AppendMailNoise(static_cast<int>(kind), start, person, rows);
    } else if (kind < kMailKinds + kFileKinds) {
      AppendFileNoise(static_cast<int>(kind - kMailKinds), start, person, rows);
    } else if (kind < kMailKinds + kFileKinds + 2) {
      records_.AppendSignIn(person, start.seconds, start.id, 0, draws.Chance(0.6), rows);
    } else {
      start.user_key = records_.ObjectId(person);
      AppendOtherNoise(static_cast<int>(kind - kMailKinds - kFileKinds - 2), start, rows);
    }
  }
}

void NoiseRecords::AppendMailNoise(int kind, RecordStart start, uint32_t person,
                                   std::vector<AuditRow>& rows) {
  const MailNoise& noise = kMailNoise[kind];
  start.record_type = noise.record_type;
  start.record_type_name = noise.record_type_name;
  start.operation = noise.operation;
  start.workload = "Exchange";
  start.result = noise.result;
  start.user_key = records_.Puid(person);
  AuditJson json = records_.Begin(start);
  json.Text("ClientInfoString", noise.client).Text("AppId", "00000000-0000-4000-8000-00000000beef");
  records_.AddMailbox(person, json);
  if (!noise.access.empty()) {
    json.Raw("OperationProperties",
             absl::StrCat(R"([{"Name":"MailAccessType","Value":")", noise.access, R"("}])"))
        .Number("OperationCount", 3);
  } else {
    json.Raw("Item", absl::StrCat(R"({"InternetMessageId":"<noise-)", start.id,
                                  R"(@mail.example>","ParentFolder":{"Path":"\\Drafts"}})"));
  }
  records_.Finish(start, std::move(json), rows);
}

void NoiseRecords::AppendFileNoise(int kind, RecordStart start, uint32_t person,
                                   std::vector<AuditRow>& rows) {
  const FileNoise& noise = kFileNoise[kind];
  start.record_type = noise.record_type;
  start.record_type_name = noise.record_type_name;
  start.operation = noise.operation;
  start.workload = "SharePoint";
  start.user_key = records_.ClaimKey(person);
  const std::string site =
      records_.SiteOf(SamplePlace::kTeamSite, SampleOrganization::TeamOf(person));
  AuditJson json = records_.Begin(start);
  json.Text("ItemType", noise.item_type)
      .Text("ObjectId", absl::StrCat(site, "Pages/", noise.name))
      .Text("SiteUrl", site)
      .Text("UserAgent", noise.agent)
      .Text("CorrelationId", organization_.key().Guid("correlation", start.id));
  if (!noise.name.empty()) {
    json.Text("SourceFileName", noise.name).Text("SourceFileExtension", noise.extension);
  }
  records_.Finish(start, std::move(json), rows);
}

void NoiseRecords::AppendOtherNoise(int kind, RecordStart start, std::vector<AuditRow>& rows) {
  static constexpr absl::string_view kTeamsOperations[] = {"ReactedToMessage", "MessageUpdated",
                                                           "TeamsSessionStarted"};
  start.record_type = 25;
  start.record_type_name = "MicrosoftTeams";
  start.workload = "MicrosoftTeams";
  if (kind < static_cast<int>(std::size(kTeamsOperations))) {
    start.operation = kTeamsOperations[kind];
    AuditJson json = records_.Begin(start);
    json.Text("ObjectId", "Unknown (Unknown)").Text("MessageId", absl::StrCat(start.id));
    return records_.Finish(start, std::move(json), rows);
  }
  // An answer of the assistant to nobody's question.
  start.record_type = 261;
  start.record_type_name = "CopilotInteraction";
  start.workload = "Copilot";
  start.operation = "CopilotInteraction";
  AuditJson json = records_.Begin(start);
  json.Raw("CopilotEventData",
           R"({"AppHost":"Word","Contexts":[],"Messages":[{"Id":"1","isPrompt":false}]})");
  records_.Finish(start, std::move(json), rows);
}

void NoiseRecords::AppendForDay(int day, std::vector<AuditRow>& rows) {
  Draws draws(organization_.key(), SampleStream::kDayNoise, 0, static_cast<uint32_t>(day));
  const uint32_t count = 3 + organization_.people() / 100;
  for (uint32_t i = 0; i < count; ++i) {
    const Outsider& outsider = kOutsiders[draws.Below(std::size(kOutsiders))];
    RecordStart start;
    start.record_type = outsider.record_type;
    start.record_type_name = outsider.record_type_name;
    start.operation = outsider.operation;
    start.workload = outsider.workload;
    start.user_type = outsider.user_type;
    const size_t mark = outsider.user.find("{domain}");
    start.user = std::string(outsider.user.substr(0, mark));
    if (mark != absl::string_view::npos) start.user += organization_.domain();
    start.user_key = "Not Available";
    start.seconds = organization_.DayStart(day) + draws.Below(23 * 3600);
    start.id = kOfDay | static_cast<uint64_t>(day) << 20 | i;
    AuditJson json = records_.Begin(start);
    const std::string site = records_.SiteOf(SamplePlace::kTeamSite, 0);
    json.Text("ItemType", "File")
        .Text("ObjectId", absl::StrCat(site, "Shared Documents/Draft 1.docx"))
        .Text("SiteUrl", site)
        .Text("SourceFileExtension", "docx")
        .Text("UserAgent", kBrowser)
        .Text("MessageId", absl::StrCat("outside-", start.id))
        .Text("ClientInfoString", "Client=OWA;Action=ViaProxy");
    records_.Finish(start, std::move(json), rows);
  }
  // A recorder, a telephone and somebody of another organisation in a meeting.
  RecordStart start;
  start.record_type = 25;
  start.record_type_name = "MicrosoftTeams";
  start.operation = "MeetingParticipantDetail";
  start.workload = "MicrosoftTeams";
  start.user = organization_.PersonName(0);
  start.user_key = records_.ObjectId(0);
  start.seconds = organization_.DayStart(day) + int64_t{15} * 3600;
  start.id = kOfDay | static_cast<uint64_t>(day) << 20 | count;
  AuditJson json = records_.Begin(start);
  json.Text("MeetingDetailId", organization_.key().Guid("meeting of nobody", start.id))
      .Text("JoinTime", AuditTime(start.seconds - 7200))
      .Raw("Attendees", R"([{"UPN":"","RecipientType":"Applications","DisplayName":"Recorder"},)"
                        R"({"UPN":"","RecipientType":"Phone","DisplayName":"A telephone"},)"
                        R"({"UPN":"visitor@partner.example","RecipientType":"User",)"
                        R"("OrganizationId":"00000000-0000-4000-8000-0000000000ff"}])");
  records_.Finish(start, std::move(json), rows);
}

}  // namespace tutti
