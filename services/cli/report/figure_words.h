#ifndef TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_
#define TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_

#include <cstdint>
#include <string>

#include "services/cli/report/figures.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// What every surface says of itself.
inline constexpr char kWhatItIs[] =
    "This measures how an organisation adopts its tools, never a person.";

// What every surface says of activity that was made up.
inline constexpr char kGenerated[] = "GENERATED DATA: nobody did any of this.";

// What is said of a row whose share came out less certain than the headcount promises.
inline constexpr char kWideMargin[] =
    "Uncertain: the margin is above 15 points, more than was planned.";

// 0 for what is written as 0 with so many decimals: "-0.0" would say that something fell.
double WithoutMinusZero(double value, int decimals);

// What every surface with changes of levels says of them.
inline constexpr char kChangeOfLevels[] =
    "A change of a level is not simply the difference of the two figures that were printed: with "
    "each new window the earlier levels are estimated anew.";

// What every surface says of a window that is marked.
inline constexpr char kMarked[] = "This window does not fit those before it.";

// The number that is shown of an estimate: its value, or where it is a bound, what the truth is at
// least or at most, its margin included.
double ShownValue(const score::v1::Estimate& estimate);

// An estimate as text: "78.2 ± 3.1", or where it is a bound, "at least 93.0". `decimals` is 0 to 2.
std::string FormatEstimate(const score::v1::Estimate& estimate, int decimals);

// A quantity with its unit: "78.2 ± 3.1 %", "612 ± 9 people".
std::string FormatQuantity(const Quantity& quantity);

// A difference: "+3.1 ± 2.0 points, more than noise", "-0.4 ± 2.0, within noise"; without the day.
// `unit` may be empty. Empty when there is none.
std::string FormatChange(const score::v1::Change& change, const std::string& unit);

// How a figure changed, in the unit that its number has for people; empty when there is nothing
// to compare with.
std::string ChangeWords(const FigureRow& row);

// What stands beside a level: "may be changing; this window alone 66.0 ± 7.1", or why there is
// nothing of it: "this window alone withheld: too uncertain at this size". Beside a figure of one
// window the mark alone, if any.
std::string LevelWords(const FigureRow& row);

// Since when a level of the window that ends on `end_day` holds (ISO 8601); empty where it has only
// just come.
std::string HeldSince(const score::v1::Level& level, const std::string& end_day);

// What the levels of a score are, in sentences: which figures, from how many windows, or why they
// are of this window alone, and since when the total has held. Empty where it has none.
std::string LevelNote(const score::v1::Score& score);

// The same of scores over time, newest first.
std::string HistoryLevelNote(const score::v1::ListScoresResponse& response);

// From which record on a category is shown that one window alone withholds, and of which day that
// is about, as a sentence; for one that has such a record.
std::string LevelStartWords(const score::v1::CategoryScore& category);

// "48 people (four-weekly)", "20 people entitled to assistant (weekly)", "at no size".
std::string PeopleWords(int64_t people, const std::string& product, window::v1::Cadence cadence);

// "here from record 4 on, the one to about 2026-12-20 if no window is missing or incomplete", or
// why a category is not shown here.
std::string ShownHereWords(const score::v1::CategoryThreshold& threshold);

// "48 people with earlier windows, 96 in one window alone, published four-weekly; here from record
// 4 on, the one to about 2026-12-20". Where the two sizes have different cadences, each stands with
// its own.
std::string ThresholdWords(const score::v1::CategoryThreshold& threshold);

// Why a total is not shown, neither of this window alone nor as a level.
std::string TotalReason(const score::v1::Score& score);

// Why the total of this window alone is not shown.
std::string AloneTotalReason(const score::v1::Score& score);

// What a row counts, and of what, as a sentence; empty where neither is known.
std::string CountWords(const FigureRow& row);

// "withheld", "not measured", "incomplete"; empty when measured.
std::string StateWord(score::v1::FigureState state);

// A reason in a few words, to stand beside others of its kind: "too uncertain at this size". The
// reason itself where its code has no short form.
std::string ShortReason(score::v1::StateReason code, const std::string& reason);

// What stands in the place of a figure: "withheld: too uncertain at this size"; empty when
// measured. `reason` may be empty.
std::string AbsentWords(score::v1::FigureState state, const std::string& reason);

// The organisation's id in a resource name.
std::string OrganizationOf(const std::string& resource_name);

// What follows the last slash of a resource name.
std::string LastPartOf(const std::string& resource_name);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_
