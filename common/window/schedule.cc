#include "common/window/schedule.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/window/cadence.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

using window::v1::Cadence;

// A Sunday, from which every fourth one is counted.
constexpr Day kGridOrigin(2000, 1, 2);

constexpr int64_t kDailyHeadcount = 20'000;
constexpr int64_t kWeeklyHeadcount = 250;

// Smallest k with 2^k >= n.
uint32_t CeilLog2(uint64_t n) {
  uint32_t k = 0;
  while ((uint64_t{1} << k) < n) ++k;
  return k;
}

Cadence FastestFor(int64_t headcount, int64_t daily_from, int64_t weekly_from) {
  if (headcount >= daily_from) return window::v1::CADENCE_DAILY;
  if (headcount >= weekly_from) return window::v1::CADENCE_WEEKLY;
  return window::v1::CADENCE_FOUR_WEEKLY;
}

}  // namespace

absl::StatusOr<Schedule> Schedule::Create(const aggregate::v1::StoredOrganization& stored,
                                          absl::Duration grace) {
  Schedule schedule;
  schedule.grace_ = grace;
  if (absl::StatusOr<Day> day = ParseDay(stored.organization().first_day()); day.ok()) {
    schedule.first_day_ = *day;
  } else {
    return day.status();
  }
  for (const aggregate::v1::Terms& terms : stored.terms()) {
    ASSIGN_OR_RETURN(const Day from, ParseDay(terms.from_day()));
    ASSIGN_OR_RETURN(absl::TimeZone zone, LoadZone(terms.time_zone()));
    if (!IsConcrete(terms.cadence()) || terms.headcount() < 1 ||
        terms.headcount() > kMaxHeadcount ||
        (!schedule.terms_.empty() && from <= schedule.terms_.back().from_day)) {
      return absl::InvalidArgumentError("an organisation's history of terms is out of order");
    }
    // Terms of an edition that did not note them had the profile's.
    const aggregate::v1::Organization& profile = stored.organization();
    schedule.terms_.push_back({from, terms.headcount(), terms.cadence(), zone,
                               terms.has_region() ? terms.region() : profile.region(),
                               terms.has_industry() ? terms.industry() : profile.industry()});
    schedule.calendar_.Add(from, zone);
  }
  if (schedule.terms_.empty()) {
    return absl::InvalidArgumentError("an organisation's history of terms is empty");
  }
  if (stored.has_create_time()) {
    schedule.create_time_ = absl::FromUnixSeconds(stored.create_time().seconds()) +
                            absl::Nanoseconds(stored.create_time().nanos());
  }
  if (absl::StatusOr<Day> day = ParseDay(stored.opened_day()); day.ok()) {
    schedule.opened_day_ = *day;
  }
  for (const aggregate::v1::BegunWindow& begun : stored.begun()) {
    ASSIGN_OR_RETURN(const Window window, WindowFrom(begun));
    schedule.opened_day_ = std::max(schedule.opened_day_, window.first_day());
  }
  return schedule;
}

const WindowTerms& Schedule::TermsAt(Day day) const {
  const auto after = std::upper_bound(terms_.begin(), terms_.end(), day,
                                      [](Day d, const WindowTerms& t) { return d < t.from_day; });
  return after == terms_.begin() ? terms_.front() : *(after - 1);
}

bool Schedule::IsReachEnd(Day end_day) const {
  const Day first = end_day - (kReachDays - 1);
  return first >= first_day_ && (end_day - kGridOrigin) % PeriodDays(TermsAt(first).cadence) == 0;
}

Day Schedule::NextReachEnd(Day after) const {
  // The last terms hold for ever, so a window ends within a period of when the
  // first window under them does.
  Day end = std::max(after + 1, first_day_ + (kReachDays - 1));
  while (!IsReachEnd(end)) ++end;
  return end;
}

std::optional<Day> Schedule::PublicationTaking(Day day) const {
  for (Day end = day; end < day + kReachDays; ++end) {
    if (!IsReachEnd(end)) continue;
    const int step = PeriodDays(TermsAt(end - (kReachDays - 1)).cadence);
    if (end - day < step) return end;
    return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Day> Schedule::StepDays(Day end_day) const {
  std::vector<Day> days;
  for (Day day = end_day - (kReachDays - 1); day <= end_day; ++day) {
    if (PublicationTaking(day) == end_day) days.push_back(day);
  }
  return days;
}

absl::Time Schedule::OpenTime(Window window) const {
  return std::max(create_time_, calendar_.StartOf(window.first_day()) - kClockTolerance);
}

Day Schedule::LastOpenedDay(absl::Time now) const {
  return std::max(opened_day_, calendar_.DayOf(now + kChangeNotice));
}

absl::Time Schedule::CloseTime(Window window) const {
  const absl::TimeZone& zone = SizingTerms(window).zone;
  return absl::FromCivil(absl::CivilSecond(window.end_day + 1), zone) + absl::Hours(24) + grace_;
}

const WindowTerms& Schedule::SizingTerms(Window window) const {
  if (window.kind == WindowKind::kReach) return TermsAt(window.first_day());
  const std::optional<Day> end = PublicationTaking(window.end_day);
  return TermsAt(end.has_value() ? *end - (kReachDays - 1) : window.end_day);
}

std::optional<SlotSize> Schedule::SizeOf(const catalog::v1::SubjectKind& kind,
                                         Window window) const {
  const WindowTerms& terms = SizingTerms(window);
  if (terms.headcount < kind.min_headcount()) return std::nullopt;
  return SizeForHeadcount(kind, terms.headcount, terms.cadence);
}

Cadence ChooseCadence(int64_t headcount, Cadence requested, Cadence current) {
  // The threshold moves 10% away from where the organisation is.
  int64_t daily_from = kDailyHeadcount;
  int64_t weekly_from = kWeeklyHeadcount;
  if (current == window::v1::CADENCE_DAILY) {
    daily_from -= daily_from / 10;
    weekly_from -= weekly_from / 10;
  } else if (current == window::v1::CADENCE_WEEKLY) {
    daily_from += daily_from / 10;
    weekly_from -= weekly_from / 10;
  } else if (current == window::v1::CADENCE_FOUR_WEEKLY) {
    daily_from += daily_from / 10;
    weekly_from += weekly_from / 10;
  }
  const Cadence fastest = FastestFor(headcount, daily_from, weekly_from);
  return IsConcrete(requested) ? std::max(requested, fastest) : fastest;
}

SlotSize SizeForHeadcount(const catalog::v1::SubjectKind& kind, int64_t headcount,
                          Cadence cadence) {
  const uint64_t expected =
      (static_cast<uint64_t>(headcount) * kind.expected_per_100_people() + 99) / 100;
  SlotSize size;
  size.slots_log2 = CeilLog2(std::max<uint64_t>(expected * kind.slots_per_subject(), 64));
  const uint32_t bound =
      cadence == window::v1::CADENCE_DAILY ? kind.max_slots_log2_daily() : kind.max_slots_log2();
  size.kept_log2 = std::min(size.slots_log2, bound);
  return size;
}

Day LastFourWeeklyEnd(Day day) {
  const int64_t past = (day - kGridOrigin) % 28;
  return day - (past < 0 ? past + 28 : past);
}

}  // namespace tutti
