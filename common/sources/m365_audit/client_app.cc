#include "common/sources/m365_audit/client_app.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

constexpr absl::string_view kOutlook = "outlook";
constexpr absl::string_view kTeams = "teams";
constexpr absl::string_view kOther = "other";
constexpr absl::string_view kAssistant = "assistant";
constexpr absl::string_view kDesktop = "desktop";
constexpr absl::string_view kWeb = "web";
constexpr absl::string_view kMobile = "mobile";

bool ContainsAny(absl::string_view text, absl::Span<const absl::string_view> needles) {
  for (absl::string_view needle : needles) {
    if (ContainsIgnoringCase(text, needle)) return true;
  }
  return false;
}

bool IsPhone(absl::string_view text) {
  return ContainsAny(text, {"iphone", "ipad", "android", "-ios", "ios/"});
}

// Applications of Microsoft's in which a person sits, by their application id.
ClientUse KnownApp(absl::string_view app_id) {
  static const auto& apps = *new absl::flat_hash_map<absl::string_view, ClientUse>{
      {"27922004-5251-4030-b22d-91ecd9a37ea4", {ClientKind::kHuman, kOutlook, kMobile}},
      {"d3590ed6-52b3-4102-aeff-aad2292ab01c", {ClientKind::kHuman, kOutlook, kDesktop}},
      {"1fec8e78-bce4-4aaf-ab1b-5451cc387264", {ClientKind::kHuman, kTeams, ""}},
      {"5e3ce6c0-2b1f-4285-8d4b-75ee78787346", {ClientKind::kHuman, kTeams, kWeb}},
  };
  const auto found = apps.find(absl::AsciiStrToLower(app_id));
  return found == apps.end() ? ClientUse{ClientKind::kUnattended, "", ""} : found->second;
}

ClientUse RestClient(const AuditRecord& record) {
  const ClientUse use = KnownApp(record[Field::kClientAppId]);
  return use.kind == ClientKind::kHuman ? use : KnownApp(record[Field::kAppId]);
}

absl::string_view AppOfExtension(absl::string_view extension) {
  static const auto& apps = *new absl::flat_hash_map<absl::string_view, absl::string_view>{
      {"docx", "word"},       {"doc", "word"},        {"docm", "word"},       {"dotx", "word"},
      {"dot", "word"},        {"rtf", "word"},        {"odt", "word"},        {"xlsx", "excel"},
      {"xls", "excel"},       {"xlsm", "excel"},      {"xlsb", "excel"},      {"xltx", "excel"},
      {"csv", "excel"},       {"ods", "excel"},       {"pptx", "powerpoint"}, {"ppt", "powerpoint"},
      {"pptm", "powerpoint"}, {"ppsx", "powerpoint"}, {"potx", "powerpoint"}, {"odp", "powerpoint"},
      {"one", "onenote"},     {"onetoc2", "onenote"}, {"onepkg", "onenote"},
  };
  const auto found = apps.find(absl::AsciiStrToLower(extension));
  return found == apps.end() ? kOther : found->second;
}

// The application that an agent or display name names; empty when it names none.
absl::string_view NamedApp(absl::string_view name) {
  if (ContainsIgnoringCase(name, "onenote")) return "onenote";
  if (ContainsIgnoringCase(name, "powerpoint")) return "powerpoint";
  if (ContainsIgnoringCase(name, "excel")) return "excel";
  if (ContainsIgnoringCase(name, "outlook")) return kOutlook;
  if (ContainsIgnoringCase(name, "teams")) return kTeams;
  if (ContainsIgnoringCase(name, "word")) return "word";
  return "";
}

// Letters and digits in lower case, without the maker's name and without the part of the
// application's window: "Microsoft Teams" is "teams", "WordOnCanvas" is "word".
std::string PlainHost(absl::string_view name) {
  const std::string plain = PlainName(name);
  absl::string_view host = plain;
  absl::ConsumePrefix(&host, "microsoft");
  for (const absl::string_view part : {"sidepane", "oncanvas"}) absl::ConsumeSuffix(&host, part);
  return std::string(host);
}

