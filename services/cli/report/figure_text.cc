#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/plain_message.h"

namespace tutti {
namespace {

// What a line is as long as at most, without what stands behind its bar.
constexpr size_t kLineWidth = 100;
constexpr int kNarrowestBar = 10;

// Widths of the columns of one section.
struct Widths {
  size_t name = 0;
  std::vector<size_t> quantities;
};

size_t LineWidth(const Widths& widths) {
  size_t width = 2 + widths.name + 2;
  for (const size_t quantity : widths.quantities) width += 2 + quantity;
  return width;
}

// Bars as long as the columns beside them leave room for.
TextStyle StyleFor(const Widths& widths, TextStyle style) {
  const size_t others = LineWidth(widths);
  const int room = others < kLineWidth ? static_cast<int>(kLineWidth - others) : 0;
  style.bar_width = std::min(style.bar_width, std::max(kNarrowestBar, room));
  return style;
}

// The rows of a section that is brief: those with figures, one quantity each.
FigureSection Brief(FigureSection section) {
  std::vector<FigureRow> rows;
  for (FigureRow& row : section.rows) {
    if (row.quantities.empty()) continue;
    row.quantities.resize(1);
    rows.push_back(std::move(row));
  }
  section.rows = std::move(rows);
  return section;
}

// The rows without figures, each reason once, with the names that it is of.
std::string Absent(const FigureSection& section, const TextStyle& style) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const score::v1::FigureState state :
       {score::v1::FIGURE_STATE_WITHHELD, score::v1::FIGURE_STATE_INCOMPLETE,
        score::v1::FIGURE_STATE_NOT_MEASURED}) {
    for (const FigureRow& row : section.rows) {
      if (row.state != state) continue;
      const std::string heading = absl::StrCat(StateWord(state), ". ", row.reason);
      const auto found = std::find_if(groups.begin(), groups.end(),
                                      [&](const auto& group) { return group.first == heading; });
      if (found == groups.end()) {
        groups.push_back({heading, {row.name}});
      } else {
        found->second.push_back(row.name);
      }
    }
  }
  std::string out;
  for (const auto& [heading, names] : groups) {
    absl::StrAppend(&out, "\n", Bold(style, Wrap(absl::StrCat(names.size(), " ", heading), "  ")),
                    Wrap(absl::StrJoin(names, "; "), "    "));
  }
  return out;
}

Widths WidthsOf(const FigureSection& section) {
  Widths widths;
  for (const FigureRow& row : section.rows) {
    widths.name = std::max(widths.name, Columns(row.name));
    if (row.quantities.size() > widths.quantities.size()) {
      widths.quantities.resize(row.quantities.size());
    }
    for (size_t i = 0; i < row.quantities.size(); ++i) {
      widths.quantities[i] =
          std::max(widths.quantities[i], Columns(FormatQuantity(row.quantities[i])));
    }
    if (row.quantities.empty() && !widths.quantities.empty()) {
      widths.quantities[0] = std::max(widths.quantities[0], Columns(StateWord(row.state)));
    }
  }
  return widths;
}

// What stands at the end of a row: why it is not shown, or how it changed.
std::string Tail(const FigureRow& row) {
  if (!Measured(row.state)) return row.reason;
  std::string tail = row.change.has_value() ? FormatChange(*row.change, "") : "";
  if (row.change.has_value() && row.figure == "trend") {
    absl::StrAppend(&tail, " (since ", row.change->since_end_day(), ")");
  }
  const std::string level = LevelWords(row);
  if (!level.empty()) absl::StrAppend(&tail, tail.empty() ? "" : "; ", level);
  if (!row.reason.empty()) absl::StrAppend(&tail, tail.empty() ? "" : "; ", row.reason);
  return tail;
}

std::string Line(const FigureRow& row, const Widths& widths, const TextStyle& style) {
  std::string line = absl::StrCat("  ", PadRight(row.name, widths.name));
  if (row.quantities.empty()) {
    const std::string state = StateWord(row.state);
    if (!state.empty()) {
      const size_t width = widths.quantities.empty() ? 0 : widths.quantities[0];
      absl::StrAppend(&line, "  ", PadLeft(state, width));
    }
  } else {
    for (size_t i = 0; i < row.quantities.size(); ++i) {
      absl::StrAppend(&line, "  ",
                      PadLeft(FormatQuantity(row.quantities[i]), widths.quantities[i]));
    }
    if (row.full > 0) {
      absl::StrAppend(&line, "  ", DrawBar(row.quantities[0].estimate, row.full, style));
    }
  }
  const std::string tail = Tail(row);
  if (!tail.empty()) absl::StrAppend(&line, "  ", Faint(style, tail));
  return line;
}

std::string Words(const FigureRow& row) {
  std::string out = Wrap(row.text, "      ");
  if (!row.numerator.empty()) {
    const std::string below = row.denominator.empty() ? "" : absl::StrCat(", of ", row.denominator);
    absl::StrAppend(&out, Wrap(absl::StrCat("Counts ", row.numerator, below, "."), "      "));
  }
  if (!row.raised_by.empty()) {
    absl::StrAppend(&out, Wrap(absl::StrCat("What would raise it: ", row.raised_by), "      "));
  }
  return out;
}

}  // namespace

std::string RenderText(const Figures& given, const TextStyle& style) {
  const Figures figures = PlainFigures(given);
  std::string out = absl::StrCat("  ", Bold(style, figures.title), "\n");
  for (const std::string& line : figures.lead) absl::StrAppend(&out, Wrap(line, "  "));
  if (figures.generated) absl::StrAppend(&out, "  ", Warning(style, kGenerated), "\n");
  for (const FigureSection& all : figures.sections) {
    const FigureSection section = all.brief ? Brief(all) : all;
    if (all.rows.empty()) continue;
    if (!section.rows.empty()) absl::StrAppend(&out, "\n");
    if (!section.heading.empty()) {
      absl::StrAppend(&out, "  ", Bold(style, section.heading), "\n");
    }
    const Widths widths = WidthsOf(section);
    const TextStyle fitting = StyleFor(widths, style);
    for (const FigureRow& row : section.rows) {
      absl::StrAppend(&out, Line(row, widths, fitting), "\n");
      if (section.with_words) absl::StrAppend(&out, Words(row));
    }
    if (all.brief) absl::StrAppend(&out, Absent(all, style));
  }
  absl::StrAppend(&out, "\n");
  for (const std::string& note : figures.notes) absl::StrAppend(&out, Wrap(note, "  "));
  return out;
}

}  // namespace tutti
