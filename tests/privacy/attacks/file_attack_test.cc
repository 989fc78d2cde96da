// Attacks 6 and 9 from the files alone: somebody has stolen the append-only file of a real
// redis-server, or of its replica, knows every id and the algorithm, and rebuilds the
// bitmaps by doing what the file says, or has seen who did what when and looks at the order
// in which bits were written.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/identity/subject_id.h"
#include "common/redis/redis_stores.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/order_of_writes.h"
#include "tests/support/organizations.h"
#include "tests/support/redis_server.h"

namespace tutti {
namespace {

constexpr int64_t kPeople = 10'000;

void Create(Organizations& organizations, const std::string& organization, int64_t headcount) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(headcount);
  wanted.set_first_day(FormatDay(kFirstDay));
  wanted.add_sources("m365_audit");
  ASSERT_TRUE(organizations.lifecycle.Create(organization, wanted, /*backfill=*/true).ok());
}

// The name of the bitmap of the last reach window.
std::string LastBitmap(const std::string& organization) {
  return absl::StrCat("{", organization, "}:reach:", FormatDay(kLastDay), ":person");
}

// The commands of a file in Redis' wire format, from the first SELECT on: a file begins
// with one.
std::vector<RedisWords> CommandsIn(const std::string& files) {
  std::vector<RedisWords> commands;
  size_t at = files.find("*2\r\n$6\r\nSELECT");
  const auto number = [&](char sign) -> int64_t {
    const size_t end = files.find("\r\n", at);
    int64_t value = -1;
    if (end == std::string::npos || files[at] != sign ||
        !absl::SimpleAtoi(files.substr(at + 1, end - at - 1), &value)) {
      return -1;
    }
    at = end + 2;
    return value;
  };
  while (at < files.size()) {
    RedisWords words;
    for (int64_t left = number('*'); left > 0; --left) {
      const int64_t size = number('$');
      if (size < 0) return commands;
      words.push_back(files.substr(at, static_cast<size_t>(size)));
      at += static_cast<size_t>(size) + 2;
    }
    if (words.empty()) return commands;
    commands.push_back(std::move(words));
  }
  return commands;
}

// Every string that the file makes, as far as bits are concerned.
std::map<std::string, std::string> Rebuild(const std::string& files) {
  std::map<std::string, std::string> strings;
  for (const RedisWords& words : CommandsIn(files)) {
    if (absl::EqualsIgnoreCase(words[0], "SET")) {
      strings[words[1]] = words[2];
    } else if (absl::EqualsIgnoreCase(words[0], "BITOP")) {
      std::string& to = strings[words[2]];
      const std::string& from = strings[words[4]];
      to.resize(std::max(to.size(), from.size()));
      for (size_t i = 0; i < from.size(); ++i) to[i] = static_cast<char>(to[i] | from[i]);
    } else if (absl::EqualsIgnoreCase(words[0], "BITFIELD")) {
      for (size_t i = 4; i < words.size(); i += 4) {
        uint32_t position = 0;
        if (!absl::SimpleAtoi(words[i], &position)) continue;
        std::string& bitmap = strings[words[1]];
        bitmap.resize(std::max<size_t>(bitmap.size(), position / 8 + 1));
        bitmap[position / 8] = static_cast<char>(bitmap[position / 8] | 0x80 >> position % 8);
      }
    }
  }
  return strings;
}

class FileAttack : public testing::Test {
 protected:
  // Half of the people do something; what ingest makes of it goes through aggregate's own
  // classes into a primary that has a replica.
  void SetUp() override {
    auto primary = RedisServer::StartPrimary();
    ASSERT_TRUE(primary.ok()) << primary.status();
    primary_ = *std::move(primary);
    auto replica = RedisServer::StartReplicaOf(*primary_);
    ASSERT_TRUE(replica.ok()) << replica.status();
    replica_ = *std::move(replica);
    ASSERT_TRUE(replica_->WaitForRewrite());
    RedisOptions options = primary_->OptionsFor("aggregate");
    options.wait_replicas = 1;
    stores_ = std::make_unique<RedisStores>(options);
    organizations_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                                     stores_->publications(), stores_->history(),
                                                     ShippedCatalog(), suite_.clock());
    suite_.Create("acme", kPeople, kFirstDay);
    Create(*organizations_, "acme", kPeople);
    std::mt19937 engine(6);
    std::vector<ingest::v1::Activity> activities;
    for (int64_t person = 0; person < kPeople; ++person) {
      active_.push_back(engine() % 2 == 0);
      if (!active_.back()) continue;
      activities.push_back(
          ActivityFor(ShippedCatalog(), FirstTable(), 0, PersonId(person), kLastDay));
    }
    suite_.Ingest("acme", activities);
    DeltaMerger merger(organizations_->repository, stores_->counters(), ShippedCatalog(),
                       suite_.clock());
    for (const auto& request : suite_.merges) ASSERT_TRUE(merger.Merge(request).ok());
  }

