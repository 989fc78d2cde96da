#include "services/cli/report/html_absent.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using Group = std::vector<const AbsentFigure*>;

constexpr size_t kFew = 4;

// Withheld before incomplete before not measured; else in the order of the figures.
std::vector<Group> GroupsOf(const std::vector<AbsentFigure>& figures) {
  std::vector<Group> groups;
  for (const score::v1::FigureState state :
       {score::v1::FIGURE_STATE_WITHHELD, score::v1::FIGURE_STATE_INCOMPLETE,
        score::v1::FIGURE_STATE_NOT_MEASURED, score::v1::FIGURE_STATE_UNSPECIFIED}) {
    const size_t first = groups.size();
    for (const AbsentFigure& figure : figures) {
      if (figure.state != state) continue;
      const auto found =
          std::find_if(groups.begin() + static_cast<std::ptrdiff_t>(first), groups.end(),
                       [&](const Group& group) { return group.front()->reason == figure.reason; });
      if (found == groups.end()) {
        groups.push_back({&figure});
      } else {
        found->push_back(&figure);
      }
    }
  }
  return groups;
}

// "about 440": two or three digits are what a plan goes by.
std::string About(int64_t headcount) {
  const int64_t step = headcount < 1000 ? 10 : headcount < 10'000 ? 100 : 1000;
  return absl::StrCat("about ", (headcount + step - 1) / step * step, " people");
}

// A headcount that is reached tells nothing: something else keeps the figure back.
int64_t ShownFrom(const PageContent& content, const AbsentFigure& figure) {
  return figure.shown_from > content.score.headcount() ? figure.shown_from : 0;
}

// From which headcount the figures of a group are shown; empty when that is not known.
std::string SizeWords(const PageContent& content, const Group& group) {
  int64_t least = 0;
  int64_t most = 0;
  bool all = true;
  for (const AbsentFigure* figure : group) {
    const int64_t from = ShownFrom(content, *figure);
    all = all && from > 0;
    if (from == 0) continue;
    least = least == 0 ? from : std::min(least, from);
    most = std::max(most, from);
  }
  if (least == 0) return "";
  if (!all) return absl::StrCat("some shown from ", About(least));
  if (About(least) == About(most)) return absl::StrCat("shown from ", About(least));
  return absl::StrCat("shown from ", About(least), ", all of them from ", About(most));
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
    const std::string size = SizeWords(content, group);
    return absl::StrCat(
        state, "</strong>. No connected source gives ",
        group.size() == 1 ? "it: " : "them: ", NameHtml(SourceWords(content, first.sources)),
        " would", size.empty() ? "" : "; ", size, ".");
  }
  const bool at_size = first.code == score::v1::STATE_REASON_MARGIN_TOO_WIDE ||
                       first.code == score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL;
  const std::string size = at_size ? SizeWords(content, group) : "";
  return absl::StrCat(state, at_size ? " at this size" : "", "</strong>", size.empty() ? "" : ": ",
                      size, ". <span class=\"fine\">", EscapeHtml(first.reason), "</span>");
}

std::string IdHtml(const AbsentFigure& figure) {
  return figure.id.empty() ? "" : absl::StrCat(" id=\"", figure.id, "\"");
}

std::string Item(const PageContent& content, const AbsentFigure& figure) {
  const int64_t from = ShownFrom(content, figure);
  return absl::StrCat(
      "<li", IdHtml(figure), "><b>", NameHtml(figure.name), "</b>",
      from == 0 ? "" : absl::StrCat(" <span class=\"fine\">from ", from, " people</span>"),
      figure.words.empty() ? "" : absl::StrCat("<span class=\"fine\">", figure.words, "</span>"),
      "</li>\n");
}

}  // namespace

std::string AbsentHtml(const PageContent& content, const char* plural,
                       const std::vector<AbsentFigure>& figures) {
  if (figures.empty()) return "";
  std::string out = "<div class=\"panel absent\">\n";
  for (const Group& group : GroupsOf(figures)) {
    const AbsentFigure& first = *group.front();
    if (group.size() == 1) {
      absl::StrAppend(&out, "<div", IdHtml(first), "><p><strong>", NameHtml(first.name), ":",
                      Why(content, group), "</p>\n",
                      first.words.empty() ? "" : "<p class=\"fine\">" + first.words + "</p>\n",
                      "</div>\n");
      continue;
    }
    std::string list = "<ul>\n";
    for (const AbsentFigure* figure : group) absl::StrAppend(&list, Item(content, *figure));
    absl::StrAppend(&list, "</ul>\n");
    absl::StrAppend(&out, "<div><p><strong>", group.size(), " ", plural, Why(content, group),
                    "</p>\n");
    if (group.size() <= kFew) {
      absl::StrAppend(&out, list);
    } else {
      absl::StrAppend(&out, "<details><summary>Which ", group.size(), " ", plural, "</summary>\n",
                      list, "</details>\n");
    }
    absl::StrAppend(&out, "</div>\n");
  }
  return out + "</div>\n";
}

}  // namespace tutti
