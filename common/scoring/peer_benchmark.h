#ifndef TUTTI_COMMON_SCORING_PEER_BENCHMARK_H_
#define TUTTI_COMMON_SCORING_PEER_BENCHMARK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/window/day.h"
#include "tutti/publication/v1/cohort.pb.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The fewest others whose mean is told.
inline constexpr int kFewestPeers = 10;

// A group of organisations of like size: by people (10 to 49, 50 to 249, 250 to 999,
// 1,000 to 4,999, 5,000 to 19,999, 20,000 and more), and perhaps region and industry,
// compared without regard to case and outer spaces.
struct PeerGroup {
  std::string id;     // of a-z, 0-9 and -, at most 40 characters
  std::string words;  // "1,000 to 4,999 people, Europe"
};

// The groups that a record's organisation is in, the narrowest first: size with region
// and industry, with industry, with region, alone. None for a record of made-up
// activity, and below 10 people.
std::vector<PeerGroup> PeerGroupsOf(const publication::v1::Publication& record);

// Adds up the published scores of a group's members.
class PeerSum {
 public:
  // Adds a score; one without a total is left out. Each organisation once.
  void Add(absl::string_view organization, const score::v1::Score& score);

  // Whether some member could be told the mean of enough others.
  bool enough() const { return cohort_.members_size() > kFewestPeers; }

  publication::v1::Cohort ToProto(Day end_day) const;

 private:
  publication::v1::Cohort cohort_;  // members as they came, and no categories
  std::map<std::string, publication::v1::CohortCategory> categories_;
};

// Reads a cohort of the day as it was stored. DataLoss when it is none, of another day, or
// one that no scores come to.
absl::StatusOr<publication::v1::Cohort> ReadCohort(const std::string& bytes, Day end_day);

// The mean of the others in a group: of its members without `organization`, whose own
// score is `own`. Absent with fewer than kFewestPeers; a category that fewer show is
// left out. Means are rounded to whole points, 0 to 100, the number of others down to a
// multiple of 5.
std::optional<score::v1::GetBenchmarkResponse> MeanOfOthers(const publication::v1::Cohort& cohort,
                                                            absl::string_view organization,
                                                            const score::v1::Score& own);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PEER_BENCHMARK_H_
