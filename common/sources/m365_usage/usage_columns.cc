#include "common/sources/m365_usage/usage_columns.h"

#include <array>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

// The report has some fifteen applications.
constexpr size_t kMaxUnknownApps = 100;
constexpr size_t kMaxNameBytes = 128;
constexpr absl::string_view kInSeconds = " In Seconds";

const std::array<const char*, UsageColumns::kColumnCount> kColumns = {
    "User Principal Name",
    "Last Activity Date",
    "Is Deleted",
    "Assigned Products",
    "Report Period",
    "Is Licensed",
    "Viewed Or Edited File Count",
    "Active File Count",
    "Report Refresh Date",
    "Site URL",
    "Has Exchange License",
    "Has OneDrive License",
    "Has SharePoint License",
    "Has Skype For Business License",
    "Has Yammer License",
    "Has Teams License",
};

struct NamedCell {
  absl::string_view column;
  UsageCell cell = {};
};

constexpr NamedCell kCells[] = {
    {"Send Count", {"mail.sent", "outlook", "", 0}},
    {"Read Count", {"mail.read", "outlook", "", 0}},
    {"Team Chat Message Count", {"channel_message.sent", "teams", "", 0}},
    {"Post Messages", {"channel_message.sent", "teams", "", 0}},
    {"Reply Messages", {"channel_message.sent", "teams", "", 0}},
    {"Private Chat Message Count", {"chat.sent", "teams", "", 0}},
    {"Call Count", {"call.joined", "teams", "", kTraitOneToOne}},
    {"Meetings Attended Count", {"meeting.attended", "teams", "", 0}},
    {"Ad Hoc Meetings Attended Count", {"meeting.attended", "teams", "", kTraitMeetNow}},
    {"Scheduled One-time Meetings Attended Count", {"meeting.attended", "teams", "", kTraitOneOff}},
    {"Scheduled Recurring Meetings Attended Count",
     {"meeting.attended", "teams", "", kTraitRecurring}},
    {"Video Duration In Seconds", {"meeting.attended", "teams", "", kTraitVideo}},
    {"Screen Share Duration In Seconds", {"meeting.attended", "teams", "", kTraitScreenShare}},
    {"Shared Internally File Count", {"file.shared", "", "", kTraitInternal}},
    {"Shared Externally File Count", {"file.shared", "", "", kTraitExternal}},
    {"Posted Count", {"community.posted", "community", "", 0}},
    {"Outlook For Windows", {"app.used", "outlook", "desktop", 0}},
    {"Outlook For Mac", {"app.used", "outlook", "desktop", 0}},
    {"Outlook For Web", {"app.used", "outlook", "web", 0}},
    {"Outlook For Mobile", {"app.used", "outlook", "mobile", 0}},
    {"Mail For Mac", {"app.used", "other", "desktop", 0}},
    {"Other For Mobile", {"app.used", "other", "mobile", 0}},
    {"Used Web", {"app.used", "teams", "web", 0}},
    {"Used Windows", {"app.used", "teams", "desktop", 0}},
    {"Used Mac", {"app.used", "teams", "desktop", 0}},
    {"Used Linux", {"app.used", "teams", "desktop", 0}},
    {"Used Chrome OS", {"app.used", "teams", "desktop", 0}},
    {"Used iOS", {"app.used", "teams", "mobile", 0}},
    {"Used Android Phone", {"app.used", "teams", "mobile", 0}},
    {"Used Windows Phone", {"app.used", "teams", "mobile", 0}},
};

constexpr size_t kReadCount = 1;
static_assert(kCells[kReadCount].column == "Read Count");
constexpr UsageCell kPostsRead = {"community.read", "community", "", 0};

// "Word (Web)": each application on each platform.
struct Named {
  const char* name;
  const char* id;
};
constexpr Named kApps[] = {{"Outlook", "outlook"}, {"Word", "word"},
                           {"Excel", "excel"},     {"PowerPoint", "powerpoint"},
                           {"OneNote", "onenote"}, {"Teams", "teams"}};
constexpr Named kPlatforms[] = {
    {"Windows", "desktop"}, {"Mac", "desktop"}, {"Mobile", "mobile"}, {"Web", "web"}};

constexpr AssistedApp kAssisted[] = {
    {"Microsoft Teams Copilot", "teams", 0},
    {"Teams Copilot", "teams", 0},
    {"Word Copilot", "word", kTraitInDocument},
    {"Excel Copilot", "excel", kTraitInDocument},
    {"PowerPoint Copilot", "powerpoint", kTraitInDocument},
    {"OneNote Copilot", "onenote", kTraitInDocument},
    {"Loop Copilot", "other", kTraitInDocument},
    {"Outlook Copilot", "outlook", kTraitInMail},
    {"Copilot Chat", "assistant", 0},
    {"Copilot Chat (work)", "assistant", 0},
    {"Copilot Chat (web)", "assistant", 0},
    {"Microsoft 365 Copilot", "assistant", 0},
    {"Edge", "assistant", 0},
    {"Edge Copilot", "assistant", 0},
    {"Copilot Agent", "other", kTraitWithAgent},
};

