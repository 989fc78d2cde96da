#include "common/redis/redis_publication_store.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/redis/keys.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// The ledger of an erased organisation says so, and takes nothing. A closer whose lease ran out
// stages nothing either: the organisation may have been paused meanwhile.
constexpr char kStageScript[] = R"lua(
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
local entry_of_day = ':' .. ARGV[2]
for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
  if field == 'erased' or string.sub(field, -#entry_of_day) == entry_of_day then return 0 end
end
if (redis.call('GET', KEYS[5]) or '') ~= ARGV[3] then return -1 end
redis.call('SET', KEYS[1], ARGV[1])
local costs = tonumber(ARGV[4])
for i = 5, 4 + 2 * costs, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 5 + 2 * costs, #ARGV do redis.call('HDEL', KEYS[4], ARGV[i]) end
return 1
)lua";

constexpr char kChargeScript[] = R"lua(
if redis.call('HEXISTS', KEYS[1], 'erased') == 1 then return 0 end
for i = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return 1
)lua";

constexpr char kPromoteScript[] = R"lua(
if redis.call('HEXISTS', KEYS[4], 'erased') == 1 then return 'none' end
local staged = redis.call('EXISTS', KEYS[1]) == 1
local published = redis.call('EXISTS', KEYS[2]) == 1
if staged and published then return 'exists' end
if not staged and not published then return 'none' end
if staged then redis.call('RENAMENX', KEYS[1], KEYS[2]) end
redis.call('ZADD', KEYS[3], ARGV[1], ARGV[2])
if staged then redis.call('PUBLISH', ARGV[3], ARGV[2]) end
return 'done'
)lua";

std::string LedgerField(const std::string& kind, Day end_day) {
  return absl::StrCat(kind, ":", FormatDay(end_day));
}

absl::StatusOr<std::vector<Day>> ToDays(const absl::StatusOr<std::vector<std::string>>& members) {
  if (!members.ok()) return members.status();
  std::vector<Day> days;
  for (const std::string& member : *members) {
    const absl::StatusOr<Day> day = ParseDay(member);
    if (!day.ok()) return absl::DataLossError("a stored index of publications cannot be read");
    days.push_back(*day);
  }
  return days;
}

// The index is sorted by days since 1970-01-01.
std::string IndexScore(Day end_day) { return absl::StrCat(end_day - Day(1970, 1, 1)); }

}  // namespace

absl::StatusOr<std::vector<Day>> RedisPublicationStore::ReadIndex(const std::string& organization,
                                                                  const std::string& from) {
  return ToDays(AsStrings(
      router_.Read(organization, {"ZRANGE", PublicationIndexKey(organization), from, "-1"})));
}

absl::StatusOr<std::vector<Day>> RedisPublicationStore::ListEndDays(
    const std::string& organization) {
  return ReadIndex(organization, "0");
}

absl::StatusOr<Day> RedisPublicationStore::LatestEndDay(const std::string& organization) {
  ASSIGN_OR_RETURN(const std::vector<Day> days, ReadIndex(organization, "-1"));
  if (days.empty()) return absl::NotFoundError("nothing is published");
  return days.back();
}

absl::StatusOr<std::vector<std::optional<Day>>> RedisPublicationStore::Find(
    absl::Span<const PublicationQuery> queries) {
  std::vector<std::pair<std::string, RedisWords>> commands;
  commands.reserve(queries.size());
  for (const PublicationQuery& query : queries) {
    const std::string key = PublicationIndexKey(query.organization);
    if (query.end_day.has_value()) {
      const std::string score = IndexScore(*query.end_day);
      commands.emplace_back(key, RedisWords{"ZRANGE", key, score, score, "BYSCORE"});
    } else {
      commands.emplace_back(key, RedisWords{"ZRANGE", key, "-1", "-1"});
    }
  }
  ASSIGN_OR_RETURN(std::vector<RedisReply> replies, router_.ReadMany(commands));
  std::vector<std::optional<Day>> found;
  found.reserve(queries.size());
  for (RedisReply& reply : replies) {
    ASSIGN_OR_RETURN(const std::vector<Day> days, ToDays(AsStrings(std::move(reply))));
    found.push_back(days.empty() ? std::nullopt : std::make_optional(days.back()));
  }
  return found;
}

