// Sweeps over many organisations: in how many threads, by which clock, and how they end.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/keys.h"
#include "services/aggregate/closing_times.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/report_attack.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class SweepTest : public ClosingTest {
 protected:
  // Makes organisations, as due as "acme".
  void CreateDue(int count) {
    clock_.Advance(-absl::Hours(24 * 4));
    for (int i = 0; i < count; ++i) {
      const std::string id = absl::StrCat("org-", i);
      ASSERT_NO_FATAL_FAILURE(Create(id));
      ASSERT_TRUE(organizations_->lifecycle.FinishBackfill(id).ok());
    }
    clock_.Advance(absl::Hours(24 * 4));
  }

  static size_t ThreadsOfThisProcess() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
  }
};

// Mutation: threads of each sweep's own.
TEST_F(SweepTest, SharesFiftyThreadsAmongAllWhoSweep) {
  constexpr int kOrganizations = 120;
  ASSERT_NO_FATAL_FAILURE(CreateDue(kOrganizations));
  std::atomic<size_t> most = 0;
  std::atomic<size_t> windows = 0;
  const auto on_step = [&](CloseStep step) {
    if (step != CloseStep::kSealed) return;
    size_t before = most;
    const size_t now = ThreadsOfThisProcess();
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
  };
  constexpr int kSweepers = 6;
  WithClosingLoop(on_step, [&](ClosingLoop& closing) {
    const size_t without = ThreadsOfThisProcess();
    std::vector<std::thread> sweepers;
    sweepers.reserve(kSweepers);
    for (int i = 0; i < kSweepers; ++i) {
      sweepers.emplace_back([&] {
        const auto sweep = closing.Sweep();
        ASSERT_TRUE(sweep.ok()) << sweep.status();
        EXPECT_EQ(sweep->failed, 0);
        windows += sweep->windows.size();
      });
    }
    for (std::thread& sweeper : sweepers) sweeper.join();
    EXPECT_LE(most, without + kSweepers + 50);
    EXPECT_LE(ThreadsOfThisProcess(), without + 50) << "they are kept";
    EXPECT_EQ(windows, kOrganizations + 1u);
    std::cout << kSweepers << " sweeps over " << kOrganizations + 1 << " organisations: at most "
              << most - without << " threads more\n";
  });
}

// Mutations: asking a store that hangs once more for every organisation; beginning what had not
// begun.
TEST_F(SweepTest, StopsWithinOneTimeoutOfAStoreThatHangs) {
  constexpr absl::Duration kTimeout = absl::Seconds(1);
  ASSERT_NO_FATAL_FAILURE(CreateDue(60));
  RedisOptions options = server_->OptionsFor("aggregate");
  options.timeout = kTimeout;
  stores_ = std::make_unique<RedisStores>(options);
  organizations_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                                   stores_->publications(), stores_->history(),
                                                   *catalog_, clock_);
  std::mutex mutex;
  std::condition_variable changed;
  bool hangs = false;
  const auto on_step = [&](CloseStep) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (hangs) return;
    server_->Freeze(true);
    hangs = true;
    changed.notify_all();
  };
  WithClosingLoop(on_step, [&](ClosingLoop& closing) {
    closing.Start(absl::Hours(1));
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return hangs; });
    }
    const absl::Time begin = absl::Now();
    closing.Stop();
    const absl::Duration took = absl::Now() - begin;
    server_->Freeze(false);
    // One timeout and what a loaded machine adds to it; fifty are asked for one after the
    // other by whoever asks again for each.
    EXPECT_LT(took, 10 * kTimeout);
    std::cout << "stopped " << took << " after the store hung, with a timeout of " << kTimeout
              << "\n";
    const absl::Status late = closing.Sweep().status();
    EXPECT_TRUE(absl::IsUnavailable(late)) << late;
    EXPECT_TRUE(absl::IsUnavailable(closing.CloseOne("acme").status()));
  });
  // Nothing is lost: another process goes on, once the leases have ended.
  const auto leases = AsStrings(inspector_->Call({"KEYS", "{*}:lease"}));
  ASSERT_TRUE(leases.ok()) << leases.status();
  for (const std::string& lease : *leases) {
    EXPECT_GT(AsInteger(inspector_->Call({"PTTL", lease})).value_or(-1), 0);
    ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", lease})).ok());
  }
  ASSERT_NO_FATAL_FAILURE(Connect());
  WithClosingLoop([](CloseStep) {},
                  [&](ClosingLoop& closing) {
                    const auto sweep = closing.Sweep();
                    ASSERT_TRUE(sweep.ok()) << sweep.status();
                    EXPECT_THAT(sweep->windows, SizeIs(61));
                  });
}

