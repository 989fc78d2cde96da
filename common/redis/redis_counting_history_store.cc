#include "common/redis/redis_counting_history_store.h"

#include "common/redis/keys.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr char kReplaceScript[] = R"lua(
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
)lua";

}  // namespace

absl::StatusOr<VersionedHistory> RedisCountingHistoryStore::ReadHistory() {
  absl::StatusOr<std::string> bytes =
      AsString(router_.Read(CountingHistoryKey(), {"GET", CountingHistoryKey()}));
  if (absl::IsNotFound(bytes.status())) return VersionedHistory();
  if (!bytes.ok()) return bytes.status();
  VersionedHistory versioned;
  versioned.version = *std::move(bytes);
  if (!versioned.history.ParseFromString(versioned.version)) {
    return absl::DataLossError("the stored history of keyrings and catalogues cannot be read");
  }
  return versioned;
}

absl::Status RedisCountingHistoryStore::ReplaceHistory(
    const std::string& old, const aggregate::v1::CountingHistory& history) {
  ASSIGN_OR_RETURN(const int64_t replaced,
                   AsInteger(router_.RunDurably(kReplaceScript, {CountingHistoryKey()},
                                                {old, history.SerializeAsString()})));
  return replaced == 1 ? absl::OkStatus() : absl::AbortedError("the history was changed meanwhile");
}

}  // namespace tutti
