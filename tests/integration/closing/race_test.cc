// Closing while others write, and while others close.

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/integration/closing/closing_test.h"
#include "tests/support/report_attack.h"

namespace tutti {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RaceTest : public ClosingTest {
 protected:
  // Whether the bit is set; Redis counts bits from the top of each byte.
  static bool BitOf(const std::string& bitmap, uint32_t position) {
    return (uint32_t{static_cast<unsigned char>(bitmap[position / 8])} << (position % 8) & 0x80U) !=
           0;
  }
};

// Mutation: a seal that copies instead of renaming, or leaves nothing under the
// name, loses deltas that were answered, or makes the bitmap anew.
TEST_F(RaceTest, TakesADeltaWholeOrRefusesItWhileTheWindowIsSealed) {
  const Window window{WindowKind::kReach, kEndDay};
  const BitmapId id{"acme", window, "person"};
  std::mutex mutex;
  std::set<uint32_t> merged;
  std::set<uint32_t> late;
  std::atomic<int> started = 0;
  std::vector<std::thread> writers;
  writers.reserve(4);
  for (uint32_t writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      RedisStores stores(server_->OptionsFor("aggregate"));
      for (uint32_t i = 0; i < 5'000; ++i) {
        // Two bits that neither Fill nor another delta sets.
        const uint32_t bit = 2 * (writer * 5'000 + i);
        const uint32_t position = bit / 2048 * 4096 + 1024 + bit % 2048;
        const std::vector<uint32_t> positions = {position, position + 1};
        const auto outcomes = stores.counters().Merge({{id, positions}});
        ASSERT_TRUE(outcomes.ok()) << outcomes.status();
        const std::lock_guard<std::mutex> lock(mutex);
        (outcomes->at(0) == MergeOutcome::kMerged ? merged : late)
            .insert(positions.begin(), positions.end());
        if (outcomes->at(0) == MergeOutcome::kLate && late.size() > 200) return;
        if (i == 20) ++started;
      }
    });
  }
  while (started < 4) std::this_thread::yield();
  ASSERT_TRUE(stores_->counters().Seal({"acme", window, {"person"}}).value());
  for (std::thread& writer : writers) writer.join();
  ASSERT_FALSE(merged.empty());
  ASSERT_FALSE(late.empty()) << "the window was sealed too late to race";

  const auto sealed = stores_->counters().ReadSealed(id);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  for (const uint32_t position : merged) EXPECT_TRUE(BitOf(*sealed, position)) << position;
  for (const uint32_t position : late) EXPECT_FALSE(BitOf(*sealed, position)) << position;
  const auto guard = AsString(
      inspector_->Call({"GET", absl::StrCat("{acme}:reach:", FormatDay(kEndDay), ":person")}));
  EXPECT_FALSE(guard.ok()) << "the bitmap was made anew";
}

