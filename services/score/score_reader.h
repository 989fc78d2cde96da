#ifndef TUTTI_SERVICES_SCORE_SCORE_READER_H_
#define TUTTI_SERVICES_SCORE_SCORE_READER_H_

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/rpc/resource_name.h"
#include "common/scoring/score_builder.h"
#include "common/storage/cohort_store.h"
#include "common/storage/publication_store.h"
#include "services/score/publication_lookup.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Reads published records and says what they come to. A record never changes, so
// the answer that was made of one is kept, up to a number of bytes; that the
// record still exists is asked of the store at every call. Thread-safe. Errors
// carry a reason of score.v1.Reason.
class ScoreReader {
 public:
  // A serialised score.v1.GetScoreResponse.
  using Answer = std::shared_ptr<const std::string>;
  // One who does not read it holds no more than a few times this.
  static constexpr size_t kMaxPageBytes = size_t{512} << 10;

  // References outlive this. `catalogs` are those that records may have been
  // counted by, the one that the services run on first; at least one.
  ScoreReader(PublicationReader& publications, CohortStore& cohorts,
              std::vector<const Catalog*> catalogs, size_t cached_bytes = size_t{256} << 20);

  // NotFound when nothing is published, or not for that day. One round trip to the
  // store when the answer is kept.
  absl::StatusOr<Answer> GetScore(const ScoreName& name);

  // The same, without waiting for the store when the answer is kept: calls back
  // once, on this thread or on that of another caller.
  void GetScore(const ScoreName& name, std::function<void(const absl::StatusOr<Answer>&)> done);

  // The newest `limit` scores that end before `before` (absent: the newest), fewer when
  // they come to more than kMaxPageBytes. `more` says whether there are older ones.
  absl::StatusOr<std::vector<Answer>> ListScores(const std::string& organization,
                                                 std::optional<Day> before, int limit, bool& more);

  // A score with the day that it ends with.
  struct Dated {
    Day end_day;
    Answer answer;
  };

  // The scores that end after `after` (absent: the latest alone), oldest first; empty when
  // there are none.
  absl::StatusOr<std::vector<Dated>> ScoresAfter(const std::string& organization,
                                                 std::optional<Day> after);

  // The last day of the latest score of each organisation; absent when nothing of it is
  // published. Many cost hardly more than one.
  absl::StatusOr<std::vector<std::optional<Day>>> LatestDays(
      absl::Span<const std::string> organizations);

  absl::StatusOr<score::v1::Table> GetTable(const ScoreName& name);

  // Every table of one record, in the order of the catalogue.
  absl::StatusOr<std::vector<score::v1::Table>> ListTables(const ScoreName& name);

  // What the organisation can do, the most room first.
  absl::StatusOr<score::v1::ListRecommendationsResponse> Recommend(const ScoreName& name);

  // What others of like size came to in the last window of which that is known; without
  // a cohort when there are too few.
  absl::StatusOr<score::v1::GetBenchmarkResponse> Benchmark(const ScoreName& name);

  // The latest record of an organisation; absent when it has none.
  absl::StatusOr<std::optional<publication::v1::Publication>> Latest(
      const std::string& organization);

 private:
  using Key = std::pair<std::string, Day>;
  struct Cached {
    Answer answer;
    std::list<Key>::iterator age;
  };

  // The day that a name means.
  absl::StatusOr<Day> EndDayOf(const ScoreName& name);
  absl::StatusOr<std::vector<Day>> ReadIndex(const std::string& organization);
  absl::StatusOr<std::string> ReadBytes(const std::string& organization, Day end_day);
  absl::StatusOr<publication::v1::Publication> ReadRecord(const std::string& organization,
                                                          Day end_day);
  // The catalogue that a record was counted by.
  absl::StatusOr<const Catalog*> CatalogOf(const publication::v1::Publication& record) const;

  // Computes an answer and keeps it. `index` is what is published now, ascending.
  absl::StatusOr<Answer> Compute(const std::string& organization, Day end_day,
                                 const std::vector<Day>& index);
  // The same, when it is not kept yet.
  absl::StatusOr<Answer> AnswerOf(const std::string& organization, Day end_day,
                                  const std::vector<Day>& index);
  // The score with which another is compared; absent when it cannot be.
  absl::StatusOr<std::optional<ScoredPublication>> ScoreBase(const std::string& organization,
                                                             std::optional<Day> end_day,
                                                             const Catalog& catalog);
  Answer FindKept(const Key& key);
  Answer Keep(const Key& key, std::string answer);

  PublicationReader& publications_;
  CohortStore& cohorts_;
  PublicationLookup lookup_;
  const std::vector<const Catalog*> catalogs_;
  const size_t max_bytes_;
  std::mutex mutex_;
  std::list<Key> ages_;                       // newest first; guarded by mutex_
  absl::flat_hash_map<Key, Cached> answers_;  // guarded by mutex_
  size_t bytes_ = 0;                          // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_READER_H_
