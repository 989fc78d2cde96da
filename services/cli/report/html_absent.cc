#include "services/cli/report/html_absent.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/absent_groups.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using Group = std::vector<const AbsentFigure*>;

constexpr size_t kFew = 4;

// "about 440": two or three digits are what a plan goes by.
std::string About(int64_t people, const std::string& product) {
  const int64_t step = people < 1000 ? 10 : people < 10'000 ? 100 : 1000;
  return absl::StrCat("about ", (people + step - 1) / step * step, " people",
                      product.empty() ? "" : absl::StrCat(" entitled to ", product));
}

// From how many people on the figures of a group are shown; empty when that is not known. Where
// they are not of the same people, it is said of those of the first.
std::string SizeWords(const Group& group) {
  int64_t least = 0;
  int64_t most = 0;
  bool all = true;
  std::string product;
  for (const AbsentFigure* figure : group) {
    if (least == 0) product = figure->entitled_product;
    const int64_t from = figure->entitled_product == product ? figure->shown_from : 0;
    all = all && from > 0;
    if (from == 0) continue;
    least = least == 0 ? from : std::min(least, from);
    most = std::max(most, from);
  }
  if (least == 0) return "";
  const std::string first = About(least, product);
  if (!all) return absl::StrCat("some shown from ", first);
  if (first == About(most, product)) return absl::StrCat("shown from ", first);
  return absl::StrCat("shown from ", first, ", all of them from ", About(most, product));
}

// The sources that could give what no connected one does: "A (a) or B (b)".
std::string SourceWords(const PageContent& content, const std::vector<std::string>& sources) {
  std::vector<std::string> names;
  for (const std::string& id : sources) {
    std::string name = id;
    for (const catalog::v1::Source& source : content.catalog.sources()) {
      if (source.id() == id) name = absl::StrCat(source.display_name(), " (", id, ")");
    }
    names.push_back(std::move(name));
  }
  if (names.size() < 2) return absl::StrJoin(names, "");
  const std::string last = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " or ", last);
}

// Why a group is not shown, as what follows the count or the name of its figures.
std::string Why(const PageContent& content, const Group& group) {
  const AbsentFigure& first = *group.front();
  const std::string state = absl::StrCat(" ", StateWord(first.state));
  if (first.code == score::v1::STATE_REASON_NO_SOURCE && !first.sources.empty()) {
    // A source is not asked for in vain: some of it would still be withheld.
    const std::string size = SizeWords(group);
    return absl::StrCat(
        state, "</strong>. No connected source gives ",
        group.size() == 1 ? "it: " : "them: ", NameHtml(SourceWords(content, first.sources)),
        " would", size.empty() ? "" : "; ", size, ".");
  }
  const bool at_size = first.code == score::v1::STATE_REASON_MARGIN_TOO_WIDE ||
                       first.code == score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL;
  const std::string size = at_size ? SizeWords(group) : "";
  return absl::StrCat(state, at_size ? " at this size" : "", "</strong>", size.empty() ? "" : ": ",
                      size, ". <span class=\"fine\">", TextHtml(first.reason), "</span>");
}

// A group by kinds, in the order given.
std::vector<Group> KindsOf(const Group& group) {
  std::vector<Group> kinds;
  for (const AbsentFigure* figure : group) {
    if (kinds.empty() || kinds.back().front()->kind.plural != figure->kind.plural) {
      kinds.emplace_back();
    }
    kinds.back().push_back(figure);
  }
  return kinds;
}

// "1 measure", "30 measures".
std::string Count(const Group& kind) {
  const FigureKind& name = kind.front()->kind;
  return absl::StrCat(kind.size(), " ", kind.size() == 1 ? name.singular : name.plural);
}

// "30 measures and 14 breakdowns".
std::string Counts(const std::vector<Group>& kinds) {
  std::vector<std::string> counts;
  counts.reserve(kinds.size());
  for (const Group& kind : kinds) counts.push_back(Count(kind));
  return absl::StrJoin(counts, " and ");
}

