#include <atomic>
#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/redis/keys.h"
#include "common/retention/lifetimes.h"
#include "tests/integration/redis/redis_test.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

const int64_t kGuardSeconds = kGuardLife / absl::Seconds(1);

class CounterStoreTest : public RedisTest {
 protected:
  const BitmapId person_{"acme", kReachWindow, "person"};
  const BitmapId device_{"acme", kReachWindow, "device"};

  CounterStore& counters() { return stores_->counters(); }
  std::vector<uint32_t> Sealed(const BitmapId& id) {
    const absl::StatusOr<std::string> bitmap = counters().ReadSealed(id);
    EXPECT_TRUE(bitmap.ok()) << bitmap.status();
    return bitmap.ok() ? BitsOf(*bitmap) : std::vector<uint32_t>();
  }
};

using CounterContract = ContractOf<CounterStoreTest>;
TUTTI_EVERYWHERE(CounterContract);

TEST_P(CounterContract, MergeSetsWhatItIsToldAndNothingElseHoweverOften) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {3, 64, 4095}).value(), MergeOutcome::kMerged);
  EXPECT_EQ(Merge(person_, {3, 64, 4095}).value(), MergeOutcome::kMerged);
  EXPECT_EQ(Merge(person_, {}).value(), MergeOutcome::kMerged);
  EXPECT_EQ(Merge(person_, {4, 64}).value(), MergeOutcome::kMerged);
  EXPECT_THAT(BitsOf(Raw(BitmapKey(person_))), ElementsAre(3, 4, 64, 4095));
}

TEST_P(CounterContract, MergeTakesDeltasOfManyCommandsAndDenseOnes) {
  constexpr uint32_t kBits = 1 << 20;
  Begin("acme", kReachWindow, {"person", "device"}, kBits);
  std::vector<uint32_t> sparse;
  for (uint32_t i = 0; i < 1000; ++i) sparse.push_back(1000 * i + 7);
  std::vector<uint32_t> dense;
  for (uint32_t i = 0; i < kBits; i += 3) dense.push_back(i);
  const absl::StatusOr<std::vector<MergeOutcome>> merged =
      counters().Merge({{person_, sparse}, {device_, dense}});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_THAT(*merged, ElementsAre(MergeOutcome::kMerged, MergeOutcome::kMerged));
  EXPECT_THAT(BitsOf(Raw(BitmapKey(person_))), ElementsAreArray(sparse));
  EXPECT_THAT(BitsOf(Raw(BitmapKey(device_))), ElementsAreArray(dense));
  EXPECT_EQ(Raw(BitmapKey(device_)).size(), kBits / 8);
  EXPECT_THAT(Keys(), Not(::testing::Contains(TransitKey("acme"))));
}

// A script that ends in the middle undoes nothing. Mutation: a bitmap in transit without an
// end of its own stays for ever.
TEST_P(CounterContract, LeavesNoBitmapInTransitForLongWhenAMergeEndsInTheMiddle) {
  Begin("acme", kReachWindow, {"person"});
  std::vector<uint32_t> dense;
  for (uint32_t i = 0; i < 4096; i += 3) dense.push_back(i);
  ASSERT_EQ(AsOk(inspector_->Call({"ACL", "SETUSER", "aggregate", "-bitop"})), absl::OkStatus());
  EXPECT_FALSE(Merge(person_, dense).ok());
  EXPECT_NE(Raw(TransitKey("acme")), "") << "the control";
  const int64_t seconds = AsInteger(inspector_->Call({"TTL", TransitKey("acme")})).value();
  EXPECT_GT(seconds, 0);
  EXPECT_LE(seconds, 60);
  ASSERT_EQ(AsOk(inspector_->Call({"ACL", "SETUSER", "aggregate", "+bitop"})), absl::OkStatus());
  EXPECT_EQ(Merge(person_, dense).value(), MergeOutcome::kMerged);
  EXPECT_THAT(Keys(), Not(::testing::Contains(TransitKey("acme"))));
}

