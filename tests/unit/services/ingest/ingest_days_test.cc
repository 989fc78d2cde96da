#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "common/keyring/keyring_operations.h"
#include "ingest_fixture.h"
#include "tutti/aggregate/v1/organization.pb.h"

// Which windows take an activity, by its day.
namespace tutti {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace ingest::v1;  // NOLINT: the reasons, one by one

class IngestDaysTest : public IngestFixture {};

TEST_F(IngestDaysTest, TakesClocksThatAreFiveMinutesFast) {
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent", "2026-11-20T12:05:00Z")),
            REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent", "2026-11-20T12:05:01Z")),
            REASON_TIME_IN_FUTURE);
}

TEST_F(IngestDaysTest, JudgesTheDayOfAnActivity) {
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent", "2026-10-25T23:59:59Z")),
            REASON_BEFORE_FIRST_DAY);
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent", "2026-10-26T00:00:00Z")),
            REASON_UNSPECIFIED);
  policy().set_first_day("2026-01-01");
  policies->Clear();
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent", "2026-10-25T23:59:59Z")), REASON_LATE);
  EXPECT_EQ(ReasonFor(MakeActivity("lap1", "device.seen")), REASON_KIND_NOT_COLLECTED);
}

TEST_F(IngestDaysTest, CountsDaysInTheOrganisationsZone) {
  policy().set_time_zone("Pacific/Auckland");  // 13 hours ahead
  SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent", "2026-11-20T10:59:59Z")}));
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-20"), SizeIs(1));
  client.merges.clear();
  SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent", "2026-11-20T11:00:00Z")}));
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-20"), IsEmpty());
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-21"), SizeIs(1));
}

TEST_F(IngestDaysTest, CountsActivitiesThatAreLateForSomeWindow) {
  const Reply reply =
      SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent", "2026-11-16T08:00:00Z"),
                             MakeActivity("ann@x", "mail.sent", "2026-11-17T08:00:00Z")}));
  EXPECT_EQ(reply.response.accepted_count(), 2);
  EXPECT_EQ(reply.response.partly_late_count(), 1);
}

TEST_F(IngestDaysTest, SendsNothingToAWindowFromItsCloseOn) {
  // Day window 2026-11-17 closes on the 21st at 00:00.
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent", "2026-11-17T08:00:00Z")});
  policy().mutable_expire_time()->set_seconds(absl::ToUnixSeconds(clock.Now() + absl::Hours(48)));
  clock.Set(absl::FromCivil(Day(2026, 11, 21), absl::UTCTimeZone()));
  EXPECT_EQ(SendAndTick(batch).response.partly_late_count(), 1);
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-17"), IsEmpty());
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
}

// Mutation: a missing key that is passed over as if the activity were known.
TEST_F(IngestDaysTest, RefusesActivitiesOfWindowsWithoutAKey) {
  for (aggregate::v1::OpenWindow& window : *policy().mutable_windows()) {
    window.clear_close_time();
  }
  aggregate::v1::OpenWindow past = policy().windows(4);
  past.set_end_day("2026-11-01");
  *policy().add_windows() = past;
  const auto late = MakeActivity("ann@x", "mail.sent", "2026-11-01T08:00:00Z");
  const Reply alone = SendAndTick(MakeBatch({late}));
  ASSERT_FALSE(alone.status.ok());
  EXPECT_EQ(alone.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(alone.status), REASON_KEY_MISSING);
  EXPECT_THAT(client.merges, IsEmpty());

  const Reply mixed = SendAndTick(MakeBatch({late, MakeActivity("ann@x", "mail.sent")}));
  EXPECT_EQ(mixed.response.accepted_count(), 1);
  ASSERT_THAT(mixed.response.rejections(), SizeIs(1));
  EXPECT_EQ(mixed.response.rejections(0).reason(), REASON_KEY_MISSING);
  EXPECT_EQ(counters.refused_activities[REASON_KEY_MISSING].load(), 2u);

  // An extension brings the key.
  ASSERT_TRUE(KeyringFile(keyring_path)
                  .Update([&](ScrubbedKeyring& keyring) {
                    return ExtendKeyring("acme", Day(2026, 10, 26), std::nullopt, clock.Now(),
                                         keyring)
                        .status();
                  })
                  .ok());
  ASSERT_TRUE(*keys->ReloadIfChanged());
  policies->Clear();
  EXPECT_EQ(ReasonFor(late), REASON_UNSPECIFIED);
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-01"), SizeIs(1));
}

TEST_F(IngestDaysTest, ReportsAWindowUnderAnotherKeyOnceAndLeavesIt) {
  policy().mutable_windows(0)->set_key_id(std::string(16, 'k'));
  const Reply reply = SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent")}));
  EXPECT_EQ(reply.response.accepted_count(), 1);
  ASSERT_THAT(SentDeltas(), SizeIs(5));
  EXPECT_EQ(SentDeltas().back().end_day(), "2026-11-22");
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), IsEmpty());
  EXPECT_NE(SentDeltas().back().key_id(), std::string(16, 'k'));
  client.merges.clear();
  SendAndTick(MakeBatch({MakeActivity("bob@x", "mail.sent")}));
  EXPECT_THAT(SentDeltas(), SizeIs(4));
}

TEST_F(IngestDaysTest, RefusesActivitiesWhoseEveryWindowIsIncomplete) {
  for (aggregate::v1::OpenWindow& window : *policy().mutable_windows()) {
    window.set_incomplete(true);
  }
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.sent")), REASON_WINDOW_INCOMPLETE);
  EXPECT_THAT(client.merges, IsEmpty());
}

TEST_F(IngestDaysTest, TakesAWindowBoundToOurKey) {
  SlotHash hash;
  ASSERT_TRUE(keys->snapshot()->Find("acme", {WindowKind::kReach, Day(2026, 11, 22)}, hash));
  policy().mutable_windows(0)->set_key_id(std::string(hash.key_id().begin(), hash.key_id().end()));
  SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent")}));
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
}

}  // namespace
}  // namespace tutti
