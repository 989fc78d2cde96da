#ifndef TUTTI_SERVICES_CLI_REPORT_HTML_CHARTS_H_
#define TUTTI_SERVICES_CLI_REPORT_HTML_CHARTS_H_

#include <optional>
#include <string>
#include <vector>

#include "common/window/day.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// What a chart says to those who do not see it. The id is unique on the page.
struct ChartWords {
  std::string id;
  std::string title;
  std::string description;
};

// A bar over 0..full with the margin as a whisker. Where the value is a bound, the bar goes up to
// what the truth is at least, or is empty, a mark stands at the bound, and dashes lead to where the
// truth may be. As wide as its place. Without words it is decoration beside a figure.
std::string BarSvg(const score::v1::Estimate& estimate, double full,
                   const std::optional<ChartWords>& words);

// One window of a trend. Where there is nothing to show, there is a gap.
struct TrendPoint {
  Day day;
  std::optional<score::v1::Estimate> alone;  // what the window says alone
  std::optional<score::v1::Estimate> level;  // with the windows before it
  // The level is what the window says alone, for those before it would not make it more exact.
  bool of_window_alone = false;
  bool may_be_changing = false;  // the window contradicts those before it
};

// A chart of at least one window, oldest first, over 0..100 as every other, so that any two can be
// laid side by side: a dot with a thin margin for each window alone
// (classes "dots" and "whisker"), a line with a band for the level ("line" and "band"), and a
// dashed line and a ring where it may be changing ("jump" and "ring"): around the dot, or on the
// line where the window alone is withheld. `unit` stands at the axis.
std::string TrendFigure(const ChartWords& words, const std::vector<TrendPoint>& points,
                        const char* unit);

// What the marks of the trends mean, in words; only of those that they have.
std::string TrendLegend(const std::vector<std::vector<TrendPoint>>& trends);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_CHARTS_H_