TEST_P(CounterContract, MergeAnswersForEachDeltaInOrder) {
  Begin("acme", kReachWindow, {"person"});
  Begin("other", kReachWindow, {"person"});
  ASSERT_TRUE(counters().Seal({"other", kReachWindow, {"person"}}).value());
  const BitmapId late{"other", kReachWindow, "person"};
  const std::vector<uint32_t> one = {1};
  const std::vector<uint32_t> none;
  const absl::StatusOr<std::vector<MergeOutcome>> outcomes = counters().Merge({{late, one},
                                                                               {person_, one},
                                                                               {device_, one},
                                                                               {late, none},
                                                                               {person_, none},
                                                                               {device_, none}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_THAT(*outcomes,
              ElementsAre(MergeOutcome::kLate, MergeOutcome::kMerged, MergeOutcome::kMissing,
                          MergeOutcome::kLate, MergeOutcome::kMerged, MergeOutcome::kMissing));
}

TEST_P(CounterContract, MergeNeverMakesABitmap) {
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMissing);
  std::vector<uint32_t> dense(4096);
  for (uint32_t i = 0; i < dense.size(); ++i) dense[i] = i;
  EXPECT_EQ(Merge(person_, dense).value(), MergeOutcome::kMissing);
  EXPECT_THAT(Keys(), Not(::testing::Contains(BitmapKey(person_))));
}

TEST_P(CounterContract, MergeWritesToTheFileWhetherOrNotAnythingIsNew) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMerged);
  for (int i = 0; i < 3; ++i) {
    const size_t before = AppendOnlyFiles().size();
    EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMerged);
    EXPECT_GT(AppendOnlyFiles().size(), before);
  }
}

TEST_P(CounterContract, MergeIsLateAfterASealWhetherOrNotTheBitsWereSetBefore) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1, 2}).value(), MergeOutcome::kMerged);
  ASSERT_TRUE(counters().Seal({"acme", kReachWindow, {"person"}}).value());
  EXPECT_EQ(Merge(person_, {1, 2}).value(), MergeOutcome::kLate);
  EXPECT_EQ(Merge(person_, {3}).value(), MergeOutcome::kLate);
  EXPECT_EQ(Merge(person_, {1, 2}).value(), MergeOutcome::kLate);
  std::vector<uint32_t> dense(4096);
  for (uint32_t i = 0; i < dense.size(); ++i) dense[i] = i;
  EXPECT_EQ(Merge(person_, dense).value(), MergeOutcome::kLate);
  EXPECT_THAT(Sealed(person_), ElementsAre(1, 2));
}

TEST_P(CounterContract, SealIsIdempotentAndGuardsWindowsThatWereNeverWritten) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {9}).value(), MergeOutcome::kMerged);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(counters().Seal({"acme", kReachWindow, {"person", "device"}}).value());
    EXPECT_THAT(Sealed(person_), ElementsAre(9));
    EXPECT_TRUE(absl::IsNotFound(counters().ReadSealed(device_).status()));
    EXPECT_EQ(Merge(device_, {1}).value(), MergeOutcome::kLate);
    for (const BitmapId& id : {person_, device_}) {
      const int64_t left = AsInteger(inspector_->Call({"TTL", BitmapKey(id)})).value();
      EXPECT_GT(left, kGuardSeconds - 60);
      EXPECT_LE(left, kGuardSeconds);
      // The second round finds it nearly run out.
      ASSERT_TRUE(AsOk(inspector_->Call({"EXPIRE", BitmapKey(id), "100"})).ok());
    }
  }
}