  struct Guess {
    double true_rate = 0;
    double false_rate = 0;
    double auc() const { return 0.5 + (true_rate - false_rate) / 2; }
  };

  // Looks everybody up in the reach window's bits, under some keys.
  Guess Attack(const std::string& bitmap, const KeySnapshot& keys) const {
    SlotHash key;
    EXPECT_TRUE(keys.Find("acme", {WindowKind::kReach, kLastDay}, key));
    Digester::Session session = keys.digester().NewSession();
    const DigestScope scope("person", "acme");
    const uint32_t kept = uint32_t{1} << suite_.merges[0].deltas(0).kept_slots_log2();
    double hits[2] = {0, 0};
    double of[2] = {0, 0};
    for (int64_t person = 0; person < kPeople; ++person) {
      const Digest digest =
          session.Compute(scope, std::get<SubjectId>(SubjectId::Parse(PersonId(person))));
      const auto slot = static_cast<uint32_t>(key.Hash(FirstTable().salt, digest) & (kept - 1));
      const uint32_t position = FirstTable().columns[0] * kept + slot;
      const bool hit =
          position / 8 < bitmap.size() &&
          (static_cast<unsigned char>(bitmap[position / 8]) << position % 8 & 0x80) != 0;
      const size_t is = active_[static_cast<size_t>(person)] ? 1 : 0;
      ++of[is];
      hits[is] += hit ? 1 : 0;
    }
    return {hits[1] / of[1], hits[0] / of[0]};
  }

  LocalSuite suite_{ShippedCatalog(), kLastDay};
  std::unique_ptr<RedisServer> primary_;
  std::unique_ptr<RedisServer> replica_;
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<Organizations> organizations_;
  std::vector<bool> active_;
};

// Mutation: slots that follow from the id alone; files that are not rewritten, or those of
// the primary alone, after what was in them is deleted.
TEST_F(FileAttack, SaysNothingWithoutTheKeyAndLaterNothingAtAll) {
  LocalSuite other(ShippedCatalog(), kLastDay, /*seed=*/99);
  other.Create("acme", kPeople, kFirstDay);
  const double error = 3 * std::sqrt(0.04 * 0.96 * 4 / kPeople) / 2;  // 4% of the slots are set
  for (const RedisServer* const node : {primary_.get(), replica_.get()}) {
    const std::string bitmap = Rebuild(node->AppendOnlyFiles())[LastBitmap("acme")];
    ASSERT_FALSE(bitmap.empty());
    const Guess blind = Attack(bitmap, *other.keys().snapshot());
    const Guess control = Attack(bitmap, *suite_.keys().snapshot());
    ReportAttack(6,
                 absl::StrFormat("from the append-only file of the %s: AUC %.4f without the key, "
                                 "0.5 +- %.4f expected; %.4f with it, the control",
                                 node == primary_.get() ? "primary" : "replica", blind.auc(), error,
                                 control.auc()));
    EXPECT_NEAR(blind.auc(), 0.5, error);
    EXPECT_EQ(control.true_rate, 1);
  }
  ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());  // deletes every bitmap
  ASSERT_EQ(stores_->counters().ScrubFiles([] { return false; }), absl::OkStatus());
  for (const RedisServer* const node : {primary_.get(), replica_.get()}) {
    const std::string files = node->AppendOnlyFiles();
    for (const char* const word : {"BITFIELD", "BITOP", "SETBIT", "sealed:"}) {
      EXPECT_FALSE(absl::StrContains(files, word)) << word;
    }
    EXPECT_LT(files.size(), size_t{64} << 10) << "one bitmap is larger than that";
  }
}

