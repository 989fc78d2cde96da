#ifndef TUTTI_COMMON_REDIS_REDIS_PUBLICATION_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_PUBLICATION_STORE_H_

#include <string>
#include <vector>

#include "common/redis/redis_router.h"
#include "common/storage/publication_store.h"

namespace tutti {

// Keeps publications and the ledger in Redis. The reading methods send nothing but
// GET, MGET and ZRANGE. Thread-safe.
class RedisPublicationStore final : public PublicationStore {
 public:
  // `router` outlives this.
  explicit RedisPublicationStore(RedisRouter& router) : router_(router) {}

  absl::StatusOr<std::vector<Day>> ListEndDays(const std::string& organization) override;
  absl::StatusOr<Day> LatestEndDay(const std::string& organization) override;
  absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) override;
  absl::StatusOr<std::vector<std::string>> Read(const std::string& organization,
                                                absl::Span<const Day> end_days) override;
  absl::Status Stage(const std::string& organization, const StagedRecord& staged) override;
  absl::StatusOr<std::string> ReadStaged(const std::string& organization, Day end_day) override;
  absl::Status DropStaged(const std::string& organization, Day end_day) override;
  absl::Status Promote(const std::string& organization, Day end_day) override;
  absl::Status Charge(const std::string& organization, Day end_day, const Costs& nano_rho) override;
  absl::StatusOr<Ledger> ReadLedger(const std::string& organization) override;

 private:
  absl::StatusOr<std::vector<Day>> ReadIndex(const std::string& organization,
                                             const std::string& from);

  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_PUBLICATION_STORE_H_
