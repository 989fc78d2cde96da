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

// A bar over 0..full with the margin as a whisker; dashes where a bound is open. As
// wide as its place. Without words it is decoration beside a figure.
std::string BarSvg(const score::v1::Estimate& estimate, double full,
                   const std::optional<ChartWords>& words);

// One window of a trend. Where there is nothing to show, there is a gap.
struct TrendPoint {
  Day day;
  std::optional<score::v1::Estimate> alone;  // what the window says alone
  std::optional<score::v1::Estimate> level;  // with the windows before it
  bool may_be_changing = false;              // the window contradicts the level
};

// Which part of 0..100 a trend shows.
struct TrendRange {
  double low = 0;
  double high = 100;
};

// The range that shows all of the trends with all their margins, at least 20 wide, in tens.
TrendRange RangeOf(const std::vector<std::vector<TrendPoint>>& trends);

// A chart of at least one window, oldest first: a dot with a thin margin for each window alone
// (classes "dots" and "whisker"), a line with a band for the level ("line" and "band"), and a
// dashed line and a ring where it may be changing ("jump" and "ring"). `unit` stands at the
// axis.
std::string TrendFigure(const ChartWords& words, const std::vector<TrendPoint>& points,
                        const TrendRange& range, const char* unit);

// What the marks of the trends mean, in words; only of those that they have.
std::string TrendLegend(const std::vector<std::vector<TrendPoint>>& trends);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_CHARTS_H_
