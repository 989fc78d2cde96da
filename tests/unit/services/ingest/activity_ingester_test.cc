#include "services/ingest/activity_ingester.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/keyring/keyring_operations.h"
#include "common/rpc/status.h"
#include "common/window/window_proto.h"
#include "ingest_fixture.h"
#include "services/ingest/activity_batch.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace ingest::v1;  // NOLINT: the reasons, one by one

constexpr uint32_t kSlots = 1024;

class ActivityIngesterTest : public IngestFixture {
 protected:
  // The slot that a subject takes for a type's first column in a window.
  uint32_t SlotOf(const std::string& subject, const std::string& type, WindowKind kind,
                  const std::string& end_day) {
    client.merges.clear();
    SendAndTick(MakeBatch({MakeActivity(subject, type)}));
    const std::vector<uint32_t> positions = SentTo(kind, end_day);
    EXPECT_FALSE(positions.empty());
    return positions.empty() ? 0 : positions[0] % kSlots;
  }
};

TEST_F(ActivityIngesterTest, SetsTheColumnsOfAnActivityInEveryWindowOfItsDay) {
  const Reply reply = SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent")}));
  EXPECT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply.response.accepted_count(), 1);
  EXPECT_EQ(reply.response.partly_late_count(), 0);
  ASSERT_THAT(client.merges, SizeIs(1));
  EXPECT_EQ(client.merges[0].deltas_size(), 4 + 1);
  for (const char* end_day : {"2026-11-22", "2026-11-29", "2026-12-06", "2026-12-13"}) {
    const std::vector<uint32_t> positions = SentTo(WindowKind::kReach, end_day);
    ASSERT_THAT(positions, SizeIs(2)) << end_day;
    EXPECT_EQ(positions[0] / kSlots, 0u);
    EXPECT_EQ(positions[1] / kSlots, 2u);
  }
  const std::vector<uint32_t> day = SentTo(WindowKind::kDay, "2026-11-20");
  ASSERT_THAT(day, SizeIs(1));
  EXPECT_LT(day[0], kSlots);
  for (const auto& delta : SentDeltas()) {
    EXPECT_EQ(delta.organization(), "acme");
    EXPECT_EQ(delta.kind(), "person");
    EXPECT_EQ(delta.kept_slots_log2(), 10u);
    SlotHash hash;
    ASSERT_TRUE(keys->snapshot()->Find("acme", *WindowFrom(delta), hash));
    EXPECT_EQ(delta.key_id(), std::string(hash.key_id().begin(), hash.key_id().end()));
  }
}

// Answered otherwise than something known, a producer could ask who has opted out.
// Mutation: a batch that does not ask the opt-out list.
TEST_F(ActivityIngesterTest, DropsWhatPeopleDoWhoOptedOutAndAnswersAsIfItWereKnown) {
  ASSERT_TRUE(
      OptOutFile(OptOutPathBeside(keyring_path))
          .Update([](OptOutList& list) {
            return list.Add("acme", std::get<SubjectId>(SubjectId::Parse("ann@x"))).status();
          })
          .ok());
  ASSERT_TRUE(opt_outs->ReloadIfChanged().ok());
  const Reply dropped = SendAndTick(MakeBatch({MakeActivity(" ANN@x", "mail.sent")}));
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), IsEmpty());
  ASSERT_THAT(client.merges, SizeIs(1)) << "a tick that names the organisation is written";

  SendAndTick(MakeBatch({MakeActivity("bob@x", "mail.sent")}));
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
  client.merges.clear();
  const Reply known = SendAndTick(MakeBatch({MakeActivity("bob@x", "mail.sent")}));
  EXPECT_EQ(dropped.response.SerializeAsString(), known.response.SerializeAsString());
  EXPECT_EQ(dropped.status.code(), known.status.code());
}