// The clock is a real redis-server's. Mutation: closing by this machine's clock alone.
TEST_F(SweepTest, ClosesNothingByAClockThatIsAhead) {
  store_clock_ = &stores_->clock();
  const std::vector<std::string> counters = CounterKeys();
  ASSERT_THAT(counters, Not(IsEmpty()));
  int steps = 0;
  WithClosingLoop(
      [&](CloseStep) { ++steps; },
      [&](ClosingLoop& closing) {
        for (const absl::Duration ahead : {absl::Minutes(11), absl::Hours(24 * 400)}) {
          clock_.Set(absl::Now() + ahead);
          for (const absl::Status& refused :
               {closing.Sweep().status(), closing.CloseOne("acme").status()}) {
            EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
            EXPECT_THAT(refused.message(), HasSubstr("ahead"));
            EXPECT_THAT(refused.message(), HasSubstr("NTP"));
          }
        }
        EXPECT_EQ(steps, 0);
        EXPECT_EQ(CounterKeys(), counters);
        ReportAttack(12, absl::StrCat("closed by a clock 400 days ahead: ", steps, " steps made"));
        clock_.Set(absl::Now() + absl::Minutes(9));
        EXPECT_EQ(ClockGuard(clock_, stores_->clock()).Check(), absl::OkStatus()) << "the control";
      });
}

// Mutations: a failure is forgotten once its organisation is put off; one that another closed
// meanwhile is said for ever; what failed is put off once more by each sweep.
TEST_F(SweepTest, SaysThatAnOrganisationCannotBeClosedUntilItCan) {
  ASSERT_NO_FATAL_FAILURE(CreateDue(2));
  const std::string profile = AsString(inspector_->Call({"GET", "{org-0}:profile"})).value_or("");
  const auto set_profile = [&](const std::string& text) {
    ASSERT_EQ(AsOk(inspector_->Call({"SET", "{org-0}:profile", text})), absl::OkStatus());
  };
  const auto due = [&] {
    return AsString(inspector_->Call({"ZSCORE", BucketKey(BucketOf("org-0")), "org-0"}))
        .value_or("");
  };
  WithClosingLoop([](CloseStep) {},
                  [&](ClosingLoop& closing) {
                    const auto sweep = [&](int failed, size_t windows) {
                      const auto swept = closing.Sweep();
                      ASSERT_TRUE(swept.ok()) << swept.status();
                      EXPECT_EQ(swept->failed, failed);
                      EXPECT_THAT(swept->windows, SizeIs(windows));
                      EXPECT_EQ(closing.failing(), failed);
                    };
                    ASSERT_NO_FATAL_FAILURE(set_profile("makes no sense"));
                    sweep(1, 2);
                    const std::string put_off = due();
                    ASSERT_NE(put_off, "");
                    // It is not due now, and the others are closed.
                    sweep(1, 0);
                    sweep(1, 0);
                    EXPECT_EQ(due(), put_off);
                    ASSERT_NO_FATAL_FAILURE(set_profile(profile));
                    sweep(0, 1);

                    clock_.Advance(absl::Hours(24 * 7));
                    const std::string next =
                        AsString(inspector_->Call({"GET", "{org-0}:profile"})).value_or("");
                    ASSERT_NO_FATAL_FAILURE(set_profile("makes no sense"));
                    EXPECT_TRUE(absl::IsDataLoss(closing.CloseOne("org-0").status()));
                    EXPECT_EQ(closing.failing(), 1);
                    ASSERT_NO_FATAL_FAILURE(set_profile(next));
                    WithClosingLoop(
                        [](CloseStep) {},
                        [](ClosingLoop& another) { EXPECT_TRUE(another.Sweep().ok()); });
                    EXPECT_EQ(closing.failing(), 1);
                    sweep(0, 0);
                  });
}

// Mutation: closing asks for the clock and the journal alone.
TEST_F(SweepTest, ClosesNothingOfAStoreThatIsNotFit) {
  int steps = 0;
  WithClosingLoop([&](CloseStep) { ++steps; },
                  [&](ClosingLoop& closing) {
                    fit_.Set(absl::FailedPreconditionError("it may forget"));
                    EXPECT_TRUE(absl::IsUnavailable(closing.Sweep().status()));
                    EXPECT_TRUE(absl::IsUnavailable(closing.CloseOne("acme").status()));
                    EXPECT_EQ(steps, 0);
                    fit_.Set(absl::OkStatus());
                    EXPECT_TRUE(closing.Sweep().ok());
                  });
  EXPECT_GT(steps, 0);
}

// In a sweep over a real store. Mutation: a closer that says never of an organisation of which
// nothing is to be closed, after that has changed.
TEST_F(SweepTest, FindsAnOrganisationThatBecameActiveWhileItWasLookedAt) {
  ASSERT_NO_FATAL_FAILURE(Create("late"));
  clock_.Advance(absl::Hours(24));
  WithClosingLoop(
      [](CloseStep) {},
      [&](ClosingLoop& closing) {
        const auto swept = closing.Sweep();
        ASSERT_TRUE(swept.ok()) << swept.status();
        EXPECT_THAT(*stores_->organizations().ListDue(clock_.Now(), 10), IsEmpty());
        const auto seen = organizations_->repository.Read("late");
        ASSERT_TRUE(seen.ok());
        ASSERT_TRUE(organizations_->lifecycle.FinishBackfill("late").ok());
        // What a closer writes that had looked at it before.
        ASSERT_TRUE(stores_->organizations().SetDue("late", NextLook(**seen, clock_.Now())).ok());
        clock_.Advance(absl::Hours(6));
        const auto found = closing.Sweep();
        ASSERT_TRUE(found.ok()) << found.status();
        EXPECT_THAT(found->windows, SizeIs(1));
        EXPECT_THAT(*stores_->organizations().ListDue(clock_.Now(), 10), IsEmpty());
      });
}

}  // namespace
}  // namespace tutti
