// What the stores of counters read back: tallies, the ledger, due times, outcomes of merges
// and bitmaps. What was written comes out as it went in, and whatever else a server sends,
// there is an answer or a status.

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"
#include "common/redis/keys.h"
#include "common/redis/redis_counter_store.h"
#include "common/redis/redis_organization_store.h"
#include "common/redis/redis_publication_store.h"
#include "services/aggregate/slot_counts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/one_reply.h"

namespace tutti {
namespace {

constexpr Day kDay(2026, 11, 22);
const MirrorLimits kMirror = {.max_bytes = 1 << 16};
const SystemSteadyClock kClock;

Day DrawDay(FuzzedDataProvider& draw) { return kDay - draw.ConsumeIntegralInRange(0, 5000); }

// The words of the one command that `use` sends, to a server that answers 1.
template <typename Use>
std::vector<std::string> Sent(const Use& use) {
  OneReply server(":1\r\n");
  {
    RedisRouter router(server.options());
    Require(use(router).ok(), "what is good is written");
  }
  return WordsOf(server.Stop());
}

absl::StatusOr<std::map<Day, DayTally>> ReadTallies(const std::string& reply) {
  const OneReply server(reply);
  RedisRouter router(server.options());
  return RedisCounterStore(router, kMirror, kClock).ReadTallies("acme");
}

// The store lays them out like this: "habit_1=5 habit_2=7 device=lost ".
void ReadTalliesThatWereWritten(FuzzedDataProvider& draw) {
  std::map<Day, DayTally> written;
  std::vector<std::string> stored;
  for (int days = draw.ConsumeIntegralInRange(0, 30); days > 0; --days) {
    DayTally& tally = written[kDay - days];
    std::string text;
    for (int tables = draw.ConsumeIntegralInRange(0, 4); tables > 0; --tables) {
      const std::string table = absl::StrCat("habit_", tables);
      tally.counts[table] = draw.ConsumeIntegral<int64_t>();
      absl::StrAppend(&text, table, "=", tally.counts[table], " ");
    }
    for (int kinds = draw.ConsumeIntegralInRange(0, 2); kinds > 0; --kinds) {
      const std::string kind = absl::StrCat("kind_", kinds);
      tally.lost_kinds.insert(kind);
      absl::StrAppend(&text, kind, "=lost ");
    }
    stored.insert(stored.end(), {FormatDay(kDay - days), text});
  }
  const auto read = ReadTallies(Bulks(stored));
  Require(read.ok() && read->size() == written.size(), "tallies are read");
  for (const auto& [day, tally] : written) {
    const auto found = read->find(day);
    Require(found != read->end() && found->second.counts == tally.counts &&
                found->second.lost_kinds == tally.lost_kinds,
            "as they were written");
  }
}

void ReadALedgerThatWasWritten(FuzzedDataProvider& draw) {
  std::map<std::string, uint64_t> costs;
  for (int kinds = draw.ConsumeIntegralInRange(1, 7); kinds > 0; --kinds) {
    costs[absl::StrCat("kind_", kinds)] = draw.ConsumeIntegral<uint64_t>();
  }
  const Day day = DrawDay(draw);
  const std::vector<std::string> words = Sent([&](RedisRouter& router) {
    return RedisPublicationStore(router).Charge("acme", day, costs);
  });
  // EVAL, the script, the number of keys, the key, and then the entries.
  const OneReply server(Bulks({words.begin() + 4, words.end()}));
  RedisRouter router(server.options());
  const auto ledger = RedisPublicationStore(router).ReadLedger("acme");
  Require(ledger.ok() && ledger->size() == costs.size(), "the ledger is read");
  for (const auto& [kind, cost] : costs) {
    Require(ledger->at({kind, day}) == cost, "as it was written");
  }
}

// Mutation: what is not a number is sorted among numbers.
void ReadDueTimes(FuzzedDataProvider& draw) {
  std::vector<std::vector<std::string>> buckets(kOrganizationBuckets);
  std::vector<std::pair<int64_t, std::string>> expected;
  bool good = true;
  for (int count = draw.ConsumeIntegralInRange(0, 60); count > 0; --count) {
    const std::string id = absl::StrCat("org-", count);
    expected.emplace_back(draw.ConsumeIntegralInRange<int64_t>(0, 2'000'000'000), id);
    std::string score = absl::StrCat(expected.back().first);
    if (draw.ConsumeIntegralInRange(0, 99) == 99) {
      score = draw.PickValueInArray({"nan", "-nan", "", "x"});
      good = false;
    }
    auto& bucket = buckets[static_cast<size_t>(BucketOf(id))];
    bucket.insert(bucket.end(), {id, score});
  }
  std::string reply;
  for (const auto& bucket : buckets) reply += Bulks(bucket);
  const int limit = draw.ConsumeIntegralInRange(1, 70);
  const OneReply server(reply);
  RedisRouter router(server.options());
  const auto due = RedisOrganizationStore(router).ListDue(absl::UnixEpoch(), limit);
  if (!good) return Require(absl::IsDataLoss(due.status()), "what has no order is refused");
  std::sort(expected.begin(), expected.end());
  expected.resize(std::min(expected.size(), static_cast<size_t>(limit)));
  Require(due.ok() && due->size() == expected.size(), "as many are due as there are");
  for (size_t i = 0; i < expected.size(); ++i) {
    Require((*due)[i] == expected[i].second, "the longest due first");
  }
}

// One bitmap's part of what a server says of a merge.
struct Told {
  const char* size;      // to STRLEN
  const char* executed;  // within EXEC; nothing when the size says enough
  MergeOutcome outcome;
};
constexpr Told kTold[] = {
    {":128\r\n", "*1\r\n:0\r\n", MergeOutcome::kMerged},
    {":128\r\n", "-WRONGTYPE closed\r\n", MergeOutcome::kLate},
    {"-WRONGTYPE closed\r\n", nullptr, MergeOutcome::kLate},
    {":0\r\n", nullptr, MergeOutcome::kMissing},
};

// Mutation: a bitmap that is not there takes bits. The outcomes of a merge, as a good server tells
// them, or with some of its bytes changed.
void ReadOutcomes(FuzzedDataProvider& draw) {
  const bool good = draw.ConsumeBool();
  const std::vector<uint32_t> positions = {1, 9, 700};
  std::vector<BitmapDelta> deltas;
  std::vector<MergeOutcome> expected;
  std::string sizes;
  std::string asked = "+OK\r\n";
  std::string queued = "+OK\r\n";
  std::string executed;
  int commands = 1;
  for (int count = draw.ConsumeIntegralInRange(1, 6); count > 0; --count) {
    const Told& told = kTold[draw.ConsumeIntegralInRange<size_t>(0, std::size(kTold) - 1)];
    deltas.push_back({{"acme", {WindowKind::kReach, kDay + count}, "person"}, positions});
    expected.push_back(told.outcome);
    sizes += told.size;
    asked += "+QUEUED\r\n";
    if (told.executed == nullptr) continue;
    queued += "+QUEUED\r\n";
    executed += told.executed;
    ++commands;
  }
  std::string reply =
      absl::StrCat(Bulk("# Server\r\nrun_id:0123\r\n"), asked, "*", deltas.size(), "\r\n", sizes,
                   queued, "+QUEUED\r\n*", commands, "\r\n", executed, "+OK\r\n");
  for (int changes = draw.ConsumeIntegralInRange(1, 4); changes > 0 && !good; --changes) {
    const size_t at = draw.ConsumeIntegralInRange<size_t>(0, reply.size() - 1);
    reply[at] = draw.PickValueInArray({':', '*', '$', '+', '-', '0', '9', '\r', '\n', '\xff'});
  }
  const OneReply server(reply);
  RedisRouter router(server.options());
  const auto outcomes = RedisCounterStore(router, kMirror, kClock).Merge(deltas);
  if (outcomes.ok()) Require(outcomes->size() == deltas.size(), "each delta has its outcome");
  if (good) Require(outcomes.ok() && *outcomes == expected, "as the server tells them");
}

// Mutation: a column that begins elsewhere. A bitmap of any length counts as one that ends in
// zeros.
void CountABitmap(FuzzedDataProvider& draw) {
  const uint32_t kept = 64U << draw.ConsumeIntegralInRange(0, 3);
  std::vector<uint32_t> columns(draw.ConsumeIntegralInRange<size_t>(1, 4));
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i] = static_cast<uint32_t>(i) + 4 * draw.ConsumeIntegralInRange<uint32_t>(0, 2);
  }
  const std::string stored = draw.ConsumeRemainingBytesAsString();
  const OneReply server(Bulk(stored));
  RedisRouter router(server.options());
  const auto bitmap = RedisCounterStore(router, kMirror, kClock)
                          .ReadSealed({"acme", {WindowKind::kReach, kDay}, "person"});
  Require(bitmap.ok() && *bitmap == stored, "a bitmap comes out as it went in");
  std::vector<int64_t> expected(size_t{1} << columns.size(), 0);
  for (uint32_t slot = 0; slot < kept; ++slot) {
    size_t pattern = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      const size_t bit = size_t{columns[i]} * kept + slot;
      const uint8_t byte = bit / 8 < stored.size() ? static_cast<uint8_t>(stored[bit / 8]) : 0;
      if ((byte >> (7 - bit % 8) & 1) != 0) pattern |= size_t{1} << i;
    }
    ++expected[pattern];
  }
  Require(CountPatterns(*bitmap, kept, columns) == expected, "and its slots are counted");
}

void ReadAnything(FuzzedDataProvider& draw) {
  const int what = draw.ConsumeIntegralInRange(0, 4);
  const std::string reply = draw.ConsumeRemainingBytesAsString();
  if (what == 0) return static_cast<void>(ReadTallies(reply));
  const OneReply server(reply);
  RedisRouter router(server.options());
  RedisCounterStore counters(router, kMirror, kClock);
  const std::vector<uint32_t> positions = {1, 9, 700};
  const BitmapDelta delta = {{"acme", {WindowKind::kReach, kDay}, "person"}, positions};
  if (what == 1) {
    static_cast<void>(counters.Merge({delta}));
  } else if (what == 2) {
    static_cast<void>(
        RedisOrganizationStore(router).TakeLease("acme", LeaseToken("t"), absl::Seconds(1)));
  } else if (what == 3) {
    static_cast<void>(
        RedisPublicationStore(router).Stage("acme", {kDay, "r", {{"person", 1}}, {}}));
  } else {
    static_cast<void>(counters.Seal({"acme", delta.id.window, {"person"}}));
  }
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 5)) {
    case 0:
      tutti::ReadTalliesThatWereWritten(draw);
      break;
    case 1:
      tutti::ReadALedgerThatWasWritten(draw);
      break;
    case 2:
      tutti::ReadDueTimes(draw);
      break;
    case 3:
      tutti::ReadOutcomes(draw);
      break;
    case 4:
      tutti::CountABitmap(draw);
      break;
    default:
      tutti::ReadAnything(draw);
  }
  return 0;
}
