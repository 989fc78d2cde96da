#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_absent.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::MeasureValue;
using score::v1::Score;

constexpr double kFull = 100;

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

// A term and what is said of it, as a line of a list of facts.
std::string Fact(const char* term, const std::string& html) {
  return absl::StrCat("<div><dt>", term, "</dt><dd>", html, "</dd></div>\n");
}

// The figure of one window alone, as it stands beside a level, or why there is none.
template <typename Scored>
std::string AloneHtml(const Scored& scored, const Quantity& alone, const std::string& reason) {
  return Measured(scored.state()) ? QuantityHtml(alone)
                                  : EscapeHtml(AbsentWords(scored.state(), reason));
}

// What stands beside a level of the window that ends on `end_day`.
std::string LevelFacts(const score::v1::Level& level, const std::string& end_day,
                       const std::string& alone) {
  const std::string since = HeldSince(level, end_day);
  return absl::StrCat(level.may_be_changing()
                          ? absl::StrCat("<div class=\"mark\"><dt>May be changing</dt><dd>",
                                         kMarked, "</dd></div>\n")
                          : "",
                      level.of_window_alone() ? "" : Fact("This window alone", alone),
                      since.empty() ? "" : Fact("Level held since", TextHtml(since)));
}

std::string ChangeFact(const char* term, const score::v1::Change& change, const char* unit) {
  if (change.since_end_day().empty()) return "";
  return Fact(term, ChangeHtml(change, unit));
}

const score::v1::CategoryScore* MostRoom(const Score& score) {
  for (const auto& category : score.categories()) {
    if (category.category() == score.most_room_category()) return &category;
  }
  return nullptr;
}

std::string MostRoomHtml(const score::v1::CategoryScore& category) {
  return absl::StrCat("<a href=\"#category-", HtmlId(category.category()), "\">",
                      NameHtml(category.display_name()), "</a>, ",
                      QuantityHtml(Points(LeadingPoints(category), "of 100 points")));
}

std::string TotalPanel(const Score& score) {
  if (!IsShown(score)) {
    return StateHtml(score.state(), TotalReason(score));
  }
  const Quantity points =
      Points(LeadingPoints(score), absl::StrCat("of ", score.possible_points(), " points"));
  const ChartWords words{"score-bar", BarWords("Adoption score", Percent(LeadingPercent(score))),
                         "A bar from 0 to 100 percent. The whisker at its end is the 95% margin."};
  return absl::StrCat("<p class=\"big\" id=\"total-percent\">",
                      QuantityHtml(Percent(LeadingPercent(score))),
                      "</p>\n<p class=\"figure\" id=\"total-points\">", QuantityHtml(points),
                      "</p>\n", BarSvg(LeadingPercent(score), kFull, words));
}

// A list of facts; nothing when there are none.
std::string FactList(const std::string& facts) {
  return facts.empty() ? "" : absl::StrCat("<dl class=\"facts\">\n", facts, "</dl>\n");
}

std::string TotalFacts(const Score& score) {
  std::string out;
  if (IsShown(score)) {
    out = absl::StrCat(
        score.has_level()
            ? LevelFacts(score.level(), score.end_day(),
                         AloneHtml(score, Percent(score.percent()), AloneTotalReason(score)))
            : "",
        ChangeFact("Over 28 days", InPercent(LeadingChange(score), score.possible_points()),
                   "percentage points"),
        ChangeFact("Over 180 days", LeadingTrend(score), "percentage points"));
  }
  if (const auto* category = MostRoom(score); category != nullptr) {
    absl::StrAppend(&out, Fact("Most room to improve", MostRoomHtml(*category)));
  }
  return FactList(out);
}

std::string CategoryCard(const Score& score, const score::v1::CategoryScore& category) {
  const std::string id = HtmlId(category.category());
  const Quantity points = Points(LeadingPoints(category), "of 100");
  const ChartWords words{absl::StrCat("category-", id, "-bar"),
                         BarWords(category.display_name(), points),
                         "A bar from 0 to 100 points. The whisker at its end is the 95% margin."};
  std::string out = absl::StrCat(
      "<li class=\"card\" id=\"category-", id, "\">\n<h3>", EscapeHtml(category.display_name()),
      "</h3>\n<p class=\"figure\">", QuantityHtml(points), "</p>\n",
      BarSvg(LeadingPoints(category), kFull, words),
      FactList(absl::StrCat(
          category.has_level() ? LevelFacts(category.level(), score.end_day(),
                                            AloneHtml(category, Points(category.points(), "of 100"),
                                                      ShortReason(category.state_reason_code(),
                                                                  category.state_reason())))
                               : "",
          ChangeFact("Over 28 days", LeadingChange(category), "points"))));
  // Why one window alone is withheld says nothing of the level.
  const std::string reason = Measured(category.state()) ? category.state_reason() : "";
  for (const std::string& text : {reason, category.description()}) {
    if (!text.empty()) absl::StrAppend(&out, "<p class=\"fine\">", EscapeHtml(text), "</p>\n");
  }
  return out + "</li>\n";
}