// The applications that host the assistant, by their plain names and, in the edition of 2023, by
// the type of what was open.
AssistantUse HostedBy(absl::string_view host) {
  static const auto& hosts = *new absl::flat_hash_map<absl::string_view, AssistantUse>{
      {"word", {"word", true}},
      {"excel", {"excel", true}},
      {"powerpoint", {"powerpoint", true}},
      {"onenote", {"onenote", true}},
      {"onenotecopilotnotebook", {"onenote", true}},
      {"loop", {kOther, true}},
      {"docx", {"word", true}},
      {"xlsx", {"excel", true}},
      {"pptx", {"powerpoint", true}},
      {"one", {"onenote", true}},
      {"outlook", {kOutlook}},
      {"teams", {kTeams}},
      {"teamsmeeting", {kTeams}},
      {"teamschat", {kTeams}},
      {"teamschannel", {kTeams}},
      // Names that its own app has had, and where it stands beside a page.
      {"bizchat", {kAssistant}},
      {"webchat", {kAssistant}},
      {"privatechat", {kAssistant}},
      {"copilotchat", {kAssistant}},
      {"copilot", {kAssistant}},
      {"office", {kAssistant}},
      {"officecopilotnotebook", {kAssistant}},
      {"officecopilotsearchanswer", {kAssistant}},
      {"365", {kAssistant}},
      {"365chat", {kAssistant}},
      {"365copilot", {kAssistant}},
      {"365copilotchat", {kAssistant}},
      {"m365app", {kAssistant}},
      {"m365chat", {kAssistant}},
      {"m365copilot", {kAssistant}},
      {"bing", {kAssistant}},
      {"edge", {kAssistant}},
  };
  const auto found = hosts.find(PlainHost(host));
  return found == hosts.end() ? AssistantUse{kOther} : found->second;
}

// An id of nothing but zeros is none.
bool NamesAgent(absl::string_view agent) {
  return agent.find_first_not_of("0-{} ") != absl::string_view::npos;
}

bool IsMachineAgent(absl::string_view agent) {
  static constexpr absl::string_view kPrefixes[] = {
      "onedrivempc-",   "odmtadoccache",  "officexlca",
      "officewordca",   "officepptca",    "officewordwrs",
      "ms scanner atp", "go-http-client", "microsoft skydrivesync",
      "python-",        "curl/",          "wget/",
      "isv|",           "nonisv|"};
  for (absl::string_view prefix : kPrefixes) {
    if (StartsIgnoringCase(agent, prefix)) return true;
  }
  return false;
}

bool IsMachineApplication(absl::string_view name) {
  static constexpr absl::string_view kNames[] = {
      "Media Analysis and Transformation Service", "SharePoint Notification Service", "MeTA",
      "AntiVirusScanningHighVolumeWriteJob", "Microsoft People Cards Service"};
  for (absl::string_view known : kNames) {
    if (absl::EqualsIgnoreCase(name, known)) return true;
  }
  return false;
}

}  // namespace

ClientUse MailClient(const AuditRecord& record) {
  const absl::string_view info = record[Field::kClientInfo];
  if (ContainsAny(info, {"client=restsystem", "configuregroupmailbox", "hub transport",
                         "corestoreobjects", "node[appid="})) {
    return {ClientKind::kMachine, "", ""};
  }
  if (StartsIgnoringCase(info, "client=owa")) {
    const bool desktop = ContainsIgnoringCase(info, "oneoutlook") ||
                         ContainsIgnoringCase(record[Field::kActorInfo], "oneoutlook");
    return {ClientKind::kHuman, kOutlook, desktop ? kDesktop : kWeb};
  }
  if (StartsIgnoringCase(info, "client=msexchangerpc")) {
    if (ContainsIgnoringCase(record[Field::kClientProcess], "outlook")) {
      return {ClientKind::kHuman, kOutlook, kDesktop};
    }
    return {ClientKind::kBackground, kOutlook, ""};
  }
  if (StartsIgnoringCase(info, "client=outlookservice")) {
    return {ClientKind::kHuman, kOutlook, kMobile};
  }
  if (StartsIgnoringCase(info, "client=webservices")) {
    if (ContainsAny(info, {"microsoft outlook", "macoutlook", "microsoft office/"})) {
      return {ClientKind::kHuman, kOutlook, kDesktop};
    }
    return RestClient(record);
  }
  if (StartsIgnoringCase(info, "client=activesync")) {
    return {ClientKind::kBackground, kOther, kMobile};
  }
  if (StartsIgnoringCase(info, "client=pop3") || StartsIgnoringCase(info, "client=imap4")) {
    return {ClientKind::kBackground, kOther, ""};
  }
  if (StartsIgnoringCase(info, "client=rest")) return RestClient(record);
  return {};
}

