#include "common/redis/redis_organization_store.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/redis/keys.h"
#include "common/redis/redis_nodes.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr char kCreateScript[] = R"lua(
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
)lua";

constexpr char kBeginScript[] = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'changed' end
local guarded = ''
for i = 2, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind ~= 'none' and kind ~= 'string' then guarded = guarded .. ' ' .. (i - 2) end
end
if guarded ~= '' then return guarded end
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SETBIT', KEYS[i], ARGV[i + 1], 0) end
end
redis.call('SET', KEYS[1], ARGV[2])
return 'done'
)lua";

constexpr char kTakeLeaseScript[] = R"lua(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
)lua";

constexpr char kReleaseLeaseScript[] = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
)lua";

// Replaces the ledger by its totals, and marks it: from then on nothing is staged,
// promoted or tallied. Whole or not at all, also while the slot moves: see NeverKey.
constexpr char kTombstoneScript[] = R"lua(
local fields = redis.call('HGETALL', KEYS[2])
local totals = {}
for i = 1, #fields, 2 do
  local kind = string.match(fields[i], '^(.*):')
  if kind then totals[kind] = (totals[kind] or 0) + tonumber(fields[i + 1]) end
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'erased', 1)
for kind, total in pairs(totals) do
  redis.call('HSET', KEYS[2], kind .. ':total', string.format('%.0f', total))
end
return 1
)lua";

// Deletes keys but the last, the NeverKey. Where there was a bitmap a guard stays for a while: a
// merge that is under way would make it anew.
constexpr char kSweepScript[] = R"lua(
local deleted = 0
for i = 1, #KEYS - 1 do
  if string.find(KEYS[i], '}:reach:', 1, true) or string.find(KEYS[i], '}:day:', 1, true) then
    if redis.call('TYPE', KEYS[i]).ok ~= 'list' then
      deleted = deleted + redis.call('UNLINK', KEYS[i])
      redis.call('RPUSH', KEYS[i], 'closed')
    end
    redis.call('EXPIRE', KEYS[i], ARGV[1])
  else
    deleted = deleted + redis.call('UNLINK', KEYS[i])
  end
end
return deleted
)lua";

constexpr absl::Duration kPollTime = absl::Milliseconds(50);
constexpr size_t kKeysPerSweep = 1000;

// What is left of an erased organisation.
RedisWords Tombstone(const std::string& organization) {
  return {ProfileKey(organization), LedgerKey(organization)};
}

// The keys of an organisation that one node holds beside the tombstone.
absl::StatusOr<RedisWords> KeysToErase(RedisPool& node, const std::string& organization) {
  ASSIGN_OR_RETURN(std::vector<std::string> keys, KeysOf(node, AllKeysPattern(organization)));
  const RedisWords kept = Tombstone(organization);
  keys.erase(std::remove_if(keys.begin(), keys.end(),
                            [&](const std::string& key) {
                              return std::find(kept.begin(), kept.end(), key) != kept.end();
                            }),
             keys.end());
  return keys;
}

// Whether a node holds nothing more of an erased organisation than the tombstone and
// guards, which are lists.
absl::StatusOr<bool> HoldsTombstoneAlone(RedisPool& node, const std::string& organization) {
  ASSIGN_OR_RETURN(const RedisWords keys, KeysToErase(node, organization));
  if (keys.empty()) return true;
  // Not asked for key by key: a replica in a cluster sends whoever names one to its primary.
  ASSIGN_OR_RETURN(const RedisWords guards, KeysOf(node, AllKeysPattern(organization), "list"));
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return std::find(guards.begin(), guards.end(), key) != guards.end();
  });
}

std::string DueScore(absl::Time due) {
  return due == absl::InfiniteFuture() ? "+inf" : absl::StrCat(absl::ToUnixSeconds(due));
}

absl::StatusOr<VersionedOrganization> ParseProfile(const absl::StatusOr<RedisReply>& reply) {
  VersionedOrganization versioned;
  ASSIGN_OR_RETURN(versioned.version, AsString(reply));
  if (!versioned.stored.ParseFromString(versioned.version)) {
    return absl::DataLossError("a stored organisation cannot be read");
  }
  return versioned;
}

// Reads what ZRANGE and its like say WITHSCORES.
absl::StatusOr<std::vector<ListedOrganization>> ParseListed(
    const absl::StatusOr<RedisReply>& reply) {
  ASSIGN_OR_RETURN(const std::vector<std::string> pairs, AsStrings(reply));
  std::vector<ListedOrganization> listed;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    double score = 0;
    // What is not a number has no place in an order.
    if (!absl::SimpleAtod(pairs[i + 1], &score) || std::isnan(score)) {
      return absl::DataLossError("a stored list of due times cannot be read");
    }
    listed.push_back({pairs[i], absl::UnixEpoch() + absl::Seconds(score)});
  }
  return listed;
}

}  // namespace

