#include "services/score/score_reader.h"

#include "common/rpc/error_details.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"
#include "tests/unit/services/score/fake_cohorts.h"
#include "tests/unit/services/score/fake_publications.h"

namespace tutti {
namespace {

using aggregate::v1::CADENCE_WEEKLY;

class ScoreReaderTest : public ::testing::Test {
 protected:
  publication::v1::Publication Record(int64_t communicators) {
    Activity activity;
    activity.tables = {{"modes", {0, 500, 0, communicators}}};
    activity.habits = {{"habit_communication", 400}};
    return Publish(*catalog_, 2000, CADENCE_WEEKLY, activity, simulator_);
  }

  static score::v1::Score Parse(const absl::StatusOr<ScoreReader::Answer>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    score::v1::GetScoreResponse response;
    EXPECT_TRUE(answer.ok() && response.ParseFromString(**answer));
    return response.score();
  }

  std::unique_ptr<const Catalog> catalog_ = ShippedCatalog();
  SlotSimulator simulator_{21};
  FakePublications publications_;
  FakeCohorts cohorts_;
  ScoreReader reader_{publications_, cohorts_, {catalog_.get()}};
};

TEST_F(ScoreReaderTest, AnswersWithTheLatestAndWithADay) {
  publications_.Publish(Record(400), "2026-10-25");
  publications_.Publish(Record(400), "2026-11-01");
  EXPECT_EQ(Parse(reader_.GetScore({"acme", std::nullopt, ""})).end_day(), "2026-11-01");
  const score::v1::Score earlier = Parse(reader_.GetScore({"acme", Day(2026, 10, 25), ""}));
  EXPECT_EQ(earlier.name(), "organizations/acme/scores/2026-10-25");
  EXPECT_EQ(earlier.start_day(), "2026-09-28");
  EXPECT_EQ(earlier.state(), score::v1::FIGURE_STATE_MEASURED);
}

TEST_F(ScoreReaderTest, AsksTheStoreOnceWhenTheAnswerIsKept) {
  publications_.Publish(Record(400), "2026-11-01");
  const auto first = reader_.GetScore({"acme", std::nullopt, ""});
  ASSERT_TRUE(first.ok());
  const int before = publications_.calls();
  const auto again = reader_.GetScore({"acme", std::nullopt, ""});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(publications_.calls(), before + 1);
  EXPECT_EQ(first->get(), again->get());
  ASSERT_TRUE(reader_.GetScore({"acme", Day(2026, 11, 1), ""}).ok());
  EXPECT_EQ(publications_.calls(), before + 2);
}

TEST_F(ScoreReaderTest, ForgetsAnErasedOrganisationAtOnce) {
  publications_.Publish(Record(400), "2026-11-01");
  ASSERT_TRUE(reader_.GetScore({"acme", std::nullopt, ""}).ok());
  publications_.Erase("acme");
  for (const std::optional<Day> day :
       {std::optional<Day>(), std::optional<Day>(Day(2026, 11, 1))}) {
    const auto gone = reader_.GetScore({"acme", day, ""});
    EXPECT_TRUE(absl::IsNotFound(gone.status()));
    EXPECT_EQ(ReasonOf(gone.status()), "NOTHING_PUBLISHED");
  }
  bool more = false;
  EXPECT_TRUE(absl::IsNotFound(reader_.ListScores("acme", std::nullopt, 10, more).status()));
  EXPECT_TRUE(absl::IsNotFound(reader_.GetTable({"acme", std::nullopt, "modes"}).status()));
}

TEST_F(ScoreReaderTest, TellsNoSuchWindowFromNothingPublished) {
  EXPECT_EQ(ReasonOf(reader_.GetScore({"acme", Day(2026, 11, 1), ""}).status()),
            "NOTHING_PUBLISHED");
  publications_.Publish(Record(400), "2026-11-01");
  EXPECT_EQ(ReasonOf(reader_.GetScore({"acme", Day(2026, 11, 8), ""}).status()), "NO_SUCH_WINDOW");
}

TEST_F(ScoreReaderTest, SaysThatTheStoreIsAway) {
  publications_.Fail(absl::UnavailableError("away"));
  const auto answer = reader_.GetScore({"acme", std::nullopt, ""});
  EXPECT_TRUE(absl::IsUnavailable(answer.status()));
  EXPECT_EQ(ReasonOf(answer.status()), "STORE_UNAVAILABLE");
}

TEST_F(ScoreReaderTest, RefusesARecordOfAnotherCatalogue) {
  publication::v1::Publication record = Record(400);
  record.set_catalog_fingerprint("0123456789abcdef0123456789abcdef");
  publications_.Publish(record, "2026-11-01");
  const auto answer = reader_.GetScore({"acme", std::nullopt, ""});
  EXPECT_TRUE(absl::IsFailedPrecondition(answer.status()));
  EXPECT_EQ(ReasonOf(answer.status()), "CATALOG_MISMATCH");
}

TEST_F(ScoreReaderTest, ScoresByThePastCatalogueOfARecord) {
  catalog::v1::Catalog next = catalog_->proto();
  next.set_version("next");
  const auto newer = Catalog::Build(next, "test");
  ASSERT_TRUE(newer.ok());
  publications_.Publish(Record(400), "2026-11-01");
  ScoreReader reader(publications_, cohorts_, {newer->get(), catalog_.get()});
  EXPECT_TRUE(reader.GetScore({"acme", std::nullopt, ""}).ok());
  EXPECT_TRUE(reader.GetTable({"acme", std::nullopt, "modes"}).ok());
}

TEST_F(ScoreReaderTest, RefusesABrokenRecord) {
  publications_.PublishBytes("acme", "2026-11-01", "\xff\xff");
  EXPECT_EQ(reader_.GetScore({"acme", std::nullopt, ""}).status().code(),
            absl::StatusCode::kDataLoss);
  publication::v1::Publication record = Record(400);
  record.mutable_kinds(0)->mutable_tables(0)->add_cells(1);
  publications_.Publish(record, "2026-11-01");
  EXPECT_EQ(reader_.GetScore({"acme", std::nullopt, ""}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(ScoreReaderTest, ComparesWithTwentyEightDaysAndWithHalfAYearAgo) {
  publications_.Publish(Record(200), "2026-05-24");
  publications_.Publish(Record(300), "2026-10-25");
  publications_.Publish(Record(900), "2026-11-22");
  const score::v1::Score score = Parse(reader_.GetScore({"acme", std::nullopt, ""}));
  EXPECT_EQ(score.change().since_end_day(), "2026-10-25");
  EXPECT_TRUE(score.change().beyond_noise());
  EXPECT_GT(score.change().difference().value(), 15);
  EXPECT_EQ(score.trend_180_days().since_end_day(), "2026-05-24");
  EXPECT_EQ(score.categories(0).change().since_end_day(), "2026-10-25");
}

TEST_F(ScoreReaderTest, HasNoChangeWithoutAnEarlierRecord) {
  publications_.Publish(Record(300), "2026-11-01");
  publications_.Publish(Record(900), "2026-11-22");
  const score::v1::Score score = Parse(reader_.GetScore({"acme", std::nullopt, ""}));
  EXPECT_FALSE(score.has_change());
  EXPECT_FALSE(score.has_trend_180_days());
}

TEST_F(ScoreReaderTest, ListsNewestFirstInPages) {
  for (const char* day : {"2026-10-25", "2026-11-01", "2026-11-08", "2026-11-15"}) {
    publications_.Publish(Record(400), day);
  }
  bool more = false;
  const auto page = reader_.ListScores("acme", std::nullopt, 3, more);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->size(), 3U);
  EXPECT_TRUE(more);
  EXPECT_EQ(Parse(page->front()).end_day(), "2026-11-15");
  const auto rest = reader_.ListScores("acme", Day(2026, 11, 1), 3, more);
  ASSERT_TRUE(rest.ok());
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_FALSE(more);
  EXPECT_EQ(Parse(rest->front()).end_day(), "2026-10-25");
}

TEST_F(ScoreReaderTest, KeepsNoMoreThanItMay) {
  ScoreReader small(publications_, cohorts_, {catalog_.get()}, /*cached_bytes=*/1);
  publications_.Publish(Record(400), "2026-10-25");
  publications_.Publish(Record(400), "2026-11-01");
  ASSERT_TRUE(small.GetScore({"acme", Day(2026, 10, 25), ""}).ok());
  ASSERT_TRUE(small.GetScore({"acme", Day(2026, 11, 1), ""}).ok());
  const int before = publications_.calls();
  ASSERT_TRUE(small.GetScore({"acme", Day(2026, 11, 1), ""}).ok());
  EXPECT_EQ(publications_.calls(), before + 1);  // the newest is kept
  ASSERT_TRUE(small.GetScore({"acme", Day(2026, 10, 25), ""}).ok());
  EXPECT_GT(publications_.calls(), before + 2);  // the older one was not
}

TEST_F(ScoreReaderTest, NamesTheTable) {
  publications_.Publish(Record(400), "2026-11-01");
  const auto table = reader_.GetTable({"acme", std::nullopt, "modes"});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->name(), "organizations/acme/scores/2026-11-01/tables/modes");
  EXPECT_EQ(ReasonOf(reader_.GetTable({"acme", std::nullopt, "nothing"}).status()),
            "TABLE_UNKNOWN");
}

}  // namespace
}  // namespace tutti
