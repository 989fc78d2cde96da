#include "services/score/score_reader.h"

#include "common/rpc/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/score/benchmark_reader.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/score_now.h"
#include "tests/support/simulated_organization.h"
#include "tests/unit/services/score/fake_cohorts.h"
#include "tests/unit/services/score/fake_publications.h"

namespace tutti {
namespace {

using window::v1::CADENCE_WEEKLY;

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

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  SlotSimulator simulator_{21};
  FakePublications publications_;
  FakeCohorts cohorts_;
  FakeSteadyClock clock_;
  RecordReader records_{publications_};
  RecordCatalogs catalogs_{{catalog_.get()}};
  ScoreReader reader_{records_, catalogs_, clock_};
  BenchmarkReader benchmarks_{records_, catalogs_, cohorts_};
};

TEST_F(ScoreReaderTest, AnswersWithTheLatestAndWithADay) {
  publications_.Publish(Record(400), "2026-10-25");
  publications_.Publish(Record(400), "2026-11-01");
  EXPECT_EQ(Parse(ScoreNow(reader_, {"acme", std::nullopt, ""})).end_day(), "2026-11-01");
  const score::v1::Score earlier = Parse(ScoreNow(reader_, {"acme", Day(2026, 10, 25), ""}));
  EXPECT_EQ(earlier.name(), "organizations/acme/scores/2026-10-25");
  EXPECT_EQ(earlier.start_day(), "2026-09-28");
  EXPECT_EQ(earlier.state(), score::v1::FIGURE_STATE_MEASURED);
}

// Mutation: an age from when the answer was made, or of a day alone.
TEST_F(ScoreReaderTest, AsksTheStoreOnceForAllWhoAskWithinASecond) {
  publications_.Publish(Record(400), "2026-11-01");
  const auto first = ScoreNow(reader_, {"acme", std::nullopt, ""});
  ASSERT_TRUE(first.ok());
  const int before = publications_.calls();
  for (int i = 0; i < 100; ++i) {
    const auto again = ScoreNow(reader_, {"acme", std::nullopt, ""});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(first->get(), again->get());
    ASSERT_TRUE(ScoreNow(reader_, {"acme", std::nullopt, ""}, AnswerView::kBasic).ok());
  }
  EXPECT_EQ(publications_.calls(), before);
  clock_.Advance(kFreshFor);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ScoreNow(reader_, {"acme", std::nullopt, ""}).ok());
  EXPECT_EQ(publications_.calls(), before + 1);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ScoreNow(reader_, {"acme", Day(2026, 11, 1), ""}).ok());
  EXPECT_EQ(publications_.calls(), before + 2);
}

