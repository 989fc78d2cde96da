#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::MeasureValue;

constexpr double kFull = 100;

// What the shares are of, if that is the same for all of the measures; else empty.
std::string CommonDenominator(const std::vector<const MeasureValue*>& measures) {
  const std::string& first = measures.front()->denominator_words();
  const bool common = std::all_of(
      measures.begin(), measures.end(),
      [&first](const MeasureValue* measure) { return measure->denominator_words() == first; });
  return common ? first : "";
}

// `above` is what stands above all of the measures of a panel: what their shares are of.
std::string Card(const MeasureValue& measure, const std::string& above) {
  const bool percent = measure.unit() == score::v1::UNIT_PERCENT;
  const Quantity value{percent ? FigureUnit::kPercent : FigureUnit::kSubjects, measure.value(),
                       false, percent ? "%" : ""};
  const bool said = !above.empty() || measure.denominator_words().empty();
  return absl::StrCat("<li id=\"measure-", HtmlId(measure.measure()),
                      "\">\n<div class=\"pair\"><h4>", EscapeHtml(measure.display_name()),
                      "</h4><p class=\"value\">", QuantityHtml(value), "</p></div>\n",
                      percent ? BarSvg(measure.value(), kFull, std::nullopt) : "", "<p>Counts ",
                      EscapeHtml(measure.numerator_words()), said ? "" : ", of ",
                      said ? "" : EscapeHtml(measure.denominator_words()), ".</p>\n</li>\n");
}

// What would raise the measures, each thing once with all that it is said of.
std::string RaiseHtml(const std::vector<const MeasureValue*>& measures) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const MeasureValue* measure : measures) {
    const auto found = std::find_if(groups.begin(), groups.end(), [measure](const auto& group) {
      return group.first == measure->raise_words();
    });
    auto& group = found == groups.end()
                      ? groups.emplace_back(measure->raise_words(), std::vector<std::string>())
                      : *found;
    group.second.push_back(NameHtml(measure->display_name()));
  }
  std::string out = "<details><summary>What would raise them</summary>\n<ul class=\"fine\">\n";
  for (const auto& [words, names] : groups) {
    absl::StrAppend(&out, "<li><b>", absl::StrJoin(names, ", "), ":</b> ", EscapeHtml(words),
                    "</li>\n");
  }
  return out + "</ul>\n</details>\n";
}

// The measures that explain one category; empty when none is shown.
std::string Group(const PageContent& content, const std::string& category,
                  const std::string& heading) {
  std::vector<const MeasureValue*> measures;
  for (const MeasureValue& measure : content.score.measures()) {
    if (measure.category() == category && Measured(measure.state())) measures.push_back(&measure);
  }
  if (measures.empty()) return "";
  const std::string above = CommonDenominator(measures);
  std::string out = absl::StrCat("<div class=\"panel\">\n<h3>", EscapeHtml(heading), "</h3>\n");
  if (!above.empty()) {
    absl::StrAppend(&out, "<p class=\"fine\">Shares of ", EscapeHtml(above), "</p>\n");
  }
  absl::StrAppend(&out, "<ul class=\"measures\">\n");
  for (const MeasureValue* measure : measures) absl::StrAppend(&out, Card(*measure, above));
  return absl::StrCat(out, "</ul>\n", RaiseHtml(measures), "</div>\n");
}

}  // namespace

std::string MeasuresSection(const PageContent& content) {
  std::string groups;
  for (const auto& category : content.score.categories()) {
    absl::StrAppend(&groups, Group(content, category.category(), category.display_name()));
  }
  absl::StrAppend(&groups, Group(content, "", "Further figures"));
  if (groups.empty()) groups = "<p>None is shown: the reasons stand below.</p>\n";
  return absl::StrCat(
      "<section aria-labelledby=\"measures\">\n<h2 id=\"measures\">Measures</h2>\n"
      "<p>What explains the categories: within the 28 days or, where it says so, on an average "
      "day.</p>\n",
      groups, "</section>\n");
}

}  // namespace tutti
