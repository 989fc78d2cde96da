#ifndef TUTTI_SERVICES_SCORE_ANSWER_CACHE_H_
#define TUTTI_SERVICES_SCORE_ANSWER_CACHE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/window/day.h"
#include "services/score/bounded_cache.h"

namespace tutti {

// What an answer says about one record.
enum class AnswerKind : char {
  kBasicScore,
  kFullScore,
  kBasicTable,
  kFullTable,
  kTables,
  kRecommendations
};

struct AnswerKey {
  std::string organization;
  Day end_day;
  AnswerKind kind;
  std::string table;  // the id of a table; else empty

  friend bool operator==(const AnswerKey& a, const AnswerKey& b) {
    return a.kind == b.kind && a.end_day == b.end_day && a.organization == b.organization &&
           a.table == b.table;
  }
  template <typename H>
  friend H AbslHashValue(H state, const AnswerKey& key) {
    return H::combine(std::move(state), key.organization, key.end_day, key.kind, key.table);
  }
};

// Serialised answers that were made of records, which never change: those that were asked
// for last, up to a number of bytes. An answer that is given out outlives its place here.
// Thread-safe.
class AnswerCache {
 public:
  using Answer = std::shared_ptr<const std::string>;
  using Make = std::function<absl::StatusOr<Answer>()>;
  using Done = std::function<void(const absl::StatusOr<Answer>&)>;

  explicit AnswerCache(size_t max_bytes) : answers_(max_bytes) {}

  // Null when it is not kept.
  Answer Find(const AnswerKey& key);

  // Keeps it, unless somebody did meanwhile: what is kept.
  Answer Keep(const AnswerKey& key, std::string answer);

  // Calls back once with what is kept, or with what `make` gives, which keeps it. Who asks
  // for the same meanwhile is called back by the one who makes it, on that thread.
  void Get(const AnswerKey& key, const Make& make, Done done);

  // The same, waiting for it.
  absl::StatusOr<Answer> Get(const AnswerKey& key, const Make& make);

 private:
  std::mutex mutex_;
  // Guarded by mutex_:
  BoundedCache<AnswerKey, std::string> answers_;
  absl::flat_hash_map<AnswerKey, std::vector<Done>> making_;  // who waits for each
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_ANSWER_CACHE_H_
