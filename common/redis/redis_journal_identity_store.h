#ifndef TUTTI_COMMON_REDIS_REDIS_JOURNAL_IDENTITY_STORE_H_
#define TUTTI_COMMON_REDIS_REDIS_JOURNAL_IDENTITY_STORE_H_

#include <string>

#include "common/redis/redis_router.h"
#include "common/storage/journal_identity_store.h"

namespace tutti {

// Keeps the identity in one key of no organisation. Thread-safe.
class RedisJournalIdentityStore final : public JournalIdentityStore {
 public:
  // `router` outlives this.
  explicit RedisJournalIdentityStore(RedisRouter& router) : router_(router) {}

  absl::StatusOr<std::string> ReadJournal() override;
  absl::Status ReplaceJournal(const std::string& old, const std::string& identity) override;

 private:
  RedisRouter& router_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_JOURNAL_IDENTITY_STORE_H_
