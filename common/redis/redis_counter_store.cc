#include "common/redis/redis_counter_store.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/redis/keys.h"
#include "common/redis/redis_nodes.h"

namespace tutti {
namespace {

constexpr size_t kPositionsPerCommand = 128;
// A position costs about as much as 64 bytes of a bitmap that is sent whole.
constexpr size_t kBitsPerDensePosition = 512;
// Stands in a tally where a kind's day was lost; alone, as an earlier edition wrote it, where
// that of all kinds was.
constexpr char kLost[] = "lost";

// The guard of a window that was sealed is a list, of one that was dropped a hash: neither
// takes bits. Answers how many were dropped before.
constexpr char kSealScript[] = R"lua(
local dropped = 0
for i = 1, #KEYS, 2 do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind == 'hash' then dropped = dropped + 1 end
  if kind == 'string' then redis.call('RENAME', KEYS[i], KEYS[i + 1]) end
  if kind == 'string' or kind == 'none' then redis.call('RPUSH', KEYS[i], 'closed') end
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
return dropped
)lua";

constexpr char kDropScript[] = R"lua(
for i = 1, #KEYS, 2 do
  redis.call('UNLINK', KEYS[i], KEYS[i + 1])
  redis.call('HSET', KEYS[i], 'dropped', 1)
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
return 1
)lua";

// An error between the steps, which undoes nothing, leaves a person's bits behind: not for long.
constexpr char kDenseScript[] = R"lua(
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'string' then return kind end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
redis.call('BITOP', 'OR', KEYS[1], KEYS[1], KEYS[2])
redis.call('UNLINK', KEYS[2])
return 'merged'
)lua";

// A closer whose lease ran out, and whose windows were dropped meanwhile, stores nothing.
constexpr char kTallyScript[] = R"lua(
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return 0 end
if redis.call('HEXISTS', KEYS[2], 'erased') == 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
for i = 4, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
)lua";

constexpr char kDiscardDayScript[] = R"lua(
redis.call('HDEL', KEYS[1], ARGV[1])
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
)lua";

std::string GuardSeconds(Window window) {
  return ExpirySeconds(window.kind == WindowKind::kReach ? Key::kReachGuard : Key::kDayGuard);
}

RedisWords SealKeys(const std::string& organization, Window window,
                    const std::vector<std::string>& kinds) {
  RedisWords keys;
  for (const std::string& kind : kinds) {
    keys.push_back(BitmapKey({organization, window, kind}));
    keys.push_back(SealedBitmapKey({organization, window, kind}));
  }
  return keys;
}

RedisWords SealedKeys(const std::string& organization, Window window,
                      const std::vector<std::string>& kinds) {
  RedisWords keys;
  for (const std::string& kind : kinds)
    keys.push_back(SealedBitmapKey({organization, window, kind}));
  return keys;
}

void AppendWord(std::string& out, absl::string_view word) {
  absl::StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
}

// "BITFIELD key SET u1 p 1 SET u1 p 1 ..." in the wire format, built by hand: it
// is most of what this process does under load.
std::string BitfieldCommand(const std::string& key, absl::Span<const uint32_t> positions) {
  std::string out = absl::StrCat("*", 2 + 4 * positions.size(), "\r\n$8\r\nBITFIELD\r\n");
  out.reserve(out.size() + key.size() + 48 * positions.size());
  AppendWord(out, key);
  for (const uint32_t position : positions) {
    out.append("$3\r\nSET\r\n$2\r\nu1\r\n");
    AppendWord(out, absl::AlphaNum(position).Piece());
    out.append("$1\r\n1\r\n");
  }
  return out;
}

// The positions as a bitmap, as Redis lays it out.
std::string AsBitmap(absl::Span<const uint32_t> positions) {
  std::string bitmap(positions.back() / 8 + 1, '\0');
  for (const uint32_t position : positions) {
    char& byte = bitmap[position / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (0x80U >> (position % 8)));
  }
  return bitmap;
}