// Mutation: to count people by the list of before, or without one; to merge what else there
// is of a batch that is to be sent again.
TEST_F(ActivityIngesterTest, CountsNobodyWhileItCannotBeReadWhoOptedOut) {
  SetSize("device", 10, 10);
  const auto people = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  const auto devices = MakeBatch({MakeActivity("laptop-1", "device.seen")});
  const auto both =
      MakeBatch({MakeActivity("laptop-2", "device.seen"), MakeActivity("ann@x", "mail.sent")});
  const std::string path = OptOutPathBeside(keyring_path);
  std::filesystem::rename(path, path + ".away");
  ASSERT_FALSE(opt_outs->ReloadIfChanged().ok());
  for (const auto& batch : {people, both}) {
    const Reply reply = SendAndTick(batch);
    ASSERT_FALSE(reply.status.ok());
    EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonIn<ingest::v1::Reason>(reply.status), REASON_OPT_OUTS_UNREADABLE);
  }
  EXPECT_THAT(client.merges, IsEmpty());
  EXPECT_EQ(counters.refused_batches[REASON_OPT_OUTS_UNREADABLE], 2u);
  EXPECT_EQ(SendAndTick(devices).response.accepted_count(), 1) << "no person is in it";

  std::filesystem::rename(path + ".away", path);
  ASSERT_TRUE(opt_outs->ReloadIfChanged().ok());
  EXPECT_EQ(SendAndTick(both).response.accepted_count(), 2);
}

TEST_F(ActivityIngesterTest, GivesASubjectOneSlotInATableOfAWindow) {
  EXPECT_EQ(SlotOf("Ann@X", "mail.sent", WindowKind::kReach, "2026-11-22"),
            SlotOf(" ann@x", "chat.sent", WindowKind::kReach, "2026-11-22"));
}

TEST_F(ActivityIngesterTest, GivesASubjectUnrelatedSlotsInOtherTablesAndWindows) {
  constexpr int kSubjects = 1000;
  int same_table = 0;
  int same_window = 0;
  int same_day = 0;
  for (int i = 0; i < kSubjects; ++i) {
    client.merges.clear();
    SendAndTick(MakeBatch({MakeActivity(absl::StrCat("person", i, "@x"), "mail.sent")}));
    const std::vector<uint32_t> first = SentTo(WindowKind::kReach, "2026-11-22");
    const std::vector<uint32_t> second = SentTo(WindowKind::kReach, "2026-11-29");
    const std::vector<uint32_t> day = SentTo(WindowKind::kDay, "2026-11-20");
    ASSERT_THAT(first, SizeIs(2));
    same_table += first[0] % kSlots == first[1] % kSlots ? 1 : 0;
    same_window += first[0] == second[0] ? 1 : 0;
    same_day += first[0] == day[0] ? 1 : 0;
  }
  // About one in a thousand is the same by chance; more than ten has a probability
  // below one in ten million.
  EXPECT_LE(same_table, 10);
  EXPECT_LE(same_window, 10);
  EXPECT_LE(same_day, 10);
}

TEST_F(ActivityIngesterTest, SpreadsSubjectsOverTheSlots) {
  std::vector<Activity> activities;
  activities.reserve(2000);
  for (int i = 0; i < 2000; ++i) {
    activities.push_back(MakeActivity(absl::StrCat("person", i), "chat.sent"));
  }
  SendAndTick(MakeBatch(activities));
  // 1,024 (1 - e^(-2000/1024)) = 879 slots are taken, give or take 10.
  EXPECT_NEAR(static_cast<double>(SentTo(WindowKind::kReach, "2026-11-22").size()), 879, 60);
}

TEST_F(ActivityIngesterTest, KeepsOnlySampledSlotsAndAcceptsAll) {
  SetSize("person", 12, 10);
  std::vector<Activity> activities;
  activities.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    activities.push_back(MakeActivity(absl::StrCat("person", i), "chat.sent"));
  }
  const Reply reply = SendAndTick(MakeBatch(activities));
  EXPECT_EQ(reply.response.accepted_count(), 1000);
  const std::vector<uint32_t> positions = SentTo(WindowKind::kReach, "2026-11-22");
  EXPECT_NEAR(static_cast<double>(positions.size()), 222, 75);
  for (const uint32_t position : positions) EXPECT_EQ(position / kSlots, 1u);
}

