#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::MeasureValue;
using score::v1::Score;

constexpr double kFull = 100;

bool Measured(score::v1::FigureState state) { return state == score::v1::FIGURE_STATE_MEASURED; }

Quantity Points(const score::v1::Estimate& estimate, const std::string& words) {
  return {FigureUnit::kPoints, estimate, false, words};
}

Quantity Percent(const score::v1::Estimate& estimate) {
  return {FigureUnit::kPercent, estimate, false, "%"};
}

// What a bar says to those who do not see it.
std::string BarWords(const std::string& name, const Quantity& quantity) {
  return absl::StrCat(name, ": ", FormatQuantity(quantity));
}

// What stands beside a level.
std::string LevelHtml(const score::v1::Level& level, const Quantity& alone) {
  const char* const mark = level.may_be_changing() ? "<b>May be changing.</b> " : "";
  std::string held;
  if (!level.holding_since_end_day().empty()) {
    held = absl::StrCat("; the level has held since ", EscapeHtml(level.holding_since_end_day()));
  }
  return absl::StrCat("<p class=\"fine\">", mark, "This window alone: ", QuantityHtml(alone), held,
                      "</p>\n");
}

std::string TotalPanel(const Score& score) {
  if (!Measured(score.state())) {
    return StateHtml(score.state(), score.state() == score::v1::FIGURE_STATE_NOT_MEASURED
                                        ? "No category is measured: the reasons stand below."
                                        : "The score is shown when every measured category is.");
  }
  const Quantity points =
      Points(LeadingPoints(score), absl::StrCat("of ", score.possible_points(), " points"));
  const ChartWords words{"score-bar", BarWords("Adoption score", Percent(LeadingPercent(score))),
                         "A bar from 0 to 100 percent. The whisker at its end is the 95% margin."};
  return absl::StrCat("<p class=\"big\" id=\"total-percent\">",
                      QuantityHtml(Percent(LeadingPercent(score))),
                      "</p>\n<p class=\"figure\" id=\"total-points\">", QuantityHtml(points),
                      "</p>\n", BarSvg(LeadingPercent(score), kFull, words),
                      score.has_level() ? LevelHtml(score.level(), Percent(score.percent())) : "");
}

std::string CategoryCard(const score::v1::CategoryScore& category) {
  const std::string id = HtmlId(category.category());
  std::string out = absl::StrCat("<li class=\"card\" id=\"category-", id, "\">\n<h3>",
                                 EscapeHtml(category.display_name()), "</h3>\n");
  if (Measured(category.state())) {
    const Quantity points = Points(LeadingPoints(category), "of 100");
    const ChartWords words{absl::StrCat("category-", id, "-bar"),
                           BarWords(category.display_name(), points),
                           "A bar from 0 to 100 points. The whisker at its end is the 95% margin."};
    absl::StrAppend(&out, "<p class=\"figure\">", QuantityHtml(points), "</p>\n",
                    BarSvg(LeadingPoints(category), kFull, words),
                    ChangeHtml(LeadingChange(category), "points"));
    if (category.has_level()) {
      absl::StrAppend(&out, LevelHtml(category.level(), Points(category.points(), "of 100")));
    }
    if (!category.state_reason().empty()) {
      absl::StrAppend(&out, "<p class=\"fine\">", EscapeHtml(category.state_reason()), "</p>\n");
    }
  } else {
    absl::StrAppend(&out, StateHtml(category.state(), category.state_reason()));
  }
  absl::StrAppend(&out, "<p class=\"fine\">", EscapeHtml(category.description()), "</p>\n</li>\n");
  return out;
}

std::string MeasureCard(const MeasureValue& measure) {
  std::string out = absl::StrCat("<li class=\"card\" id=\"measure-", HtmlId(measure.measure()),
                                 "\">\n<h4>", EscapeHtml(measure.display_name()), "</h4>\n");
  if (Measured(measure.state())) {
    const bool percent = measure.unit() == score::v1::UNIT_PERCENT;
    const Quantity value = percent ? Percent(measure.value())
                                   : Quantity{FigureUnit::kSubjects, measure.value(), false, ""};
    absl::StrAppend(&out, "<p class=\"value\">", QuantityHtml(value), "</p>\n");
    if (percent) absl::StrAppend(&out, BarSvg(measure.value(), kFull, std::nullopt));
  } else {
    absl::StrAppend(&out, StateHtml(measure.state(), measure.state_reason()));
  }
  absl::StrAppend(&out, "<p>", EscapeHtml(measure.sentence()), "</p>\n<dl class=\"fine\">");
  absl::StrAppend(&out, "<dt>Counted</dt><dd>", EscapeHtml(measure.numerator_words()), "</dd>");
  if (!measure.denominator_words().empty()) {
    absl::StrAppend(&out, "<dt>Out of</dt><dd>", EscapeHtml(measure.denominator_words()), "</dd>");
  }
  absl::StrAppend(&out, "<dt>What would raise it</dt><dd>", EscapeHtml(measure.raise_words()),
                  "</dd></dl>\n</li>\n");
  return out;
}