// Mutation, the control: flushes that are written in the order in which they came.
TEST(FileOrderAttack, TheFileSaysNothingOfTheOrderOfEvents) {
  auto server = RedisServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  RedisStores stores((*server)->OptionsFor("aggregate"));
  LocalSuite suite(ShippedCatalog(), kLastDay);
  Organizations organizations(stores.organizations(), stores.counters(), stores.publications(),
                              stores.history(), ShippedCatalog(), suite.clock());
  DeltaMerger merger(organizations.repository, stores.counters(), ShippedCatalog(), suite.clock());
  const std::shared_ptr<const KeySnapshot> keys = suite.keys().snapshot();
  SlotHash key;
  ASSERT_TRUE(keys->Find("acme", {WindowKind::kReach, kLastDay}, key));
  Digester::Session session = keys->digester().NewSession();

  const auto organizations_made = static_cast<int>(Longer(22, 110));
  constexpr int kFlushes = 50;  // of each
  // The slots of the people in the order in which they did something, by bitmap and flush.
  std::map<std::string, std::vector<std::vector<uint32_t>>> came;
  uint32_t kept = 0;
  int64_t next = 0;
  for (int number = 0; number < organizations_made; ++number) {
    const std::string id = absl::StrCat("acme-", number);
    const DigestScope scope("person", id);
    constexpr int64_t kHeadcount = int64_t{kFlushes} * OrderOfWrites::kFlush;
    suite.Create(id, kHeadcount, kFirstDay);
    Create(organizations, id, kHeadcount);
    for (int flush = 0; flush < kFlushes; ++flush) {
      std::vector<ingest::v1::Activity> activities;
      std::vector<Digest> digests;
      for (int i = 0; i < OrderOfWrites::kFlush; ++i, ++next) {
        activities.push_back(
            ActivityFor(ShippedCatalog(), FirstTable(), 0, PersonId(next), kLastDay));
        digests.push_back(
            session.Compute(scope, std::get<SubjectId>(SubjectId::Parse(PersonId(next)))));
      }
      suite.merges.clear();
      suite.Ingest(id, activities);
      for (const auto& request : suite.merges) {
        ASSERT_TRUE(merger.Merge(request).ok());
        for (const auto& delta : request.deltas()) {
          if (delta.window_kind() == window::v1::WINDOW_KIND_REACH) {
            kept = uint32_t{1} << delta.kept_slots_log2();
          }
        }
      }
      std::vector<uint32_t>& slots = came[LastBitmap(id)].emplace_back();
      for (const Digest& digest : digests) {
        slots.push_back(static_cast<uint32_t>(key.Hash(FirstTable().salt, digest) & (kept - 1)));
      }
    }
  }

  OrderOfWrites in_file;
  OrderOfWrites leaky;
  std::map<std::string, size_t> seen;
  for (const RedisWords& words : CommandsIn((*server)->AppendOnlyFiles())) {
    if (!absl::EqualsIgnoreCase(words[0], "BITFIELD")) continue;
    const auto flushes = came.find(words[1]);
    if (flushes == came.end()) continue;
    const size_t flush = seen[words[1]]++;
    ASSERT_LT(flush, flushes->second.size());
    std::vector<uint32_t> written;
    for (size_t i = 4; i < words.size(); i += 4) {
      uint32_t position = 0;
      ASSERT_TRUE(absl::SimpleAtoi(words[i], &position));
      if (position / kept == FirstTable().columns[0]) written.push_back(position % kept);
    }
    const std::vector<uint32_t>& slots = flushes->second[flush];
    in_file.Add(slots, written);
    // The control: one flush in ten is written as it came.
    leaky.Add(slots, flush % 10 == 0 ? slots : written);
  }
  EXPECT_GT(in_file.n(), int64_t{organizations_made} * kFlushes * OrderOfWrites::kFlush * 9 / 10);
  ReportAttack(9, absl::StrFormat("from the append-only file: rank correlation of events and "
                                  "writes %.5f, limit %.5f, n = %d in flushes of %d; with one "
                                  "flush in ten unsorted %.5f",
                                  in_file.correlation(), in_file.limit(), in_file.n(),
                                  OrderOfWrites::kFlush, leaky.correlation()));
  EXPECT_LT(std::abs(in_file.correlation()), in_file.limit());
  EXPECT_GT(leaky.correlation(), leaky.limit()) << "the control must be detected";
}

}  // namespace
}  // namespace tutti
