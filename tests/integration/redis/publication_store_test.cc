#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/redis/keys.h"
#include "tests/integration/redis/redis_test.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Day kEnd(2026, 3, 1);

class PublicationStoreTest : public RedisTest {
 protected:
  PublicationStore& publications() { return stores_->publications(); }
  static StagedRecord Record(const std::string& bytes, Day end_day = kEnd) {
    return {end_day, bytes, {{"person", 46'428'571}, {"device", 7}}, {}};
  }
};

using PublicationContract = ContractOf<PublicationStoreTest>;
TUTTI_EVERYWHERE(PublicationContract);

TEST_P(PublicationContract, ShowsARecordOnlyWhenItIsPromoted) {
  const std::string bytes("record\0with a zero", 18);
  ASSERT_EQ(publications().Stage("acme", Record(bytes)), absl::OkStatus());
  EXPECT_EQ(publications().ReadStaged("acme", kEnd).value(), bytes);
  EXPECT_THAT(publications().ListEndDays("acme").value(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(publications().LatestEndDay("acme").status()));
  EXPECT_TRUE(absl::IsNotFound(publications().Read("acme", {kEnd}).status()));
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(publications().Promote("acme", kEnd), absl::OkStatus());
    EXPECT_THAT(publications().Read("acme", {kEnd}).value(), ElementsAre(bytes));
    EXPECT_THAT(publications().ListEndDays("acme").value(), ElementsAre(kEnd));
    EXPECT_TRUE(absl::IsNotFound(publications().ReadStaged("acme", kEnd).status()));
  }
}

TEST_P(PublicationContract, ListsAndReadsInOrder) {
  for (const int week : {2, 0, 1}) {
    ASSERT_EQ(
        publications().Stage("acme", Record(absl::StrCat("week ", week), kEnd + int64_t{7} * week)),
        absl::OkStatus());
    ASSERT_EQ(publications().Promote("acme", kEnd + int64_t{7} * week), absl::OkStatus());
  }
  EXPECT_THAT(publications().ListEndDays("acme").value(), ElementsAre(kEnd, kEnd + 7, kEnd + 14));
  EXPECT_EQ(publications().LatestEndDay("acme").value(), kEnd + 14);
  EXPECT_THAT(publications().Read("acme", {kEnd + 14, kEnd}).value(),
              ElementsAre("week 2", "week 0"));
  EXPECT_TRUE(absl::IsNotFound(publications().Read("acme", {kEnd, kEnd + 1}).status()));
  EXPECT_THAT(publications().Read("acme", {}).value(), IsEmpty());
  EXPECT_THAT(publications().ListEndDays("nobody").value(), IsEmpty());
}

TEST_P(PublicationContract, FindsWhatIsPublishedOfManyOrganizations) {
  for (const auto& [organization, end_day] :
       {std::pair<std::string, Day>("acme", kEnd), {"acme", kEnd + 7}, {"bcme", kEnd + 14}}) {
    ASSERT_EQ(publications().Stage(organization, Record("record", end_day)), absl::OkStatus());
    ASSERT_EQ(publications().Promote(organization, end_day), absl::OkStatus());
  }
  EXPECT_THAT(publications()
                  .Find({{"acme", std::nullopt},
                         {"bcme", std::nullopt},
                         {"acme", kEnd},
                         {"acme", kEnd + 1},
                         {"nobody", std::nullopt},
                         {"bcme", kEnd + 7}})
                  .value(),
              ElementsAre(kEnd + 7, kEnd + 14, kEnd, std::nullopt, std::nullopt, std::nullopt));
  EXPECT_THAT(publications().Find({}).value(), IsEmpty());
}

TEST_P(PublicationContract, StagesAWindowOnceHoweverFarItHasCome) {
  ASSERT_EQ(publications().Stage("acme", Record("first")), absl::OkStatus());
  EXPECT_TRUE(absl::IsAlreadyExists(publications().Stage("acme", Record("second"))));
  EXPECT_EQ(publications().ReadStaged("acme", kEnd).value(), "first");
  ASSERT_EQ(publications().Promote("acme", kEnd), absl::OkStatus());
  EXPECT_TRUE(absl::IsAlreadyExists(publications().Stage("acme", Record("third"))));
  EXPECT_THAT(publications().Read("acme", {kEnd}).value(), ElementsAre("first"));
}

// Mutation: a record that is staged whoever has the lease is published after a pause.
TEST_P(PublicationContract, StagesNothingOfACloserThatLostItsLease) {
  Create("acme");
  StagedRecord staged{kEnd, "record", {{"person", 10}}, {}};
  staged.lease = LeaseToken("overslept");
  EXPECT_TRUE(absl::IsAborted(publications().Stage("acme", staged)));
  ASSERT_TRUE(
      stores_->organizations().TakeLease("acme", LeaseToken("another"), absl::Minutes(5)).value());
  EXPECT_TRUE(absl::IsAborted(publications().Stage("acme", staged)));
  EXPECT_TRUE(absl::IsNotFound(publications().ReadStaged("acme", kEnd).status()));
  EXPECT_TRUE(publications().ReadLedger("acme")->empty()) << "nothing was drawn, nothing is paid";
  staged.lease = LeaseToken("another");
  EXPECT_EQ(publications().Stage("acme", staged), absl::OkStatus());
}