std::string IdHtml(const AbsentFigure& figure) {
  return figure.id.empty() ? "" : absl::StrCat(" id=\"", figure.id, "\"");
}

std::string ListOf(const Group& kind) {
  std::string out = "<ul>\n";
  for (const AbsentFigure* figure : kind) {
    absl::StrAppend(&out, "<li", IdHtml(*figure), ">", NameHtml(figure->name));
    if (figure->shown_from > 0) {
      absl::StrAppend(&out, " <span class=\"fine\">from ", figure->shown_from,
                      figure->entitled_product.empty() ? "" : " entitled", "</span>");
    }
    absl::StrAppend(&out, "</li>\n");
  }
  return out + "</ul>\n";
}

// The names of a group; beside each, from how many people it is shown.
std::string Names(const std::vector<Group>& kinds) {
  std::string out;
  for (const Group& kind : kinds) {
    if (kinds.size() > 1) absl::StrAppend(&out, "<p class=\"kind\">", Count(kind), "</p>\n");
    absl::StrAppend(&out, ListOf(kind));
  }
  return out;
}

std::string OneGroup(const PageContent& content, const Group& group) {
  const AbsentFigure& first = *group.front();
  if (group.size() == 1) {
    return absl::StrCat("<div", IdHtml(first), "><p><strong>", NameHtml(first.name), ":",
                        Why(content, group), "</p></div>\n");
  }
  const std::vector<Group> kinds = KindsOf(group);
  const std::string names = Names(kinds);
  const bool few = group.size() <= kFew;
  return absl::StrCat("<div><p><strong>", Counts(kinds), Why(content, group), "</p>\n",
                      few ? "" : "<details><summary>Which</summary>\n", names,
                      few ? "" : "</details>\n", "</div>\n");
}

AbsentFigure AbsentOf(const PageContent& content, const score::v1::MeasureValue& measure) {
  AbsentFigure out;
  out.kind = {"measure", "measures"};
  out.id = absl::StrCat("measure-", HtmlId(measure.measure()));
  out.name = measure.display_name();
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
      SetShownFrom(threshold.headcount(), threshold, out);
    }
  }
  return out;
}

AbsentFigure AbsentOf(const PageContent& content, const score::v1::Table& table) {
  AbsentFigure out;
  out.kind = {"breakdown", "breakdowns"};
  out.name = table.display_name();
  out.state = table.state();
  out.code = table.state_reason_code();
  out.reason = table.state_reason();
  const std::string id = LastPartOf(table.name());
  for (const auto& words : content.words.tables()) {
    if (words.table() == id) out.sources = {words.sources().begin(), words.sources().end()};
  }
  for (const auto& threshold : content.statement.figure_thresholds()) {
    if (!threshold.table().empty() && threshold.table() == id) {
      SetShownFrom(threshold.headcount(), threshold, out);
    }
  }
  return out;
}

}  // namespace

std::string AbsentHtml(const PageContent& content, const std::vector<AbsentFigure>& figures) {
  if (figures.empty()) return "";
  std::string out = "<div class=\"panel absent\">\n";
  for (const Group& group : GroupAbsent(figures)) {
    absl::StrAppend(&out, OneGroup(content, group));
  }
  return out + "</div>\n";
}

std::string AbsentSection(const PageContent& content) {
  std::vector<AbsentFigure> absent;
  for (const score::v1::MeasureValue& measure : content.score.measures()) {
    if (!Measured(measure.state())) absent.push_back(AbsentOf(content, measure));
  }
  for (const score::v1::Table& table : content.tables) {
    if (!Measured(table.state())) absent.push_back(AbsentOf(content, table));
  }
  return absl::StrCat("<section aria-labelledby=\"absent\">\n<h2 id=\"absent\">Not shown</h2>\n",
                      absent.empty() ? "<p>Every measure and every breakdown is shown.</p>\n" : "",
                      AbsentHtml(content, absent), "</section>\n");
}

}  // namespace tutti
