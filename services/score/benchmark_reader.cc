#include "services/score/benchmark_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/scoring/peer_benchmark.h"
#include "common/scoring/score_builder.h"
#include "common/status/status_macros.h"
#include "common/window/schedule.h"
#include "services/score/score_error.h"

namespace tutti {

absl::StatusOr<score::v1::GetBenchmarkResponse> BenchmarkReader::Read(const ScoreName& name) {
  ASSIGN_OR_RETURN(const std::vector<Day> end_days, records_.SomeEndDays(name.organization));
  // There is a cohort for every fourth week alone, and it comes some days later than the scores.
  Day end_day = LastFourWeeklyEnd(name.end_day.value_or(end_days.back()));
  for (int tries = 0; tries < 2; ++tries, end_day -= 28) {
    if (!std::binary_search(end_days.begin(), end_days.end(), end_day)) continue;
    ASSIGN_OR_RETURN(const RecordReader::Record record, records_.Read(name.organization, end_day));
    ASSIGN_OR_RETURN(const Catalog* const catalog, catalogs_.CatalogOf(*record));
    ASSIGN_OR_RETURN(const ScoredPublication own, ScorePublication(*catalog, *record));
    for (const PeerGroup& group : PeerGroupsOf(*record)) {
      const absl::StatusOr<std::string> bytes = cohorts_.Read(end_day, group.id);
      if (absl::IsNotFound(bytes.status())) continue;
      if (!bytes.ok()) return FromStore(bytes.status());
      ASSIGN_OR_RETURN(const auto cohort, ReadCohort(*bytes, end_day));
      auto mean = MeanOfOthers(cohort, name.organization, own.score);
      if (!mean.has_value()) continue;
      mean->set_cohort(group.words);
      mean->set_end_day(cohort.end_day());
      mean->set_notice(own.score.notice());
      return *std::move(mean);
    }
  }
  return score::v1::GetBenchmarkResponse();
}

}  // namespace tutti
