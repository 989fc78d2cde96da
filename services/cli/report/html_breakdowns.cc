#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Table;
using score::v1::TableRow;

constexpr double kFull = 100;
constexpr char kAnySuffix[] = ", with or without more";

std::string Row(const Table& table, const TableRow& row, const std::string& name) {
  const Quantity share{FigureUnit::kPercent, row.share(), false, "%"};
  const Quantity subjects{FigureUnit::kSubjects, row.subjects(), false, ""};
  const std::string mark =
      row.wide_margin() ? absl::StrCat("<br><span class=\"fine\">", kWideMargin, "</span>") : "";
  return absl::StrCat("<tr><th scope=\"row\">", EscapeHtml(name), mark,
                      table.share_words().empty() ? "" : BarSvg(row.share(), kFull, std::nullopt),
                      "</th><td class=\"n\">", QuantityHtml(share), "</td><td class=\"n\">",
                      QuantityHtml(subjects), "</td></tr>\n");
}

// The beginning of a table; what shares and numbers are of stands above all of a group.
std::string TableHead(const std::string& caption) {
  return absl::StrCat(
      "<table>\n<caption>", caption,
      "</caption>\n<thead><tr><th scope=\"col\">Who or what</th><th scope=\"col\" "
      "class=\"n\">Share</th><th scope=\"col\" class=\"n\">Number</th></tr></thead>\n");
}

// The rows of one kind under a heading of their own.
std::string RowGroup(const Table& table, score::v1::RowKind kind, const char* heading) {
  std::string rows;
  for (const TableRow& row : table.rows()) {
    if (row.kind() != kind) continue;
    // The heading says it of all of them.
    const absl::string_view name = absl::StripSuffix(row.display_name(), kAnySuffix);
    absl::StrAppend(&rows, Row(table, row, std::string(name)));
  }
  if (rows.empty()) return "";
  return absl::StrCat("<tbody>\n<tr><th scope=\"rowgroup\" colspan=\"3\">", heading, "</th></tr>\n",
                      rows, "</tbody>\n");
}

std::string OneTable(const Table& table) {
  return absl::StrCat("<li class=\"card\" id=\"table-", HtmlId(LastPartOf(table.name())), "\">\n",
                      TableHead(EscapeHtml(table.display_name())),
                      RowGroup(table, score::v1::ROW_KIND_ANY, "With or without more"),
                      RowGroup(table, score::v1::ROW_KIND_EXACTLY, "Exactly these"),
                      "</table>\n</li>\n");
}

// Tables of one row each, as one.
std::string SimpleTables(const std::vector<const Table*>& tables) {
  std::string out =
      absl::StrCat("<li class=\"card\">\n", TableHead("One practice each"), "<tbody>\n");
  for (const Table* table : tables) {
    absl::StrAppend(&out, Row(*table, table->rows(0), table->rows(0).display_name()));
  }
  return out + "</tbody>\n</table>\n</li>\n";
}

// What the tables of a group have in common.
struct GroupKey {
  std::string subjects;
  std::string share_words;

  bool operator==(const GroupKey& other) const {
    return subjects == other.subjects && share_words == other.share_words;
  }
};

GroupKey KeyOf(const Table& table) { return {table.subjects(), table.share_words()}; }

// The tables of one kind of subjects, with shares of the same, that are shown; at least one.
std::string Group(const std::vector<const Table*>& tables) {
  std::vector<const Table*> simple;
  std::string cards;
  for (const Table* table : tables) {
    if (table->rows_size() == 1) {
      simple.push_back(table);
    } else {
      absl::StrAppend(&cards, OneTable(*table));
    }
  }
  if (!simple.empty()) cards = SimpleTables(simple) + cards;
  const GroupKey key = KeyOf(*tables.front());
  const std::string subjects = EscapeHtml(key.subjects);
  return absl::StrCat("<div class=\"group\">\n<h3>Breakdowns of ", subjects,
                      "</h3>\n<p class=\"fine\">Numbers are of ", subjects,
                      key.share_words.empty() ? "" : "; shares are of ",
                      EscapeHtml(key.share_words), "</p>\n<details><summary>", tables.size(),
                      tables.size() == 1 ? " table" : " tables",
                      "</summary>\n<ul class=\"columns\">\n", cards, "</ul>\n</details>\n</div>\n");
}

}  // namespace

std::string BreakdownsSection(const PageContent& content) {
  std::vector<GroupKey> keys;
  for (const Table& table : content.tables) {
    const bool known = std::find(keys.begin(), keys.end(), KeyOf(table)) != keys.end();
    if (Measured(table.state()) && !known) keys.push_back(KeyOf(table));
  }
  std::string groups;
  for (const GroupKey& key : keys) {
    std::vector<const Table*> tables;
    for (const Table& table : content.tables) {
      if (Measured(table.state()) && KeyOf(table) == key) tables.push_back(&table);
    }
    absl::StrAppend(&groups, Group(tables));
  }
  if (groups.empty()) groups = "<p>None is shown: the reasons stand below.</p>\n";
  return absl::StrCat(
      "<section aria-labelledby=\"breakdowns\">\n<h2 id=\"breakdowns\">Breakdowns</h2>\n<p>Of the "
      "organisation as a whole; nothing smaller is ever counted.</p>\n",
      groups, "</section>\n");
}

}  // namespace tutti