// Mutation: levels from all records that there are.
TEST_F(ScoreReaderTest, AnswersForAWindowStayAsTheyAreWhenLaterOnesCome) {
  const Day first(2026, 6, 7);
  for (int week = 0; week < 6; ++week) {
    publications_.Publish(Record(400), FormatDay(first + 7 * week));
  }
  const score::v1::Score before = Parse(ScoreNow(reader_, {"acme", first + 7 * 5, ""}));
  EXPECT_EQ(before.level().windows(), 6);
  for (int week = 6; week < 12; ++week) {
    publications_.Publish(Record(900), FormatDay(first + 7 * week));
  }
  RecordReader records(publications_);
  ScoreReader later(records, catalogs_, clock_);
  const auto page = PageNow(later, {"acme", std::nullopt, 12});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(Parse(page->scores[0].answer).level().windows(), 12);
  EXPECT_EQ(Parse(page->scores[6].answer).SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(Parse(ScoreNow(later, {"acme", first + 7 * 5, ""}, AnswerView::kBasic))
                .level()
                .SerializeAsString(),
            before.level().SerializeAsString());
}

TEST_F(ScoreReaderTest, ShowsANewRecordWithinASecond) {
  publications_.Publish(Record(400), "2026-11-01");
  ASSERT_TRUE(ScoreNow(reader_, {"acme", std::nullopt, ""}).ok());
  ASSERT_TRUE(PageNow(reader_, {"acme", std::nullopt, 10}).ok());
  clock_.Advance(absl::Milliseconds(500));
  publications_.Publish(Record(400), "2026-11-08");
  // One that is named, and was not there before, at once.
  EXPECT_EQ(Parse(ScoreNow(reader_, {"acme", Day(2026, 11, 8), ""})).end_day(), "2026-11-08");
  clock_.Advance(absl::Milliseconds(500));
  EXPECT_EQ(Parse(ScoreNow(reader_, {"acme", std::nullopt, ""})).end_day(), "2026-11-08");
  EXPECT_EQ(PageNow(reader_, {"acme", std::nullopt, 10})->scores.size(), 2U);
}

// Mutation: to keep for a second that there is nothing.
TEST_F(ScoreReaderTest, ShowsTheFirstRecordAtOnce) {
  const auto refusals = [&] {
    return std::vector<std::string>{
        ReasonOf(ScoreNow(reader_, {"acme", std::nullopt, ""}).status()),
        ReasonOf(ScoreNow(reader_, {"acme", Day(2026, 11, 1), ""}).status()),
        ReasonOf(TableNow(reader_, {"acme", std::nullopt, "modes"}).status()),
        ReasonOf(PageNow(reader_, {"acme", std::nullopt, 10}).status())};
  };
  EXPECT_THAT(refusals(), ::testing::Each("NOTHING_PUBLISHED"));
  publications_.Publish(Record(400), "2026-11-01");
  EXPECT_THAT(refusals(), ::testing::Each(""));
}

// Mutation: to keep for longer than a second that a record is there.
TEST_F(ScoreReaderTest, ForgetsAnErasedOrganisationWithinASecond) {
  publications_.Publish(Record(400), "2026-11-01");
  const auto answers = [&] {
    std::vector<absl::Status> told;
    for (const std::optional<Day> day : {std::optional<Day>(), {Day(2026, 11, 1)}}) {
      for (const AnswerView view : {AnswerView::kBasic, AnswerView::kFull}) {
        told.push_back(ScoreNow(reader_, {"acme", day, ""}, view).status());
        told.push_back(TableNow(reader_, {"acme", day, "modes"}, view).status());
      }
      told.push_back(Await<ScoreReader::Answer>([&](const auto& done) {
                       reader_.ListTables({"acme", day, ""}, done);
                     }).status());
      told.push_back(Await<ScoreReader::Answer>([&](const auto& done) {
                       reader_.Recommend({"acme", day, ""}, done);
                     }).status());
    }
    told.push_back(PageNow(reader_, {"acme", std::nullopt, 10}).status());
    return told;
  };
  for (const absl::Status& status : answers()) EXPECT_EQ(status, absl::OkStatus());
  publications_.Erase("acme");
  EXPECT_TRUE(absl::IsNotFound(benchmarks_.Read({"acme", std::nullopt, ""}).status()));
  EXPECT_FALSE(records_.Latest("acme")->has_value());
  clock_.Advance(absl::Seconds(1));
  for (const absl::Status& status : answers()) {
    EXPECT_TRUE(absl::IsNotFound(status));
    EXPECT_EQ(ReasonOf(status), "NOTHING_PUBLISHED");
  }
}

TEST_F(ScoreReaderTest, TellsNoSuchWindowFromNothingPublished) {
  EXPECT_EQ(ReasonOf(ScoreNow(reader_, {"acme", Day(2026, 11, 1), ""}).status()),
            "NOTHING_PUBLISHED");
  publications_.Publish(Record(400), "2026-11-01");
  EXPECT_EQ(ReasonOf(ScoreNow(reader_, {"acme", Day(2026, 11, 8), ""}).status()), "NO_SUCH_WINDOW");
}

TEST_F(ScoreReaderTest, SaysThatTheStoreIsAway) {
  publications_.Fail(absl::UnavailableError("away"));
  const auto answer = ScoreNow(reader_, {"acme", std::nullopt, ""});
  EXPECT_TRUE(absl::IsUnavailable(answer.status()));
  EXPECT_EQ(ReasonOf(answer.status()), "STORE_UNAVAILABLE");
}

TEST_F(ScoreReaderTest, RefusesARecordOfAnotherCatalogue) {
  publication::v1::Publication record = Record(400);
  record.set_counting_fingerprint("0123456789abcdef0123456789abcdef");
  publications_.Publish(record, "2026-11-01");
  // One of an edition that had one fingerprint.
  record.clear_counting_fingerprint();
  record.set_catalog_fingerprint("0123456789abcdef0123456789abcdef");
  publications_.Publish(record, "2026-11-08");
  for (const Day day : {Day(2026, 11, 1), Day(2026, 11, 8)}) {
    const auto answer = ScoreNow(reader_, {"acme", day, ""});
    EXPECT_TRUE(absl::IsFailedPrecondition(answer.status())) << day;
    EXPECT_EQ(ReasonOf(answer.status()), "CATALOG_MISMATCH") << day;
  }
}

// Mutation: a record is shown by a catalogue of the same words alone.
TEST_F(ScoreReaderTest, ShowsAndComparesRecordsInTheWordsOfToday) {
  catalog::v1::Catalog next = catalog_->proto();
  next.set_version("next");
  next.mutable_categories(0)->set_display_name("Talk");
  next.add_counted_alike("0123456789abcdef0123456789abcdef");
  const auto newer = Catalog::Build(next, "test");
  ASSERT_TRUE(newer.ok()) << newer.status();
  publications_.Publish(Record(300), "2026-10-25");
  publication::v1::Publication old = Record(200);
  old.clear_counting_fingerprint();
  publications_.Publish(old, "2026-05-24");
  old.set_catalog_fingerprint("0123456789abcdef0123456789abcdef");
  publications_.Publish(old, "2025-11-23");
  publication::v1::Publication record = Record(900);
  record.set_catalog_fingerprint((*newer)->fingerprint());
  publications_.Publish(record, "2026-11-22");
  const auto scored = [&](ScoreReader& reader, Day day) {
    return Parse(ScoreNow(reader, {"acme", day, ""}));
  };
  const RecordCatalogs alone_catalogs({newer->get()});
  ScoreReader alone(records_, alone_catalogs, clock_);
  EXPECT_EQ(scored(alone, Day(2026, 10, 25)).categories(0).display_name(), "Talk");
  EXPECT_EQ(scored(alone, Day(2025, 11, 23)).categories(0).display_name(), "Talk");
  EXPECT_EQ(scored(alone, Day(2026, 11, 22)).change().since_end_day(), "2026-10-25");
  EXPECT_FALSE(scored(alone, Day(2026, 11, 22)).has_trend_180_days());
  const RecordCatalogs both_catalogs({newer->get(), catalog_.get()});
  ScoreReader both(records_, both_catalogs, clock_);
  const score::v1::Score score = scored(both, Day(2026, 11, 22));
  EXPECT_EQ(score.change().since_end_day(), "2026-10-25");
  EXPECT_EQ(score.trend_180_days().since_end_day(), "2026-05-24");
  EXPECT_EQ(score.catalog_fingerprint(), (*newer)->fingerprint());
  EXPECT_EQ(scored(both, Day(2026, 5, 24)).categories(0).display_name(), "Talk");
}

// Mutation: whatever was counted is compared.
TEST_F(ScoreReaderTest, ComparesNothingThatWasCountedOtherwise) {
  catalog::v1::Catalog next = catalog_->proto();
  next.mutable_tables(0)->set_weight(next.tables(0).weight() + 1);
  const auto newer = Catalog::Build(next, "test");
  ASSERT_TRUE(newer.ok()) << newer.status();
  publications_.Publish(Record(300), "2026-10-25");
  publication::v1::Publication record = Record(900);
  record.set_catalog_fingerprint((*newer)->fingerprint());
  record.set_counting_fingerprint((*newer)->counting_fingerprint());
  publications_.Publish(record, "2026-11-22");
  const RecordCatalogs reader_catalogs({newer->get(), catalog_.get()});
  ScoreReader reader(records_, reader_catalogs, clock_);
  const score::v1::Score score = Parse(ScoreNow(reader, {"acme", std::nullopt, ""}));
  EXPECT_EQ(score.state(), score::v1::FIGURE_STATE_MEASURED);
  EXPECT_FALSE(score.has_change());
}

TEST_F(ScoreReaderTest, ScoresByThePastCatalogueOfARecord) {
  catalog::v1::Catalog next = catalog_->proto();
  next.mutable_tables(0)->set_weight(next.tables(0).weight() + 1);
  const auto newer = Catalog::Build(next, "test");
  ASSERT_TRUE(newer.ok());
  publications_.Publish(Record(400), "2026-11-01");
  const RecordCatalogs reader_catalogs({newer->get(), catalog_.get()});
  ScoreReader reader(records_, reader_catalogs, clock_);
  EXPECT_TRUE(ScoreNow(reader, {"acme", std::nullopt, ""}).ok());
  EXPECT_TRUE(TableNow(reader, {"acme", std::nullopt, "modes"}).ok());
}

TEST_F(ScoreReaderTest, RefusesABrokenRecord) {
  publications_.PublishBytes("acme", "2026-11-01", "\xff\xff");
  EXPECT_EQ(ScoreNow(reader_, {"acme", std::nullopt, ""}).status().code(),
            absl::StatusCode::kDataLoss);
  publication::v1::Publication record = Record(400);
  record.mutable_kinds(0)->mutable_tables(0)->add_cells(1);
  publications_.Publish(record, "2026-11-01");
  EXPECT_EQ(ScoreNow(reader_, {"acme", std::nullopt, ""}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(ScoreReaderTest, ComparesWithTwentyEightDaysAndWithHalfAYearAgo) {
  publications_.Publish(Record(200), "2026-05-24");
  publications_.Publish(Record(300), "2026-10-25");
  publications_.Publish(Record(900), "2026-11-22");
  const score::v1::Score score = Parse(ScoreNow(reader_, {"acme", std::nullopt, ""}));
  EXPECT_EQ(score.change().since_end_day(), "2026-10-25");
  EXPECT_TRUE(score.change().beyond_noise());
  EXPECT_GT(score.change().difference().value(), 15);
  EXPECT_EQ(score.trend_180_days().since_end_day(), "2026-05-24");
  EXPECT_EQ(score.categories(0).change().since_end_day(), "2026-10-25");
}

TEST_F(ScoreReaderTest, HasNoChangeWithoutAnEarlierRecord) {
  publications_.Publish(Record(300), "2026-11-01");
  publications_.Publish(Record(900), "2026-11-22");
  const score::v1::Score score = Parse(ScoreNow(reader_, {"acme", std::nullopt, ""}));
  EXPECT_FALSE(score.has_change());
  EXPECT_FALSE(score.has_trend_180_days());
}

TEST_F(ScoreReaderTest, ListsNewestFirstInPages) {
  for (const char* day : {"2026-10-25", "2026-11-01", "2026-11-08", "2026-11-15"}) {
    publications_.Publish(Record(400), day);
  }
  const auto page = PageNow(reader_, {"acme", std::nullopt, 3});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->scores.size(), 3U);
  EXPECT_TRUE(page->more);
  EXPECT_EQ(Parse(page->scores.front().answer).end_day(), "2026-11-15");
  EXPECT_EQ(page->scores.back().end_day, Day(2026, 11, 1));
  const auto rest = PageNow(reader_, {"acme", Day(2026, 11, 1), 3});
  ASSERT_TRUE(rest.ok());
  ASSERT_EQ(rest->scores.size(), 1U);
  EXPECT_FALSE(rest->more);
  EXPECT_EQ(Parse(rest->scores.front().answer).end_day(), "2026-10-25");
}

TEST_F(ScoreReaderTest, KeepsNoMoreThanItMay) {
  const RecordCatalogs small_catalogs({catalog_.get()});
  ScoreReader small(records_, small_catalogs, clock_, /*cached_bytes=*/1);
  publications_.Publish(Record(400), "2026-10-25");
  publications_.Publish(Record(400), "2026-11-01");
  // A score is kept in both views, the smaller last.
  const auto ask = [&](Day day) {
    const int before = publications_.calls();
    EXPECT_TRUE(ScoreNow(small, {"acme", day, ""}, AnswerView::kBasic).ok());
    return publications_.calls() - before;
  };
  ask(Day(2026, 10, 25));
  ask(Day(2026, 11, 1));
  EXPECT_EQ(ask(Day(2026, 11, 1)), 0);   // the newest is kept
  EXPECT_GT(ask(Day(2026, 10, 25)), 0);  // the older one was not
}

// Mutation: to make each of the views by itself, or a page of scores that are kept again.
TEST_F(ScoreReaderTest, ComputesARecordOnceForEveryViewAndPage) {
  publications_.Publish(Record(400), "2026-11-01");
  ASSERT_TRUE(ScoreNow(reader_, {"acme", std::nullopt, ""}, AnswerView::kBasic).ok());
  const auto full = ScoreNow(reader_, {"acme", std::nullopt, ""});
  ASSERT_TRUE(full.ok());
  const int before = publications_.calls();
  const auto page = PageNow(reader_, {"acme", std::nullopt, 10});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->scores.front().answer, *full);
  const auto after = reader_.ScoresAfter("acme", std::nullopt, AnswerView::kFull);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->front().answer, *full);
  EXPECT_EQ(publications_.calls(), before + 2);  // for what is published, each
}

// Mutations: a page that reads each of its records by itself; a score that is compared with one
// that was changed before; records that are forgotten while later ones are compared with them.
TEST_F(ScoreReaderTest, APageReadsItsRecordsTogetherAndSaysOfEachTheSame) {
  Day day(2025, 1, 5);
  for (int i = 0; i < 60; ++i, day += 7) {
    publications_.Publish(Record(400 + 10 * i), FormatDay(day));
  }
  const int before = publications_.calls();
  const auto page = PageNow(reader_, {"acme", std::nullopt, 53, AnswerView::kBasic});
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->scores.size(), 53U);
  EXPECT_LE(publications_.calls() - before, 4);
  ScoreReader alone(records_, catalogs_, clock_);
  int compared = 0;
  for (const ScoreReader::Dated& score : page->scores) {
    const auto answer = ScoreNow(alone, {"acme", score.end_day, ""}, AnswerView::kBasic);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(*score.answer, **answer) << score.end_day;
    compared += Parse(answer).has_change() ? 1 : 0;
  }
  EXPECT_GT(compared, 40) << "the control";
}

