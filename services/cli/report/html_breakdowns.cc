#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_absent.h"
#include "services/cli/report/html_charts.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::Table;
using score::v1::TableRow;

constexpr double kFull = 100;

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

std::string TableHead(const std::string& subjects) {
  return absl::StrCat(
      "<thead><tr><th scope=\"col\">Who or what</th><th scope=\"col\" class=\"n\">Share</th><th "
      "scope=\"col\" class=\"n\">Number of ",
      EscapeHtml(subjects), "</th></tr></thead>\n");
}

// The rows of one kind under a heading of their own.
std::string RowGroup(const Table& table, score::v1::RowKind kind, const char* heading) {
  std::string rows;
  for (const TableRow& row : table.rows()) {
    if (row.kind() == kind) absl::StrAppend(&rows, Row(table, row, row.display_name()));
  }
  if (rows.empty()) return "";
  return absl::StrCat("<tbody>\n<tr><th scope=\"rowgroup\" colspan=\"3\">", heading, "</th></tr>\n",
                      rows, "</tbody>\n");
}

std::string OneTable(const Table& table) {
  return absl::StrCat("<li class=\"card\" id=\"table-", HtmlId(LastPartOf(table.name())),
                      "\">\n<h4>", EscapeHtml(table.display_name()), "</h4>\n<p class=\"fine\">",
                      EscapeHtml(table.description()), "</p>\n<table>\n<caption>Shares are of ",
                      EscapeHtml(table.share_words()), "</caption>\n", TableHead(table.subjects()),
                      RowGroup(table, score::v1::ROW_KIND_ANY, "With or without more"),
                      RowGroup(table, score::v1::ROW_KIND_EXACTLY, "Exactly these"),
                      "</table>\n</li>\n");
}

// Tables of one row each, as one.
std::string SimpleTables(const std::vector<const Table*>& tables, const std::string& subjects) {
  std::string out = absl::StrCat(
      "<li class=\"card\">\n<h4>One practice each</h4>\n<table>\n<caption>Shares are of ",
      EscapeHtml(tables.front()->share_words()), "</caption>\n", TableHead(subjects), "<tbody>\n");
  for (const Table* table : tables) {
    absl::StrAppend(&out, Row(*table, table->rows(0), table->rows(0).display_name()));
  }
  return out + "</tbody>\n</table>\n</li>\n";
}

// The tables of one kind of subjects that are shown; empty when none is.
std::string SubjectGroup(const std::vector<const Table*>& tables, const std::string& subjects) {
  std::vector<const Table*> simple;
  std::string cards;
  for (const Table* table : tables) {
    if (table->rows_size() == 1) {
      simple.push_back(table);
    } else {
      absl::StrAppend(&cards, OneTable(*table));
    }
  }
  if (!simple.empty()) cards = SimpleTables(simple, subjects) + cards;
  if (cards.empty()) return "";
  return absl::StrCat("<div class=\"group\">\n<h3>Breakdowns of ", EscapeHtml(subjects),
                      "</h3>\n<details><summary>", tables.size(),
                      tables.size() == 1 ? " table" : " tables", " of ", EscapeHtml(subjects),
                      "</summary>\n<ul class=\"columns\">\n", cards, "</ul>\n</details>\n</div>\n");
}

AbsentFigure AbsentOf(const PageContent& content, const Table& table) {
  AbsentFigure out;
  out.name = table.display_name();
  out.words = EscapeHtml(table.description());
  out.state = table.state();
  out.code = table.state_reason_code();
  out.reason = table.state_reason();
  const std::string id = LastPartOf(table.name());
  for (const auto& words : content.words.tables()) {
    if (words.table() == id) out.sources = {words.sources().begin(), words.sources().end()};
  }
  for (const auto& threshold : content.statement.figure_thresholds()) {
    if (!threshold.table().empty() && threshold.table() == id) {
      out.shown_from = threshold.headcount();
    }
  }
  return out;
}

}  // namespace

std::string BreakdownsSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"breakdowns\">\n<h2 id=\"breakdowns\">Breakdowns</h2>\n<p>Of the "
      "organisation as a whole; nothing smaller is ever counted. Numbers are estimates with their "
      "95% margins.</p>\n";
  std::vector<std::string> kinds;
  std::vector<AbsentFigure> absent;
  for (const Table& table : content.tables) {
    if (!Measured(table.state())) {
      absent.push_back(AbsentOf(content, table));
    } else if (std::find(kinds.begin(), kinds.end(), table.subjects()) == kinds.end()) {
      kinds.push_back(table.subjects());
    }
  }
  for (const std::string& kind : kinds) {
    std::vector<const Table*> tables;
    for (const Table& table : content.tables) {
      if (Measured(table.state()) && table.subjects() == kind) tables.push_back(&table);
    }
    absl::StrAppend(&out, SubjectGroup(tables, kind));
  }
  if (!absent.empty()) absl::StrAppend(&out, "<h3 class=\"group\">Breakdowns not shown</h3>\n");
  return absl::StrCat(out, AbsentHtml(content, "breakdowns", absent), "</section>\n");
}

}  // namespace tutti
