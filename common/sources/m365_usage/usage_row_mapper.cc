#include "common/sources/m365_usage/usage_row_mapper.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/m365_usage/usage_products.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

bool IsTrue(absl::string_view text) { return FlagOf(text).value_or(false); }

// A digest in place of an address: 32 or more hexadecimal digits and no "@".
bool IsConcealed(absl::string_view name) {
  return name.size() >= 32 && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

// Where a file is that somebody viewed or edited.
TraitSet PlaceOf(UsageReportKind kind) {
  return kind == UsageReportKind::kSites ? kTraitTeamSite | kTraitSharedFile
                                         : TraitSet{kTraitPersonalDrive};
}

bool IsOfVersions(const UsageCell& cell) { return absl::string_view(cell.type) == "app.used"; }

bool IsOfSeveralDays(UsageRow row) {
  absl::string_view text = absl::StripAsciiWhitespace(row[UsageColumns::kPeriod]);
  if (text.empty()) return false;
  if (!absl::ConsumePrefix(&text, "D")) absl::ConsumePrefix(&text, "d");
  int period = 0;
  return !absl::SimpleAtoi(text, &period) || period > 1;
}

}  // namespace

absl::Status UsageRowMapper::Map(UsageReportKind kind, UsageRow row, DayOrder order) {
  const absl::string_view name = absl::StripAsciiWhitespace(row[UsageColumns::kName]);
  if (name.empty()) return sink_.OnRejected(RejectionReason::kMissingField);
  if (IsConcealed(name)) {
    return absl::FailedPreconditionError(
        "the names in this usage report are concealed (digests in place of addresses), so it "
        "cannot be joined with any other source: let the administrator show names in reports, "
        "and export it again");
  }
  // Rows of two reports may say the same of different things.
  if (!sink_.OnRow(absl::StrCat(static_cast<int>(kind), "\x1f", absl::StrJoin(row, "\x1f")))) {
    return absl::OkStatus();
  }
  if (IsTrue(row[UsageColumns::kDeleted])) {
    sink_.OnExcluded(Exclusion::kDeleted);
    return absl::OkStatus();
  }
  if (!sink_.OnPerson({name})) return absl::OkStatus();
  TellLicences(kind, row);
  switch (kind) {
    case UsageReportKind::kActivity:
    case UsageReportKind::kPosts:
    case UsageReportKind::kSites:
      return MapCells(kind, row, order);
    case UsageReportKind::kAssistant:
      return MapAssisted(row, order);
    case UsageReportKind::kDrives:
    case UsageReportKind::kActiveUsers:
      break;
  }
  sink_.OnExcluded(IsAboveNothing(row[UsageColumns::kActiveFiles]) ||
                           kind == UsageReportKind::kActiveUsers
                       ? Exclusion::kOtherEvent
                       : Exclusion::kNothingDone);
  return absl::OkStatus();
}

void UsageRowMapper::TellWhomItLists(bool everybody) {
  if (!lists_) return;
  const bool of_suites = names_suites_ || !names_products_;
  sink_.OnListing(everybody && of_suites ? Listing::kEverybody : Listing::kPart);
}

void UsageRowMapper::TellLicences(UsageReportKind kind, UsageRow row) {
  const Licences licences = LicencesOf(row[UsageColumns::kProducts]);
  bool licensed = row[UsageColumns::kLicensed].empty() || IsTrue(row[UsageColumns::kLicensed]);
  if (kind == UsageReportKind::kActiveUsers) {
    licensed = std::any_of(row.begin() + UsageColumns::kFirstOwned,
                           row.begin() + UsageColumns::kColumnCount, IsTrue);
  }
  lists_ = true;
  names_products_ = names_products_ || licences.any;
  if (!licensed) return;
  const bool is_assistants = kind == UsageReportKind::kAssistant;
  if (!is_assistants && !licences.additions_alone) sink_.OnLicensed("");
  names_suites_ = names_suites_ || licences.suite;
  if (is_assistants || licences.assistant) sink_.OnLicensed("assistant");
}

CheckedTime UsageRowMapper::DayOf(absl::string_view text, UsageRow row, DayOrder order) const {
  const CheckedTime day = sink_.times().Day(text, order);
  if (!day.seconds.has_value()) return day;
  const absl::optional<int64_t> refreshed = ParseReportDay(row[UsageColumns::kRefreshed], order);
  if (!refreshed.has_value() || *ParseReportDay(text, order) <= *refreshed) return day;
  return {{}, RejectionReason::kAfterReport};
}

