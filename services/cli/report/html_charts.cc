#include "services/cli/report/html_charts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Estimate;

// Charts are drawn on 100 x 100 and stretched to their place; strokes keep their
// width (vector-effect in the style sheet), and all text stands outside.
constexpr double kBox = 100;
constexpr double kBarHeight = 10;
// Up to so many windows the dots of a small chart do not touch.
constexpr size_t kFewPoints = 60;

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

// Where things are on a chart.
class TrendPlane {
 public:
  explicit TrendPlane(const std::vector<TrendPoint>& points)
      : first_(points.front().day),
        days_(static_cast<double>(points.back().day - points.front().day)) {}

  double X(const TrendPoint& point) const {
    return days_ > 0 ? kBox * static_cast<double>(point.day - first_) / days_ : kBox / 2;
  }
  static double Y(double value) { return kBox - std::clamp(value, 0.0, kBox); }
  std::string At(const char* command, const TrendPoint& point, double value) const {
    return Point(command, X(point), Y(value));
  }
  // A dot: a line of no length with round ends is not stretched.
  std::string Dot(const TrendPoint& point, double value) const {
    return absl::StrCat(At("M", point, value), "h0");
  }
  std::string Whisker(const TrendPoint& point, const Estimate& estimate) const {
    return absl::StrCat(At("M", point, estimate.value() - estimate.margin()),
                        At("L", point, estimate.value() + estimate.margin()));
  }

 private:
  Day first_;
  double days_;
};

// Windows that follow each other and have levels.
std::vector<std::vector<const TrendPoint*>> LevelRuns(const std::vector<TrendPoint>& points) {
  std::vector<std::vector<const TrendPoint*>> runs(1);
  for (const TrendPoint& point : points) {
    if (point.level.has_value()) {
      runs.back().push_back(&point);
    } else if (!runs.back().empty()) {
      runs.emplace_back();
    }
  }
  if (runs.back().empty()) runs.pop_back();
  return runs;
}

std::string DrawBand(const std::vector<const TrendPoint*>& run, const TrendPlane& plane) {
  if (run.size() == 1) return Path("lone-band", plane.Whisker(*run.front(), *run.front()->level));
  std::string band;
  for (const TrendPoint* point : run) {
    absl::StrAppend(&band, plane.At(band.empty() ? "M" : "L", *point,
                                    point->level->value() + point->level->margin()));
  }
  for (auto point = run.rbegin(); point != run.rend(); ++point) {
    absl::StrAppend(&band,
                    plane.At("L", **point, (*point)->level->value() - (*point)->level->margin()));
  }
  return Path("band", band + "Z");
}

std::string DrawLine(const std::vector<const TrendPoint*>& run, const TrendPlane& plane) {
  if (run.size() == 1) return Path("line", plane.Dot(*run.front(), run.front()->level->value()));
  std::string line;
  for (const TrendPoint* point : run) {
    absl::StrAppend(&line, plane.At(line.empty() ? "M" : "L", *point, point->level->value()));
  }
  return Path("line", line);
}

// Whether a ring is drawn: on the dot of the window, or without one on the line.
bool IsMarked(const TrendPoint& point) {
  return point.may_be_changing && (point.alone.has_value() || point.level.has_value());
}

// The lowest first: what is marked lies under the marks of every window.
std::string DrawMarks(const std::vector<TrendPoint>& points, const TrendPlane& plane) {
  std::string jumps;
  std::string rings;
  std::string whiskers;
  std::string dots;
  for (const TrendPoint& point : points) {
    if (point.alone.has_value()) {
      absl::StrAppend(&whiskers, plane.Whisker(point, *point.alone));
      absl::StrAppend(&dots, plane.Dot(point, point.alone->value()));
    }
    if (!IsMarked(point)) continue;
    const Estimate& marked = point.alone.has_value() ? *point.alone : *point.level;
    absl::StrAppend(&jumps, Point("M", plane.X(point), 0), Point("L", plane.X(point), kBox));
    absl::StrAppend(&rings, plane.Dot(point, marked.value()));
  }
  std::string out;
  if (!jumps.empty()) {
    absl::StrAppend(&out, Path("jump", jumps), Path("ring", rings), Path("hole", rings));
  }
  if (!dots.empty()) absl::StrAppend(&out, Path("whisker", whiskers), Path("dots", dots));
  return out;
}

std::string LegendEntry(const std::string& drawn, const std::string& words) {
  return absl::StrCat(
      "<li><svg class=\"swatch\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\" focusable=\"false\">",
      drawn, "</svg><span>", words, "</span></li>\n");
}

template <typename Predicate>
bool AnyPoint(const std::vector<std::vector<TrendPoint>>& trends, const Predicate& holds) {
  return std::any_of(trends.begin(), trends.end(), [&](const std::vector<TrendPoint>& points) {
    return std::any_of(points.begin(), points.end(), holds);
  });
}

// What a line is, and what becomes of it after a mark.
struct LineWords {
  const char* level = "";
  const char* after_mark = "";
};

LineWords LineWordsOf(bool together, bool alone) {
  if (!together) {
    return {
        "<b>Line: the level.</b> Here it is what each window says alone: those before it are "
        "not expected to make its margin smaller. In the band around it lies the truth, about "
        "95 times in 100.",
        "If it is a real jump, the windows after it show it, too."};
  }
  return {alone ? "<b>Line: the level.</b> What a window and those before it say together, or the "
                  "window alone where those before it are not expected to make the margin smaller. "
                  "In the band around it lies the truth, about 95 times in 100."
                : "<b>Line: the level.</b> What a window and those before it say together. "
                  "In the band around it lies the truth, about 95 times in 100.",
          "If it is a real jump, the line follows within some windows."};
}

}  // namespace

