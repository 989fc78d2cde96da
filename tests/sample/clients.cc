#include "tests/sample/clients.h"

#include <iterator>

#include "tests/sample/sample_event.h"

namespace tutti {
namespace {

constexpr absl::string_view kExchangeApp = "00000002-0000-0ff1-ce00-000000000000";
constexpr absl::string_view kOutlookMobileApp = "27922004-5251-4030-b22d-91ecd9a37ea4";
constexpr absl::string_view kOfficeApp = "d3590ed6-52b3-4102-aeff-aad2292ab01c";

constexpr MailClientText kMailClients[] = {
    {SampleDevice::kDesktop, "Client=MSExchangeRPC", "OUTLOOK.EXE", kOfficeApp, "", "outlook",
     true},
    {SampleDevice::kDesktop,
     "Client=WebServices;Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; "
     "Pro)",
     "", kOfficeApp, "", "outlook", true},
    {SampleDevice::kDesktop, "Client=WebServices;MacOutlook/16.84.24041420 (Intelx64 Mac OS X)", "",
     kOfficeApp, "", "outlook", true},
    {SampleDevice::kDesktop, "Client=OWA;Action=ViaProxy", "", kExchangeApp,
     "Client=OWA;Mozilla/5.0 (Windows NT 10.0; Win64; x64) OneOutlook/1.2024.501.100;", "outlook",
     true},
    {SampleDevice::kWeb,
     "Client=OWA;Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/124.0.0.0 Safari/537.36;",
     "", kExchangeApp, "", "outlook", true},
    {SampleDevice::kWeb, "Client=OWA;Action=ViaProxy", "", kExchangeApp, "", "outlook", true},
    {SampleDevice::kMobile, "Client=OutlookService;Outlook-iOS/2.0;", "", kOutlookMobileApp, "",
     "outlook", true},
    {SampleDevice::kMobile, "Client=OutlookService;Outlook-Android/2.0;", "", kOutlookMobileApp, "",
     "outlook", true},
    {SampleDevice::kMobile, "Client=ActiveSync;UserAgent=Apple-iPhone14C5/2104.101", "",
     kExchangeApp, "", "other", false},
};

constexpr FileClientText kFileClients[] = {
    {SampleDevice::kDesktop, "Microsoft Office {app}/16.0.17328 (Windows/10.0; Desktop x64; en-US)",
     "WinDesktop", "", "", "", true, false},
    {SampleDevice::kDesktop,
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Teams/1.6.00.4472 Chrome/96.0.4664.174 Electron/16.2.8 Safari/537.36",
     "WinDesktop", "", "", "Microsoft Teams", false, true},
    {SampleDevice::kWeb,
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/124.0.0.0 Safari/537.36",
     "WinDesktop", "", "Chrome", "", false, false},
    {SampleDevice::kWeb,
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.4 Safari/605.1.15",
     "", "", "Safari", "", false, false},
    {SampleDevice::kWeb, "MSWAC", "OfficeCollaborationService", "Web{app}", "", "", true, false},
    {SampleDevice::kMobile,
     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
     "", "", "", "", false, false},
    {SampleDevice::kMobile, "OneDrive-iOS/16.13.4 (iOS/17.4; iPhone15,2)", "", "OneDrive", "", "",
     false, false},
};

constexpr FileKind kFileKinds[] = {
    {"docx", "Word", "word", "Draft"},
    {"xlsx", "Excel", "excel", "Figures"},
    {"pptx", "PowerPoint", "powerpoint", "Slides"},
    {"one", "OneNote", "onenote", "Notes"},
    {"pdf", "", "other", "Manual"},
};
// How many files of each kind there are among ten.
constexpr uint8_t kKindOfTen[10] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 4};

constexpr AssistantHost kAssistantHosts[] = {
    {"Word", "docx", "", "word", "docs", kSampleInDocument},
    {"Excel", "xlsx", "", "excel", "sheets", kSampleInDocument},
    {"PowerPointOnCanvas", "pptx", "", "powerpoint", "slides", kSampleInDocument},
    {"OneNote", "one", "", "onenote", "drive", kSampleInDocument},
    {"OutlookSidepane", "", "", "outlook", "gmail", kSampleInMail},
    {"Teams", "TeamsMeeting", "", "teams", "meet", kSampleInMeeting},
    {"Teams", "TeamsChat", "", "teams", "chat", kSampleInChat},
    {"M365App", "", "", "assistant", "gemini_app", 0},
    {"OfficeCopilotSearchAnswer", "", "", "assistant", "gemini_app", 0},
    {"M365App", "", "Researcher", "assistant", "gemini_app", kSampleWithAgent},
    {"Teams", "", "Leave desk", "teams", "calendar", kSampleWithAgent},
    {"appchat", "docx", "", "word", "docs", kSampleInDocument},
};

}  // namespace

absl::string_view PlatformOf(SampleDevice device) {
  switch (device) {
    case SampleDevice::kDesktop:
      return "desktop";
    case SampleDevice::kWeb:
      return "web";
    case SampleDevice::kMobile:
      break;
  }
  return "mobile";
}

absl::Span<const MailClientText> MailClients() { return kMailClients; }
absl::Span<const FileClientText> FileClients() { return kFileClients; }
absl::Span<const AssistantHost> AssistantHosts() { return kAssistantHosts; }

const FileKind& FileKindOf(uint64_t item) {
  // An odd multiplier spreads neighbouring numbers.
  return kFileKinds[kKindOfTen[((item * 0x9E3779B97F4A7C15U) >> 40) % std::size(kKindOfTen)]];
}

const std::array<std::string, 24>& SampleTraitNames() {
  static const auto& names = *new std::array<std::string, 24>{
      "group_mailbox", "mention",    "attachment_copy", "attachment_link",
      "shared_file",   "team_site",  "personal_drive",  "internal",
      "external",      "video",      "screen_share",    "reaction",
      "raised_hand",   "chat",       "one_off",         "recurring",
      "meet_now",      "one_to_one", "group",           "in_mail",
      "in_chat",       "in_meeting", "in_document",     "with_agent"};
  return names;
}

}  // namespace tutti
