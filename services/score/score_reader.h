#ifndef TUTTI_SERVICES_SCORE_SCORE_READER_H_
#define TUTTI_SERVICES_SCORE_SCORE_READER_H_

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
#include "common/catalog/catalog.h"
#include "common/rpc/resource_name.h"
#include "common/storage/publication_store.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Reads published records and says what they come to. A record never changes, so
// what was computed of one is kept (a bounded number); that it still exists is
// asked of the store at every call. Thread-safe. Errors carry a reason of
// score.v1.Reason.
class ScoreReader {
 public:
  // References outlive this.
  ScoreReader(PublicationReader& publications, const Catalog& catalog)
      : publications_(publications), catalog_(catalog) {}

  // NotFound when nothing is published, or not for that day.
  absl::StatusOr<std::shared_ptr<const score::v1::Score>> GetScore(const ScoreName& name);

  // The newest `limit` scores that end before `before` (absent: the newest). `more`
  // says whether there are older ones.
  absl::StatusOr<std::vector<std::shared_ptr<const score::v1::Score>>> ListScores(
      const std::string& organization, std::optional<Day> before, int limit, bool& more);

  absl::StatusOr<score::v1::Table> GetTable(const ScoreName& name);

  // What the organisation can do, the most room first.
  absl::StatusOr<std::vector<score::v1::Recommendation>> Recommend(const ScoreName& name);

  // The latest record of an organisation; absent when it has none.
  absl::StatusOr<std::optional<publication::v1::Publication>> Latest(
      const std::string& organization);

 private:
  struct Entry {
    Day end_day;
    publication::v1::Publication record;
    std::shared_ptr<const score::v1::Score> score;
  };
  using Key = std::pair<std::string, Day>;

  // The entry of a published day, computed or remembered. `index` is what is
  // published now, ascending.
  absl::StatusOr<std::shared_ptr<const Entry>> Load(const std::string& organization, Day end_day,
                                                    const std::vector<Day>& index);
  absl::StatusOr<std::shared_ptr<const Entry>> LoadNamed(const ScoreName& name);
  absl::StatusOr<publication::v1::Publication> ReadRecord(const std::string& organization,
                                                          Day end_day);
  absl::StatusOr<std::vector<Day>> ReadIndex(const std::string& organization);

  PublicationReader& publications_;
  const Catalog& catalog_;
  std::mutex mutex_;
  std::list<Key> ages_;  // newest first; guarded by mutex_
  absl::flat_hash_map<Key, std::pair<std::shared_ptr<const Entry>, std::list<Key>::iterator>>
      cache_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_READER_H_
