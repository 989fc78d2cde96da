#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/absent_groups.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/plain_message.h"

namespace tutti {
namespace {

// What a line is as long as at most, without what stands behind its bar.
constexpr size_t kLineWidth = 100;
constexpr int kNarrowestBar = 10;

constexpr size_t kNarrowestName = 24;

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

// The rows of a section that is brief: those with figures, one quantity each, together where
// their shares are of the same.
std::vector<FigureSection> Brief(const FigureSection& section) {
  std::vector<FigureSection> parts;
  for (const FigureRow& row : section.rows) {
    if (row.quantities.empty()) continue;
    const std::string heading = row.denominator.empty() ? "" : absl::StrCat("Of ", row.denominator);
    auto part = std::find_if(parts.begin(), parts.end(), [&heading](const FigureSection& one) {
      return one.heading == heading;
    });
    if (part == parts.end()) {
      part = parts.emplace(parts.end());
      part->heading = heading;
    }
    part->rows.push_back(row);
    part->rows.back().quantities.resize(1);
  }
  return parts;
}

// The rows without figures, each reason once, with the names that it is of.
std::string Absent(const FigureSection& section, const TextStyle& style) {
  std::string out;
  for (const auto& group : GroupAbsent(section.rows)) {
    std::vector<std::string> names;
    names.reserve(group.size());
    for (const FigureRow* row : group) names.push_back(row->name);
    const FigureRow& first = *group.front();
    absl::StrAppend(&out, "\n",
                    Bold(style, Wrap(absl::StrCat(names.size(), " ", StateWord(first.state), ". ",
                                                  first.reason),
                                     "  ")),
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
  // A name that would leave no place for the figures goes over several lines.
  Widths figures = widths;
  figures.name = 0;
  const size_t others = LineWidth(figures) + static_cast<size_t>(kNarrowestBar);
  const size_t left = others < kLineWidth ? kLineWidth - others : 0;
  widths.name = std::min(widths.name, std::max(kNarrowestName, left));
  return widths;
}

// What stands at the end of a row: why it is not shown, or how it changed.
std::string Tail(const FigureRow& row) {
  if (!Measured(row.state)) return row.reason;
  std::string tail = ChangeWords(row);
  if (row.change.has_value() && row.figure == "trend") {
    absl::StrAppend(&tail, " (since ", row.change->since_end_day(), ")");
  }
  const std::string level = LevelWords(row);
  if (!level.empty()) absl::StrAppend(&tail, tail.empty() ? "" : "; ", level);
  if (!row.reason.empty()) absl::StrAppend(&tail, tail.empty() ? "" : "; ", row.reason);
  return tail;
}

// A row with what stands at its end, which is on lines of its own where there is no place for it.
std::string Lines(const FigureRow& row, const Widths& widths, const TextStyle& style) {
  std::vector<std::string> name = {row.name};
  if (Columns(row.name) > widths.name) name = Fold(row.name, widths.name);
  std::string line = absl::StrCat("  ", PadRight(name.front(), widths.name));
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
  const bool fits = Columns(line) + 2 + Columns(tail) <= kLineWidth;
  if (!tail.empty() && fits) absl::StrAppend(&line, "  ", Faint(style, tail));
  absl::StrAppend(&line, "\n");
  for (size_t i = 1; i < name.size(); ++i) absl::StrAppend(&line, "  ", name[i], "\n");
  if (!fits) absl::StrAppend(&line, Faint(style, Wrap(tail, "      ")));
  return line;
}

std::string Words(const FigureRow& row) {
  std::string out = Wrap(row.text, "      ");
  absl::StrAppend(&out, Wrap(CountWords(row), "      "));
  if (!row.raised_by.empty()) {
    absl::StrAppend(&out, Wrap(absl::StrCat("What would raise it: ", row.raised_by), "      "));
  }
  return out;
}

std::string Section(const FigureSection& section, const TextStyle& style) {
  std::string out = "\n";
  if (!section.heading.empty()) absl::StrAppend(&out, Bold(style, Wrap(section.heading, "  ")));
  const Widths widths = WidthsOf(section);
  const TextStyle fitting = StyleFor(widths, style);
  for (const FigureRow& row : section.rows) {
    absl::StrAppend(&out, Lines(row, widths, fitting));
    if (section.with_words) absl::StrAppend(&out, Words(row));
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
    if (!section.brief) {
      absl::StrAppend(&out, Section(section, style));
      continue;
    }
    for (const FigureSection& part : Brief(section)) absl::StrAppend(&out, Section(part, style));
    absl::StrAppend(&out, Absent(section, style));
  }
  absl::StrAppend(&out, "\n");
  for (const std::string& note : figures.notes) absl::StrAppend(&out, Wrap(note, "  "));
  return out;
}

}  // namespace tutti
