#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/window/day.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Score;

bool HasFigure(const TrendPoint& point) {
  return point.alone.has_value() || point.level.has_value();
}

// What one chart shows, in words.
std::string TrendWords(const std::vector<TrendPoint>& points) {
  const TrendPoint* first = nullptr;
  const TrendPoint* last = nullptr;
  size_t dots = 0;
  bool levels = false;
  std::vector<std::string> marked;
  for (const TrendPoint& point : points) {
    if (point.may_be_changing) marked.push_back(FormatDay(point.day));
    if (!HasFigure(point)) continue;
    levels = levels || point.level.has_value();
    if (first == nullptr) first = &point;
    last = &point;
    if (point.alone.has_value()) ++dots;
  }
  if (last == nullptr) return "No figure is shown in this time.";
  const auto leading = [](const TrendPoint& point) {
    return FormatEstimate(point.level.has_value() ? *point.level : *point.alone, 1);
  };
  const std::string drawn =
      dots == 0 ? "A line with a band for the level; no window alone is shown"
                : absl::StrCat("Dots with margins for ", dots, " of ", points.size(), " windows",
                               levels ? ", and a line with a band for the level" : "");
  return absl::StrCat(drawn, "; from ", leading(*first), " on ", FormatDay(first->day), " to ",
                      leading(*last), " on ", FormatDay(last->day),
                      marked.empty() ? "" : "; may be changing on " + absl::StrJoin(marked, ", "),
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

void Mark(const score::v1::Level& level, const score::v1::Estimate& figure, TrendPoint& point) {
  point.level = figure;
  point.of_window_alone = level.of_window_alone();
  point.may_be_changing = level.may_be_changing();
}

std::vector<TrendPoint> TotalPoints(const std::vector<const Score*>& scores) {
  std::vector<TrendPoint> points;
  for (const Score* score : scores) {
    TrendPoint& point = points.emplace_back();
    point.day = *ParseDay(score->end_day());
    if (Measured(score->state())) point.alone = score->percent();
    if (score->has_level()) Mark(score->level(), score->level().percent(), point);
  }
  return points;
}

std::vector<TrendPoint> CategoryPoints(const std::vector<const Score*>& scores,
                                       const std::string& category) {
  std::vector<TrendPoint> points;
  for (const Score* score : scores) {
    TrendPoint& point = points.emplace_back();
    point.day = *ParseDay(score->end_day());
    for (const auto& one : score->categories()) {
      if (one.category() != category) continue;
      if (Measured(one.state())) point.alone = one.points();
      if (one.has_level()) Mark(one.level(), one.level().points(), point);
    }
  }
  return points;
}

bool AnyShown(const std::vector<TrendPoint>& points) {
  return std::any_of(points.begin(), points.end(), HasFigure);
}

// A cell. Where the page is narrow, the title of its column stands beside it.
std::string Cell(const std::string& title, const std::string& html) {
  return absl::StrCat("<td class=\"n\" data-title=\"", EscapeHtml(title), "\">", html, "</td>");
}

std::string FigureCell(const std::string& title, bool shown, score::v1::FigureState state,
                       const Quantity& quantity, bool may_be_changing,
                       const std::string& alone = "") {
  if (!shown) return Cell(title, StateWord(state));
  return Cell(title, absl::StrCat(QuantityHtml(quantity),
                                  may_be_changing ? " <b>may be changing</b>" : "", alone));
}

// The dot of a chart of a category, below its level.
std::string AloneBeside(const score::v1::CategoryScore& category) {
  if (!category.has_level() || category.level().of_window_alone()) return "";
  return absl::StrCat("<br><span class=\"fine\">alone ",
                      Measured(category.state())
                          ? QuantityHtml({FigureUnit::kPoints, category.points(), false, ""})
                          : StateWord(category.state()),
                      "</span>");
}

// The categories that any of the scores shows.
std::vector<const score::v1::CategoryScore*> ShownCategories(const PageContent& content) {
  std::vector<const score::v1::CategoryScore*> shown;
  for (const auto& column : content.score.categories()) {
    const bool any =
        std::any_of(content.history.begin(), content.history.end(), [&](const Score& score) {
          return std::any_of(score.categories().begin(), score.categories().end(),
                             [&](const score::v1::CategoryScore& one) {
                               return one.category() == column.category() && IsShown(one);
                             });
        });
    if (any) shown.push_back(&column);
  }
  return shown;
}

constexpr char kScoreTitle[] = "Score, %";
constexpr char kAloneTitle[] = "Window alone, %";

std::string ColumnHead(const std::string& title) {
  return absl::StrCat("<th scope=\"col\" class=\"n\">", EscapeHtml(title), "</th>");
}

// What the charts show, as a table; the newest first.
std::string DataTable(const PageContent& content) {
  const std::vector<const score::v1::CategoryScore*> columns = ShownCategories(content);
  const bool levels = std::any_of(content.history.begin(), content.history.end(),
                                  [](const Score& score) { return score.has_level(); });
  std::string out =
      "<details>\n<summary>The figures of the charts as a table</summary>\n<table "
      "id=\"trend-table\">\n<caption>Score in percent, and points of each category: the level, "
      "where there is one, and below it what the window says alone</caption>\n<thead><tr><th "
      "scope=\"col\">28 days to</th>";
  absl::StrAppend(&out, ColumnHead(kScoreTitle), levels ? ColumnHead(kAloneTitle) : "");
  for (const auto* category : columns) absl::StrAppend(&out, ColumnHead(category->display_name()));
  absl::StrAppend(&out, "</tr></thead>\n<tbody>\n");
  for (const Score& score : content.history) {
    absl::StrAppend(&out, "<tr><th scope=\"row\">", TextHtml(score.end_day()), "</th>",
                    FigureCell(kScoreTitle, IsShown(score), score.state(),
                               {FigureUnit::kPercent, LeadingPercent(score), false, ""},
                               score.level().may_be_changing()),
                    levels ? FigureCell(kAloneTitle, Measured(score.state()), score.state(),
                                        {FigureUnit::kPercent, score.percent(), false, ""}, false)
                           : "");
    for (const auto* column : columns) {
      std::string cell =
          Cell(column->display_name(), StateWord(score::v1::FIGURE_STATE_NOT_MEASURED));
      for (const auto& category : score.categories()) {
        if (category.category() != column->category()) continue;
        cell = FigureCell(column->display_name(), IsShown(category), category.state(),
                          {FigureUnit::kPoints, LeadingPoints(category), false, ""},
                          category.level().may_be_changing(), AloneBeside(category));
      }
      absl::StrAppend(&out, cell);
    }
    absl::StrAppend(&out, "</tr>\n");
  }
  return out + "</tbody>\n</table>\n</details>\n";
}

}  // namespace

std::string TrendSection(const PageContent& content) {
  std::string out = "<section aria-labelledby=\"trend\">\n<h2 id=\"trend\">Trend</h2>\n";
  const std::vector<const Score*> scores = OldestFirst(content.history);
  if (scores.empty()) return out + "<p>There is no history.</p>\n</section>\n";
  std::vector<std::vector<TrendPoint>> trends = {TotalPoints(scores)};
  const bool total = AnyShown(trends.front());
  const std::vector<const score::v1::CategoryScore*> categories = ShownCategories(content);
  for (const auto* category : categories) {
    trends.push_back(CategoryPoints(scores, category->category()));
  }
  if (!total && categories.empty()) {
    return out + "<p>No figure is shown in this time: the reasons stand above.</p>\n</section>\n";
  }
  absl::StrAppend(&out, "<div class=\"panel\">\n");
  if (total) {
    absl::StrAppend(&out, "<h3>Adoption score <span class=\"unit\">percent</span></h3>\n",
                    TrendFigure({"trend-total", "Adoption score over time, in percent",
                                 TrendWords(trends.front())},
                                trends.front(), "&nbsp;%"));
  }
  absl::StrAppend(&out, TrendLegend(trends), "</div>\n");
  if (!categories.empty()) absl::StrAppend(&out, "<ul class=\"grid group\">\n");
  for (size_t i = 0; i < categories.size(); ++i) {
    const std::vector<TrendPoint>& points = trends[i + 1];
    absl::StrAppend(
        &out, "<li class=\"card\">\n<h3>", NameHtml(categories[i]->display_name()),
        " <span class=\"unit\">points of 100</span></h3>\n",
        TrendFigure({absl::StrCat("trend-", categories[i]->category()),
                     absl::StrCat(categories[i]->display_name(), " over time, in points of 100"),
                     TrendWords(points)},
                    points, ""),
        "</li>\n");
  }
  if (!categories.empty()) absl::StrAppend(&out, "</ul>\n");
  return absl::StrCat(out, DataTable(content), "</section>\n");
}

}  // namespace tutti
