#include "services/ingest/day_verdicts.h"

namespace tutti {

DayVerdicts::DayVerdicts(const OrganizationPolicy& policy, const Catalog& catalog, absl::Time now)
    : policy_(policy), catalog_(catalog), now_(now), today_(policy.calendar().DayOf(now)) {}

Day DayVerdicts::DayOf(int64_t unix_seconds) {
  constexpr int64_t kSecondsPerDay = 86'400;
  CachedDay& cached = days_[static_cast<size_t>(unix_seconds / kSecondsPerDay) % days_.size()];
  if (unix_seconds < cached.begin || unix_seconds >= cached.end) {
    cached.day = policy_.calendar().DayOf(absl::FromUnixSeconds(unix_seconds));
    cached.begin = absl::ToUnixSeconds(policy_.calendar().StartOf(cached.day));
    cached.end = absl::ToUnixSeconds(policy_.calendar().StartOf(cached.day + 1));
  }
  return cached.day;
}

const DayVerdict& DayVerdicts::Of(Day day, int kind) {
  const int64_t key = (day - Day()) * static_cast<int64_t>(catalog_.kinds().size()) + kind;
  const auto [entry, added] = verdicts_.try_emplace(key);
  if (!added) return entry->second;
  entry->second = Judge(day, kind);
  if (entry->second.refusal == ingest::v1::REASON_UNSPECIFIED) taken_.push_back(&entry->second);
  return entry->second;
}

DayVerdict DayVerdicts::Judge(Day day, int kind) {
  DayVerdict verdict;
  verdict.kind = kind;
  if (day < policy_.first_day()) {
    verdict.refusal = ingest::v1::REASON_BEFORE_FIRST_DAY;
    return verdict;
  }
  const CatalogKind& columns = catalog_.kind(kind);
  bool has_day_window = columns.day_columns == 0;
  bool late = false;
  bool withheld = false;
  bool incomplete = false;
  bool key_missing = false;
  for (const int index : policy_.WindowsContaining(day)) {
    const PolicyWindow& window = policy_.window(index);
    const bool is_day = window.window.kind == WindowKind::kDay;
    if ((is_day ? columns.day_columns : columns.reach_columns) == 0) continue;
    has_day_window |= is_day;
    if (now_ >= window.close_time) {
      late = true;
    } else if (window.kinds[static_cast<size_t>(kind)].kept == 0) {
      withheld = true;
    } else if (window.incomplete || window.kinds[static_cast<size_t>(kind)].incomplete) {
      incomplete = true;
    } else if (window.key == PolicyWindow::Key::kMissing) {
      key_missing = true;
    } else if (window.key == PolicyWindow::Key::kDifferent) {
      incomplete = true;
      if (policy_.ClaimMismatchReport(index)) mismatches_.push_back({index, kind});
    } else {
      verdict.windows.push_back(index);
    }
  }
  if (key_missing) {
    verdict.windows.clear();
    verdict.refusal = ingest::v1::REASON_KEY_MISSING;
  } else if (!verdict.windows.empty()) {
    verdict.partly_late = late || (!has_day_window && day < today_);
  } else if (incomplete) {
    verdict.refusal = ingest::v1::REASON_WINDOW_INCOMPLETE;
  } else {
    verdict.refusal = withheld ? ingest::v1::REASON_KIND_NOT_COLLECTED : ingest::v1::REASON_LATE;
  }
  return verdict;
}

}  // namespace tutti