// As long for every count: what its storing takes must not tell.
std::string TallyText(const DayTally& tally) {
  std::string text;
  for (const auto& [table, count] : tally.counts) {
    absl::StrAppend(&text, table, "=", absl::Dec(count, absl::kZeroPad8), " ");
  }
  for (const std::string& kind : tally.lost_kinds) absl::StrAppend(&text, kind, "=", kLost, " ");
  return text;
}

absl::StatusOr<DayTally> ParseTally(const std::string& text) {
  DayTally tally;
  tally.lost = text == kLost;
  if (tally.lost) return tally;
  for (const absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, '=');
    int64_t count = 0;
    if (pair.second == kLost) {
      tally.lost_kinds.insert(pair.first);
    } else if (absl::SimpleAtoi(pair.second, &count)) {
      tally.counts[pair.first] = count;
    } else {
      return absl::DataLossError("a stored tally cannot be read");
    }
  }
  return tally;
}

}  // namespace

// One bitmap's part of a merge.
struct RedisCounterStore::Write {
  const BitmapId* id = nullptr;
  std::string key;
  std::vector<uint32_t> positions;  // not known to be set
  bool known = false;               // to exist
  size_t bitmap_bits = 0;           // of the bitmap, once looked up
  size_t commands = 0;              // that were sent for it
  MergeOutcome outcome = MergeOutcome::kMerged;
};

absl::Status RedisCounterStore::CheckExisting(RedisConnection& connection,
                                              std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (!write.known) connection.Append({"STRLEN", write.key});
  }
  for (Write& write : writes) {
    if (write.known) continue;
    const absl::StatusOr<RedisReply> reply = connection.Read();
    if (!reply.ok()) return reply.status();
    if (ErrorCodeOf(**reply) == "WRONGTYPE") {
      write.outcome = MergeOutcome::kLate;
      continue;
    }
    const absl::StatusOr<int64_t> bytes = AsInteger(reply);
    if (!bytes.ok()) return bytes.status();
    write.bitmap_bits = 8 * static_cast<size_t>(*bytes);
    if (*bytes == 0) write.outcome = MergeOutcome::kMissing;
  }
  return absl::OkStatus();
}

size_t RedisCounterStore::AppendWrite(RedisConnection& connection, const Write& write) {
  const absl::Span<const uint32_t> all = write.positions;
  if (all.empty()) {
    // Whether the window is closed must not depend on what was set before.
    connection.Append({"STRLEN", write.key});
    return 1;
  }
  const size_t span = std::max<size_t>(all.back(), write.bitmap_bits);
  if (all.size() > span / kBitsPerDensePosition && all.size() > kPositionsPerCommand) {
    connection.Append(Script(kDenseScript, {write.key, TransitKey(write.id->organization)},
                             {AsBitmap(all), ExpirySeconds(Key::kTransit)}));
    return 1;
  }
  size_t commands = 0;
  for (size_t begin = 0; begin < all.size(); begin += kPositionsPerCommand) {
    connection.AppendRaw(BitfieldCommand(write.key, all.subspan(begin, kPositionsPerCommand)));
    ++commands;
  }
  return commands;
}

absl::Status RedisCounterStore::ReadOutcome(const redisReply& reply, Write& write) {
  const std::string text =
      reply.type == REDIS_REPLY_STRING ? std::string(reply.str, reply.len) : "";
  if (ErrorCodeOf(reply) == "WRONGTYPE" || text == "list" || text == "hash") {
    write.outcome = MergeOutcome::kLate;
  } else if (text == "none" || (reply.type == REDIS_REPLY_INTEGER && reply.integer == 0)) {
    write.outcome = MergeOutcome::kMissing;
  } else {
    return StatusOf(reply);
  }
  return absl::OkStatus();
}