TEST_F(ActivityIngesterTest, AnswersNothingBeforeItIsDurable) {
  client.hold_merges = true;
  const auto reply = Send(MakeBatch({MakeActivity("ann@x", "mail.sent")}));
  EXPECT_FALSE(reply->done);
  EXPECT_THAT(client.merges, IsEmpty());
  coalescer->Tick();
  EXPECT_THAT(client.merges, SizeIs(1));
  EXPECT_FALSE(reply->done);
  client.AnswerMerges();
  EXPECT_FALSE(reply->done);
  coalescer->Tick();
  EXPECT_TRUE(reply->done);
  EXPECT_EQ(reply->response.accepted_count(), 1);
}

TEST_F(ActivityIngesterTest, SendsNothingNewForARepeatButWaitsForItsTick) {
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  const Reply first = SendAndTick(batch);
  client.merges.clear();
  const auto again = Send(batch);
  EXPECT_FALSE(again->done);
  coalescer->Tick();
  EXPECT_FALSE(again->done);
  coalescer->Tick();
  EXPECT_TRUE(again->done);
  EXPECT_EQ(again->response.SerializeAsString(), first.response.SerializeAsString());
  // Every window of its day is named, as the first time.
  ASSERT_THAT(SentDeltas(), SizeIs(4 + 1));
  for (const auto& delta : SentDeltas()) {
    EXPECT_EQ(delta.organization(), "acme");
    EXPECT_THAT(delta.positions(), IsEmpty());
  }
}

TEST_F(ActivityIngesterTest, SendsOnlyTheNewColumnsOfAKnownSubject) {
  SendAndTick(MakeBatch({MakeActivity("ann@x", "chat.sent")}));
  client.merges.clear();
  SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent")}));
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-20"), IsEmpty());
  client.merges.clear();
  SendAndTick(MakeBatch({MakeActivity("ann@x", "mail.sent", "2026-11-19T08:00:00Z")}));
  EXPECT_THAT(SentTo(WindowKind::kDay, "2026-11-19"), SizeIs(1));
}

// What a person costs beyond the counting of activities must not grow with their number.
// Mutation: entries that are not folded, or by day alone.
TEST_F(ActivityIngesterTest, PaysForASubjectOnceABatch) {
  std::vector<Activity> activities;
  activities.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    activities.push_back(MakeActivity("ann@x", i % 2 == 0 ? "mail.sent" : "chat.sent",
                                      absl::StrCat("2026-11-", 18 + i % 3, "T08:00:00Z")));
  }
  const auto request = MakeBatch(activities);
  const auto view = ViewOf(request);
  const ColumnTables tables(SmallCatalog());
  const IngestParts parts = {SmallCatalog(), *policies, *acknowledged, *coalescer,
                             *opt_outs,      counters,  clock};
  IngestActivitiesResponse response;
  ActivityBatch batch(
      parts, tables,
      *OrganizationPolicy::Create("acme", AcmePolicy(), SmallCatalog(), keys->snapshot()),
      view->size(), response, [](const absl::Status&) {});
  batch.Judge(*view);
  EXPECT_EQ(batch.activities, 1000u);
  ASSERT_THAT(batch.deltas, SizeIs(4 + 3));
  for (const BatchDelta& delta : batch.deltas) {
    const bool is_day = delta.window >= 4;
    EXPECT_THAT(delta.positions, SizeIs(is_day ? 1 : 3)) << "before a flush sorts them";
  }
}

TEST_F(ActivityIngesterTest, SendsAgainWhatFailed) {
  client.outcome = [](const auto&) { return absl::UnavailableError("down"); };
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  const Reply failed = SendAndTick(batch);
  ASSERT_FALSE(failed.status.ok());
  EXPECT_EQ(failed.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(failed.status), REASON_STORE_UNAVAILABLE);
  client.outcome = [](const auto&) { return aggregate::v1::DELTA_OUTCOME_MERGED; };
  client.merges.clear();
  EXPECT_EQ(SendAndTick(batch).response.accepted_count(), 1);
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
}