TEST_P(CounterContract, SealedBitmapHoldsExactlyWhatWasAnsweredAsMerged) {
  // Each delta takes many commands, so that a close could fall between two of them.
  constexpr uint32_t kPerDelta = 700;
  constexpr uint32_t kStride = 997;
  for (int round = 0; round < 5; ++round) {
    const std::string organization = absl::StrCat("acme-", round);
    const BitmapId id{organization, kReachWindow, "person"};
    Begin(organization, kReachWindow, {"person"}, 4 * kPerDelta * kStride);
    std::atomic<int> merges = 0;
    std::atomic<bool> sealed = false;
    std::set<uint32_t> expected;
    std::mutex mutex;
    const auto merge = [&](uint32_t first) {
      std::vector<uint32_t> positions;
      for (uint32_t i = 0; i < kPerDelta; ++i) positions.push_back(i * kStride + first);
      const bool after = sealed;
      const absl::StatusOr<MergeOutcome> outcome = Merge(id, positions);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      EXPECT_TRUE(!after || *outcome == MergeOutcome::kLate);
      if (*outcome == MergeOutcome::kMerged) {
        const std::lock_guard<std::mutex> lock(mutex);
        expected.insert(positions.begin(), positions.end());
      }
      ++merges;
    };
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        for (uint32_t i = 0; i < 60; ++i) merge(3 * i + thread);
      });
    }
    while (merges < 20) std::this_thread::yield();
    ASSERT_TRUE(counters().Seal({organization, kReachWindow, {"person"}}).value());
    sealed = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(expected.size(), 20 * kPerDelta);
    EXPECT_LT(expected.size(), 180 * kPerDelta);
    EXPECT_THAT(Sealed(id), ElementsAreArray(expected));
  }
}

TEST_P(CounterContract, DropSealedDeletesAndStaysClosed) {
  Begin("acme", kReachWindow, {"person"});
  ASSERT_TRUE(counters().Seal({"acme", kReachWindow, {"person"}}).value());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(counters().DropSealed({"acme", kReachWindow, {"person"}}), absl::OkStatus());
    EXPECT_TRUE(absl::IsNotFound(counters().ReadSealed(person_).status()));
    EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kLate);
  }
}

TEST_P(CounterContract, DropDeletesWhatIsOpenAndClosesIt) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kMerged);
  EXPECT_EQ(counters().Drop({"acme", kReachWindow, {"person", "device"}}), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(counters().ReadSealed(person_).status()));
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kLate);
  EXPECT_EQ(Merge(device_, {1}).value(), MergeOutcome::kLate);
  // Mutation: a seal that finds the guard of a drop takes it for its own.
  EXPECT_FALSE(counters().Seal({"acme", kReachWindow, {"person", "device"}}).value());
  EXPECT_FALSE(counters().Seal({"acme", kReachWindow, {"person", "device"}}).value());
}

TEST_P(CounterContract, StoreTallyReplacesTheDaysBitmaps) {
  Begin("acme", kDayWindow, {"person"});
  ASSERT_TRUE(counters().Seal({"acme", kDayWindow, {"person"}}).value());
  const DayTally tally{{{"mail", 12}, {"chat", 0}}, {}};
  const DayTally lost{{{"mail", 3}}, {"device"}};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(counters().StoreTally({"acme", {WindowKind::kDay, kDayWindow.end_day}, {"person"}},
                                    tally, LeaseToken()),
              absl::OkStatus());
  }
  EXPECT_EQ(counters().StoreTally({"acme", {WindowKind::kDay, kDayWindow.end_day + 1}, {"person"}},
                                  lost, LeaseToken()),
            absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(counters().ReadSealed({"acme", kDayWindow, "person"}).status()));
  absl::StatusOr<std::map<Day, DayTally>> tallies = counters().ReadTallies("acme");
  ASSERT_TRUE(tallies.ok()) << tallies.status();
  ASSERT_EQ(tallies->size(), 2U);
  EXPECT_EQ(tallies->at(kDayWindow.end_day).counts, tally.counts);
  EXPECT_TRUE(tallies->at(kDayWindow.end_day).lost_kinds.empty());
  EXPECT_EQ(tallies->at(kDayWindow.end_day + 1).lost_kinds, std::set<std::string>{"device"});
  EXPECT_EQ(tallies->at(kDayWindow.end_day + 1).counts.at("mail"), 3);

  EXPECT_EQ(counters().DiscardDay({"acme", {WindowKind::kDay, kDayWindow.end_day}, {"person"}}),
            absl::OkStatus());
  tallies = counters().ReadTallies("acme");
  ASSERT_TRUE(tallies.ok()) << tallies.status();
  EXPECT_EQ(tallies->size(), 1U);
}

