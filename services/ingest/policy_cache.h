#ifndef TUTTI_SERVICES_INGEST_POLICY_CACHE_H_
#define TUTTI_SERVICES_INGEST_POLICY_CACHE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/keyring/key_store.h"
#include "services/ingest/aggregate_client.h"
#include "services/ingest/organization_policy.h"

namespace tutti {

// Policies by organisation. A policy is fetched by the first who asks (others wait
// for the same answer), used until its lease ends, and fetched again in the
// background once half of its lease is over and somebody uses it. An error is
// remembered for kPolicyErrorLife. After the lease nothing of a policy is used: without
// aggregate, requests are refused. Before a fetch it looks whether the keyring
// was replaced.
// Thread-safe. Callbacks run without a lock held.
class PolicyCache {
 public:
  // A policy, or the error of every batch of the organisation.
  using Answer = absl::StatusOr<std::shared_ptr<const OrganizationPolicy>>;
  using Callback = std::function<void(const Answer&)>;

  // Unknown organisations are forgotten at once beyond this many entries.
  static constexpr size_t kMaxEntries = 100'000;

  // References outlive this; every call of the client must have called back before
  // this is destroyed.
  PolicyCache(AggregateClient& client, const Catalog& catalog, KeyStore& keys,
              const WallClock& clock)
      : client_(client), catalog_(catalog), keys_(keys), clock_(clock) {}

  // Calls back exactly once: with a policy that takes activity now, or why there
  // is none.
  void Get(const std::string& organization, const Callback& done);

  // Forgets what is known of an organisation.
  void Invalidate(const std::string& organization);
  // Forgets everything. Must be called when the keyring changes: policies hold the
  // keys that they were compiled for.
  void Clear();
  // Forgets what has expired. Must be called now and then: an expired policy keeps
  // keys in memory.
  void EvictExpired();

  // Aggregate has named its grace in another answer than a policy.
  void NoteGrace(absl::Duration grace);

  // The grace that aggregate's latest answer named; absent before the first.
  std::optional<absl::Duration> grace() const;

  // When the lease of aggregate's latest answer ends, by aggregate's clock; absent before the
  // first.
  std::optional<absl::Time> lease_end() const;

 private:
  struct Entry {
    std::shared_ptr<const OrganizationPolicy> policy;  // null: none, or an error
    absl::Status error;                                // when policy is null
    absl::Time expire_time = absl::InfinitePast();     // of the policy or the error
    absl::Time refresh_time = absl::InfinitePast();    // not to be fetched before
    bool fetching = false;
    std::vector<Callback> waiting;  // for the fetch
  };

  static Answer AnswerOf(const Entry& entry);
  void Fetch(const std::string& organization);
  void Finish(const std::string& organization,
              absl::StatusOr<aggregate::v1::GetIngestPolicyResponse> response);

  AggregateClient& client_;
  const Catalog& catalog_;
  KeyStore& keys_;
  const WallClock& clock_;

  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_;  // guarded by mutex_
  std::optional<absl::Duration> grace_;              // guarded by mutex_
  std::optional<absl::Time> lease_end_;              // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_POLICY_CACHE_H_
