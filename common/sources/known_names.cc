#include "common/sources/known_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

constexpr absl::string_view kApplications =
    "Access|Admin Center|App Chat|Azure|Bookings|Business Chat|Calendar|Clipchamp|Copilot Pages|"
    "Copilot Studio|Create|Defender|Designer|Dynamics 365|Engage|Entra|Excel|Exchange|Fabric|Forms|"
    "GitHub|Graph|Insights|Intune|Kaizala|Learning|Lists|Loop|Notebooks|OneDrive|OneNote|Outlook|"
    "Pages|Planner|Power Apps|Power Automate|Power BI|Power Pages|PowerPoint|"
    "Project|Publisher|Purview|Sales|Search|Security|Service|SharePoint|Shifts|Stream|Sway|Teams|"
    "Teams Admin Portal|"
    "To Do|Visio|Viva|Viva Engage|Viva Goals|Viva Insights|Viva Learning|Viva Pulse|Viva "
    "Topics|Vscode|"
    "Whiteboard|Windows|Word|Yammer";

// Letters and digits in lower case, without the maker's name.
std::string PlainApplication(absl::string_view name) {
  std::string plain = PlainName(name);
  for (const absl::string_view maker : {"microsoft", "m365", "365", "office"}) {
    if (plain.size() > maker.size() && absl::StartsWith(plain, maker)) plain.erase(0, maker.size());
  }
  return plain;
}

}  // namespace

KnownNames::KnownNames(absl::string_view names, Plain plain) : plain_(plain) {
  for (const absl::string_view name : absl::StrSplit(names, '|')) {
    by_plain_.emplace(plain_(name), name);
  }
}

absl::string_view KnownNames::Find(absl::string_view name) const {
  const auto found = by_plain_.find(plain_(name));
  return found == by_plain_.end() ? absl::string_view() : found->second;
}

std::string PlainOperation(absl::string_view name) {
  name = absl::StripAsciiWhitespace(name);
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.remove_suffix(1);
  return absl::AsciiStrToLower(name);
}

absl::string_view KnownMicrosoftApplication(absl::string_view name) {
  static const auto& names = *new KnownNames(kApplications, PlainApplication);
  return names.Find(name);
}

}  // namespace tutti