// Mutation: the policy is forgotten, and asked for at the part of the store that is away.
TEST_F(ActivityIngesterTest, RefusesTheBatchesWhosePartOfTheStoreIsAwayAndNoOthers) {
  client.policies.emplace("other", AcmePolicy());
  client.outcome = [](const aggregate::v1::WindowDelta& delta) {
    return delta.organization() == "acme" ? aggregate::v1::DELTA_OUTCOME_UNAVAILABLE
                                          : aggregate::v1::DELTA_OUTCOME_MERGED;
  };
  auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  const auto away = Send(batch);
  batch.set_organization("organizations/other");
  const auto there = Send(batch);
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_THAT(client.merges, SizeIs(1)) << "the control";
  ASSERT_TRUE(away->done && there->done);
  EXPECT_EQ(away->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(away->status), REASON_STORE_UNAVAILABLE);
  ASSERT_TRUE(there->status.ok()) << there->status;
  EXPECT_EQ(there->response.accepted_count(), 1);

  const int fetched = client.fetched;
  client.outcome = [](const auto&) { return aggregate::v1::DELTA_OUTCOME_MERGED; };
  client.merges.clear();
  batch.set_organization("organizations/acme");
  EXPECT_EQ(SendAndTick(batch).response.accepted_count(), 1);
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
  EXPECT_EQ(client.fetched, fetched);
}

TEST_F(ActivityIngesterTest, RefusesWhatIsWrongWithAnActivity) {
  EXPECT_EQ(ReasonFor(MakeActivity("", "mail.sent")), REASON_SUBJECT_MISSING);
  EXPECT_EQ(ReasonFor(MakeActivity("  ", "mail.sent")), REASON_SUBJECT_MISSING);
  EXPECT_EQ(ReasonFor(MakeActivity(std::string(513, 'a'), "mail.sent")), REASON_SUBJECT_TOO_LONG);
  EXPECT_EQ(ReasonFor(MakeActivity("a\nb", "mail.sent")), REASON_SUBJECT_MALFORMED);
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "mail.burnt")), REASON_TYPE_UNKNOWN);
  EXPECT_EQ(ReasonFor(MakeActivity("ann@x", "")), REASON_TYPE_UNKNOWN);

  Activity activity = MakeActivity("ann@x", "mail.sent");
  activity.clear_occurred_at();
  EXPECT_EQ(ReasonFor(activity), REASON_TIME_MISSING);
  activity.mutable_occurred_at()->set_seconds(int64_t{1} << 60);
  EXPECT_EQ(ReasonFor(activity), REASON_TIME_MISSING);
  activity.mutable_occurred_at()->set_seconds(-1);
  EXPECT_EQ(ReasonFor(activity), REASON_TIME_MISSING);

  activity = MakeActivity("ann@x", "mail.sent");
  for (int i = 0; i < 16; ++i) activity.add_traits("shared_file");
  EXPECT_EQ(ReasonFor(activity), REASON_UNSPECIFIED);
  activity.add_traits("shared_file");
  EXPECT_EQ(ReasonFor(activity), REASON_TOO_MANY_TRAITS);
}

