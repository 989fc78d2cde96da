#include "services/aggregate/redis_journal.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/keys.h"
#include "common/redis/server_check.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr char kIdentifyScript[] = R"lua(
local identity = redis.call('GET', KEYS[1])
if identity or ARGV[1] == '' then return identity or '' end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
)lua";

// What the window has, which is the given entry when it had none.
constexpr char kRecordScript[] = R"lua(
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 'another journal' end
local entry = redis.call('HGET', KEYS[2], ARGV[2])
if entry then return entry end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return ARGV[3]
)lua";

constexpr char kNoteBoundScript[] = R"lua(
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1')
return 1
)lua";

constexpr char kReadScript[] = R"lua(
local answer = redis.call('HGETALL', KEYS[2])
table.insert(answer, 1, redis.call('GET', KEYS[1]) or '')
return answer
)lua";

absl::Status Unreadable() {
  return absl::DataLossError(
      "--journal_redis: the journal has an entry that makes no sense; restore it, do not delete "
      "it");
}

absl::Status AnotherJournal() {
  return absl::FailedPreconditionError(
      "--journal_redis: this server has another journal than before; restore its files");
}

}  // namespace

std::string RedisJournal::identity() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return identity_;
}

absl::StatusOr<std::string> RedisJournal::Identity() {
  ASSIGN_OR_RETURN(const ServerFacts facts, ReadServerFacts(pool_));
  ASSIGN_OR_RETURN(const bool holds_counters,
                   facts.in_cluster ? true : holds_counters_(facts.run_id));
  if (holds_counters) {
    return absl::FailedPreconditionError(
        "--journal_redis: the journal needs a redis-server of its own, of no cluster, that is "
        "not restored with the counters; this one holds them, or may: name another");
  }
  if (absl::Status fit = CheckServer(facts, pool_.options()); !fit.ok()) {
    return absl::Status(fit.code(), absl::StrCat("--journal_redis: ", fit.message()));
  }
  ASSIGN_OR_RETURN(std::string identity,
                   AsString(pool_.CallDurably(Script(kIdentifyScript, {JournalIdentityKey()},
                                                     {begins_ ? NewJournalIdentity() : ""}))));
  if (identity.empty()) return absl::NotFoundError("--journal_redis: the journal is not begun");
  if (!IsJournalIdentity(identity)) return Unreadable();
  const std::lock_guard<std::mutex> lock(mutex_);
  identity_ = identity;
  return identity;
}

absl::StatusOr<bool> RedisJournal::WasBound() {
  const absl::Status noted = AsString(pool_.Call({"GET", JournalBoundKey()})).status();
  if (noted.ok() || absl::IsNotFound(noted)) return noted.ok();
  return noted;
}

absl::Status RedisJournal::NoteBound() {
  ASSIGN_OR_RETURN(
      const int64_t noted,
      AsInteger(pool_.CallDurably(
          Script(kNoteBoundScript, {JournalIdentityKey(), JournalBoundKey()}, {identity()}))));
  return noted == 1 ? absl::OkStatus() : AnotherJournal();
}

absl::Status RedisJournal::Record(const std::string& organization, Day end_day,
                                  const std::string& record, const Costs& nano_rho) {
  const JournalEntry entry = JournalEntryOf(record, nano_rho);
  const std::string text = FormatJournalEntry(entry);
  RETURN_IF_ERROR(ParseJournalEntry(text).status());
  ASSIGN_OR_RETURN(const std::string kept,
                   AsString(pool_.CallDurably(Script(
                       kRecordScript, {JournalIdentityKey(), JournalEntriesKey(organization)},
                       {identity(), FormatDay(end_day), text}))));
  if (kept == "another journal") return AnotherJournal();
  const absl::StatusOr<JournalEntry> known = ParseJournalEntry(kept);
  if (!known.ok()) return Unreadable();
  if (known->digest == entry.digest) return absl::OkStatus();
  return absl::AlreadyExistsError("the journal knows another record of this window");
}

absl::StatusOr<std::map<Day, Costs>> RedisJournal::Read(const std::string& organization) {
  ASSIGN_OR_RETURN(const std::vector<std::string> answer,
                   AsStrings(pool_.Call(Script(
                       kReadScript, {JournalIdentityKey(), JournalEntriesKey(organization)}, {}))));
  if (answer.empty() || answer.front().empty() || answer.front() != identity()) {
    return AnotherJournal();
  }
  std::map<Day, Costs> costs;
  for (size_t i = 1; i + 1 < answer.size(); i += 2) {
    const absl::StatusOr<Day> day = ParseDay(answer[i]);
    absl::StatusOr<JournalEntry> entry = ParseJournalEntry(answer[i + 1]);
    if (!day.ok() || !entry.ok()) return Unreadable();
    costs.emplace(*day, std::move(entry->nano_rho));
  }
  return costs;
}

}  // namespace tutti