TEST_P(CounterContract, ScrubFilesLeavesNothingThatWasDeleted) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1234}).value(), MergeOutcome::kMerged);
  ASSERT_TRUE(counters().Seal({"acme", kReachWindow, {"person"}}).value());
  ASSERT_EQ(counters().DropSealed({"acme", kReachWindow, {"person"}}), absl::OkStatus());
  EXPECT_THAT(AppendOnlyFiles(), HasSubstr("1234"));
  // Two in a row: the second must not be taken for the first.
  EXPECT_EQ(counters().ScrubFiles([] { return false; }), absl::OkStatus());
  EXPECT_EQ(counters().ScrubFiles([] { return false; }), absl::OkStatus());
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (absl::Now() < deadline && AppendOnlyFiles().find("1234") != std::string::npos) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(AppendOnlyFiles(), Not(HasSubstr("1234")));
}

// Mutation: asking the primary alone leaves what was deleted in the replica's files.
TEST_F(CounterStoreTest, ScrubFilesRewritesThoseOfReplicasToo) {
  absl::StatusOr<std::unique_ptr<RedisServer>> primary = RedisServer::StartPrimary();
  ASSERT_TRUE(primary.ok()) << primary.status();
  server_ = *std::move(primary);
  RedisOptions options = server_->OptionsFor("aggregate");
  options.wait_replicas = 1;
  stores_ = std::make_unique<RedisStores>(options);
  const auto replica = RedisServer::StartReplicaOf(*server_);
  ASSERT_TRUE(replica.ok()) << replica.status();
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1234}).value(), MergeOutcome::kMerged);
  ASSERT_EQ(counters().Drop({"acme", kReachWindow, {"person"}}), absl::OkStatus());
  ASSERT_THAT((*replica)->AppendOnlyFiles(), HasSubstr("1234")) << "the control";
  EXPECT_EQ(counters().ScrubFiles([] { return false; }), absl::OkStatus());
  for (RedisServer* server : {server_.get(), replica->get()}) {
    ASSERT_TRUE(server->WaitForRewrite());
    EXPECT_THAT(server->AppendOnlyFiles(), Not(HasSubstr("1234")));
  }
}

// Mutation: taking a rewriting that began for one that succeeded; believing a process that
// was started meanwhile, which says that all is well.
TEST_F(CounterStoreTest, ScrubFilesTellsARewritingThatFailed) {
  Begin("acme", kReachWindow, {"person"});
  EXPECT_EQ(Merge(person_, {1234}).value(), MergeOutcome::kMerged);
  ASSERT_EQ(counters().Drop({"acme", kReachWindow, {"person"}}), absl::OkStatus());
  const auto once = [](const std::function<void()>& act) {
    return [act, done = false]() mutable {
      if (!std::exchange(done, true)) act();
      return false;
    };
  };
  server_->SlowRewrites(true);
  EXPECT_TRUE(absl::IsUnavailable(
      counters().ScrubFiles(once([&] { EXPECT_TRUE(server_->KillRewrite()); }))));
  EXPECT_THAT(server_->AppendOnlyFiles(), HasSubstr("1234")) << "the control";
  EXPECT_TRUE(absl::IsUnavailable(counters().ScrubFiles(once([&] {
    server_->Kill();
    ASSERT_EQ(server_->Resume(), absl::OkStatus());
  }))));
  EXPECT_THAT(server_->AppendOnlyFiles(), HasSubstr("1234")) << "the control";
  EXPECT_EQ(counters().ScrubFiles([] { return false; }), absl::OkStatus());
  EXPECT_THAT(server_->AppendOnlyFiles(), Not(HasSubstr("1234")));
}