absl::Status RedisCounterStore::SendBits(RedisConnection& connection, std::vector<Write>& writes) {
  // One transaction for each organisation: a window that is closed meanwhile takes
  // all of a delta or nothing, and the file is synchronised once, not at every few
  // commands.
  std::map<std::string, std::vector<Write*>> by_organization;
  for (Write& write : writes) by_organization[write.id->organization].push_back(&write);
  std::vector<size_t> queued;
  for (const auto& [organization, own] : by_organization) {
    size_t& commands = queued.emplace_back(1);
    connection.Append({"MULTI"});
    for (Write* write : own) {
      if (write->outcome != MergeOutcome::kMerged) continue;
      write->commands = AppendWrite(connection, *write);
      commands += write->commands;
    }
    connection.Append({"SET", TickKey(organization), "1", "EX", ExpirySeconds(Key::kTick)});
    connection.Append({"EXEC"});
  }
  size_t transaction = 0;
  for (const auto& [organization, own] : by_organization) {
    const size_t commands = queued[transaction++];
    for (size_t i = 0; i < 1 + commands; ++i) {  // MULTI's answer, and one "QUEUED" each
      if (absl::Status ok = AsOk(connection.Read()); !ok.ok()) return ok;
    }
    const absl::StatusOr<RedisReply> done = connection.Read();
    if (absl::Status ok = AsOk(done); !ok.ok()) return ok;
    if ((*done)->type != REDIS_REPLY_ARRAY || (*done)->elements != commands) {
      return absl::InternalError("redis-server answered in a way that was not expected");
    }
    redisReply** element = (*done)->element;
    for (Write* write : own) {
      for (size_t i = 0; i < write->commands; ++i) {
        if (absl::Status read = ReadOutcome(**element++, *write); !read.ok()) return read;
      }
    }
    if (absl::Status tick = StatusOf(**element); !tick.ok()) return tick;
  }
  return pool_.WaitForReplicas(connection);
}

absl::StatusOr<std::vector<MergeOutcome>> RedisCounterStore::Merge(
    absl::Span<const BitmapDelta> deltas) {
  using Outcomes = std::vector<MergeOutcome>;
  if (deltas.empty()) return Outcomes();
  return pool_.With<absl::StatusOr<Outcomes>>(
      [&](RedisConnection& connection) -> absl::StatusOr<Outcomes> {
        const absl::StatusOr<uint64_t> epoch = pool_.EpochOf(connection);
        if (!epoch.ok()) return epoch.status();
        std::vector<Write> writes;
        for (const BitmapDelta& delta : deltas) {
          Write& write = writes.emplace_back();
          write.id = &delta.id;
          write.key = BitmapKey(delta.id);
          write.positions = mirror_.Unknown(delta.id, delta.positions, *epoch, write.known);
        }
        if (absl::Status checked = CheckExisting(connection, writes); !checked.ok()) return checked;
        if (absl::Status sent = SendBits(connection, writes); !sent.ok()) return sent;
        Outcomes outcomes;
        for (const Write& write : writes) {
          outcomes.push_back(write.outcome);
          if (write.outcome == MergeOutcome::kMerged) {
            mirror_.Learn(*write.id, write.positions, *epoch);
          } else {
            mirror_.Forget(*write.id);
          }
        }
        return outcomes;
      });
}

void RedisCounterStore::Forget(const std::string& organization) { mirror_.Forget(organization); }

void RedisCounterStore::Forget(const std::string& organization, Window window,
                               const std::vector<std::string>& kinds) {
  for (const std::string& kind : kinds) mirror_.Forget({organization, window, kind});
}

absl::StatusOr<bool> RedisCounterStore::Seal(const std::string& organization, Window window,
                                             const std::vector<std::string>& kinds) {
  Forget(organization, window, kinds);
  const absl::StatusOr<int64_t> dropped = AsInteger(pool_.CallDurably(
      Script(kSealScript, SealKeys(organization, window, kinds), {GuardSeconds(window)})));
  if (!dropped.ok()) return dropped.status();
  return *dropped == 0;
}