// The measures that explain one category; empty when there are none.
std::string MeasureGroup(const Score& score, const std::string& category,
                         const std::string& heading) {
  std::string cards;
  int count = 0;
  int shown = 0;
  for (const MeasureValue& measure : score.measures()) {
    if (measure.category() != category) continue;
    absl::StrAppend(&cards, MeasureCard(measure));
    ++count;
    shown += Measured(measure.state()) ? 1 : 0;
  }
  if (count == 0) return "";
  return absl::StrCat(
      "<div class=\"group\">\n<h3>", EscapeHtml(heading), "</h3>\n<details><summary>", count,
      count == 1 ? " measure" : " measures", " of ", EscapeHtml(heading), ", ", shown,
      " shown</summary>\n<ul class=\"grid\">\n", cards, "</ul>\n</details>\n</div>\n");
}

}  // namespace

std::string ScoreSection(const PageContent& content) {
  const Score& score = content.score;
  std::string out = absl::StrCat(
      "<section aria-labelledby=\"score\">\n<h2 id=\"score\">Score</h2>\n<div class=\"panel\">\n",
      TotalPanel(score));
  const score::v1::Change& change = LeadingChange(score);
  if (!change.since_end_day().empty()) {
    absl::StrAppend(&out, "<p class=\"fine\">Since the 28 days to ",
                    EscapeHtml(change.since_end_day()), ", here and below:</p>\n",
                    ChangeHtml(change, "points"));
  }
  const score::v1::Change& trend = LeadingTrend(score);
  if (!trend.since_end_day().empty()) {
    absl::StrAppend(&out, "<p class=\"fine\">Since the 28 days to ",
                    EscapeHtml(trend.since_end_day()), ", about 180 days ago:</p>\n",
                    ChangeHtml(trend, "points of percent"));
  }
  for (const auto& category : score.categories()) {
    if (category.category() != score.most_room_category()) continue;
    absl::StrAppend(&out, "<p>Most room: <a href=\"#category-", HtmlId(category.category()), "\">",
                    EscapeHtml(category.display_name()), "</a></p>\n");
  }
  absl::StrAppend(&out,
                  score.has_level()
                      ? absl::StrCat("<p class=\"hint\">", LevelWords(score.level()), ".</p>\n")
                      : "",
                  "<p class=\"hint\">The number after ± is the margin: the truth lies within it 95 "
                  "times in 100. A change is more than noise when it exceeds its margin. What is "
                  "too uncertain is withheld, with the reason.</p>\n</div>\n</section>\n");
  return out;
}

std::string CategoriesSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"categories\">\n<h2 id=\"categories\">Categories</h2>\n"
      "<ul class=\"grid\">\n";
  for (const auto& category : content.score.categories()) {
    absl::StrAppend(&out, CategoryCard(category));
  }
  return out + "</ul>\n</section>\n";
}

std::string RecommendationsSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"recommendations\">\n<h2 id=\"recommendations\">What the "
      "organisation can do</h2>\n";
  if (content.recommendations.recommendations().empty()) {
    return out + "<p>Nothing is recommended: no shown figure is low.</p>\n</section>\n";
  }
  absl::StrAppend(&out, "<ol class=\"grid\">\n");
  for (const auto& item : content.recommendations.recommendations()) {
    std::string name = item.measure();
    for (const MeasureValue& measure : content.score.measures()) {
      if (measure.measure() == item.measure()) name = measure.display_name();
    }
    absl::StrAppend(&out, "<li class=\"card\" id=\"action-", HtmlId(item.action()), "\">\n<h3>",
                    EscapeHtml(item.title()), "</h3>\n<p>", EscapeHtml(item.text()),
                    "</p>\n<p class=\"fine\">Because of: ", EscapeHtml(name), ", ",
                    QuantityHtml(Percent(item.value())), "</p>\n",
                    BarSvg(item.value(), kFull, std::nullopt), "</li>\n");
  }
  return out + "</ol>\n</section>\n";
}

std::string MeasuresSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"measures\">\n<h2 id=\"measures\">Measures</h2>\n"
      "<p>What explains the categories: what each counts, out of what, and what would raise "
      "it.</p>\n";
  for (const auto& category : content.score.categories()) {
    absl::StrAppend(&out,
                    MeasureGroup(content.score, category.category(), category.display_name()));
  }
  absl::StrAppend(&out, MeasureGroup(content.score, "", "Further figures"));
  return out + "</section>\n";
}

}  // namespace tutti
