#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_absent.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::MeasureValue;

constexpr double kFull = 100;

// What it counts, of what, and what would raise it.
std::string Words(const MeasureValue& measure) {
  return absl::StrCat("Counts ", EscapeHtml(measure.numerator_words()),
                      measure.denominator_words().empty() ? "" : ", of ",
                      EscapeHtml(measure.denominator_words()), ". <b>What would raise it:</b> ",
                      EscapeHtml(measure.raise_words()));
}

std::string IdOf(const MeasureValue& measure) {
  return absl::StrCat("measure-", HtmlId(measure.measure()));
}

std::string Card(const MeasureValue& measure) {
  const bool percent = measure.unit() == score::v1::UNIT_PERCENT;
  const Quantity value{percent ? FigureUnit::kPercent : FigureUnit::kSubjects, measure.value(),
                       false, percent ? "%" : ""};
  return absl::StrCat(
      "<li id=\"", IdOf(measure), "\">\n<div class=\"pair\"><h4>",
      EscapeHtml(measure.display_name()), "</h4><p class=\"value\">", QuantityHtml(value),
      "</p></div>\n", percent ? BarSvg(measure.value(), kFull, std::nullopt) : "", "<p>",
      EscapeHtml(measure.sentence()), "</p>\n<p class=\"fine\">", Words(measure), "</p>\n</li>\n");
}

// The measures that explain one category; empty when none is shown.
std::string Group(const PageContent& content, const std::string& category,
                  const std::string& heading) {
  std::string cards;
  for (const MeasureValue& measure : content.score.measures()) {
    if (measure.category() == category && Measured(measure.state())) {
      absl::StrAppend(&cards, Card(measure));
    }
  }
  if (cards.empty()) return "";
  return absl::StrCat("<div class=\"panel\">\n<h3>", EscapeHtml(heading),
                      "</h3>\n<ul class=\"measures\">\n", cards, "</ul>\n</div>\n");
}

AbsentFigure AbsentOf(const PageContent& content, const MeasureValue& measure) {
  AbsentFigure out;
  out.id = IdOf(measure);
  out.name = measure.display_name();
  out.words = absl::StrCat(EscapeHtml(measure.sentence()), " ", Words(measure));
  out.state = measure.state();
  out.code = measure.state_reason_code();
  out.reason = measure.state_reason();
  for (const auto& words : content.words.measures()) {
    if (words.measure() == measure.measure()) {
      out.sources = {words.sources().begin(), words.sources().end()};
    }
  }
  for (const auto& threshold : content.statement.figure_thresholds()) {
    if (!threshold.measure().empty() && threshold.measure() == measure.measure()) {
      out.shown_from = threshold.headcount();
    }
  }
  return out;
}

}  // namespace

std::string MeasuresSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"measures\">\n<h2 id=\"measures\">Measures</h2>\n"
      "<p>What explains the categories: what each counts, out of what, and what would raise "
      "it.</p>\n";
  for (const auto& category : content.score.categories()) {
    absl::StrAppend(&out, Group(content, category.category(), category.display_name()));
  }
  absl::StrAppend(&out, Group(content, "", "Further figures"));
  std::vector<AbsentFigure> absent;
  for (const MeasureValue& measure : content.score.measures()) {
    if (!Measured(measure.state())) absent.push_back(AbsentOf(content, measure));
  }
  if (!absent.empty()) absl::StrAppend(&out, "<h3 class=\"group\">Measures not shown</h3>\n");
  return absl::StrCat(out, AbsentHtml(content, "measures", absent), "</section>\n");
}

}  // namespace tutti