ClientUse FileClient(const AuditRecord& record) {
  const absl::string_view agent = record[Field::kUserAgent];
  const absl::string_view application = record[Field::kApplicationName];
  if (IsMachineAgent(agent) || IsMachineApplication(application) ||
      absl::EqualsIgnoreCase(record[Field::kPlatform], "Service")) {
    return {ClientKind::kMachine, "", ""};
  }
  const absl::string_view by_extension = AppOfExtension(record[Field::kExtension]);
  if (StartsIgnoringCase(agent, "mswac") ||
      absl::EqualsIgnoreCase(record[Field::kPlatform], "OfficeCollaborationService")) {
    const absl::string_view named = NamedApp(application);
    return {ClientKind::kHuman, named.empty() ? by_extension : named, kWeb};
  }
  if (ContainsIgnoringCase(agent, "teams/") ||
      ContainsIgnoringCase(record[Field::kClientAppName], "microsoft teams")) {
    if (IsPhone(agent)) return {ClientKind::kHuman, kTeams, kMobile};
    const bool desktop = ContainsIgnoringCase(agent, "teams/");
    return {ClientKind::kHuman, kTeams, desktop ? kDesktop : absl::string_view()};
  }
  if (IsPhone(agent)) return {ClientKind::kHuman, by_extension, kMobile};
  if (StartsIgnoringCase(agent, "microsoft office")) {
    const absl::string_view named = NamedApp(agent);
    return {ClientKind::kHuman, named.empty() ? by_extension : named, kDesktop};
  }
  if (StartsIgnoringCase(agent, "mozilla/")) return {ClientKind::kHuman, by_extension, kWeb};
  return {ClientKind::kHuman, by_extension, ""};
}

ClientUse TeamsClient(const AuditRecord& record) {
  const bool phone = ContainsAny(record[Field::kDeviceSystem], {"ios", "android"}) ||
                     IsPhone(record[Field::kDeviceAgent]) || IsPhone(record[Field::kDevice]);
  return {ClientKind::kHuman, kTeams, phone ? kMobile : absl::string_view()};
}

AssistantUse AssistantApp(const AuditRecord& record) {
  const absl::string_view identity = record[Field::kAppIdentity];  // "Copilot.M365Copilot.BizChat"
  absl::string_view host = record[Field::kAppHost];
  // Which application that was, the context says.
  if (host.empty() || PlainHost(host) == "appchat") host = record[Field::kContextType];
  if (host.empty()) host = identity.substr(identity.rfind('.') + 1);
  AssistantUse use = HostedBy(host);
  if (use.app == kOther && !use.in_document) use.unknown_host = absl::StripAsciiWhitespace(host);
  use.with_agent = NamesAgent(record[Field::kAgent]) ||
                   StartsIgnoringCase(identity, "copilot.studio.") ||
                   StartsIgnoringCase(identity, "microsoftagent.");
  return use;
}

bool IsMeetingBot(const AuditRecord& record) {
  static constexpr absl::string_view kBots[] = {"skypebot",      "caaenterprisebot",
                                                "teams echo",    "large gallery",
                                                "together mode", "conferencing virtual assistant"};
  return ContainsAny(record[Field::kDeviceAgent], kBots) ||
         ContainsAny(record[Field::kDevice], kBots);
}

}  // namespace tutti
