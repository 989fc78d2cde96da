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

// One point of a trend; without an estimate there is a gap.
struct TrendPoint {
  Day day;
  std::optional<score::v1::Estimate> estimate;
};

// Which part of 0..100 a trend shows.
struct TrendRange {
  double low = 0;
  double high = 100;
};

// The range that shows the points and their margins, at least 20 wide, in tens.
TrendRange RangeOf(const std::vector<TrendPoint>& points);

// A figure with a line through the points, oldest first, and the band of their
// margins. At least one point.
std::string TrendFigure(const ChartWords& words, const std::vector<TrendPoint>& points,
                        const TrendRange& range);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_CHARTS_H_