// Mutation: without the lease, or with a stage that does not refuse a second
// record, two records are drawn and one replaces the other.
TEST_F(RaceTest, LetsManyReplicasPublishOneRecord) {
  std::atomic<int> drawn = 0;
  std::atomic<int> published = 0;
  std::vector<std::thread> replicas;
  replicas.reserve(4);
  for (int replica = 0; replica < 4; ++replica) {
    replicas.emplace_back([&] {
      const auto report =
          Close([&](CloseStep step) { drawn += step == CloseStep::kStaged ? 1 : 0; });
      ASSERT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
      if (report.ok()) published += static_cast<int>(report->windows.size());
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(drawn, 1);
  EXPECT_EQ(published, 1);
  ExpectClosed();
  ReportAttack(3, absl::StrCat(replicas.size(), " replicas close at once: ", drawn.load() - 1,
                               " second draws staged"));
}

// A replica that stalls for longer than its lease comes back in the middle of
// another's close. Mutation: giving up the window when somebody else has staged.
TEST_F(RaceTest, AReplicaThatOverslept) {
  int tries = 0;
  int changed = 0;
  for (const CloseStep where : {CloseStep::kSealed, CloseStep::kDrawn, CloseStep::kStaged,
                                CloseStep::kJournaled, CloseStep::kPromoted}) {
    SCOPED_TRACE(static_cast<int>(where));
    std::string first;
    bool once = false;
    const auto report = Close([&](CloseStep step) {
      if (step != where || once) return;
      once = true;
      // Meanwhile the lease runs out and another replica closes all of it.
      ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
      ASSERT_TRUE(Close().ok());
      first = Published();
    });
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(once);
    EXPECT_NE(first, "");
    EXPECT_EQ(Published(), first) << "a published record changed";
    ++tries;
    changed += Published() == first ? 0 : 1;
    ExpectClosed();

    std::filesystem::remove(folder_ / "journal");
    clock_.Set(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone()));
    server_.reset();
    SetUp();
  }
  ReportAttack(3, absl::StrCat("a replica oversleeps at ", tries, " steps of a close: ", changed,
                               " published records changed"));
}

// A replica that stalls until another has closed the next window as well, where it is about
// to store how far it came. Mutations: storing what it came to, whatever others came to since
// (of days, of reach windows), closes days again, and their empty counts stay behind.
TEST_F(RaceTest, AReplicaThatOversleptAWeekTakesNothingBack) {
  const auto sleeps = {std::pair(CloseStep::kDayTallied, 28),  // the window's last day
                       std::pair(CloseStep::kDaysRecorded, 1),
                       std::pair(CloseStep::kTalliesDropped, 1), std::pair(CloseStep::kDropped, 1),
                       std::pair(CloseStep::kRecorded, 1)};
  int tries = 0;
  int changed = 0;
  for (const auto& [where, time] : sleeps) {
    SCOPED_TRACE(static_cast<int>(where));
    std::string first;
    std::string second;
    int times = 0;
    const auto report = Close([&, where = where, time = time](CloseStep step) {
      if (!second.empty()) {
        // It is awake, and goes on.
        const auto now = organizations_->repository.Read("acme");
        ASSERT_TRUE(now.ok()) << now.status();
        EXPECT_EQ((*now)->stored().last_closed_end_day(), FormatDay(kEndDay + 7));
        EXPECT_GE((*now)->stored().last_closed_day(), FormatDay(kEndDay + 7));
        return;
      }
      if (step != where || ++times != time) return;
      // Meanwhile the lease runs out and another replica closes all of it, and a week later
      // the next window.
      ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
      ASSERT_TRUE(Close().ok());
      clock_.Advance(absl::Hours(24 * 7));
      ASSERT_TRUE(Close().ok());
      first = Published();
      second = Published(kEndDay + 7);
    });
    // It may notice that it is late.
    ASSERT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
    EXPECT_GE(times, time);
    EXPECT_NE(first, "");
    EXPECT_NE(second, "");
    ASSERT_TRUE(Close().ok());
    const auto stored = organizations_->repository.Read("acme");
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_EQ((*stored)->stored().last_closed_end_day(), FormatDay(kEndDay + 7));
    EXPECT_GE((*stored)->stored().last_closed_day(), FormatDay(kEndDay + 7));
    for (const aggregate::v1::BegunWindow& begun : (*stored)->stored().begun()) {
      EXPECT_GT(begun.end_day(), FormatDay(kEndDay + 7)) << "a closed window is open again";
    }
    const auto tallies = stores_->counters().ReadTallies("acme");
    ASSERT_TRUE(tallies.ok()) << tallies.status();
    for (const auto& [day, tally] : *tallies) {
      EXPECT_GT(day, kEndDay + 7) << "counts of a published day";
    }
    EXPECT_EQ(Published(), first);
    EXPECT_EQ(Published(kEndDay + 7), second);
    ++tries;
    changed += Published() == first && Published(kEndDay + 7) == second ? 0 : 1;
    EXPECT_THAT(Costs(), SizeIs(2 * catalog_->kinds().size()));
    EXPECT_THAT(JournalLines(), SizeIs(2));
    EXPECT_THAT(CounterKeys(), IsEmpty());

    std::filesystem::remove(folder_ / "journal");
    clock_.Set(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone()));
    server_.reset();
    SetUp();
  }
  ReportAttack(3, absl::StrCat("a replica oversleeps a week at ", tries,
                               " steps of a close: ", changed, " published records changed"));
}

// A replica that stalls for longer than its lease, while the organisation is paused.
// Mutation: scripts that tally or stage for whoever asks leave counts of a paused
// organisation, or a record that its resumption publishes.
TEST_F(RaceTest, AReplicaThatOversleptAPauseLeavesNothing) {
  for (const CloseStep where : {CloseStep::kDayTallied, CloseStep::kDrawn}) {
    SCOPED_TRACE(static_cast<int>(where));
    bool once = false;
    const auto report = Close([&](CloseStep step) {
      if (step != where || once) return;
      once = true;
      ASSERT_TRUE(AsInteger(inspector_->Call({"DEL", "{acme}:lease"})).ok());
      ASSERT_TRUE(organizations_->lifecycle.Pause("acme").ok());
    });
    EXPECT_TRUE(once);
    EXPECT_TRUE(absl::IsAborted(report.status())) << report.status();
    EXPECT_EQ(Published(), "");
    EXPECT_EQ(Staged(), "");
    EXPECT_THAT(Costs(), IsEmpty());
    EXPECT_THAT(CounterKeys(), IsEmpty());

    std::filesystem::remove(folder_ / "journal");
    clock_.Set(absl::FromCivil(absl::CivilHour(kEndDay) + 12, absl::UTCTimeZone()));
    server_.reset();
    SetUp();
  }
}

}  // namespace
}  // namespace tutti