TEST_P(PublicationContract, StagesNothingThatTheLedgerHasPaidForUnderAnyKind) {
  ASSERT_EQ(publications().Stage("acme", Record("lost")), absl::OkStatus());
  ASSERT_TRUE(AsOk(inspector_->Call({"DEL", StagedKey("acme", kEnd)})).ok());
  const Ledger before = publications().ReadLedger("acme").value();
  for (const char* kind : {"person", "document"}) {
    EXPECT_TRUE(
        absl::IsAlreadyExists(publications().Stage("acme", {kEnd, "again", {{kind, 5}}, {}})));
  }
  EXPECT_TRUE(absl::IsNotFound(publications().ReadStaged("acme", kEnd).status()));
  EXPECT_EQ(publications().ReadLedger("acme").value(), before);
  EXPECT_EQ(publications().Stage("acme", Record("next", kEnd + 7)), absl::OkStatus());
}

TEST_P(PublicationContract, LetsExactlyOneOfManyStage) {
  std::atomic<int> wins = 0;
  std::vector<std::thread> threads;
  threads.reserve(6);
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&, thread] {
      const absl::Status staged = publications().Stage("acme", Record(absl::StrCat(thread)));
      wins += staged.ok() ? 1 : 0;
      EXPECT_TRUE(staged.ok() || absl::IsAlreadyExists(staged)) << staged;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wins, 1);
}

TEST_P(PublicationContract, StagingEntersTheCostAndDeletesItsTallies) {
  for (int day = 0; day < 3; ++day) {
    ASSERT_EQ(stores_->counters().StoreTally({"acme", {WindowKind::kDay, kEnd - day}, {}},
                                             {{{"mail", day}}, {}}, LeaseToken()),
              absl::OkStatus());
  }
  StagedRecord staged = Record("record");
  staged.tallied_days = {kEnd, kEnd - 1};
  ASSERT_EQ(publications().Stage("acme", staged), absl::OkStatus());
  const auto tallies = stores_->counters().ReadTallies("acme").value();
  ASSERT_EQ(tallies.size(), 1U);
  EXPECT_EQ(tallies.begin()->first, kEnd - 2);
  EXPECT_EQ(publications().ReadLedger("acme").value(),
            (Ledger{{{"person", kEnd}, 46'428'571}, {{"device", kEnd}, 7}}));
}

TEST_P(PublicationContract, PromotingNeverReplacesAPublishedRecord) {
  EXPECT_TRUE(absl::IsNotFound(publications().Promote("acme", kEnd)));
  ASSERT_EQ(publications().Stage("acme", Record("first")), absl::OkStatus());
  ASSERT_EQ(publications().Promote("acme", kEnd), absl::OkStatus());
  ASSERT_TRUE(AsOk(inspector_->Call({"SET", StagedKey("acme", kEnd), "forged"})).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(publications().Promote("acme", kEnd)));
  EXPECT_THAT(publications().Read("acme", {kEnd}).value(), ElementsAre("first"));
}

TEST_P(PublicationContract, PromotingAnnouncesTheEndDay) {
  // Whichever node of a cluster is listened to; of other tests' organisations it may still hear.
  RedisOptions listening = place() == Place::kCluster ? cluster_->primary(0).OptionsFor("inspector")
                                                      : OptionsFor("inspector");
  listening.timeout = absl::Minutes(1);
  auto listener = RedisConnection::Open(listening);
  ASSERT_TRUE(listener.ok()) << listener.status();
  ASSERT_TRUE(AsOk((*listener)->Call({"SUBSCRIBE", PublicationChannel("announced")})).ok());
  ASSERT_EQ(publications().Stage("announced", Record("record")), absl::OkStatus());
  ASSERT_EQ(publications().Promote("announced", kEnd), absl::OkStatus());
  EXPECT_THAT(AsStrings((*listener)->Read()).value(),
              ElementsAre("message", "pub:announced", "2026-03-01"));
}

TEST_P(PublicationContract, IsReadByTheScoreServicesUser) {
  ASSERT_EQ(publications().Stage("acme", Record("record")), absl::OkStatus());
  ASSERT_EQ(publications().Promote("acme", kEnd), absl::OkStatus());
  RedisStores score(OptionsFor("score"));
  EXPECT_EQ(score.Ping(), absl::OkStatus());
  EXPECT_EQ(score.publications().LatestEndDay("acme").value(), kEnd);
  EXPECT_THAT(score.publications().ListEndDays("acme").value(), ElementsAre(kEnd));
  EXPECT_THAT(score.publications().Read("acme", {kEnd}).value(), ElementsAre("record"));
  EXPECT_EQ(score.publications().ReadStaged("acme", kEnd).status(),
            absl::UnavailableError(
                "the store cannot be used now; the log of the service that is not ready says why"));
}

}  // namespace
}  // namespace tutti
