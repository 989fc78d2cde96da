#ifndef TUTTI_TESTS_BENCHMARK_MADE_UP_DAY_H_
#define TUTTI_TESTS_BENCHMARK_MADE_UP_DAY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

struct MadeUpDay {
  std::string organization;      // its id
  int64_t people = 1000;         // 10 to 1,000,000
  int activities_a_person = 40;  // about; what habits take is the least
  int batch = 1000;              // activities in a batch; the last one may be smaller
  absl::Time now;                // every activity happened on the day of `now`, UTC, before it
  int days = 1;                  // the same day again, each time
  int step = 7;                  // so many days earlier
};

// A working day of a made-up organisation, as batches: everybody's habits, in the
// order of time. InvalidArgument as for `tutti-sample make`.
absl::StatusOr<std::vector<ingest::v1::IngestActivitiesRequest>> MakeDay(const MadeUpDay& wanted);

}  // namespace tutti

#endif  // TUTTI_TESTS_BENCHMARK_MADE_UP_DAY_H_
