#ifndef TUTTI_SERVICES_SCORE_SCORE_HISTORY_H_
#define TUTTI_SERVICES_SCORE_SCORE_HISTORY_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/scoring/level_parts.h"
#include "common/scoring/score_builder.h"
#include "common/window/day.h"
#include "services/score/record_catalogs.h"
#include "services/score/record_reader.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The scores of one organisation, each compared with earlier ones. Scores a record once, however
// many scores it is for, and reads many records together. For one request, and one thread.
// Errors carry a reason of score.v1.Reason.
class ScoreHistory {
 public:
  // References outlive this. `end_days` are those of all records, ascending. A record that is
  // read brings `ahead` earlier ones with it, for scores that are asked for next.
  ScoreHistory(RecordReader& records, const RecordCatalogs& catalogs, std::string organization,
               std::vector<Day> end_days, size_t ahead)
      : records_(records),
        catalogs_(catalogs),
        organization_(std::move(organization)),
        end_days_(std::move(end_days)),
        ahead_(ahead) {}

  // The score of a record, with its change, its trend and its levels. Asks the store, and waits,
  // for records that were not read yet. Cheaper newest first: what is later than `end_day` is
  // forgotten.
  absl::StatusOr<score::v1::Score> ScoreOf(Day end_day);

 private:
  struct Known {
    absl::StatusOr<RecordReader::Record> record;
    // What it comes to, and what of it goes into levels, once that was asked for.
    std::optional<absl::StatusOr<ScoredPublication>> scored;
    std::optional<absl::StatusOr<LevelRow>> level_row;
  };

  // Reads what the score of a day needs, and what comes next, as far as it is not known.
  void Read(Day end_day);
  // The scored record of a day that was read. `catalog` is the one that it is shown by.
  const absl::StatusOr<ScoredPublication>& Scored(Day end_day, const Catalog& catalog);
  // The rows of a day and of those before it that its level may follow from, ascending. An error
  // where one of them could not be asked for: an answer is kept, so it never leaves out what is
  // only late.
  absl::StatusOr<std::vector<const LevelRow*>> LevelRows(Day end_day, const Catalog& catalog);
  // The score with which one that is shown by `catalog` is compared; null where it cannot be.
  absl::StatusOr<const ScoredPublication*> Base(std::optional<Day> end_day, const Catalog& catalog);

  RecordReader& records_;
  const RecordCatalogs& catalogs_;
  const std::string organization_;
  const std::vector<Day> end_days_;
  const size_t ahead_;
  std::map<Day, Known> known_;
  std::map<const Catalog*, std::vector<LevelPart>> parts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_HISTORY_H_
