#include "services/score/answer_maker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "common/rpc/resource_name.h"
#include "common/scoring/table_breakdown.h"
#include "common/status/status_macros.h"
#include "services/score/recommendations.h"

namespace tutti {
namespace {

using publication::v1::Publication;

// The breakdown of one table, by index, under the name of its score.
absl::StatusOr<score::v1::Table> NamedBreakdown(const Catalog& catalog, const Publication& record,
                                                const std::string& score_name, int table) {
  ASSIGN_OR_RETURN(score::v1::Table rows, BreakDown(catalog, record, table));
  rows.set_name(absl::StrCat(score_name, "/tables/", catalog.table(table).proto->id()));
  return rows;
}

}  // namespace

ScoreHistory AnswerMaker::HistoryOf(const std::string& organization, std::vector<Day> end_days,
                                    size_t ahead) const {
  return {records_, catalogs_, organization, std::move(end_days), ahead};
}

absl::StatusOr<score::v1::Score> AnswerMaker::MakeScore(const std::string& organization,
                                                        Day end_day) const {
  ASSIGN_OR_RETURN(std::vector<Day> end_days, records_.SomeEndDays(organization));
  return HistoryOf(organization, std::move(end_days), 0).ScoreOf(end_day);
}

absl::StatusOr<score::v1::Table> AnswerMaker::MakeTable(const std::string& organization,
                                                        Day end_day,
                                                        const std::string& table) const {
  ASSIGN_OR_RETURN(const RecordReader::Record record, records_.Read(organization, end_day));
  ASSIGN_OR_RETURN(const Catalog* const catalog, catalogs_.CatalogOf(*record));
  const int index = catalog->FindTable(table);
  if (index < 0) {
    return WithReason(absl::NotFoundError("the catalogue has no such table; see ListTables"),
                      score::v1::REASON_TABLE_UNKNOWN);
  }
  return NamedBreakdown(*catalog, *record, FormatScoreName(organization, end_day), index);
}

absl::StatusOr<score::v1::ListTablesResponse> AnswerMaker::MakeTables(
    const std::string& organization, Day end_day) const {
  ASSIGN_OR_RETURN(const RecordReader::Record record, records_.Read(organization, end_day));
  ASSIGN_OR_RETURN(const Catalog* const catalog, catalogs_.CatalogOf(*record));
  const std::string name = FormatScoreName(organization, end_day);
  score::v1::ListTablesResponse response;
  const int count = static_cast<int>(catalog->tables().size());
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(score::v1::Table table, NamedBreakdown(*catalog, *record, name, i));
    *response.add_tables() = std::move(table);
  }
  return response;
}

score::v1::ListRecommendationsResponse AnswerMaker::MakeRecommendations(
    const score::v1::Score& score) const {
  score::v1::ListRecommendationsResponse response;
  for (auto& recommendation : RecommendActions(catalogs_.current(), score)) {
    *response.add_recommendations() = std::move(recommendation);
  }
  response.set_notice(score.notice());
  return response;
}

}  // namespace tutti