AbsentFigure AbsentOf(const PageContent& content, const score::v1::CategoryScore& category) {
  AbsentFigure out;
  out.kind = {"category", "categories"};
  out.id = absl::StrCat("category-", HtmlId(category.category()));
  out.name = category.display_name();
  out.state = category.state();
  out.code = category.state_reason_code();
  out.reason = category.state_reason();
  if (category.level_from_windows() > 0) {
    absl::StrAppend(&out.reason, " ", LevelStartWords(category));
  }
  for (const auto& words : content.words.categories()) {
    if (words.category() == category.category()) {
      out.sources = {words.sources().begin(), words.sources().end()};
    }
  }
  for (const auto& threshold : content.statement.thresholds()) {
    if (threshold.category() == category.category()) {
      SetShownFrom(threshold.headcount_with_level(), threshold, out);
    }
  }
  return out;
}

// How far a figure is from the value at which its action is not recommended any more; empty
// when the catalogue does not tell.
std::string DistanceWords(const PageContent& content, const score::v1::Recommendation& item) {
  for (const auto& action : content.catalog.actions()) {
    if (action.id() != item.action()) continue;
    const bool too_high = action.above_permille() > 0;
    const double limit = (too_high ? action.above_permille() : action.below_permille()) / 10.0;
    const bool open =
        item.value().bound() == (too_high ? score::v1::BOUND_AT_LEAST : score::v1::BOUND_AT_MOST);
    return absl::StrFormat("<p class=\"distance\">%s%.0f percentage points %s %s&nbsp;%%</p>\n",
                           open ? "At least " : "", std::abs(limit - ShownValue(item.value())),
                           too_high ? "above" : "below", HtmlNumber(limit));
  }
  return "";
}

}  // namespace

std::string ScoreSection(const PageContent& content) {
  const Score& score = content.score;
  const std::string note = LevelNote(score);
  const std::string level = note.empty() ? ""
                                         : absl::StrCat("<p class=\"hint\">", TextHtml(note), " ",
                                                        kChangeOfLevels, "</p>\n");
  return absl::StrCat(
      "<section aria-labelledby=\"score\">\n<h2 id=\"score\">Score</h2>\n<div class=\"panel\">\n",
      TotalPanel(score), TotalFacts(score),
      "<p class=\"hint\">The number after ± is the margin: the truth lies within it about 95 "
      "times in 100. “At least” and “at most” stand where it is known to one side only. A change "
      "is more than noise when it exceeds its margin.</p>\n",
      level, "</div>\n</section>\n");
}

std::string CategoriesSection(const PageContent& content) {
  std::string cards;
  std::vector<AbsentFigure> absent;
  for (const auto& category : content.score.categories()) {
    if (IsShown(category)) {
      absl::StrAppend(&cards, CategoryCard(content.score, category));
    } else {
      absent.push_back(AbsentOf(content, category));
    }
  }
  std::string out =
      "<section aria-labelledby=\"categories\">\n<h2 id=\"categories\">Categories</h2>\n";
  if (!cards.empty()) absl::StrAppend(&out, "<ul class=\"grid\">\n", cards, "</ul>\n");
  if (!absent.empty()) absl::StrAppend(&out, "<h3 class=\"group\">Categories not shown</h3>\n");
  return absl::StrCat(out, AbsentHtml(content, absent), "</section>\n");
}

std::string RecommendationsSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"recommendations\">\n<h2 id=\"recommendations\">What the "
      "organisation can do</h2>\n";
  if (content.recommendations.recommendations().empty()) {
    return out + "<p>Nothing is recommended: no shown figure is low.</p>\n</section>\n";
  }
  if (const auto* category = MostRoom(content.score); category != nullptr) {
    absl::StrAppend(&out, "<p>Most room to improve: ", MostRoomHtml(*category), ".</p>\n");
  }
  absl::StrAppend(
      &out,
      "<p>First comes what is furthest from the value at which it is no longer recommended.</p>\n"
      "<ol class=\"grid\">\n");
  for (const auto& item : content.recommendations.recommendations()) {
    std::string name = item.measure();
    std::string denominator;
    for (const MeasureValue& measure : content.score.measures()) {
      if (measure.measure() != item.measure()) continue;
      name = measure.display_name();
      denominator = measure.denominator_words();
    }
    absl::StrAppend(&out, "<li class=\"card\" id=\"action-", HtmlId(item.action()), "\">\n<h3>",
                    EscapeHtml(item.title()), "</h3>\n", DistanceWords(content, item),
                    BarSvg(item.value(), kFull, std::nullopt), "<p class=\"fine\">", NameHtml(name),
                    ": ", QuantityHtml(Percent(item.value())), denominator.empty() ? "" : " of ",
                    EscapeHtml(denominator), "</p>\n<p>", EscapeHtml(item.text()), "</p>\n</li>\n");
  }
  return out + "</ol>\n</section>\n";
}

}  // namespace tutti
