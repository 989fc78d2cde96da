#ifndef TUTTI_SERVICES_SCORE_PUBLICATION_LOOKUP_H_
#define TUTTI_SERVICES_SCORE_PUBLICATION_LOOKUP_H_

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/storage/publication_store.h"

namespace tutti {

// Asks the store what is published, on behalf of many callers at once: who comes
// while the store is being asked is answered by the next round trip, together with
// all others that came meanwhile, and waits on no thread. Every answer is what the
// store said after the question was put. Thread-safe.
class PublicationLookup {
 public:
  // The end day that was asked for, if it is published.
  using Done = std::function<void(const absl::StatusOr<std::optional<Day>>&)>;

  // `publications` outlives this.
  explicit PublicationLookup(PublicationReader& publications) : publications_(publications) {}

  // Calls back once, on this thread or on that of another caller.
  void Ask(PublicationQuery query, Done done);

 private:
  struct Question {
    PublicationQuery query;
    Done done;
  };
  void Answer(const std::vector<Question>& questions);

  PublicationReader& publications_;
  std::mutex mutex_;
  std::vector<Question> waiting_;  // guarded by mutex_
  bool asking_ = false;            // whether a thread will look at waiting_; guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_PUBLICATION_LOOKUP_H_
