#include "services/ingest/policy_cache.h"

#include <algorithm>
#include <utility>

#include "common/retention/lifetimes.h"
#include "common/rpc/error_details.h"
#include "services/ingest/ingest_error.h"

namespace tutti {

PolicyCache::Answer PolicyCache::AnswerOf(const Entry& entry) {
  if (entry.policy == nullptr) return entry.error;
  if (entry.policy->takes_activity()) return entry.policy;
  return BatchRefused(absl::StatusCode::kFailedPrecondition,
                      ingest::v1::REASON_ORGANIZATION_NOT_ACTIVE, "organization",
                      "the organisation is paused or erased: resume it before sending activities");
}

void PolicyCache::Get(const std::string& organization, const Callback& done) {
  const absl::Time now = clock_.Now();
  bool fetch = false;
  Answer answer = nullptr;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[organization];
    known = now < entry.expire_time;
    if (known) {
      answer = AnswerOf(entry);
    } else {
      entry.waiting.push_back(done);
    }
    fetch = !entry.fetching && now >= entry.refresh_time;
    // What has expired is worth no waiting.
    if (!known && !entry.fetching) fetch = true;
    entry.fetching |= fetch;
  }
  if (known) done(answer);
  if (fetch) Fetch(organization);
}

void PolicyCache::Fetch(const std::string& organization) {
  // An organisation that was just created may have keys that were just made.
  const absl::StatusOr<bool> reloaded = keys_.ReloadIfChanged();
  if (reloaded.ok() && *reloaded) Clear();
  if (keys_.snapshot() == nullptr) {
    return Finish(organization,
                  BatchRefused(absl::StatusCode::kUnavailable, ingest::v1::REASON_KEY_MISSING, "",
                               "there is no keyring yet: retry with backoff"));
  }
  client_.FetchPolicy(
      organization,
      [this, organization](absl::StatusOr<aggregate::v1::GetIngestPolicyResponse> response) {
        Finish(organization, std::move(response));
      });
}

void PolicyCache::Finish(const std::string& organization,
                         absl::StatusOr<aggregate::v1::GetIngestPolicyResponse> response) {
  const absl::Time now = clock_.Now();
  absl::StatusOr<std::shared_ptr<const OrganizationPolicy>> policy =
      response.ok()
          ? OrganizationPolicy::Create(organization, *response, catalog_, keys_.snapshot())
          : response.status();
  if (policy.ok() && (*policy)->expire_time() <= now) {
    policy = absl::UnavailableError("the lease is over: the clocks of ingest and aggregate differ");
  }

  std::vector<Callback> waiting;
  Answer answer = nullptr;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[organization];
    entry.fetching = false;
    waiting.swap(entry.waiting);
    if (response.ok() && response->has_grace()) {
      grace_ = absl::Seconds(response->grace().seconds());
    }
    // Also when it is over already, because the clocks differ.
    if (response.ok() && response->has_expire_time()) {
      lease_end_ = absl::FromUnixSeconds(response->expire_time().seconds());
    }
    if (policy.ok()) {
      entry.policy = *std::move(policy);
      entry.expire_time = entry.policy->expire_time();
      entry.refresh_time = now + (entry.expire_time - now) / 2;
    } else if (entry.policy != nullptr && now < entry.expire_time &&
               !absl::IsNotFound(policy.status())) {
      entry.refresh_time = now + kPolicyErrorLife;
    } else {
      entry.policy = nullptr;
      // What is not aggregate's says already what a batch is told.
      entry.error = ReasonIn<ingest::v1::Reason>(policy.status()) == ingest::v1::REASON_UNSPECIFIED
                        ? RefusedByAggregate(policy.status())
                        : policy.status();
      entry.expire_time = entry.refresh_time = now + kPolicyErrorLife;
    }
    answer = AnswerOf(entry);
    // The keyring changed under the fetch, or there are too many unknown names.
    const bool outdated = entry.policy != nullptr && entry.policy->keys() != keys_.snapshot();
    if (outdated || (entry.policy == nullptr && entries_.size() > kMaxEntries)) {
      entries_.erase(organization);
    }
  }
  for (Callback& done : waiting) {
    done(answer);
    done = nullptr;  // with all that it holds
  }
}

void PolicyCache::Invalidate(const std::string& organization) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(organization);
  if (found == entries_.end()) return;
  found->second.policy = nullptr;
  found->second.expire_time = found->second.refresh_time = absl::InfinitePast();
}

void PolicyCache::Clear() {
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry->second.policy = nullptr;
    entry->second.expire_time = entry->second.refresh_time = absl::InfinitePast();
    // Somebody waits for what is being fetched.
    const auto current = entry++;
    if (!current->second.fetching) entries_.erase(current);
  }
}

void PolicyCache::EvictExpired() {
  const absl::Time now = clock_.Now();
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (now < current->second.expire_time) continue;
    current->second.policy = nullptr;
    if (!current->second.fetching) entries_.erase(current);
  }
}

void PolicyCache::NoteGrace(absl::Duration grace) {
  const std::lock_guard lock(mutex_);
  grace_ = grace;
}

std::optional<absl::Duration> PolicyCache::grace() const {
  const std::lock_guard lock(mutex_);
  return grace_;
}

std::optional<absl::Time> PolicyCache::lease_end() const {
  const std::lock_guard lock(mutex_);
  return lease_end_;
}

}  // namespace tutti