absl::StatusOr<VersionedOrganization> RedisOrganizationStore::Read(
    const std::string& organization) {
  return ParseProfile(router_.Read(organization, {"GET", ProfileKey(organization)}));
}

std::vector<absl::StatusOr<VersionedOrganization>> RedisOrganizationStore::ReadEach(
    absl::Span<const std::string> organizations) {
  std::vector<std::pair<std::string, RedisWords>> commands;
  commands.reserve(organizations.size());
  for (const std::string& organization : organizations) {
    commands.emplace_back(organization, RedisWords{"GET", ProfileKey(organization)});
  }
  std::vector<absl::StatusOr<VersionedOrganization>> read;
  read.reserve(organizations.size());
  for (const absl::StatusOr<RedisReply>& reply : router_.ReadEach(commands)) {
    read.push_back(ParseProfile(reply));
  }
  return read;
}

absl::Status RedisOrganizationStore::Create(const std::string& organization,
                                            const aggregate::v1::StoredOrganization& stored,
                                            absl::Time due) {
  // An index entry without a profile is ignored; a profile without an entry would
  // never be due. NX: a refused creation must not move another's due time.
  const std::string bucket = BucketKey(BucketOf(organization));
  RETURN_IF_ERROR(
      AsOk(router_.CallDurably(bucket, {"ZADD", bucket, "NX", DueScore(due), organization})));
  ASSIGN_OR_RETURN(const int64_t created,
                   AsInteger(router_.RunDurably(kCreateScript, {ProfileKey(organization)},
                                                {stored.SerializeAsString()})));
  if (created == 0) return absl::AlreadyExistsError("the id is or was in use");
  return SetDue(organization, due);
}

absl::StatusOr<VersionedOrganization> RedisOrganizationStore::Replace(
    const std::string& organization, const VersionedOrganization& old,
    const aggregate::v1::StoredOrganization& stored) {
  std::set<Window> guarded;
  return Begin(organization, old, stored, {}, guarded);
}

absl::StatusOr<VersionedOrganization> RedisOrganizationStore::Begin(
    const std::string& organization, const VersionedOrganization& old,
    const aggregate::v1::StoredOrganization& stored, const std::vector<NewBitmap>& bitmaps,
    std::set<Window>& guarded) {
  VersionedOrganization next{stored, stored.SerializeAsString()};
  RedisWords keys = {ProfileKey(organization)};
  RedisWords arguments = {old.version, next.version};
  for (const NewBitmap& bitmap : bitmaps) {
    keys.push_back(BitmapKey(bitmap.id));
    arguments.push_back(absl::StrCat(bitmap.bits - 1));
  }
  ASSIGN_OR_RETURN(const std::string result,
                   AsString(router_.RunDurably(kBeginScript, keys, arguments)));
  if (result == "changed") return absl::AbortedError("the organisation was changed meanwhile");
  if (result == "done") return next;
  for (const absl::string_view part : absl::StrSplit(result, ' ', absl::SkipEmpty())) {
    size_t index = 0;
    if (!absl::SimpleAtoi(part, &index) || index >= bitmaps.size()) {
      return UnexpectedReply();
    }
    guarded.insert(bitmaps[index].id.window);
  }
  return absl::FailedPreconditionError("some of the windows are closed");
}

absl::Status RedisOrganizationStore::SetDue(const std::string& organization, absl::Time due) {
  const std::string bucket = BucketKey(BucketOf(organization));
  return AsOk(router_.CallDurably(bucket, {"ZADD", bucket, DueScore(due), organization}));
}

absl::StatusOr<std::vector<std::string>> RedisOrganizationStore::ListDue(absl::Time now,
                                                                         int limit) {
  std::vector<std::pair<std::string, RedisWords>> commands;
  for (int bucket = 0; bucket < kOrganizationBuckets; ++bucket) {
    const std::string key = BucketKey(bucket);
    commands.emplace_back(
        key, RedisWords{"ZRANGEBYSCORE", key, "-inf", absl::StrCat(absl::ToUnixSeconds(now)),
                        "WITHSCORES", "LIMIT", "0", absl::StrCat(limit)});
  }
  ASSIGN_OR_RETURN(std::vector<RedisReply> replies, router_.ReadMany(commands));
  std::vector<ListedOrganization> due;
  for (RedisReply& reply : replies) {
    ASSIGN_OR_RETURN(std::vector<ListedOrganization> listed, ParseListed(std::move(reply)));
    std::move(listed.begin(), listed.end(), std::back_inserter(due));
  }
  std::sort(due.begin(), due.end(), [](const ListedOrganization& a, const ListedOrganization& b) {
    return std::tie(a.due, a.id) < std::tie(b.due, b.id);
  });
  std::vector<std::string> organizations;
  for (ListedOrganization& organization : due) {
    if (static_cast<int>(organizations.size()) == limit) break;
    organizations.push_back(std::move(organization.id));
  }
  return organizations;
}

