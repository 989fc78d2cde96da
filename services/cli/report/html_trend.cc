#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/window/day.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Score;

bool Measured(score::v1::FigureState state) { return state == score::v1::FIGURE_STATE_MEASURED; }

// Where one line begins and ends, in words.
std::string TrendWords(const std::vector<TrendPoint>& points) {
  const TrendPoint* first = nullptr;
  const TrendPoint* last = nullptr;
  int shown = 0;
  for (const TrendPoint& point : points) {
    if (!point.estimate.has_value()) continue;
    if (first == nullptr) first = &point;
    last = &point;
    ++shown;
  }
  if (last == nullptr) return "No figure is shown in this time.";
  return absl::StrCat("A line through ", shown, " of ", points.size(),
                      " publications with the band of their 95% margins, from ",
                      FormatEstimate(*first->estimate, 1), " on ", FormatDay(first->day), " to ",
                      FormatEstimate(*last->estimate, 1), " on ", FormatDay(last->day),
                      ". The figures are in the table below the charts.");
}

// Oldest first; a score whose day cannot be read is left out.
std::vector<const Score*> OldestFirst(const std::vector<Score>& history) {
  std::vector<const Score*> scores;
  for (auto score = history.rbegin(); score != history.rend(); ++score) {
    if (ParseDay(score->end_day()).ok()) scores.push_back(&*score);
  }
  return scores;
}

std::vector<TrendPoint> TotalPoints(const std::vector<const Score*>& scores) {
  std::vector<TrendPoint> points;
  for (const Score* score : scores) {
    TrendPoint& point = points.emplace_back(TrendPoint{*ParseDay(score->end_day()), std::nullopt});
    if (Measured(score->state())) point.estimate = LeadingPercent(*score);
  }
  return points;
}

std::vector<TrendPoint> CategoryPoints(const std::vector<const Score*>& scores,
                                       const std::string& category) {
  std::vector<TrendPoint> points;
  for (const Score* score : scores) {
    TrendPoint& point = points.emplace_back(TrendPoint{*ParseDay(score->end_day()), std::nullopt});
    for (const auto& one : score->categories()) {
      if (one.category() == category && Measured(one.state())) {
        point.estimate = LeadingPoints(one);
      }
    }
  }
  return points;
}

bool AnyShown(const std::vector<TrendPoint>& points) {
  return std::any_of(points.begin(), points.end(),
                     [](const TrendPoint& point) { return point.estimate.has_value(); });
}

std::string Cell(score::v1::FigureState state, const score::v1::Estimate& estimate,
                 FigureUnit unit) {
  if (!Measured(state)) return absl::StrCat("<td class=\"n\">", StateWord(state), "</td>");
  return absl::StrCat("<td class=\"n\">", QuantityHtml({unit, estimate, false, ""}), "</td>");
}

// What the charts show, as a table; the newest first.
std::string DataTable(const PageContent& content) {
  std::string out =
      "<details>\n<summary>The figures of the charts as a table</summary>\n<div class=\"scroll\" "
      "role=\"region\" aria-labelledby=\"trend-caption\" tabindex=\"0\">\n<table "
      "id=\"trend-table\">\n<caption id=\"trend-caption\">Score in percent, and points of each "
      "category, with 95% margins</caption>\n<thead><tr><th scope=\"col\">28 days to</th><th "
      "scope=\"col\" class=\"n\">Score, %</th>";
  for (const auto& category : content.score.categories()) {
    absl::StrAppend(&out, "<th scope=\"col\" class=\"n\">", EscapeHtml(category.display_name()),
                    "</th>");
  }
  absl::StrAppend(&out, "</tr></thead>\n<tbody>\n");
  for (const Score& score : content.history) {
    absl::StrAppend(&out, "<tr><th scope=\"row\">", EscapeHtml(score.end_day()), "</th>",
                    Cell(score.state(), LeadingPercent(score), FigureUnit::kPercent));
    for (const auto& column : content.score.categories()) {
      std::string cell = "<td class=\"n\">not measured</td>";
      for (const auto& category : score.categories()) {
        if (category.category() != column.category()) continue;
        cell = Cell(category.state(), LeadingPoints(category), FigureUnit::kPoints);
      }
      absl::StrAppend(&out, cell);
    }
    absl::StrAppend(&out, "</tr>\n");
  }
  return out + "</tbody>\n</table>\n</div>\n</details>\n";
}

}  // namespace

std::string TrendSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"trend\">\n<h2 id=\"trend\">Trend</h2>\n<p>Each point is the 28 "
      "days up to its day, from the third on the level with the windows before it; the band is the "
      "95% margin.</p>\n";
  const std::vector<const Score*> scores = OldestFirst(content.history);
  if (scores.empty()) return out + "<p>There is no history.</p>\n</section>\n";
  const std::vector<TrendPoint> total = TotalPoints(scores);
  if (AnyShown(total)) {
    absl::StrAppend(
        &out, "<div class=\"panel\">\n<h3>Adoption score, percent</h3>\n",
        TrendFigure({"trend-total", "Adoption score over time, in percent", TrendWords(total)},
                    total, RangeOf(total)),
        "</div>\n");
  }
  absl::StrAppend(&out, "<ul class=\"grid group\">\n");
  for (const auto& category : content.score.categories()) {
    const std::vector<TrendPoint> points = CategoryPoints(scores, category.category());
    if (!AnyShown(points)) continue;
    absl::StrAppend(
        &out, "<li class=\"card\">\n<h3>", EscapeHtml(category.display_name()), ", points</h3>\n",
        TrendFigure({absl::StrCat("trend-", category.category()),
                     absl::StrCat(category.display_name(), " over time, in points of 100"),
                     TrendWords(points)},
                    points, {0, 100}),
        "</li>\n");
  }
  return absl::StrCat(out, "</ul>\n", DataTable(content), "</section>\n");
}

}  // namespace tutti
