#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/plain_message.h"

namespace tutti {
namespace {

// Widths of the columns of one section.
struct Widths {
  size_t name = 0;
  std::vector<size_t> quantities;
};

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
  if (row.state != score::v1::FIGURE_STATE_MEASURED) return row.reason;
  std::string tail = row.change.has_value() ? FormatChange(*row.change, "") : "";
  if (row.change.has_value() && row.change_unit == FigureUnit::kPercent) {
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
  for (const FigureSection& section : figures.sections) {
    if (section.rows.empty()) continue;
    absl::StrAppend(&out, "\n");
    if (!section.heading.empty()) {
      absl::StrAppend(&out, "  ", Bold(style, section.heading), "\n");
    }
    const Widths widths = WidthsOf(section);
    for (const FigureRow& row : section.rows) {
      absl::StrAppend(&out, Line(row, widths, style), "\n");
      if (section.with_words) absl::StrAppend(&out, Words(row));
    }
  }
  absl::StrAppend(&out, "\n");
  for (const std::string& note : figures.notes) absl::StrAppend(&out, Wrap(note, "  "));
  return out;
}

}  // namespace tutti