std::string BarSvg(const Estimate& estimate, double full, const std::optional<ChartWords>& words) {
  const auto x = [&](double value) { return kBox * std::clamp(value / full, 0.0, 1.0); };
  const score::v1::Bound bound = estimate.bound();
  const double shown = x(ShownValue(estimate));
  const double low =
      bound == score::v1::BOUND_UNSPECIFIED ? x(estimate.value() - estimate.margin()) : shown;
  const double high =
      bound == score::v1::BOUND_UNSPECIFIED ? x(estimate.value() + estimate.margin()) : shown;
  std::string out = "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\"";
  if (words.has_value()) {
    absl::StrAppend(&out, Named(*words));
  } else {
    absl::StrAppend(&out, " aria-hidden=\"true\" focusable=\"false\">");
  }
  // Nothing is known to be there of what is "at most" something.
  absl::StrAppend(&out, "<rect class=\"track\" width=\"100\" height=\"10\"/>",
                  "<rect class=\"value\" width=\"",
                  HtmlNumber(bound == score::v1::BOUND_AT_MOST ? 0 : shown), "\" height=\"10\"/>");
  const double middle = kBarHeight / 2;
  if (high > low || bound != score::v1::BOUND_UNSPECIFIED) {
    const std::string ends = absl::StrCat(Point("M", low, 2), Point("L", low, kBarHeight - 2),
                                          Point("M", high, 2), Point("L", high, kBarHeight - 2));
    absl::StrAppend(&out, Path("whisker", absl::StrCat(Point("M", low, middle),
                                                       Point("L", high, middle), ends)));
  }
  if (bound != score::v1::BOUND_UNSPECIFIED) {
    absl::StrAppend(
        &out, Path("open", absl::StrCat(
                               Point("M", shown, middle),
                               Point("L", bound == score::v1::BOUND_AT_LEAST ? kBox : 0, middle))));
  }
  return out + "</svg>\n";
}

std::string TrendFigure(const ChartWords& words, const std::vector<TrendPoint>& points,
                        const char* unit) {
  std::string out =
      absl::StrCat("<div class=\"plot\"><div class=\"y\" aria-hidden=\"true\"><span>100", unit,
                   "</span><span>50", unit, "</span><span>0", unit,
                   "</span></div>\n<svg class=\"trend", points.size() > kFewPoints ? " dense" : "",
                   "\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\"", Named(words),
                   Path("grid", "M0 0H100M0 25H100M0 50H100M0 75H100M0 100H100"));
  const TrendPlane plane(points);
  const std::vector<std::vector<const TrendPoint*>> runs = LevelRuns(points);
  for (const auto& run : runs) absl::StrAppend(&out, DrawBand(run, plane));
  absl::StrAppend(&out, DrawMarks(points, plane));
  for (const auto& run : runs) absl::StrAppend(&out, DrawLine(run, plane));
  const Day first = points.front().day;
  const Day last = points.back().day;
  absl::StrAppend(&out, "</svg>\n<div class=\"x\" aria-hidden=\"true\">",
                  TextHtml(FormatDay(first)));
  if (last > first) absl::StrAppend(&out, TextHtml(FormatDay(last)));
  return out + "</div></div>\n";
}

std::string TrendLegend(const std::vector<std::vector<TrendPoint>>& trends) {
  const bool together = AnyPoint(trends, [](const TrendPoint& point) {
    return point.level.has_value() && !point.of_window_alone;
  });
  const bool alone = AnyPoint(trends, [](const TrendPoint& point) {
    return point.level.has_value() && point.of_window_alone;
  });
  const bool levels = together || alone;
  const LineWords words = LineWordsOf(together, alone);
  std::string out = "<ul class=\"legend\">\n";
  if (levels) {
    absl::StrAppend(
        &out, LegendEntry(Path("band", "M0 15L100 15L100 85L0 85Z") + Path("line", "M0 50L100 50"),
                          words.level));
  }
  if (AnyPoint(trends, [](const TrendPoint& point) { return point.alone.has_value(); })) {
    absl::StrAppend(
        &out, LegendEntry(Path("whisker", "M50 5L50 95") + Path("dots", "M50 50h0"),
                          "<b>Dot: one window of 28 days alone.</b> The thin line through it is "
                          "its margin. Dots scatter because noise is added to protect people."));
  }
  if (AnyPoint(trends, IsMarked)) {
    const bool on_dots = AnyPoint(
        trends, [](const TrendPoint& point) { return IsMarked(point) && point.alone.has_value(); });
    absl::StrAppend(
        &out,
        LegendEntry(
            Path("jump", "M50 0L50 100") + Path("ring", "M50 50h0") + Path("hole", "M50 50h0") +
                (on_dots ? Path("dots", "M50 50h0") : Path("line", "M0 50L100 50")),
            absl::StrCat("<b>Ring: may be changing.</b> ", kMarked, " ", words.after_mark)));
  }
  absl::StrAppend(&out, "</ul>\n");
  if (!levels) {
    absl::StrAppend(
        &out, "<p class=\"fine\">A line for the level is drawn from the third window on.</p>\n");
  }
  return out;
}

}  // namespace tutti
