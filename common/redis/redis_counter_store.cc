#include "common/redis/redis_counter_store.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/redis/keys.h"
#include "common/redis/redis_nodes.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kPositionsPerCommand = 128;
// A position costs about as much as 64 bytes of a bitmap that is sent whole.
constexpr size_t kBitsPerDensePosition = 512;
// Stands in a tally where a kind's day was lost; alone, as an earlier edition wrote it, where
// that of all kinds was.
constexpr char kLost[] = "lost";

// The guard of a window that was sealed is a list, of one that was dropped a hash: neither
// takes bits. Answers how many were dropped before. The last key is the NeverKey, here and in the
// next: what is deleted is made anew.
constexpr char kSealScript[] = R"lua(
local dropped = 0
for i = 1, #KEYS - 1, 2 do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind == 'hash' then dropped = dropped + 1 end
  if kind == 'string' then redis.call('RENAME', KEYS[i], KEYS[i + 1]) end
  if kind == 'string' or kind == 'none' then redis.call('RPUSH', KEYS[i], 'closed') end
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
return dropped
)lua";

constexpr char kDropScript[] = R"lua(
for i = 1, #KEYS - 1, 2 do
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

std::string GuardSeconds(const WindowBitmaps& window) {
  return ExpirySeconds(window.window.kind == WindowKind::kReach ? Key::kReachGuard
                                                                : Key::kDayGuard);
}

RedisWords SealKeys(const WindowBitmaps& window) {
  RedisWords keys;
  for (const std::string& kind : window.kinds) {
    keys.push_back(BitmapKey({window.organization, window.window, kind}));
    keys.push_back(SealedBitmapKey({window.organization, window.window, kind}));
  }
  keys.push_back(NeverKey(window.organization));
  return keys;
}

