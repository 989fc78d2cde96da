#include "services/ingest/keyring_minder.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "common/keyring/keyring_operations.h"
#include "tests/unit/services/ingest/ingest_fixture.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

class KeyringMinderTest : public IngestFixture {
 protected:
  void SetUp() override { policies->NoteGrace(kDefaultGrace); }

  // Time goes by as all clocks measure it.
  void Pass(absl::Duration time) {
    clock.Advance(time);
    steady.Advance(time);
  }

  // Has aggregate answer: a lease of a minute, by a clock that is so far ahead of ours.
  void HearAggregate(absl::Duration ahead = absl::ZeroDuration()) {
    policy().mutable_expire_time()->set_seconds(
        absl::ToUnixSeconds(clock.Now() + ahead + absl::Minutes(1)));
    policies->Clear();
    policies->Get("acme", [](const PolicyCache::Answer&) {});
    EXPECT_TRUE(policies->lease_end().has_value());
  }

  std::string Content() const {
    std::ifstream in(keyring_path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // Whether the file is another one after a tick.
  bool Rotates() {
    const std::string before = Content();
    last = minder.Tick();
    return Content() != before;
  }

  FakeSteadyClock steady;
  KeyringMinder minder{KeyringFile(keyring_path), *keys, *policies, clock, steady, true};
  absl::Status last;
};

// What it destroys too early is never made again. Mutations: a grace of its own; the first that
// aggregate named.
TEST_F(KeyringMinderTest, RotatesWithTheGraceThatAggregateNamesAndNotBefore) {
  PolicyCache unheard(client, SmallCatalog(), *keys, clock);
  KeyringMinder waiting(KeyringFile(keyring_path), *keys, unheard, clock, steady, true);
  const std::string before = Content();
  Pass(absl::Hours(24 * 3));
  EXPECT_EQ(waiting.Tick(), absl::OkStatus());
  EXPECT_EQ(Content(), before);
  const Window over{WindowKind::kDay, FirstKeptEndDay(clock.Now(), kDefaultGrace) - 1};
  SlotHash hash;
  ASSERT_TRUE(keys->snapshot()->Find("acme", over, hash)) << "the control";
  unheard.NoteGrace(2 * kDefaultGrace);
  EXPECT_EQ(waiting.Tick(), absl::OkStatus());
  EXPECT_NE(Content(), before);
  EXPECT_TRUE(keys->snapshot()->Find("acme", over, hash));
  unheard.NoteGrace(kDefaultGrace);
  Pass(absl::Hours(1));
  EXPECT_EQ(waiting.Tick(), absl::OkStatus());
  EXPECT_FALSE(keys->snapshot()->Find("acme", over, hash));
}

// Mutation: a minder that rotates by force.
TEST_F(KeyringMinderTest, RefusesAJumpOfTheClockAndGoesOnServing) {
  EXPECT_FALSE(Rotates()) << "nothing is due";
  EXPECT_EQ(last, absl::OkStatus());
  clock.Advance(absl::Hours(24 * 400));
  EXPECT_FALSE(Rotates());
  EXPECT_TRUE(absl::IsFailedPrecondition(last)) << last;
  EXPECT_THAT(std::string(last.message()), HasSubstr("set the clock"));
  SlotHash hash;
  EXPECT_TRUE(keys->snapshot()->Find("acme", {WindowKind::kDay, Day(2026, 11, 20)}, hash));
  // It is said again until it is right.
  EXPECT_FALSE(Rotates());
  EXPECT_FALSE(last.ok());
  clock.Advance(-(absl::Hours(24 * 399)));
  EXPECT_TRUE(Rotates());
  EXPECT_EQ(last, absl::OkStatus());
}

// Mutation: to wait until the clock shows again what it showed.
TEST_F(KeyringMinderTest, RotatesAgainAfterTheClockWentBack) {
  const std::string first = Content();
  clock.Advance(absl::Hours(24 * 3));
  EXPECT_TRUE(Rotates());
  clock.Advance(-(absl::Hours(24 * 3)));
  std::ofstream(keyring_path, std::ios::binary | std::ios::trunc) << first;
  Pass(absl::Hours(24));
  EXPECT_TRUE(Rotates());
  EXPECT_EQ(last, absl::OkStatus());
  Pass(absl::Minutes(59));
  std::ofstream(keyring_path, std::ios::binary | std::ios::trunc) << first;
  EXPECT_FALSE(Rotates()) << "the control: not before the hour is over";
  Pass(absl::Minutes(1));
  EXPECT_TRUE(Rotates());
}

// A jump that is too short for the keyring to tell, on a machine that is not aggregate's.
// Mutations: to believe our own clock; to compare with an answer as if no time had gone by.
TEST_F(KeyringMinderTest, DoesNotRotateWhileAggregatesClockShowsAnotherTime) {
  Pass(absl::Hours(24));
  HearAggregate();
  EXPECT_TRUE(Rotates());
  Pass(absl::Minutes(30));
  clock.Advance(absl::Hours(24 * 3));
  EXPECT_FALSE(Rotates());
  EXPECT_TRUE(absl::IsFailedPrecondition(last)) << last;
  EXPECT_THAT(std::string(last.message()), HasSubstr("ahead of aggregate's"));
  // An answer says the same.
  HearAggregate(-absl::Hours(24 * 3));
  EXPECT_FALSE(Rotates());
  EXPECT_FALSE(last.ok());
  // And one that it was right to jump, so does ours.
  HearAggregate();
  EXPECT_TRUE(Rotates());
  EXPECT_EQ(last, absl::OkStatus());
}

TEST_F(KeyringMinderTest, TellsClocksApartByMoreThanALease) {
  for (const auto& [ahead, rotates] :
       std::vector<std::pair<absl::Duration, bool>>{{absl::Minutes(-12), false},
                                                    {absl::Minutes(-10), true},
                                                    {absl::ZeroDuration(), true},
                                                    {absl::Minutes(18), true},
                                                    {absl::Minutes(20), false},
                                                    {absl::Hours(24), false}}) {
    KeyringMinder fresh(KeyringFile(keyring_path), *keys, *policies, clock, steady, true);
    Pass(absl::Hours(24));
    HearAggregate(ahead);
    EXPECT_EQ(fresh.Tick().ok(), rotates) << ahead;
  }
}

// Mutation: to wait for aggregate for ever.
TEST_F(KeyringMinderTest, RotatesWhenAggregateHasNotBeenHeardForLong) {
  Pass(absl::Hours(24));
  HearAggregate(absl::Hours(3));
  EXPECT_FALSE(Rotates()) << "it was heard just now";
  Pass(KeyringMinder::kHeardRecently);
  EXPECT_FALSE(Rotates());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(Rotates());
  EXPECT_EQ(last, absl::OkStatus());
}

TEST_F(KeyringMinderTest, LeavesAKeyringAloneThatSomebodyElseRotates) {
  KeyringMinder reader(KeyringFile(keyring_path), *keys, *policies, clock, steady, false);
  const std::string before = Content();
  clock.Advance(absl::Hours(24 * 400));
  EXPECT_EQ(reader.Tick(), absl::OkStatus());
  EXPECT_EQ(Content(), before);
}

}  // namespace
}  // namespace tutti