absl::StatusOr<std::vector<ListedOrganization>> RedisOrganizationStore::List(
    const std::string& cursor, int limit) {
  std::vector<ListedOrganization> page;
  const int first = cursor.empty() ? 0 : BucketOf(cursor);
  for (int bucket = first; bucket < kOrganizationBuckets && static_cast<int>(page.size()) < limit;
       ++bucket) {
    ASSIGN_OR_RETURN(std::vector<ListedOrganization> all,
                     ParseListed(router_.Read(BucketKey(bucket), {"ZRANGE", BucketKey(bucket), "0",
                                                                  "-1", "WITHSCORES"})));
    std::sort(all.begin(), all.end(),
              [](const ListedOrganization& a, const ListedOrganization& b) { return a.id < b.id; });
    for (ListedOrganization& organization : all) {
      if (bucket == first && organization.id <= cursor) continue;
      if (static_cast<int>(page.size()) < limit) page.push_back(std::move(organization));
    }
  }
  return page;
}

absl::StatusOr<bool> RedisOrganizationStore::TakeLease(const std::string& organization,
                                                       const LeaseToken& token,
                                                       absl::Duration duration) {
  ASSIGN_OR_RETURN(const int64_t taken,
                   AsInteger(router_.RunDurably(
                       kTakeLeaseScript, {LeaseKey(organization)},
                       {token.text(), absl::StrCat(absl::ToInt64Milliseconds(duration))})));
  return taken == 1;
}

absl::Status RedisOrganizationStore::ReleaseLease(const std::string& organization,
                                                  const LeaseToken& token) {
  return AsOk(router_.Call(organization,
                           Script(kReleaseLeaseScript, {LeaseKey(organization)}, {token.text()})));
}

absl::StatusOr<int64_t> RedisOrganizationStore::Sweep(const std::string& organization) {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  RedisWords keys;
  // While its slot moves, two of them have keys of it.
  for (const auto& primary : primaries) {
    ASSIGN_OR_RETURN(RedisWords own, KeysToErase(*primary, organization));
    std::move(own.begin(), own.end(), std::back_inserter(keys));
  }
  int64_t deleted = 0;
  for (size_t begin = 0; begin < keys.size(); begin += kKeysPerSweep) {
    const size_t end = std::min(keys.size(), begin + kKeysPerSweep);
    RedisWords some(keys.begin() + static_cast<int64_t>(begin),
                    keys.begin() + static_cast<int64_t>(end));
    some.push_back(NeverKey(organization));
    ASSIGN_OR_RETURN(
        const int64_t gone,
        AsInteger(router_.Call(
            organization, Script(kSweepScript, some, {ExpirySeconds(Key::kErasedReachGuard)}))));
    deleted += gone;
  }
  return deleted;
}

absl::StatusOr<bool> RedisOrganizationStore::ErasedEverywhere(const std::string& organization) {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  for (const auto& primary : primaries) {
    absl::StatusOr<bool> erased = HoldsTombstoneAlone(*primary, organization);
    if (!erased.ok() || !*erased) return erased;
    ASSIGN_OR_RETURN(const std::vector<RedisOptions> replicas, ReplicasOf(*primary));
    for (const RedisOptions& replica : replicas) {
      RedisPool node(replica);
      erased = HoldsTombstoneAlone(node, organization);
      if (!erased.ok() || !*erased) return erased;
    }
  }
  return true;
}

absl::StatusOr<int64_t> RedisOrganizationStore::Erase(
    const std::string& organization, const aggregate::v1::StoredOrganization& tombstone) {
  RedisWords keys = Tombstone(organization);
  keys.push_back(NeverKey(organization));
  // What can be deleted does not wait for replicas that are away: that each has followed is
  // seen to in the end.
  RETURN_IF_ERROR(AsOk(
      router_.Call(organization, Script(kTombstoneScript, keys, {tombstone.SerializeAsString()}))));
  int64_t deleted = 0;
  const absl::Time deadline = absl::Now() + router_.options().timeout;
  while (true) {
    // A key that is renamed while one sweep goes on is found by the next.
    ASSIGN_OR_RETURN(const int64_t gone, Sweep(organization));
    deleted += gone;
    // A replica may be behind: that the primary is clean says nothing of it.
    ASSIGN_OR_RETURN(const bool erased, gone > 0 ? false : ErasedEverywhere(organization));
    if (erased) break;
    if (absl::Now() >= deadline) {
      return absl::UnavailableError("some node still holds keys of the organisation; try again");
    }
    if (gone == 0) absl::SleepFor(kPollTime);
  }
  RETURN_IF_ERROR(SetDue(organization, absl::InfiniteFuture()));
  return deleted;
}

}  // namespace tutti