TEST_F(CounterStoreTest, ScrubFilesEndsWhenItIsToldTo) {
  Begin("acme", kReachWindow, {"person"});
  server_->SlowRewrites(true);
  EXPECT_TRUE(absl::IsCancelled(counters().ScrubFiles([] { return true; })));
  EXPECT_TRUE(server_->KillRewrite());
}

// Mutation: a tally that is stored whoever has the lease comes back after a pause.
TEST_P(CounterContract, StoresNoTallyOfACloserThatLostItsLease) {
  Begin("acme", kDayWindow, {"person"});
  ASSERT_TRUE(counters().Seal({"acme", kDayWindow, {"person"}}).value());
  const Day day = kDayWindow.end_day;
  const DayTally tally{{{"mail", 12}}, {}};
  const auto store = [&](const std::string& lease) {
    return counters().StoreTally({"acme", {WindowKind::kDay, day}, {"person"}}, tally,
                                 LeaseToken(lease));
  };
  EXPECT_TRUE(absl::IsAborted(store("overslept")));
  ASSERT_TRUE(
      stores_->organizations().TakeLease("acme", LeaseToken("another"), absl::Minutes(5)).value());
  EXPECT_TRUE(absl::IsAborted(store("overslept")));
  EXPECT_TRUE(absl::IsAborted(store("")));
  EXPECT_TRUE(counters().ReadTallies("acme")->empty());
  EXPECT_TRUE(counters().ReadSealed({"acme", kDayWindow, "person"}).ok())
      << "whoever has the lease must find the bitmap";
  EXPECT_EQ(store("another"), absl::OkStatus());
  EXPECT_EQ(counters().ReadTallies("acme")->size(), 1U);
}

// Otherwise no window of an organisation that lost a day under the edition before would ever be
// closed.
TEST_P(CounterContract, ReadsADayThatAnEarlierEditionLost) {
  ASSERT_TRUE(AsInteger(inspector_->Call({"HSET", TallyKey("acme"), "2026-03-01", "lost"})).ok());
  const auto tallies = counters().ReadTallies("acme");
  ASSERT_TRUE(tallies.ok()) << tallies.status();
  EXPECT_TRUE(tallies->at(Day(2026, 3, 1)).Lost("person"));
  EXPECT_TRUE(tallies->at(Day(2026, 3, 1)).counts.empty());
}

TEST_P(CounterContract, DropsWhatWasNeverPublished) {
  Begin("acme", kReachWindow, {"person"});
  ASSERT_TRUE(counters().Seal({"acme", kReachWindow, {"person"}}).value());
  const StagedRecord staged{kReachWindow.end_day, "record", {{"person", 1}}, {}};
  ASSERT_EQ(stores_->publications().Stage("acme", staged), absl::OkStatus());
  DayTally tally;
  tally.counts["habit"] = 7;
  ASSERT_EQ(counters().StoreTally({"acme", {WindowKind::kDay, kReachWindow.end_day}, {"person"}},
                                  tally, LeaseToken()),
            absl::OkStatus());
  ASSERT_EQ(counters().Drop({"acme", kReachWindow, {"person"}}), absl::OkStatus());
  ASSERT_EQ(counters().DropSealed({"acme", kReachWindow, {"person"}}), absl::OkStatus());
  ASSERT_EQ(counters().DropTallies("acme"), absl::OkStatus());
  EXPECT_TRUE(stores_->publications().ReadStaged("acme", kReachWindow.end_day).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(stores_->publications().DropStaged("acme", kReachWindow.end_day), absl::OkStatus());
  }
  EXPECT_THAT(Keys(), Not(::testing::Contains(TallyKey("acme"))));
  EXPECT_THAT(Keys(), Not(::testing::Contains(StagedKey("acme", kReachWindow.end_day))));
  EXPECT_THAT(Keys(), Not(::testing::Contains(SealedBitmapKey(person_))));
  EXPECT_EQ(Merge(person_, {1}).value(), MergeOutcome::kLate);
}

}  // namespace
}  // namespace tutti
