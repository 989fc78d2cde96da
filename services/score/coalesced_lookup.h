#ifndef TUTTI_SERVICES_SCORE_COALESCED_LOOKUP_H_
#define TUTTI_SERVICES_SCORE_COALESCED_LOOKUP_H_

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/clock/clock.h"
#include "common/retention/lifetimes.h"
#include "services/score/workers.h"

namespace tutti {

// Asks the store on behalf of many callers at once. Who comes while the store is being
// asked is answered by what it finds, or by the next round trip, together with all others
// that came meanwhile; nobody waits on a thread. What was found is given for kFreshFor
// after the store was asked. That there is nothing is never kept: whoever is told so, the
// store was asked after they came. Thread-safe.
template <typename Query, typename Found>
class CoalescedLookup {
 public:
  using Answer = absl::StatusOr<std::optional<Found>>;
  using Done = std::function<void(const Answer&)>;
  // One for each query, absent when there is nothing.
  using Store =
      std::function<absl::StatusOr<std::vector<std::optional<Found>>>(absl::Span<const Query>)>;

  // References outlive this.
  CoalescedLookup(Store store, const SteadyClock& clock, Workers& workers)
      : store_(std::move(store)), clock_(clock), workers_(workers) {}

  // What was found less than kFreshFor ago.
  std::optional<Found> Fresh(const Query& query) {
    const absl::Duration now = clock_.SinceStart();
    const std::lock_guard<std::mutex> lock(mutex_);
    return FindFresh(query, now);
  }

  // Calls back once: on this thread when the answer is fresh, else on a worker.
  void Ask(Query query, Done done) {
    const absl::Duration now = clock_.SinceStart();
    std::unique_lock<std::mutex> lock(mutex_);
    if (std::optional<Found> found = FindFresh(query, now); found.has_value()) {
      lock.unlock();
      return done(Answer(std::move(found)));
    }
    waiting_.push_back({std::move(query), std::move(done)});
    if (asking_) return;
    asking_ = true;
    lock.unlock();
    workers_.Run([this] { AskAll(); });
  }

 private:
  struct Question {
    Query query;
    Done done;
  };
  struct Kept {
    Found found;
    absl::Duration asked_at;
  };

  // mutex_ is held.
  std::optional<Found> FindFresh(const Query& query, absl::Duration now) const {
    const auto kept = kept_.find(query);
    if (kept == kept_.end() || now - kept->second.asked_at >= kFreshFor) return std::nullopt;
    return kept->second.found;
  }

  // mutex_ is held.
  void Keep(const Query& query, const Found& found, absl::Duration asked_at) {
    // What is asked for again is no longer fresh, so it is among those.
    while (!ages_.empty() && asked_at - ages_.front().first >= kFreshFor) {
      kept_.erase(ages_.front().second);
      ages_.pop_front();
    }
    kept_.insert_or_assign(query, Kept{found, asked_at});
    ages_.emplace_back(asked_at, query);
  }

  void AskAll() {
    for (;;) {
      std::vector<Question> questions;
      std::vector<std::pair<Done, Found>> known;
      {
        const absl::Duration now = clock_.SinceStart();
        const std::lock_guard<std::mutex> lock(mutex_);
        for (Question& question : waiting_) {
          std::optional<Found> found = FindFresh(question.query, now);
          if (found.has_value()) {
            known.emplace_back(std::move(question.done), *std::move(found));
          } else {
            questions.push_back(std::move(question));
          }
        }
        waiting_.clear();
        asking_ = !questions.empty() || !known.empty();
        if (!asking_) return;
      }
      for (auto& [done, found] : known) done(Answer(std::move(found)));
      if (!questions.empty()) Resolve(questions);
    }
  }

  void Resolve(const std::vector<Question>& questions) {
    // Many ask the same.
    absl::flat_hash_map<Query, size_t> places;
    std::vector<Query> queries;
    std::vector<size_t> place_of;
    place_of.reserve(questions.size());
    for (const Question& question : questions) {
      const auto [entry, fresh] = places.try_emplace(question.query, queries.size());
      if (fresh) queries.push_back(question.query);
      place_of.push_back(entry->second);
    }
    const absl::Duration asked_at = clock_.SinceStart();
    const absl::StatusOr<std::vector<std::optional<Found>>> found = store_(queries);
    if (found.ok()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (size_t i = 0; i < queries.size(); ++i) {
        if ((*found)[i].has_value()) Keep(queries[i], *(*found)[i], asked_at);
      }
    }
    for (size_t i = 0; i < questions.size(); ++i) {
      questions[i].done(found.ok() ? Answer((*found)[place_of[i]]) : Answer(found.status()));
    }
  }

  const Store store_;
  const SteadyClock& clock_;
  Workers& workers_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<Question> waiting_;
  bool asking_ = false;  // whether a worker will look at waiting_
  absl::flat_hash_map<Query, Kept> kept_;
  std::deque<std::pair<absl::Duration, Query>> ages_;  // oldest first
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_COALESCED_LOOKUP_H_
