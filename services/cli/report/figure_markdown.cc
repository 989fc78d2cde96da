#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/plain_message.h"

namespace tutti {
namespace {

// Text that means nothing to Markdown or HTML.
std::string Plain(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"|", "\\|"},
                                    {"<", "&lt;"},
                                    {"&", "&amp;"},
                                    {"`", "\\`"},
                                    {"*", "\\*"},
                                    {"_", "\\_"},
                                    {"[", "\\["},
                                    {"]", "\\]"}});
}

std::string TableLine(const std::vector<std::string>& cells) {
  return absl::StrCat("| ", absl::StrJoin(cells, " | "), " |\n");
}

std::string Value(const FigureRow& row) {
  if (row.quantities.empty()) return StateWord(row.state);
  std::vector<std::string> parts;
  parts.reserve(row.quantities.size());
  for (const Quantity& quantity : row.quantities) parts.push_back(FormatQuantity(quantity));
  return absl::StrJoin(parts, ", ");
}

// The words of a row, as sentences. What its share is of stands below a table, once, unless each
// row is of another table.
std::string Words(const FigureRow& row) {
  std::vector<std::string> parts;
  if (!row.reason.empty()) parts.push_back(row.reason);
  const std::string level = LevelWords(row);
  if (!level.empty()) parts.push_back(absl::StrCat(level, "."));
  if (!row.text.empty()) parts.push_back(row.text);
  const std::string counts = row.figure == "row" ? "" : CountWords(row);
  if (!counts.empty()) parts.push_back(counts);
  if (!row.raised_by.empty()) parts.push_back("What would raise it: " + row.raised_by);
  return absl::StrJoin(parts, " ");
}

std::string Section(const FigureSection& section) {
  bool changes = false;
  bool words = false;
  for (const FigureRow& row : section.rows) {
    changes = changes || row.change.has_value();
    words = words || !Words(row).empty();
  }
  std::string out;
  if (!section.heading.empty()) absl::StrAppend(&out, "## ", Plain(section.heading), "\n\n");
  std::vector<std::string> titles = {section.name_title, "Value with its 95% margin"};
  std::vector<std::string> rules = {"---", "---:"};
  if (changes) {
    titles.emplace_back("Change over 28 days");
    rules.emplace_back("---:");
  }
  if (words) {
    titles.emplace_back("In words");
    rules.emplace_back("---");
  }
  absl::StrAppend(&out, TableLine(titles), TableLine(rules));
  for (const FigureRow& row : section.rows) {
    std::vector<std::string> cells = {
        Plain(std::string(absl::StripLeadingAsciiWhitespace(row.name))), Plain(Value(row))};
    if (changes) cells.push_back(ChangeWords(row));
    if (words) cells.push_back(Plain(Words(row)));
    absl::StrAppend(&out, TableLine(cells));
  }
  return absl::StrCat(out, "\n");
}

}  // namespace

std::string RenderMarkdown(const Figures& given) {
  const Figures figures = PlainFigures(given);
  std::string out = absl::StrCat("# ", Plain(figures.title), "\n\n");
  for (const std::string& line : figures.lead) absl::StrAppend(&out, Plain(line), "\n\n");
  if (figures.generated) absl::StrAppend(&out, "**", kGenerated, "**\n\n");
  for (const FigureSection& section : figures.sections) {
    if (!section.rows.empty()) absl::StrAppend(&out, Section(section));
  }
  for (const std::string& note : figures.notes) absl::StrAppend(&out, Plain(note), "\n\n");
  return out;
}

}  // namespace tutti