absl::StatusOr<std::string> RedisCounterStore::ReadSealed(const BitmapId& id) {
  return AsString(pool_.Call({"GET", SealedBitmapKey(id)}));
}

absl::Status RedisCounterStore::DropSealed(const std::string& organization, Window window,
                                           const std::vector<std::string>& kinds) {
  // Again: a merge that was under way at the seal may have learnt after it.
  Forget(organization, window, kinds);
  RedisWords words = SealedKeys(organization, window, kinds);
  words.insert(words.begin(), "UNLINK");
  return AsOk(pool_.CallDurably(words));
}

absl::Status RedisCounterStore::Drop(const std::string& organization, Window window,
                                     const std::vector<std::string>& kinds) {
  Forget(organization, window, kinds);
  return AsOk(pool_.CallDurably(
      Script(kDropScript, SealKeys(organization, window, kinds), {GuardSeconds(window)})));
}

absl::Status RedisCounterStore::StoreTally(const std::string& organization, Day day,
                                           const DayTally& tally,
                                           const std::vector<std::string>& kinds,
                                           const LeaseToken& lease) {
  Forget(organization, {WindowKind::kDay, day}, kinds);
  RedisWords keys = SealedKeys(organization, {WindowKind::kDay, day}, kinds);
  keys.insert(keys.begin(),
              {TallyKey(organization), LedgerKey(organization), LeaseKey(organization)});
  const absl::StatusOr<int64_t> done = AsInteger(pool_.CallDurably(
      Script(kTallyScript, keys, {FormatDay(day), TallyText(tally), lease.text()})));
  if (!done.ok()) return done.status();
  return *done == 1 ? absl::OkStatus() : absl::AbortedError("the closing lease was lost");
}

absl::Status RedisCounterStore::DiscardDay(const std::string& organization, Day day,
                                           const std::vector<std::string>& kinds) {
  Forget(organization, {WindowKind::kDay, day}, kinds);
  RedisWords keys = SealedKeys(organization, {WindowKind::kDay, day}, kinds);
  keys.insert(keys.begin(), TallyKey(organization));
  return AsOk(pool_.CallDurably(Script(kDiscardDayScript, keys, {FormatDay(day)})));
}

absl::StatusOr<std::map<Day, DayTally>> RedisCounterStore::ReadTallies(
    const std::string& organization) {
  const absl::StatusOr<std::vector<std::string>> pairs =
      AsStrings(pool_.Call({"HGETALL", TallyKey(organization)}));
  if (!pairs.ok()) return pairs.status();
  std::map<Day, DayTally> tallies;
  for (size_t i = 0; i + 1 < pairs->size(); i += 2) {
    const absl::StatusOr<Day> day = ParseDay((*pairs)[i]);
    if (!day.ok()) return absl::DataLossError("a stored tally's day cannot be read");
    absl::StatusOr<DayTally> tally = ParseTally((*pairs)[i + 1]);
    if (!tally.ok()) return tally.status();
    tallies[*day] = *std::move(tally);
  }
  return tallies;
}

absl::Status RedisCounterStore::DropTallies(const std::string& organization) {
  return AsOk(pool_.CallDurably({"UNLINK", TallyKey(organization)}));
}

absl::Status RedisCounterStore::ScrubFiles(const std::function<bool()>& stop) {
  if (absl::Status rewritten = RewriteFiles(pool_, stop); !rewritten.ok()) return rewritten;
  const absl::StatusOr<std::vector<RedisOptions>> replicas = ReplicasOf(pool_);
  if (!replicas.ok()) return replicas.status();
  for (const RedisOptions& replica : *replicas) {
    RedisPool pool(replica);
    if (absl::Status rewritten = RewriteFiles(pool, stop); !rewritten.ok()) return rewritten;
  }
  return absl::OkStatus();
}

}  // namespace tutti