TEST_F(ScoreReaderTest, NamesTheTable) {
  publications_.Publish(Record(400), "2026-11-01");
  const auto answer = TableNow(reader_, {"acme", std::nullopt, "modes"});
  score::v1::GetTableResponse response;
  ASSERT_TRUE(answer.ok() && response.ParseFromString(**answer));
  EXPECT_EQ(response.table().name(), "organizations/acme/scores/2026-11-01/tables/modes");
  EXPECT_EQ(ReasonOf(TableNow(reader_, {"acme", std::nullopt, "nothing"}).status()),
            "TABLE_UNKNOWN");
}

TEST_F(ScoreReaderTest, HasTheWordsOfEveryCatalogueThatItRunsOn) {
  catalog::v1::Catalog next = catalog_->proto();
  next.set_version("next");
  const auto newer = Catalog::Build(next, "test");
  ASSERT_TRUE(newer.ok());
  const RecordCatalogs catalogs({newer->get(), catalog_.get()});
  const auto version = [&](const std::string& fingerprint) {
    const auto answer = catalogs.WordsOf(fingerprint);
    score::v1::GetCatalogResponse response;
    EXPECT_TRUE(answer.ok() && response.ParseFromString(**answer));
    return response.catalog().version();
  };
  EXPECT_EQ(version(""), "next");
  EXPECT_EQ(version((*newer)->fingerprint()), "next");
  EXPECT_EQ(version(catalog_->fingerprint()), catalog_->proto().version());
  const absl::Status unknown = catalogs.WordsOf("canary-7").status();
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_EQ(ReasonOf(unknown), "CATALOG_UNKNOWN");
  EXPECT_THAT(std::string(unknown.message()), ::testing::HasSubstr("--past_catalogs"));
  EXPECT_THAT(std::string(unknown.message()), ::testing::Not(::testing::HasSubstr("canary")));
}

}  // namespace
}  // namespace tutti
