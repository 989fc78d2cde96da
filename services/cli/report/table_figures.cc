#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/figures.h"

namespace tutti {
namespace {

constexpr double kPercentFull = 100;

FigureRow TableRowOf(const score::v1::Table& table, const std::string& id, const std::string& name,
                     const score::v1::TableRow& row) {
  FigureRow out;
  out.figure = "row";
  out.id = id;
  out.name = name;
  out.full = table.share_words().empty() ? 0 : kPercentFull;
  out.quantities = {{FigureUnit::kPercent, row.share(), false, "%"},
                    {FigureUnit::kSubjects, row.subjects(), false, table.subjects()}};
  out.denominator = table.share_words();
  if (row.wide_margin()) out.reason = kWideMargin;
  return out;
}

std::string RowId(const score::v1::TableRow& row) {
  std::string id = row.kind() == score::v1::ROW_KIND_ANY ? "any" : "exactly";
  for (const std::string& feature : row.features()) absl::StrAppend(&id, ".", feature);
  return id;
}

// The part of a table's name that names its score.
std::string EndDayOf(const std::string& table_name) {
  const size_t end = table_name.find("/tables/");
  return end == std::string::npos ? "" : LastPartOf(table_name.substr(0, end));
}

}  // namespace

Figures FiguresOf(const score::v1::Table& table) {
  Figures out;
  out.organization = OrganizationOf(table.name());
  out.title = table.display_name();
  out.lead = {table.description()};
  out.generated = table.generated_data();
  FigureSection section;
  section.name_title = "Who or what";
  const std::string end_day = EndDayOf(table.name());
  if (Measured(table.state())) {
    for (const auto& row : table.rows()) {
      section.rows.push_back(TableRowOf(table, RowId(row), row.display_name(), row));
      section.rows.back().end_day = end_day;
    }
  } else {
    FigureRow row;
    row.figure = "row";
    row.id = LastPartOf(table.name());
    row.name = table.display_name();
    row.end_day = end_day;
    row.state = table.state();
    row.reason = table.state_reason();
    section.rows.push_back(std::move(row));
  }
  out.sections.push_back(std::move(section));
  if (!table.unmeasured_features().empty()) {
    out.notes.push_back(absl::StrCat("Not measured, for no source gives it or is declared to: ",
                                     absl::StrJoin(table.unmeasured_features(), ", "), "."));
  }
  if (!table.share_words().empty()) {
    out.notes.push_back(absl::StrCat("Shares are of ", table.share_words(), "."));
  }
  out.notes.emplace_back(kWhatItIs);
  return out;
}

Figures FiguresOf(const score::v1::ListTablesResponse& response) {
  Figures out;
  out.title = "Tables";
  out.lead = {
      "What `tutti table ORGANIZATION TABLE` breaks down; here the share that did any of it."};
  FigureSection section;
  section.name_title = "Table";
  section.brief = true;
  for (const auto& table : response.tables()) {
    out.organization = OrganizationOf(table.name());
    const std::string id = LastPartOf(table.name());
    const std::string name = absl::StrCat(id, ": ", table.display_name());
    FigureRow row;
    if (Measured(table.state()) && !table.rows().empty()) {
      row = TableRowOf(table, id, name, *table.rows().rbegin());
    }
    row.figure = "table";
    row.id = id;
    row.name = name;
    row.end_day = EndDayOf(table.name());
    row.state = table.state();
    if (!Measured(table.state())) row.reason = table.state_reason();
    row.text = table.description();
    section.rows.push_back(std::move(row));
  }
  out.sections.push_back(std::move(section));
  out.notes.emplace_back(kWhatItIs);
  return out;
}

}  // namespace tutti