absl::StatusOr<std::vector<std::string>> RedisPublicationStore::Read(
    const std::string& organization, absl::Span<const Day> end_days) {
  if (end_days.empty()) return std::vector<std::string>();
  RedisWords words = {"MGET"};
  for (const Day day : end_days) words.push_back(PublicationKey(organization, day));
  absl::StatusOr<std::vector<std::string>> records = AsStrings(router_.Read(organization, words));
  if (records.ok() && records->size() != end_days.size()) {
    return absl::InternalError("redis-server answered with another number of records");
  }
  return records;
}

absl::Status RedisPublicationStore::Stage(const std::string& organization,
                                          const StagedRecord& staged) {
  RedisWords arguments = {staged.record, FormatDay(staged.end_day), staged.lease.text(),
                          absl::StrCat(staged.nano_rho.size())};
  for (const auto& [kind, cost] : staged.nano_rho) {
    arguments.push_back(LedgerField(kind, staged.end_day));
    arguments.push_back(absl::StrCat(cost));
  }
  for (const Day day : staged.tallied_days) arguments.push_back(FormatDay(day));
  ASSIGN_OR_RETURN(
      const int64_t done,
      AsInteger(router_.RunDurably(
          kStageScript,
          {StagedKey(organization, staged.end_day), PublicationKey(organization, staged.end_day),
           LedgerKey(organization), TallyKey(organization), LeaseKey(organization)},
          arguments)));
  if (done < 0) return absl::AbortedError("the closing lease was lost");
  return done == 1 ? absl::OkStatus()
                   : absl::AlreadyExistsError("the window has a record or was paid for");
}

absl::StatusOr<std::string> RedisPublicationStore::ReadStaged(const std::string& organization,
                                                              Day end_day) {
  return AsString(router_.Read(organization, {"GET", StagedKey(organization, end_day)}));
}

absl::Status RedisPublicationStore::DropStaged(const std::string& organization, Day end_day) {
  return AsOk(router_.CallDurably(organization, {"UNLINK", StagedKey(organization, end_day)}));
}

absl::Status RedisPublicationStore::Promote(const std::string& organization, Day end_day) {
  ASSIGN_OR_RETURN(
      const std::string result,
      AsString(router_.RunDurably(
          kPromoteScript,
          {StagedKey(organization, end_day), PublicationKey(organization, end_day),
           PublicationIndexKey(organization), LedgerKey(organization)},
          {IndexScore(end_day), FormatDay(end_day), PublicationChannel(organization)})));
  if (result == "exists") return absl::AlreadyExistsError("another record is published");
  if (result == "none") return absl::NotFoundError("nothing is staged");
  return absl::OkStatus();
}

absl::Status RedisPublicationStore::Charge(const std::string& organization, Day end_day,
                                           const Costs& nano_rho) {
  RedisWords arguments;
  for (const auto& [kind, cost] : nano_rho) {
    arguments.push_back(LedgerField(kind, end_day));
    arguments.push_back(absl::StrCat(cost));
  }
  return AsOk(router_.RunDurably(kChargeScript, {LedgerKey(organization)}, arguments));
}

absl::StatusOr<Ledger> RedisPublicationStore::ReadLedger(const std::string& organization) {
  ASSIGN_OR_RETURN(const std::vector<std::string> pairs,
                   AsStrings(router_.Read(organization, {"HGETALL", LedgerKey(organization)})));
  Ledger ledger;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (pairs[i] == "erased") return absl::NotFoundError("the organisation is erased");
    const std::pair<std::string, std::string> field = absl::StrSplit(pairs[i], ':');
    const absl::StatusOr<Day> day = ParseDay(field.second);
    uint64_t cost = 0;
    if (!day.ok() || !absl::SimpleAtoi(pairs[i + 1], &cost)) {
      return absl::DataLossError("a stored ledger cannot be read");
    }
    ledger[{field.first, *day}] = cost;
  }
  return ledger;
}

}  // namespace tutti
