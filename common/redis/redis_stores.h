#ifndef TUTTI_COMMON_REDIS_REDIS_STORES_H_
#define TUTTI_COMMON_REDIS_REDIS_STORES_H_

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"
#include "common/redis/redis_cohort_store.h"
#include "common/redis/redis_counter_store.h"
#include "common/redis/redis_counting_history_store.h"
#include "common/redis/redis_journal_identity_store.h"
#include "common/redis/redis_organization_store.h"
#include "common/redis/redis_publication_store.h"
#include "common/redis/redis_router.h"
#include "common/redis/redis_store_clock.h"
#include "common/redis/replica_watch.h"

namespace tutti {

// The same, for questions of whether it answers: they end within the time in which health wants
// to know.
inline RedisOptions ForQuestions(RedisOptions options) {
  options.timeout = std::min(options.timeout, absl::Seconds(2));
  return options;
}

// Everything that is stored in one redis-server, or in a cluster of them. Thread-safe.
class RedisStores {
 public:
  explicit RedisStores(RedisOptions options, MirrorLimits mirror = {})
      : router_(std::move(options)),
        organizations_(router_),
        counters_(router_, mirror, clock_),
        publications_(router_),
        cohorts_(router_),
        journal_(router_),
        history_(router_),
        store_clock_(router_) {}

  OrganizationStore& organizations() { return organizations_; }
  RedisCounterStore& counters() { return counters_; }
  PublicationStore& publications() { return publications_; }
  CohortStore& cohorts() { return cohorts_; }
  JournalIdentityStore& journal() { return journal_; }
  CountingHistoryStore& history() { return history_; }
  StoreClock& clock() { return store_clock_; }

  // Whether the server, or some node of the cluster, answers.
  absl::Status Ping() { return router_.Ping(); }

  // Whether the server, or every primary of the cluster, answers and may be trusted with
  // writes, and their replicas, too; see server_check.h and replica_watch.h. What one of them lacks
  // for good is not hidden by another that does not answer.
  absl::Status CheckServer();

  // How many replicas fewer are online than RedisOptions::wait_replicas, over all primaries, as
  // CheckServer found last when all of them answered.
  int missing_replicas() const { return missing_replicas_; }

  // The run_ids of all primaries, in order, as CheckServer found last when all of them answered.
  std::string run_ids() const;

  // Whether a redis-server is the one that all this is stored in, or one of the cluster's
  // primaries. It is known by its run_id, which no other server has, nor itself after a restart.
  absl::StatusOr<bool> IsStoredIn(const std::string& run_id);

 private:
  const SystemSteadyClock clock_;
  RedisRouter router_;
  RedisOrganizationStore organizations_;
  RedisCounterStore counters_;
  RedisPublicationStore publications_;
  RedisCohortStore cohorts_;
  RedisJournalIdentityStore journal_;
  RedisCountingHistoryStore history_;
  RedisStoreClock store_clock_;
  ReplicaWatch replicas_;
  std::atomic<int> missing_replicas_ = 0;
  mutable std::mutex mutex_;
  std::string run_ids_;  // guarded by mutex_
};

// Reads the flags of another server, see RedisOptionsFromFlags: at `address`, "host:port", which is
// what the flag of that name says, with the password in the file that `flag` with "_password_file"
// names, and with as many replicas as `flag` with "_wait_replicas" says. User and TLS are those of
// the flags.
absl::StatusOr<RedisOptions> RedisOptionsAt(const std::string& flag, const std::string& address,
                                            const std::string& password_file, int wait_replicas,
                                            const std::string& default_user);

// Reads flags --redis_socket, --redis_address, --redis_cluster, --redis_user, --redis_password_file
// and --redis_wait_replicas. InvalidArgument when they make no sense or the file
// cannot be read.
absl::StatusOr<RedisOptions> RedisOptionsFromFlags(const std::string& default_user);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_STORES_H_
