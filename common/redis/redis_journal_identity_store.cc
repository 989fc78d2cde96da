#include "common/redis/redis_journal_identity_store.h"

#include "common/redis/keys.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// What is there already is written again: only then does the caller wait until every replica
// has it.
constexpr char kReplaceScript[] = R"lua(
local stored = redis.call('GET', KEYS[1]) or ''
if stored ~= ARGV[1] and stored ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
)lua";

}  // namespace

absl::StatusOr<std::string> RedisJournalIdentityStore::ReadJournal() {
  absl::StatusOr<std::string> identity =
      AsString(router_.Read(JournalKey(), {"GET", JournalKey()}));
  if (absl::IsNotFound(identity.status())) return std::string();
  return identity;
}

absl::Status RedisJournalIdentityStore::ReplaceJournal(const std::string& old,
                                                       const std::string& identity) {
  ASSIGN_OR_RETURN(const int64_t replaced,
                   AsInteger(router_.RunDurably(kReplaceScript, {JournalKey()}, {old, identity})));
  return replaced == 1 ? absl::OkStatus() : absl::AbortedError("another journal is stored");
}

}  // namespace tutti
