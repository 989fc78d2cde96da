#ifndef TUTTI_COMMON_WINDOW_SCHEDULE_H_
#define TUTTI_COMMON_WINDOW_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/window/calendar.h"
#include "common/window/window.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// The most people that an organisation may say it has. Sizes of more do not fit.
inline constexpr int64_t kMaxHeadcount = 10'000'000;

// What happens is taken this long before the clock says that it has happened: producers'
// clocks differ. So a window opens this long before its first day begins.
inline constexpr absl::Duration kClockTolerance = absl::Minutes(5);

// A change of an organisation touches no window whose first day begins within this: ten minutes
// before it opens, for the clock of who makes the change may be so far behind that of who
// begins windows. Else from when the change applies would say whether a window was begun.
inline constexpr absl::Duration kChangeNotice = absl::Minutes(15);

// Slots of one subject kind in one window: V = 2^slots_log2 of which the first
// M = 2^kept_log2 are kept.
struct SlotSize {
  uint32_t slots_log2 = 0;
  uint32_t kept_log2 = 0;

  uint64_t slots() const { return uint64_t{1} << slots_log2; }
  uint32_t kept() const { return uint32_t{1} << kept_log2; }
  friend bool operator==(const SlotSize& a, const SlotSize& b) {
    return a.slots_log2 == b.slots_log2 && a.kept_log2 == b.kept_log2;
  }
};

// What was in effect from some day on.
struct WindowTerms {
  Day from_day;
  int64_t headcount = 0;
  window::v1::Cadence cadence = window::v1::CADENCE_FOUR_WEEKLY;  // never AUTO
  absl::TimeZone zone;
  // The groups of peers that the window's score counts for; may be empty.
  std::string region;
  std::string industry;
};

// Answers which windows an organisation has, when they open and close, and how large they
// are, from the history of its terms. A window uses the terms in effect on its first day, and
// a change applies from a day that has not opened (see LastOpenedDay): so what a window is
// follows from what was in effect as it opened, whether or not anybody did anything, and
// nothing changes it afterwards. Immutable and thread-safe.
//
// Example: weekly since ever, four-weekly for windows from 2026-03-02 on. The
// window that ends on Sunday 2026-03-22 begins on 2026-02-23: weekly, so it
// exists. The one that ends on 2026-03-29 begins on 2026-03-02: four-weekly, and
// exists only if it is every fourth Sunday.
class Schedule {
 public:
  // `grace` is how long after the day that follows the end day a window stays
  // open. InvalidArgument when the history is empty, out of order or malformed, or is of
  // more people than a profile may say.
  static absl::StatusOr<Schedule> Create(const aggregate::v1::StoredOrganization& stored,
                                         absl::Duration grace);

  // The first day of which activity is taken.
  Day first_day() const { return first_day_; }

  const WindowTerms& TermsAt(Day day) const;
  // In order of days; at least one.
  const std::vector<WindowTerms>& terms() const { return terms_; }

  // Whether a reach window of this organisation ends on the day, and begins on
  // first_day() or later.
  bool IsReachEnd(Day end_day) const;

  // The first reach end later than `after`.
  Day NextReachEnd(Day after) const;

  // The end day of the publication that takes the day's habits; absent when a
  // slower cadence leaves the day to none.
  std::optional<Day> PublicationTaking(Day day) const;

  // The days whose habits the publication of `end_day` takes, ascending.
  std::vector<Day> StepDays(Day end_day) const;

  // The instant from which the window may take something: kClockTolerance before its first day, but
  // not before the organisation was created (a back-fill takes past days from then on).
  absl::Time OpenTime(Window window) const;

  // The latest first day of a window that a change made at `now` must not touch: it begins
  // within kChangeNotice, or by what was noted of changes and of begun windows it has opened.
  Day LastOpenedDay(absl::Time now) const;

  // The instant from which the window takes no more: end of the end day, in its zone, plus one
  // day plus the grace.
  absl::Time CloseTime(Window window) const;

  // The terms that size a window: of its first day for a reach window; of the
  // publication that takes it for a day window (so that all days of a step are
  // alike).
  const WindowTerms& SizingTerms(Window window) const;

  // The size of a kind in a window; absent when the headcount is below what the
  // kind asks for.
  std::optional<SlotSize> SizeOf(const catalog::v1::SubjectKind& kind, Window window) const;

  // Which civil day an instant belongs to.
  const Calendar& calendar() const { return calendar_; }

 private:
  Schedule() = default;

  Day first_day_;
  absl::Duration grace_;
  absl::Time create_time_ = absl::InfinitePast();
  Day opened_day_;  // at least
  std::vector<WindowTerms> terms_;
  Calendar calendar_;
};

// The last day, at most `day`, on which windows of every cadence end.
Day LastFourWeeklyEnd(Day day);

// What AUTO comes to. `current` is the cadence in effect (AUTO when none): a
// change takes 10% more, or less, than the threshold.
window::v1::Cadence ChooseCadence(int64_t headcount, window::v1::Cadence requested,
                                  window::v1::Cadence current);

// The size for a headcount and cadence, regardless of what the kind asks for.
SlotSize SizeForHeadcount(const catalog::v1::SubjectKind& kind, int64_t headcount,
                          window::v1::Cadence cadence);

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_SCHEDULE_H_