TEST_F(ActivityIngesterTest, LearnsFromTheOutcomesOfItsDeltas) {
  using aggregate::v1::WindowDelta;
  const auto batch = MakeBatch({MakeActivity("", "mail.sent"), MakeActivity("ann@x", "mail.sent"),
                                MakeActivity("", "mail.sent")});
  client.outcome = [](const WindowDelta& delta) {
    return delta.window_kind() == window::v1::WINDOW_KIND_DAY ? aggregate::v1::DELTA_OUTCOME_LATE
                                                              : aggregate::v1::DELTA_OUTCOME_MERGED;
  };
  Reply reply = SendAndTick(batch);
  EXPECT_EQ(reply.response.accepted_count(), 1);
  EXPECT_EQ(reply.response.partly_late_count(), 1);

  acknowledged->NextGeneration();
  acknowledged->NextGeneration();
  client.outcome = [](const WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_LATE; };
  reply = SendAndTick(batch);
  EXPECT_EQ(reply.response.accepted_count(), 0);
  ASSERT_THAT(reply.response.rejections(), SizeIs(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(reply.response.rejections(i).index(), i);
  EXPECT_EQ(reply.response.rejections(1).reason(), REASON_LATE);

  client.outcome = [](const WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH; };
  reply = SendAndTick(batch);
  EXPECT_EQ(reply.response.rejections(1).reason(), REASON_WINDOW_INCOMPLETE);

  client.outcome = [](const WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE; };
  reply = SendAndTick(batch);
  ASSERT_FALSE(reply.status.ok());
  EXPECT_EQ(ReasonIn<ingest::v1::Reason>(reply.status), REASON_ORGANIZATION_NOT_ACTIVE);

  client.outcome = [](const WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH; };
  const int fetched = client.fetched;
  reply = SendAndTick(batch);
  ASSERT_FALSE(reply.status.ok());
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
  // The next batch works by a new policy, and nothing was learnt from the failures.
  client.outcome = [](const WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_MERGED; };
  client.merges.clear();
  EXPECT_EQ(SendAndTick(batch).response.accepted_count(), 1);
  EXPECT_GT(client.fetched, fetched);
  EXPECT_THAT(SentTo(WindowKind::kReach, "2026-11-22"), SizeIs(2));
}

TEST_F(ActivityIngesterTest, RefusesWholeBatches) {
  const auto refused = [this](const IngestActivitiesRequest& request) {
    const Reply reply = SendAndTick(request);
    return !reply.status.ok() ? ReasonIn<ingest::v1::Reason>(reply.status) : REASON_UNSPECIFIED;
  };
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  EXPECT_EQ(refused(MakeBatch({})), REASON_BATCH_EMPTY);
  EXPECT_EQ(refused(MakeBatch(std::vector<Activity>(10'001))), REASON_BATCH_TOO_LARGE);
  auto other = batch;
  other.set_organization("acme");
  EXPECT_EQ(refused(other), REASON_ORGANIZATION_MALFORMED);
  other.set_organization("organizations/nobody");
  EXPECT_EQ(refused(other), REASON_ORGANIZATION_NOT_FOUND);

  policy().set_state(aggregate::v1::ORGANIZATION_STATE_PAUSED);
  EXPECT_EQ(refused(batch), REASON_ORGANIZATION_NOT_ACTIVE);
  policies->Clear();
  client.policies["acme"] = WithReason(absl::UnavailableError("catalogues differ"),
                                       aggregate::v1::REASON_CATALOG_MISMATCH);
  EXPECT_EQ(refused(batch), REASON_CATALOG_MISMATCH);
  policies->Clear();
  client.policies["acme"] = absl::DeadlineExceededError("slow");
  EXPECT_EQ(refused(batch), REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(client.merges, IsEmpty());
}

TEST_F(ActivityIngesterTest, CountsUnknownValuesAndIgnoresThem) {
  Activity activity = MakeActivity("ann@x", "mail.sent");
  activity.set_app("abacus");
  activity.set_platform("stone");
  activity.add_traits("chiselled");
  const Reply reply = SendAndTick(MakeBatch({activity, MakeActivity("bob@x", "mail.sent")}));
  EXPECT_EQ(reply.response.accepted_count(), 2);
  EXPECT_EQ(reply.response.ignored().apps(), 1);
  EXPECT_EQ(reply.response.ignored().platforms(), 1);
  EXPECT_EQ(reply.response.ignored().traits(), 1);
}

TEST_F(ActivityIngesterTest, RepeatsNoValueOfAnActivityInItsAnswers) {
  const std::string canary = "canary";
  std::vector<Activity> activities = {
      MakeActivity(canary, "mail.sent"), MakeActivity(canary + "\n" + canary, "mail.sent"),
      MakeActivity(canary, canary), MakeActivity(canary + std::string(600, 'a'), "mail.sent"),
      MakeActivity(canary, "mail.sent", "2026-10-01T00:00:00Z")};
  for (Activity& activity : activities) {
    activity.set_app(canary);
    activity.set_platform(canary);
    activity.add_traits(canary);
  }
  const Reply reply = SendAndTick(MakeBatch(activities));
  EXPECT_THAT(reply.response.rejections(), SizeIs(4));
  EXPECT_EQ(reply.response.SerializeAsString().find(canary), std::string::npos);
  for (const Rejection& rejection : reply.response.rejections()) {
    EXPECT_FALSE(rejection.field().empty());
    EXPECT_FALSE(rejection.description().empty());
  }
  for (const auto& merge : client.merges) {
    EXPECT_EQ(merge.SerializeAsString().find(canary), std::string::npos);
  }
  auto malformed = MakeBatch({});
  malformed.set_organization(canary + "/" + canary);
  EXPECT_EQ(SendAndTick(malformed).status.ToString().find(canary), std::string::npos);
}

}  // namespace
}  // namespace tutti
