#ifndef TUTTI_SERVICES_SCORE_ANSWER_MAKER_H_
#define TUTTI_SERVICES_SCORE_ANSWER_MAKER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/score/record_catalogs.h"
#include "services/score/record_reader.h"
#include "services/score/score_history.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Makes the messages that say what the record of an end day comes to. What asks the store waits
// for it. Thread-safe. Errors carry a reason of score.v1.Reason.
class AnswerMaker {
 public:
  // References outlive this.
  AnswerMaker(RecordReader& records, const RecordCatalogs& catalogs)
      : records_(records), catalogs_(catalogs) {}

  // The scores of an organisation. See ScoreHistory.
  ScoreHistory HistoryOf(const std::string& organization, std::vector<Day> end_days,
                         size_t ahead) const;

  // One score. Asks the store.
  absl::StatusOr<score::v1::Score> MakeScore(const std::string& organization, Day end_day) const;

  // The breakdown of a table, by its id; NotFound where the catalogue has no such table. Asks the
  // store.
  absl::StatusOr<score::v1::Table> MakeTable(const std::string& organization, Day end_day,
                                             const std::string& table) const;

  // Every table, in the order of the catalogue. Asks the store.
  absl::StatusOr<score::v1::ListTablesResponse> MakeTables(const std::string& organization,
                                                           Day end_day) const;

  // What the organisation can do, the most room first.
  score::v1::ListRecommendationsResponse MakeRecommendations(const score::v1::Score& score) const;

 private:
  RecordReader& records_;
  const RecordCatalogs& catalogs_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_ANSWER_MAKER_H_
