#ifndef TUTTI_COMMON_REDIS_REDIS_ORGANIZATION_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_ORGANIZATION_STORE_H_

#include <string>
#include <vector>

#include "common/redis/redis_router.h"
#include "common/storage/organization_store.h"

namespace tutti {

// Keeps organisations in Redis: a profile each, and 64 sorted sets of due times.
// Thread-safe.
class RedisOrganizationStore final : public OrganizationStore {
 public:
  // `router` outlives this.
  explicit RedisOrganizationStore(RedisRouter& router) : router_(router) {}

  absl::StatusOr<VersionedOrganization> Read(const std::string& organization) override;
  std::vector<absl::StatusOr<VersionedOrganization>> ReadEach(
      absl::Span<const std::string> organizations) override;
  absl::Status Create(const std::string& organization,
                      const aggregate::v1::StoredOrganization& stored, absl::Time due) override;
  absl::StatusOr<VersionedOrganization> Replace(
      const std::string& organization, const VersionedOrganization& old,
      const aggregate::v1::StoredOrganization& stored) override;
  absl::StatusOr<VersionedOrganization> Begin(const std::string& organization,
                                              const VersionedOrganization& old,
                                              const aggregate::v1::StoredOrganization& stored,
                                              const std::vector<NewBitmap>& bitmaps,
                                              std::set<Window>& guarded) override;
  absl::Status SetDue(const std::string& organization, absl::Time due) override;
  absl::StatusOr<std::vector<std::string>> ListDue(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<ListedOrganization>> List(const std::string& cursor,
                                                       int limit) override;
  absl::StatusOr<bool> TakeLease(const std::string& organization, const LeaseToken& token,
                                 absl::Duration duration) override;
  absl::Status ReleaseLease(const std::string& organization, const LeaseToken& token) override;
  absl::StatusOr<int64_t> Erase(const std::string& organization,
                                const aggregate::v1::StoredOrganization& tombstone) override;

 private:
  // Deletes what there is but the profile and the ledger; the number of keys.
  absl::StatusOr<int64_t> Sweep(const std::string& organization);
  // Whether no node holds more of it than that, and guards.
  absl::StatusOr<bool> ErasedEverywhere(const std::string& organization);

  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_ORGANIZATION_STORE_H_
