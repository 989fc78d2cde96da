#ifndef TUTTI_SERVICES_SCORE_BENCHMARK_READER_H_
#define TUTTI_SERVICES_SCORE_BENCHMARK_READER_H_

#include "absl/status/statusor.h"
#include "common/rpc/resource_name.h"
#include "common/storage/cohort_store.h"
#include "services/score/record_catalogs.h"
#include "services/score/record_reader.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Says what other organisations of like size came to. Thread-safe. Errors carry a reason of
// score.v1.Reason.
class BenchmarkReader {
 public:
  // References outlive this.
  BenchmarkReader(RecordReader& records, const RecordCatalogs& catalogs, CohortStore& cohorts)
      : records_(records), catalogs_(catalogs), cohorts_(cohorts) {}

  // The benchmark of the last window, up to the one that is named, for which there is one;
  // without a cohort when there are too few organisations. Asks the store, and waits. NotFound
  // when nothing is published.
  absl::StatusOr<score::v1::GetBenchmarkResponse> Read(const ScoreName& name);

 private:
  RecordReader& records_;
  const RecordCatalogs& catalogs_;
  CohortStore& cohorts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_BENCHMARK_READER_H_