// Of a row, the first column of kAssisted.
constexpr size_t kFirstAssisted =
    UsageColumns::kColumnCount + std::size(kCells) + std::size(kApps) * std::size(kPlatforms);

// A member's name in words: "plannerCopilotLastActivityDate" as "planner Copilot Last Activity
// Date". What has words stays.
std::string InWords(absl::string_view name) {
  std::string words;
  for (const char c : name) {
    const bool begins = absl::ascii_isupper(static_cast<unsigned char>(c)) && !words.empty() &&
                        absl::ascii_islower(static_cast<unsigned char>(words.back()));
    if (begins) words.push_back(' ');
    words.push_back(c);
  }
  return absl::StrContains(name, ' ') ? std::string(name) : words;
}

// The application that a column names which holds the day of its last use, "Planner" of "Planner
// Copilot Last Activity Date"; empty of other columns.
absl::string_view AppOfColumn(absl::string_view column) {
  column = absl::StripAsciiWhitespace(column);
  bool is_day = false;
  for (const absl::string_view after : {" (UTC)", "Last Activity Date"}) {
    if (!absl::EndsWithIgnoreCase(column, after)) continue;
    column = absl::StripAsciiWhitespace(column.substr(0, column.size() - after.size()));
    is_day = is_day || after != " (UTC)";
  }
  constexpr absl::string_view kBefore = "Last activity date of ";
  if (absl::StartsWithIgnoreCase(column, kBefore)) {
    column.remove_prefix(kBefore.size());
    is_day = true;
  }
  if (!is_day) return "";
  constexpr absl::string_view kProduct = "Copilot";
  const absl::string_view app = absl::StripAsciiWhitespace(
      absl::EndsWithIgnoreCase(column, kProduct) ? column.substr(0, column.size() - kProduct.size())
                                                 : column);
  return app.empty() ? column : app;
}

}  // namespace

UsageColumns::UsageColumns() {
  for (const char* name : kColumns) names_.push_back({name});
  names_[kLastActivity].emplace_back("Last Activity Date (UTC)");
  for (const auto& [name, cell] : kCells) {
    cells_.push_back(cell);
    names_.push_back({std::string(name)});
    // Graph's JSON has the duration alone.
    if (absl::EndsWith(name, kInSeconds)) {
      names_.back().emplace_back(absl::StripSuffix(name, kInSeconds));
    }
  }
  for (const Named& app : kApps) {
    for (const Named& platform : kPlatforms) {
      names_.push_back({absl::StrCat(app.name, " (", platform.name, ")")});
      cells_.push_back({"app.used", app.id, platform.id, 0});
    }
  }
  for (const AssistedApp& one : kAssisted) {
    // As Graph names it, and the page of the admin center.
    names_.push_back({absl::StrCat(one.name, " Last Activity Date"),
                      absl::StrCat("Last activity date of ", one.name, " (UTC)")});
  }
  for (size_t i = 0; i < names_.size(); ++i) {
    for (const std::string& name : names_[i]) members_.emplace(PlainName(name), i);
  }
}

absl::optional<size_t> UsageColumns::Find(absl::string_view member) const {
  const auto found = members_.find(PlainName(member));
  if (found == members_.end()) return absl::nullopt;
  return found->second;
}

void UsageColumns::Rename(Column column, absl::string_view name) {
  for (const std::string& known : names_[column]) members_.erase(PlainName(known));
  names_[column] = {std::string(name)};
  members_.emplace(PlainName(name), column);
}

bool UsageColumns::Note(absl::string_view name) {
  const std::string plain = PlainName(name);
  if (members_.contains(plain)) return false;
  const std::string words = InWords(name);
  const absl::string_view app = AppOfColumn(words);
  if (app.empty()) return false;
  const std::string plain_app = PlainName(app);
  for (size_t i = 0; i < std::size(kAssisted); ++i) {
    const std::string known = PlainName(kAssisted[i].name);
    if (known != plain_app && known != absl::StrCat(plain_app, "copilot")) continue;
    members_.emplace(plain, kFirstAssisted + i);
    names_[kFirstAssisted + i].emplace_back(name);
    return false;
  }
  if (unknown_apps_.size() == kMaxUnknownApps || name.size() > kMaxNameBytes) {
    has_unread_ = true;
    return false;
  }
  members_.emplace(plain, names_.size());
  names_.push_back({std::string(name)});
  unknown_apps_.emplace_back(app);
  return true;
}

const UsageCell& UsageColumns::CellOf(size_t cell, bool of_posts) const {
  return of_posts && cell == kReadCount ? kPostsRead : cells_[cell];
}

size_t UsageColumns::FirstAssisted() { return kFirstAssisted; }

absl::Span<const AssistedApp> UsageColumns::AssistedApps() { return kAssisted; }

std::vector<size_t> UsageColumns::DayColumns() {
  std::vector<size_t> days = {kLastActivity, kRefreshed};
  for (size_t i = 0; i < std::size(kAssisted); ++i) days.push_back(kFirstAssisted + i);
  return days;
}

}  // namespace tutti
