#include "services/cli/import/usage_report.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/cli/import/audit_time.h"
#include "services/cli/import/csv_reader.h"
#include "services/cli/import/lenient_json.h"
#include "services/cli/import/text_match.h"

namespace tutti {
namespace {

using Row = absl::Span<const absl::string_view>;

constexpr int64_t kNoon = int64_t{12} * 3600;

enum Column : size_t {
  kName,
  kLastActivity,  // these two must be there
  kDeleted,
  kProducts,
  kPeriod,
  kLicensed,
  kVisitedPages,
  kFiles,
  kActiveFiles,
  kColumnCount,
};

const std::array<const char*, kColumnCount> kColumns = {
    "User Principal Name", "Last Activity Date",
    "Is Deleted",          "Assigned Products",
    "Report Period",       "Is Licensed",
    "Visited Page Count",  "Viewed Or Edited File Count",
    "Active File Count",
};

// What a cell that is not zero says.
struct Cell {
  const char* column;
  const char* type;
  const char* app;
  const char* platform;
  TraitSet traits;
  const char* category;  // that the report can feed
};

constexpr Cell kCells[] = {
    {"Send Count", "mail.sent", "outlook", "", 0, "communication"},
    {"Read Count", "mail.read", "outlook", "", 0, ""},
    {"Team Chat Message Count", "channel_message.sent", "teams", "", 0, "teamwork"},
    {"Post Messages", "channel_message.sent", "teams", "", 0, "teamwork"},
    {"Reply Messages", "channel_message.sent", "teams", "", 0, "teamwork"},
    {"Private Chat Message Count", "chat.sent", "teams", "", 0, "communication"},
    {"Call Count", "call.joined", "teams", "", kTraitOneToOne, "meetings"},
    {"Meetings Attended Count", "meeting.attended", "teams", "", 0, "meetings"},
    {"Ad Hoc Meetings Attended Count", "meeting.attended", "teams", "", kTraitMeetNow, "meetings"},
    {"Scheduled One-time Meetings Attended Count", "meeting.attended", "teams", "", kTraitOneOff,
     "meetings"},
    {"Scheduled Recurring Meetings Attended Count", "meeting.attended", "teams", "",
     kTraitRecurring, "meetings"},
    {"Video Duration In Seconds", "meeting.attended", "teams", "", kTraitVideo, "meetings"},
    {"Screen Share Duration In Seconds", "meeting.attended", "teams", "", kTraitScreenShare,
     "meetings"},
    {"Shared Internally File Count", "file.shared", "", "", kTraitInternal,
     "content_collaboration"},
    {"Shared Externally File Count", "file.shared", "", "", kTraitExternal,
     "content_collaboration"},
    {"Posted Count", "community.posted", "community", "", 0, "communication"},
    {"Outlook For Windows", "app.used", "outlook", "desktop", 0, "mobility"},
    {"Outlook For Mac", "app.used", "outlook", "desktop", 0, "mobility"},
    {"Outlook For Web", "app.used", "outlook", "web", 0, "mobility"},
    {"Outlook For Mobile", "app.used", "outlook", "mobile", 0, "mobility"},
    {"Mail For Mac", "app.used", "other", "desktop", 0, "mobility"},
    {"Other For Mobile", "app.used", "other", "mobile", 0, "mobility"},
    {"Used Web", "app.used", "teams", "web", 0, "mobility"},
    {"Used Windows", "app.used", "teams", "desktop", 0, "mobility"},
    {"Used Mac", "app.used", "teams", "desktop", 0, "mobility"},
    {"Used Linux", "app.used", "teams", "desktop", 0, "mobility"},
    {"Used Chrome OS", "app.used", "teams", "desktop", 0, "mobility"},
    {"Used iOS", "app.used", "teams", "mobile", 0, "mobility"},
    {"Used Android Phone", "app.used", "teams", "mobile", 0, "mobility"},
    {"Used Windows Phone", "app.used", "teams", "mobile", 0, "mobility"},
};

constexpr size_t kReadCount = 1;
static_assert(absl::string_view(kCells[kReadCount].column) == "Read Count");
constexpr size_t kPostedCount = 15;
static_assert(absl::string_view(kCells[kPostedCount].column) == "Posted Count");
constexpr Cell kPostsRead = {"Read Count", "community.read", "community", "", 0, ""};

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

bool IsTrue(absl::string_view text) { return FlagOf(text).value_or(false); }

bool IsAboveNothing(absl::string_view text) {
  double number = 0;
  return IsTrue(text) || (absl::SimpleAtod(text, &number) && number > 0);
}

// A digest in place of an address: 32 or more hexadecimal digits and no "@".
bool IsConcealed(absl::string_view name) {
  return name.size() >= 32 && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

// A report of OneDrive accounts. Those of sites and of groups name an owner too, who
// need not use them; sites have page views, groups have no site's address.
bool IsOfDrives(absl::string_view header) {
  return !ContainsIgnoringCase(header, "user principal name") &&
         ContainsIgnoringCase(header, "owner principal name") &&
         ContainsIgnoringCase(header, "site url") &&
         !ContainsIgnoringCase(header, "page view count");
}

class UsageReader {
 public:
  explicit UsageReader(ReportSink& sink)
      : sink_(sink), cells_(std::begin(kCells), std::end(kCells)) {
    for (const char* name : kColumns) columns_.push_back({name});
    for (const Cell& cell : kCells) columns_.push_back({cell.column});
    for (const Named& app : kApps) {
      for (const Named& platform : kPlatforms) {
        columns_.push_back({absl::StrCat(app.name, " (", platform.name, ")")});
        cells_.push_back({"", "app.used", app.id, platform.id, 0, "mobility"});
      }
    }
  }

  absl::Status Read(TextInput& input) {
    const absl::StatusOr<absl::string_view> beginning = input.Peek();
    if (!beginning.ok()) return beginning.status();
    of_drives_ = IsOfDrives(CsvHeader(*beginning));
    if (of_drives_) columns_[kName] = {"Owner Principal Name"};
    return ReadCsv(
        input, columns_, kLastActivity + 1, [this](Row row) { return ReadRow(row); },
        [this](RejectionReason reason) { return sink_.OnRejected(reason); });
  }

 private:
  absl::Status ReadRow(Row row) {
    const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(row[kName]));
    if (name.empty()) return sink_.OnRejected(RejectionReason::kMissingField);
    if (IsConcealed(name)) {
      return absl::FailedPreconditionError(
          "the names in this usage report are concealed (digests in place of addresses), so it "
          "cannot be joined with any other source: let the administrator show names in reports, "
          "and export it again");
    }
    if (IsTrue(row[kDeleted])) {
      sink_.OnRow("");
      sink_.OnExcluded(Exclusion::kDeleted);
      return absl::OkStatus();
    }
    sink_.OnRow("");
    if (row[kLicensed].empty() || IsTrue(row[kLicensed])) {
      sink_.OnLicensed("", name);
      if (ContainsIgnoringCase(row[kProducts], "copilot")) sink_.OnLicensed("assistant", name);
    }
    if (!of_drives_) return ReadCells(row, name);
    if (IsAboveNothing(row[kActiveFiles])) sink_.OnExcluded(Exclusion::kOtherEvent);
    return absl::OkStatus();
  }

  absl::Status ReadCells(Row row, const std::string& name) {
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (!row[kColumnCount + i].empty() && *cells_[i].category != '\0') {
        sink_.OnFeeds(cells_[i].category);
      }
    }
    if (!row[kFiles].empty()) sink_.OnFeeds("content_collaboration");
    if (!row[kVisitedPages].empty()) sink_.OnFeeds("teamwork");
    if (row[kLastActivity].empty()) return absl::OkStatus();  // never active
    int period = 1;
    const bool is_number = absl::SimpleAtoi(row[kPeriod], &period);
    if (!row[kPeriod].empty() && (!is_number || period > 1)) {
      sink_.OnExcluded(Exclusion::kSeveralDays);
      return absl::OkStatus();
    }
    const absl::optional<int64_t> midnight =
        ParseAuditTime(absl::StrCat(row[kLastActivity], "T00:00:00"));
    if (!midnight.has_value()) return sink_.OnRejected(RejectionReason::kMalformedTime);
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (!IsAboveNothing(row[kColumnCount + i])) continue;
      // Mails and posts that somebody read have the same column.
      const bool of_posts = i == kReadCount && !row[kColumnCount + kPostedCount].empty();
      const Cell& cell = of_posts ? kPostsRead : cells_[i];
      absl::Status status = sink_.OnReported(
          {name, cell.type, *midnight + kNoon, cell.app, cell.platform, cell.traits});
      if (!status.ok()) return status;
    }
    if (!IsAboveNothing(row[kFiles])) return absl::OkStatus();
    // Only SharePoint's report counts pages; OneDrive's is otherwise the same.
    const TraitSet place = row[kVisitedPages].empty() ? TraitSet{kTraitPersonalDrive}
                                                      : kTraitTeamSite | kTraitSharedFile;
    return sink_.OnReported({name, "file.read", *midnight + kNoon, "", "", place});
  }

  ReportSink& sink_;
  bool of_drives_ = false;
  std::vector<std::vector<std::string>> columns_;  // kColumns, then one for each cell
  std::vector<Cell> cells_;
};

}  // namespace

bool IsUsageReport(absl::string_view header) {
  return ContainsIgnoringCase(header, "user principal name") || IsOfDrives(header);
}

absl::Status ReadUsageReport(TextInput& input, ReportSink& sink) {
  return UsageReader(sink).Read(input);
}

}  // namespace tutti
