#ifndef TUTTI_COMMON_SCORING_SCORE_CHANGE_H_
#define TUTTI_COMMON_SCORING_SCORE_CHANGE_H_

#include <optional>

#include "absl/types/span.h"
#include "common/scoring/figure.h"
#include "common/scoring/score_builder.h"
#include "common/window/day.h"

namespace tutti {

// Windows that are compared share no day, and every window has slots and noise of
// its own: the errors of the two scores are independent.

// The end day with which a score is compared for its change: 28 days earlier, when
// that is published.
std::optional<Day> ChangeBase(absl::Span<const Day> published, Day end_day);

// The end day with which it is compared for its trend: the last one that is at
// least 180 days earlier, and at most 28 more.
std::optional<Day> TrendBase(absl::Span<const Day> published, Day end_day);

// A difference since the score of `since`, and whether it exceeds its margin.
score::v1::Change ChangeSince(Day since, const Figure& difference);

// Sets the changes of the total and of each category, where both scores show it
// (and of the total, where it is of the same number of categories).
void AddChanges(const ScoredPublication& earlier, ScoredPublication& later);

// Sets the trend, in points of percent, under the same condition.
void AddTrend(const ScoredPublication& earlier, ScoredPublication& later);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_SCORE_CHANGE_H_
