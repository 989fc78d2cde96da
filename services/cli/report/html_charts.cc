#include "services/cli/report/html_charts.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Estimate;

// Charts are drawn on 100 x 100 and stretched to their place; strokes keep their
// width (vector-effect in the style sheet), and all text stands outside.
constexpr double kBox = 100;
constexpr double kBarHeight = 10;
// How far the dashes go that say that a bound is open.
constexpr double kOpenDashes = 6;
constexpr double kNarrowestRange = 20;
constexpr double kRangeStep = 10;

std::string Named(const ChartWords& words) {
  const std::string id = HtmlId(words.id);
  return absl::StrCat(" role=\"img\" aria-labelledby=\"", id, "-title ", id, "-desc\"><title id=\"",
                      id, "-title\">", EscapeHtml(words.title), "</title><desc id=\"", id,
                      "-desc\">", EscapeHtml(words.description), "</desc>");
}

std::string Path(const char* style_class, const std::string& d) {
  return absl::StrCat("<path class=\"", style_class, "\" d=\"", d, "\"/>");
}

std::string Point(const char* command, double x, double y) {
  return absl::StrFormat("%s%.2f %.2f", command, x, y);
}

struct Drawn {
  double x;
  double value;
  double low;
  double high;
};

// Runs of neighbouring points that have estimates.
std::vector<std::vector<Drawn>> RunsOf(const std::vector<TrendPoint>& points,
                                       const TrendRange& range) {
  const double days =
      std::max<double>(1, static_cast<double>(points.back().day - points.front().day));
  const auto y = [&](double value) {
    const double share = (value - range.low) / (range.high - range.low);
    return kBox * (1 - std::clamp(share, 0.0, 1.0));
  };
  std::vector<std::vector<Drawn>> runs(1);
  for (const TrendPoint& point : points) {
    if (!point.estimate.has_value()) {
      if (!runs.back().empty()) runs.emplace_back();
      continue;
    }
    const Estimate& estimate = *point.estimate;
    const double x = points.size() == 1
                         ? kBox / 2
                         : kBox * static_cast<double>(point.day - points.front().day) / days;
    runs.back().push_back({x, y(estimate.value()), y(estimate.value() - estimate.margin()),
                           y(estimate.value() + estimate.margin())});
  }
  if (runs.back().empty()) runs.pop_back();
  return runs;
}

std::string DrawRun(const std::vector<Drawn>& run) {
  std::string band;
  std::string line;
  std::string dots;
  for (const Drawn& point : run) {
    const char* const command = band.empty() ? "M" : "L";
    absl::StrAppend(&band, Point(command, point.x, point.high));
    absl::StrAppend(&line, Point(command, point.x, point.value));
    // A line of no length with round ends is a dot that is not stretched.
    absl::StrAppend(&dots, Point("M", point.x, point.value), "h0");
  }
  for (auto point = run.rbegin(); point != run.rend(); ++point) {
    absl::StrAppend(&band, Point("L", point->x, point->low));
  }
  if (run.size() == 1) {
    const Drawn& only = run.front();
    return absl::StrCat(
        Path("whisker", absl::StrCat(Point("M", only.x, only.low), Point("L", only.x, only.high))),
        Path("dots", dots));
  }
  return absl::StrCat(Path("band", band + "Z"), Path("line", line), Path("dots", dots));
}

}  // namespace

std::string BarSvg(const Estimate& estimate, double full, const std::optional<ChartWords>& words) {
  const auto x = [&](double value) { return kBox * std::clamp(value / full, 0.0, 1.0); };
  const double value = x(estimate.value());
  const double low = x(estimate.value() - estimate.margin());
  const double high = x(estimate.value() + estimate.margin());
  std::string out = "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\"";
  if (words.has_value()) {
    absl::StrAppend(&out, Named(*words));
  } else {
    absl::StrAppend(&out, " aria-hidden=\"true\" focusable=\"false\">");
  }
  absl::StrAppend(&out, "<rect class=\"track\" width=\"100\" height=\"10\"/>",
                  "<rect class=\"value\" width=\"", HtmlNumber(value), "\" height=\"10\"/>");
  const double middle = kBarHeight / 2;
  if (high > low) {
    const std::string ends = absl::StrCat(Point("M", low, 2), Point("L", low, kBarHeight - 2),
                                          Point("M", high, 2), Point("L", high, kBarHeight - 2));
    absl::StrAppend(&out, Path("whisker", absl::StrCat(Point("M", low, middle),
                                                       Point("L", high, middle), ends)));
  }
  if (estimate.bound() == score::v1::BOUND_AT_LEAST) {
    absl::StrAppend(
        &out, Path("open", absl::StrCat(Point("M", high, middle),
                                        Point("L", std::min(high + kOpenDashes, kBox), middle))));
  } else if (estimate.bound() == score::v1::BOUND_AT_MOST) {
    absl::StrAppend(
        &out, Path("open", absl::StrCat(Point("M", low, middle),
                                        Point("L", std::max(low - kOpenDashes, 0.0), middle))));
  }
  return out + "</svg>\n";
}

TrendRange RangeOf(const std::vector<TrendPoint>& points) {
  double low = kBox;
  double high = 0;
  for (const TrendPoint& point : points) {
    if (!point.estimate.has_value()) continue;
    low = std::min(low, point.estimate->value() - point.estimate->margin());
    high = std::max(high, point.estimate->value() + point.estimate->margin());
  }
  if (low > high) return {};
  TrendRange range{std::max(0.0, std::floor(low / kRangeStep) * kRangeStep),
                   std::min(kBox, std::ceil(high / kRangeStep) * kRangeStep)};
  if (range.high - range.low < kNarrowestRange) {
    range.high = std::min(kBox, range.low + kNarrowestRange);
    range.low = range.high - kNarrowestRange;
  }
  return range;
}

std::string TrendFigure(const ChartWords& words, const std::vector<TrendPoint>& points,
                        const TrendRange& range) {
  std::string out = absl::StrCat(
      "<div class=\"plot\"><div class=\"y\" aria-hidden=\"true\"><span>", HtmlNumber(range.high),
      "</span><span>", HtmlNumber((range.high + range.low) / 2), "</span><span>",
      HtmlNumber(range.low),
      "</span></div>\n<svg class=\"trend\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\"",
      Named(words), Path("grid", "M0 0H100M0 25H100M0 50H100M0 75H100M0 100H100"));
  for (const std::vector<Drawn>& run : RunsOf(points, range)) {
    absl::StrAppend(&out, DrawRun(run));
  }
  absl::StrAppend(&out, "</svg>\n<div class=\"x\" aria-hidden=\"true\"><span>",
                  FormatDay(points.front().day), "</span>");
  if (points.size() > 1) {
    absl::StrAppend(&out, "<span>", FormatDay(points.back().day), "</span>");
  }
  return out + "</div></div>\n";
}

}  // namespace tutti