// `keys`, and those of the window's sealed bitmaps.
RedisWords WithSealedKeys(RedisWords keys, const WindowBitmaps& window) {
  for (const std::string& kind : window.kinds) {
    keys.push_back(SealedBitmapKey({window.organization, window.window, kind}));
  }
  return keys;
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

// The text is as long for every count: what its storing takes must not tell.
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

// The part of a merge that is of one organisation, as one transaction: a window that is closed
// meanwhile takes all of a delta or nothing, and the file is synchronised once, not at every few
// commands. It may be done twice: a bit that is set is set, and what was learnt in the epoch of
// one node is looked up anew in that of another.
class RedisCounterStore::MergeTask final : public SlotTask {
 public:
  MergeTask(const std::string& organization, BitMirror& mirror)
      : SlotTask(organization), organization_(organization), mirror_(mirror) {}

  void Add(const BitmapDelta& delta, MergeOutcome& outcome) {
    Write& write = writes_.emplace_back();
    write.delta = &delta;
    write.key = BitmapKey(delta.id);
    write.outcome = &outcome;
  }

  void Begin(std::optional<uint64_t> epoch) override {
    epoch_ = epoch;
    step_ = Step::kCheck;
    again_ = std::exchange(begun_, true);
    for (Write& write : writes_) {
      *write.outcome = MergeOutcome::kMerged;
      write.bitmap_bits = 0;
      write.known = false;
      const absl::Span<const uint32_t> all = write.delta->positions;
      write.positions = epoch.has_value() && !again_
                            ? mirror_.Unknown(write.delta->id, all, *epoch, write.known)
                            : std::vector<uint32_t>(all.begin(), all.end());
    }
  }

  void Ask(RedisPipeline& commands) override {
    const bool all_known =
        std::all_of(writes_.begin(), writes_.end(), [](const Write& write) { return write.known; });
    if (step_ == Step::kCheck && all_known) step_ = Step::kWrite;
    if (step_ == Step::kDone) return;
    commands.BeginTransaction();
    size_t count = 0;
    for (Write& write : writes_) {
      write.commands =
          step_ == Step::kCheck ? AskForSize(write, commands) : AskToSet(write, commands);
      count += write.commands;
    }
    if (step_ == Step::kWrite && !again_) {
      commands.Add({"SET", TickKey(organization_), "1", "EX", ExpirySeconds(Key::kTick)});
      ++count;
    }
    commands.Execute();
    executed_ = count;
  }

  absl::Status Hear(std::vector<RedisReply> replies) override {
    for (const RedisReply& reply : replies) {
      RETURN_IF_ERROR(StatusOf(*reply));
    }
    const redisReply& done = *replies.back();
    if (done.type != REDIS_REPLY_ARRAY || done.elements != executed_) {
      return UnexpectedReply();
    }
    redisReply** element = done.element;
    for (Write& write : writes_) {
      for (size_t i = 0; i < write.commands; ++i, ++element) {
        RETURN_IF_ERROR(step_ == Step::kCheck ? HearSize(**element, write)
                                              : HearOutcome(**element, write));
      }
    }
    if (step_ == Step::kCheck) {
      step_ = Step::kWrite;
      return absl::OkStatus();
    }
    step_ = Step::kDone;
    return again_ ? absl::OkStatus() : StatusOf(**element);  // of the tick
  }

  void Fail() {
    for (const Write& write : writes_) *write.outcome = MergeOutcome::kUnavailable;
  }

  // Remembers what is durable.
  void Learn() {
    for (const Write& write : writes_) {
      if (*write.outcome != MergeOutcome::kMerged) {
        mirror_.Forget(write.delta->id);
      } else if (epoch_.has_value()) {
        mirror_.Learn(write.delta->id, write.positions, *epoch_);
      }
    }
  }

 private:
  enum class Step { kCheck, kWrite, kDone };

  // One bitmap's part.
  struct Write {
    const BitmapDelta* delta = nullptr;
    std::string key;
    std::vector<uint32_t> positions;  // not known to be set
    bool known = false;               // to exist
    size_t bitmap_bits = 0;           // of the bitmap, once looked up
    size_t commands = 0;              // of this step
    MergeOutcome* outcome = nullptr;
  };

  // Each of these two returns the number of commands.
  static size_t AskForSize(const Write& write, RedisPipeline& commands);
  size_t AskToSet(const Write& write, RedisPipeline& commands) const;
  absl::Status HearSize(const redisReply& reply, Write& write) const;
  static absl::Status HearOutcome(const redisReply& reply, Write& write);

  const std::string& organization_;
  BitMirror& mirror_;
  std::vector<Write> writes_;
  std::optional<uint64_t> epoch_;
  // While a slot moves, its nodes refuse what names a key that there is as well as one that there
  // is not yet. So who was refused once names bitmaps alone, and sets every bit, known or not: that
  // is a write, as the tick is.
  bool begun_ = false;
  bool again_ = false;
  Step step_ = Step::kCheck;
  size_t executed_ = 0;  // commands of the transaction
};

size_t RedisCounterStore::MergeTask::AskForSize(const Write& write, RedisPipeline& commands) {
  if (write.known) return 0;
  commands.Add({"STRLEN", write.key});
  return 1;
}

absl::Status RedisCounterStore::MergeTask::HearSize(const redisReply& reply, Write& write) const {
  if (ErrorCodeOf(reply) == "WRONGTYPE") {
    *write.outcome = MergeOutcome::kLate;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(StatusOf(reply));
  if (reply.type != REDIS_REPLY_INTEGER) {
    return UnexpectedReply();
  }
  write.bitmap_bits = 8 * static_cast<size_t>(reply.integer);
  if (reply.integer > 0) return absl::OkStatus();
  // A node that only takes over the slot has no word on what is missing: the other sent us here
  // as soon as it lacked one key of the transaction, and may have the rest.
  if (!epoch_.has_value()) return absl::UnavailableError("the slot is on its way; try again");
  *write.outcome = MergeOutcome::kMissing;
  return absl::OkStatus();
}

size_t RedisCounterStore::MergeTask::AskToSet(const Write& write, RedisPipeline& commands) const {
  if (*write.outcome != MergeOutcome::kMerged) return 0;
  const absl::Span<const uint32_t> all = write.positions;
  if (all.empty()) {
    // Whether the window is closed must not depend on what was set before.
    commands.Add({"STRLEN", write.key});
    return 1;
  }
  const size_t span = std::max<size_t>(all.back(), write.bitmap_bits);
  if (!again_ && all.size() > span / kBitsPerDensePosition && all.size() > kPositionsPerCommand) {
    commands.Add(Script(kDenseScript, {write.key, TransitKey(write.delta->id.organization)},
                        {AsBitmap(all), ExpirySeconds(Key::kTransit)}));
    return 1;
  }
  size_t count = 0;
  for (size_t begin = 0; begin < all.size(); begin += kPositionsPerCommand) {
    commands.AddRaw(BitfieldCommand(write.key, all.subspan(begin, kPositionsPerCommand)));
    ++count;
  }
  return count;
}

absl::Status RedisCounterStore::MergeTask::HearOutcome(const redisReply& reply, Write& write) {
  const std::string text =
      reply.type == REDIS_REPLY_STRING ? std::string(reply.str, reply.len) : "";
  if (ErrorCodeOf(reply) == "WRONGTYPE" || text == "list" || text == "hash") {
    *write.outcome = MergeOutcome::kLate;
  } else if (text == "none" || (reply.type == REDIS_REPLY_INTEGER && reply.integer == 0)) {
    *write.outcome = MergeOutcome::kMissing;
  } else {
    return StatusOf(reply);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MergeOutcome>> RedisCounterStore::Merge(
    absl::Span<const BitmapDelta> deltas) {
  std::vector<MergeOutcome> outcomes(deltas.size(), MergeOutcome::kMerged);
  std::map<std::string, MergeTask> tasks;
  for (size_t i = 0; i < deltas.size(); ++i) {
    const std::string& organization = deltas[i].id.organization;
    tasks.try_emplace(organization, organization, mirror_)
        .first->second.Add(deltas[i], outcomes[i]);
  }
  std::vector<SlotTask*> pointers;
  pointers.reserve(tasks.size());
  for (auto& [organization, task] : tasks) pointers.push_back(&task);
  const std::vector<absl::Status> ends =
      router_.RunEach(pointers, {.durable = true, .repeatable = true, .epochs = true});
  absl::Status failed;
  bool any = tasks.empty();
  auto end = ends.begin();
  for (auto& [organization, task] : tasks) {
    if (end->ok()) {
      task.Learn();
      any = true;
    } else {
      task.Fail();
      failed.Update(*end);
    }
    ++end;
  }
  if (!any) return failed;
  return outcomes;
}

void RedisCounterStore::Forget(const std::string& organization) { mirror_.Forget(organization); }

void RedisCounterStore::Forget(const WindowBitmaps& window) {
  for (const std::string& kind : window.kinds) {
    mirror_.Forget({window.organization, window.window, kind});
  }
}

absl::StatusOr<bool> RedisCounterStore::Seal(const WindowBitmaps& window) {
  Forget(window);
  ASSIGN_OR_RETURN(
      const int64_t dropped,
      AsInteger(router_.RunDurably(kSealScript, SealKeys(window), {GuardSeconds(window)})));
  return dropped == 0;
}

absl::StatusOr<std::string> RedisCounterStore::ReadSealed(const BitmapId& id) {
  return AsString(router_.Read(id.organization, {"GET", SealedBitmapKey(id)}));
}

absl::Status RedisCounterStore::DropSealed(const WindowBitmaps& window) {
  // Again: a merge that was under way at the seal may have learnt after it.
  Forget(window);
  return AsOk(router_.CallDurably(window.organization, WithSealedKeys({"UNLINK"}, window)));
}

absl::Status RedisCounterStore::Drop(const WindowBitmaps& window) {
  Forget(window);
  return AsOk(router_.RunDurably(kDropScript, SealKeys(window), {GuardSeconds(window)}));
}

absl::Status RedisCounterStore::StoreTally(const WindowBitmaps& day, const DayTally& tally,
                                           const LeaseToken& lease) {
  Forget(day);
  const RedisWords keys = WithSealedKeys(
      {TallyKey(day.organization), LedgerKey(day.organization), LeaseKey(day.organization)}, day);
  ASSIGN_OR_RETURN(
      const int64_t done,
      AsInteger(router_.RunDurably(
          kTallyScript, keys, {FormatDay(day.window.end_day), TallyText(tally), lease.text()})));
  return done == 1 ? absl::OkStatus() : absl::AbortedError("the closing lease was lost");
}

absl::Status RedisCounterStore::DiscardDay(const WindowBitmaps& day) {
  Forget(day);
  return AsOk(router_.RunDurably(kDiscardDayScript,
                                 WithSealedKeys({TallyKey(day.organization)}, day),
                                 {FormatDay(day.window.end_day)}));
}

absl::StatusOr<std::map<Day, DayTally>> RedisCounterStore::ReadTallies(
    const std::string& organization) {
  ASSIGN_OR_RETURN(const std::vector<std::string> pairs,
                   AsStrings(router_.Read(organization, {"HGETALL", TallyKey(organization)})));
  std::map<Day, DayTally> tallies;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const absl::StatusOr<Day> day = ParseDay(pairs[i]);
    if (!day.ok()) return absl::DataLossError("a stored tally's day cannot be read");
    ASSIGN_OR_RETURN(DayTally tally, ParseTally(pairs[i + 1]));
    tallies[*day] = std::move(tally);
  }
  return tallies;
}

absl::Status RedisCounterStore::DropTallies(const std::string& organization) {
  return AsOk(router_.CallDurably(organization, {"UNLINK", TallyKey(organization)}));
}

absl::Status RedisCounterStore::ScrubFiles(const std::function<bool()>& stop) {
  ASSIGN_OR_RETURN(const auto primaries, router_.Primaries());
  for (const auto& primary : primaries) {
    RETURN_IF_ERROR(RewriteFiles(*primary, stop));
    ASSIGN_OR_RETURN(const std::vector<RedisOptions> replicas, ReplicasOf(*primary));
    for (const RedisOptions& replica : replicas) {
      RedisPool pool(replica);
      RETURN_IF_ERROR(RewriteFiles(pool, stop));
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti
