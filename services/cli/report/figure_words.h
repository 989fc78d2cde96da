#ifndef TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_
#define TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_

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
    "Uncertain: the margin is above 15 points, for there were fewer than expected.";

// 0 for what is written as 0 with so many decimals: "-0.0" would say that something fell.
double WithoutMinusZero(double value, int decimals);

// An estimate as text: "78.2 ± 3.1", "at least 95.0 ± 2.0", "at least 95.0" when the
// margin rounds to nothing. `decimals` is 0 to 2.
std::string FormatEstimate(const score::v1::Estimate& estimate, int decimals);

// A quantity with its unit: "78.2 ± 3.1 %", "612 ± 9 people".
std::string FormatQuantity(const Quantity& quantity);

// A difference: "+3.1 ± 2.0 points, more than noise", "-0.4 ± 2.0, within noise"; without
// the day. `unit` may be empty. Empty when there is none.
std::string FormatChange(const score::v1::Change& change, const std::string& unit);

// What stands beside a level: "may be changing; this window alone 66.0 ± 7.1". Empty beside a
// figure of one window.
std::string LevelWords(const FigureRow& row);

// "Figures are levels, computed from 16 windows: ... beside them", without an end.
std::string LevelWords(const score::v1::Level& level);

// From which record on a category is shown that one window alone withholds, as a sentence; for one
// that has such a record.
std::string LevelStartWords(const score::v1::CategoryScore& category);

// "48 people with earlier windows, 96 in one alone; here from record 4 on".
std::string ThresholdWords(const score::v1::CategoryThreshold& threshold);

// "withheld", "not measured", "incomplete"; empty when measured.
std::string StateWord(score::v1::FigureState state);

// The organisation's id in a resource name.
std::string OrganizationOf(const std::string& resource_name);

// What follows the last slash of a resource name.
std::string LastPartOf(const std::string& resource_name);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_FIGURE_WORDS_H_