absl::Status UsageRowMapper::MapCells(UsageReportKind kind, UsageRow row, DayOrder order) {
  const bool of_posts = kind == UsageReportKind::kPosts;
  for (size_t i = 0; i < columns_.cells(); ++i) {
    if (UsageColumns::TextOf(row, i).empty()) continue;
    const UsageCell& cell = columns_.CellOf(i, of_posts);
    sink_.OnOffered({"", cell.type, 0, cell.app, cell.platform, cell.traits});
  }
  if (!row[UsageColumns::kFiles].empty()) {
    sink_.OnOffered({"", "file.read", 0, "", "", PlaceOf(kind)});
  }
  if (SaysNever(row[UsageColumns::kLastActivity])) {
    sink_.OnExcluded(Exclusion::kNothingDone);
    return absl::OkStatus();
  }
  if (IsOfSeveralDays(row)) {
    sink_.OnExcluded(Exclusion::kSeveralDays);
    return absl::OkStatus();
  }
  const CheckedTime day = DayOf(row[UsageColumns::kLastActivity], row, order);
  if (!day.seconds.has_value()) return sink_.OnRowRejected(day.problem);
  bool told = false;
  const auto report = [&](absl::string_view text, const UsageCell& cell) -> absl::Status {
    // An application's version says that it was used.
    absl::optional<bool> any = WhetherAny(text);
    if (!any.has_value() && IsOfVersions(cell)) any = true;
    if (any == false) return absl::OkStatus();
    told = true;
    if (any.has_value()) {
      return sink_.OnActivity({"", cell.type, *day.seconds, cell.app, cell.platform, cell.traits});
    }
    sink_.OnExcluded(Exclusion::kUnreadableNumber);
    return absl::OkStatus();
  };
  for (size_t i = 0; i < columns_.cells(); ++i) {
    RETURN_IF_ERROR(report(UsageColumns::TextOf(row, i), columns_.CellOf(i, of_posts)));
  }
  RETURN_IF_ERROR(report(row[UsageColumns::kFiles], {"file.read", "", "", PlaceOf(kind)}));
  if (!told) sink_.OnExcluded(Exclusion::kNothingDone);
  return absl::OkStatus();
}

absl::Status UsageRowMapper::MapAssisted(UsageRow row, DayOrder order) {
  sink_.OnOffered({"", "assistant.used", 0, "other", "", 0});
  absl::optional<int64_t> latest;
  std::vector<RejectionReason> problems;
  // Whether it was used on the day that a cell tells, later than `after`.
  const auto report = [&](absl::string_view text, const char* app, TraitSet traits,
                          absl::optional<int64_t> after = {}) -> absl::StatusOr<bool> {
    if (SaysNever(text)) return false;
    const CheckedTime day = DayOf(text, row, order);
    if (!day.seconds.has_value()) {
      problems.push_back(day.problem);
      return false;
    }
    if (day.seconds <= after) return false;
    latest = std::max(latest, day.seconds);
    RETURN_IF_ERROR(sink_.OnActivity({"", "assistant.used", *day.seconds, app, "", traits}));
    return true;
  };
  size_t column = UsageColumns::FirstAssisted();
  for (const AssistedApp& one : UsageColumns::AssistedApps()) {
    RETURN_IF_ERROR(report(row[column++], one.app, one.traits).status());
  }
  for (const std::string& app : columns_.unknown_apps()) {
    if (column >= row.size()) break;
    ASSIGN_OR_RETURN(const bool used, report(row[column++], "other", 0));
    if (used) sink_.OnUnknownApp(app);
  }
  // On a later day than in any application: somewhere that has no column.
  RETURN_IF_ERROR(report(row[UsageColumns::kLastActivity], "other", 0, latest).status());
  if (!latest.has_value() && !problems.empty()) return sink_.OnRowRejected(problems.front());
  for (size_t i = 0; i < problems.size(); ++i) sink_.OnExcluded(Exclusion::kUnreadableDay);
  if (!latest.has_value()) sink_.OnExcluded(Exclusion::kNothingDone);
  return absl::OkStatus();
}

}  // namespace tutti
