#include "services/score/score_service.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <set>

#include "common/clock/clock.h"
#include "common/rpc/status.h"
#include "common/scoring/score_views.h"
#include "common/scoring/score_words.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"
#include "tests/unit/services/score/fake_cohorts.h"
#include "tests/unit/services/score/fake_publications.h"

namespace tutti {
namespace {

using score::v1::ScoreService;

// A real server in this process, reached without a port.
class ScoreServiceTest : public ::testing::Test {
 protected:
  ScoreServiceTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = ScoreService::NewStub(server_->InProcessChannel({}));
  }
  ~ScoreServiceTest() override { server_->Shutdown(); }

  publication::v1::Publication Record() {
    Activity activity;
    activity.tables = {{"modes", {0, 500, 0, 400}}};
    return tutti::Publish(*catalog_, 2000, window::v1::CADENCE_WEEKLY, activity, simulator_);
  }

  absl::Status GetScore(const std::string& name, score::v1::GetScoreResponse& response) {
    grpc::ClientContext context;
    score::v1::GetScoreRequest request;
    request.set_name(name);
    return FromGrpcStatus(stub_->GetScore(&context, request, &response));
  }

  absl::Status ListScores(int page_size, const std::string& token,
                          score::v1::ListScoresResponse& response) {
    grpc::ClientContext context;
    score::v1::ListScoresRequest request;
    request.set_parent("organizations/acme");
    request.set_page_size(page_size);
    request.set_page_token(token);
    return FromGrpcStatus(stub_->ListScores(&context, request, &response));
  }

  // A watch that has begun.
  std::unique_ptr<grpc::ClientReader<score::v1::WatchScoresResponse>> Watch(
      grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    score::v1::WatchScoresRequest request;
    request.set_parent("organizations/acme");
    auto stream = stub_->WatchScores(&context, request);
    stream->WaitForInitialMetadata();
    return stream;
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  SlotSimulator simulator_{31};
  FakePublications publications_;
  FakeCohorts cohorts_;
  SystemSteadyClock clock_;
  RecordReader records_{publications_};
  RecordCatalogs catalogs_{{catalog_.get()}};
  ScoreReader reader_{records_, catalogs_, clock_};
  BenchmarkReader benchmarks_{records_, catalogs_, cohorts_};
  StatementWriter statements_{*catalog_};
  const std::unique_ptr<Access> access_ = Access::ForEverybody();
  WatchService watchers_{reader_, records_};
  ScoreServiceImpl service_{
      {reader_, records_, benchmarks_, catalogs_, watchers_, statements_, *access_}};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ScoreService::Stub> stub_;
};

TEST_F(ScoreServiceTest, AnswersTheSameBytesForEver) {
  publications_.Publish(Record(), "2026-11-22");
  score::v1::GetScoreResponse first;
  score::v1::GetScoreResponse again;
  ASSERT_TRUE(GetScore("organizations/acme/scores/latest", first).ok());
  ASSERT_TRUE(GetScore("organizations/acme/scores/2026-11-22", again).ok());
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(first.score().name(), "organizations/acme/scores/2026-11-22");
  EXPECT_EQ(first.score().measures_size(), catalog_->proto().measures_size());
}

TEST_F(ScoreServiceTest, SaysWhyItRefuses) {
  score::v1::GetScoreResponse response;
  const absl::Status malformed = GetScore("acme", response);
  EXPECT_EQ(malformed.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(malformed), "NAME_MALFORMED");
  const absl::Status nothing = GetScore("organizations/acme/scores/latest", response);
  EXPECT_EQ(nothing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(nothing), "NOTHING_PUBLISHED");
  publications_.Fail(absl::UnavailableError("away"));
  const absl::Status away = GetScore("organizations/acme/scores/latest", response);
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(away), "STORE_UNAVAILABLE");
}

TEST_F(ScoreServiceTest, NeverRepeatsWhatTheCallerSent) {
  score::v1::GetScoreResponse response;
  for (const char* name : {"canary-7", "organizations/canary-7/scores/latest",
                           "organizations/canary-7/scores/2026-11-22"}) {
    const absl::Status status = GetScore(name, response);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.ToString().find("canary"), std::string::npos);
  }
}

TEST_F(ScoreServiceTest, PagesThroughTheHistory) {
  for (const char* day : {"2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22"}) {
    publications_.Publish(Record(), day);
  }
  std::vector<std::string> days;
  std::string token;
  do {
    score::v1::ListScoresResponse page;
    ASSERT_TRUE(ListScores(3, token, page).ok());
    for (const auto& score : page.scores()) days.push_back(score.end_day());
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(days, ::testing::ElementsAre("2026-11-22", "2026-11-15", "2026-11-08", "2026-11-01"));
}

// Mutation: a view that a method does not heed, or measures that stay.
TEST_F(ScoreServiceTest, SendsFiguresWithoutWords) {
  publications_.Publish(Record(), "2026-10-25");
  publications_.Publish(Record(), "2026-11-22");
  score::v1::GetScoreResponse full;
  ASSERT_TRUE(GetScore("organizations/acme/scores/latest", full).ok());
  score::v1::Score expected = full.score();
  ReduceToBasic(expected);
  {
    grpc::ClientContext context;
    score::v1::GetScoreRequest request;
    request.set_name("organizations/acme/scores/latest");
    request.set_view(score::v1::VIEW_BASIC);
    score::v1::GetScoreResponse basic;
    ASSERT_TRUE(stub_->GetScore(&context, request, &basic).ok());
    EXPECT_LT(basic.ByteSizeLong(), 1024U);
    EXPECT_EQ(basic.score().DebugString(), expected.DebugString());
    EXPECT_TRUE(basic.score().has_change());
  }
  {
    grpc::ClientContext context;
    score::v1::ListScoresRequest request;
    request.set_parent("organizations/acme");
    request.set_page_size(1);
    request.set_view(score::v1::VIEW_BASIC);
    score::v1::ListScoresResponse page;
    ASSERT_TRUE(stub_->ListScores(&context, request, &page).ok());
    ASSERT_EQ(page.scores_size(), 1);
    EXPECT_EQ(page.scores(0).DebugString(), expected.DebugString());
    EXPECT_EQ(page.next_page_token(), "2026-11-22");
  }
  {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    score::v1::WatchScoresRequest request;
    request.set_parent("organizations/acme");
    request.set_view(score::v1::VIEW_BASIC);
    const auto stream = stub_->WatchScores(&context, request);
    score::v1::WatchScoresResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.score().DebugString(), expected.DebugString());
    context.TryCancel();
    stream->Finish();
  }
  score::v1::GetTableRequest request;
  request.set_name("organizations/acme/scores/latest/tables/modes");
  score::v1::GetTableResponse whole;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetTable(&context, request, &whole).ok());
  ReduceToBasic(*whole.mutable_table());
  request.set_view(score::v1::VIEW_BASIC);
  score::v1::GetTableResponse basic;
  grpc::ClientContext basic_context;
  ASSERT_TRUE(stub_->GetTable(&basic_context, request, &basic).ok());
  EXPECT_EQ(basic.DebugString(), whole.DebugString());
}

TEST_F(ScoreServiceTest, HasTheWordsThatBasicAnswersLeaveOut) {
  publications_.Publish(Record(), "2026-11-22");
  score::v1::GetScoreResponse full;
  ASSERT_TRUE(GetScore("organizations/acme/scores/latest", full).ok());
  const auto catalog = [&](const std::string& fingerprint,
                           score::v1::GetCatalogResponse& response) {
    grpc::ClientContext context;
    score::v1::GetCatalogRequest request;
    request.set_fingerprint(fingerprint);
    return FromGrpcStatus(stub_->GetCatalog(&context, request, &response));
  };
  score::v1::GetCatalogResponse words;
  ASSERT_TRUE(catalog(full.score().catalog_fingerprint(), words).ok());
  EXPECT_EQ(words.catalog().DebugString(), WordsOf(*catalog_).DebugString());
  EXPECT_EQ(words.definition().DebugString(), catalog_->proto().DebugString());
  score::v1::GetCatalogResponse latest;
  ASSERT_TRUE(catalog("", latest).ok());
  EXPECT_EQ(latest.catalog().fingerprint(), catalog_->fingerprint());
  const absl::Status unknown = catalog("0123456789abcdef0123456789abcdef", latest);
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_EQ(ReasonOf(unknown), "CATALOG_UNKNOWN");
}

// Mutation: a view that is no view taken for the whole.
TEST_F(ScoreServiceTest, RefusesAViewThatItDoesNotKnow) {
  const auto none = static_cast<score::v1::View>(77);
  const auto refuses = [&](auto call, auto request, auto response) {
    request.set_view(none);
    grpc::ClientContext context;
    const absl::Status refused = FromGrpcStatus((stub_.get()->*call)(&context, request, &response));
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(refused), "VIEW_UNKNOWN");
  };
  score::v1::GetScoreRequest score;
  score.set_name("organizations/acme/scores/latest");
  refuses(&ScoreService::Stub::GetScore, score, score::v1::GetScoreResponse());
  score::v1::ListScoresRequest list;
  list.set_parent("organizations/acme");
  refuses(&ScoreService::Stub::ListScores, list, score::v1::ListScoresResponse());
  score::v1::GetTableRequest table;
  table.set_name("organizations/acme/scores/latest/tables/modes");
  refuses(&ScoreService::Stub::GetTable, table, score::v1::GetTableResponse());
  grpc::ClientContext context;
  score::v1::WatchScoresRequest watch;
  watch.set_parent("organizations/acme");
  watch.set_view(none);
  const auto stream = stub_->WatchScores(&context, watch);
  score::v1::WatchScoresResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(FromGrpcStatus(stream->Finish())), "VIEW_UNKNOWN");
}

// Mutation: pages of any size let one who does not read them fill the memory.
TEST_F(ScoreServiceTest, EndsAPageAtHalfAMebibyte) {
  const publication::v1::Publication record = Record();
  Day day = *ParseDay("2025-01-05");
  for (int week = 0; week < 80; ++week) publications_.Publish(record, FormatDay(day += 7));
  std::vector<std::string> days;
  std::string token;
  int pages = 0;
  do {
    score::v1::ListScoresResponse page;
    ASSERT_TRUE(ListScores(400, token, page).ok());
    EXPECT_LE(page.ByteSizeLong(), (size_t{512} << 10) + 1'000);
    for (const auto& score : page.scores()) days.push_back(score.end_day());
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_GT(pages, 1);
  EXPECT_EQ(days.size(), 80);
  EXPECT_EQ(std::set<std::string>(days.begin(), days.end()).size(), 80);
}

TEST_F(ScoreServiceTest, RefusesPagesOutOfRange) {
  score::v1::ListScoresResponse page;
  EXPECT_EQ(ReasonOf(ListScores(401, "", page)), "PAGE_MALFORMED");
  EXPECT_EQ(ReasonOf(ListScores(-1, "", page)), "PAGE_MALFORMED");
  EXPECT_EQ(ReasonOf(ListScores(1, "x", page)), "PAGE_MALFORMED");
}

TEST_F(ScoreServiceTest, BreaksATableDown) {
  publications_.Publish(Record(), "2026-11-22");
  grpc::ClientContext context;
  score::v1::GetTableRequest request;
  request.set_name("organizations/acme/scores/latest/tables/modes");
  score::v1::GetTableResponse response;
  ASSERT_TRUE(stub_->GetTable(&context, request, &response).ok());
  EXPECT_EQ(response.table().name(), "organizations/acme/scores/2026-11-22/tables/modes");
  EXPECT_EQ(response.table().rows_size(), 7 + 3 + 1);
}

TEST_F(ScoreServiceTest, ListsEveryTableAsItBreaksOneDown) {
  publications_.Publish(Record(), "2026-11-22");
  grpc::ClientContext context;
  score::v1::ListTablesRequest request;
  request.set_parent("organizations/acme/scores/latest");
  score::v1::ListTablesResponse response;
  ASSERT_TRUE(stub_->ListTables(&context, request, &response).ok());
  ASSERT_EQ(response.tables_size(), catalog_->proto().tables_size());
  for (const score::v1::Table& table : response.tables()) {
    grpc::ClientContext one_context;
    score::v1::GetTableRequest one;
    one.set_name(table.name());
    score::v1::GetTableResponse answer;
    ASSERT_TRUE(stub_->GetTable(&one_context, one, &answer).ok());
    EXPECT_EQ(answer.table().SerializeAsString(), table.SerializeAsString());
  }
  grpc::ClientContext bad_context;
  request.set_parent("organizations/acme");
  const absl::Status refused = FromGrpcStatus(stub_->ListTables(&bad_context, request, &response));
  EXPECT_EQ(ReasonOf(refused), "NAME_MALFORMED");
}

TEST_F(ScoreServiceTest, RecommendsAndStates) {
  publications_.Publish(Record(), "2026-11-22");
  {
    grpc::ClientContext context;
    score::v1::ListRecommendationsRequest request;
    request.set_parent("organizations/acme/scores/latest");
    score::v1::ListRecommendationsResponse response;
    ASSERT_TRUE(stub_->ListRecommendations(&context, request, &response).ok());
    EXPECT_GT(response.recommendations_size(), 0);
  }
  grpc::ClientContext context;
  score::v1::GetPrivacyStatementRequest request;
  request.set_name("organizations/acme");
  score::v1::GetPrivacyStatementResponse response;
  ASSERT_TRUE(stub_->GetPrivacyStatement(&context, request, &response).ok());
  EXPECT_EQ(response.statement().guarantees_size(), 7);
}

// Mutations: a statement for an organisation of which nothing is known; a plan that no profile may
// have; the series of one record for an organisation that has several.
TEST_F(ScoreServiceTest, StatesOfNobodyNothing) {
  score::v1::GetPrivacyStatementRequest request;
  request.set_name("organizations/acme");
  score::v1::GetPrivacyStatementResponse response;
  const auto ask = [&] {
    grpc::ClientContext context;
    return FromGrpcStatus(stub_->GetPrivacyStatement(&context, request, &response));
  };
  EXPECT_EQ(ReasonOf(ask()), "NOTHING_PUBLISHED");
  request.mutable_planned()->set_headcount(90);
  EXPECT_EQ(ReasonOf(ask()), "PLAN_INVALID") << "no cadence";
  request.mutable_planned()->set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  EXPECT_TRUE(ask().ok());
  EXPECT_THAT(response.statement().claim(), ::testing::HasSubstr("four-weekly"));
  (*request.mutable_planned()->mutable_entitled_people())["assistant"] = 91;
  EXPECT_EQ(ReasonOf(ask()), "PLAN_INVALID");
  // Once there is a record, it alone counts.
  publications_.Publish(Record(), "2026-11-15");
  publications_.Publish(Record(), "2026-11-22");
  EXPECT_TRUE(ask().ok());
  EXPECT_THAT(response.statement().claim(), ::testing::Not(::testing::HasSubstr("four-weekly")));
  EXPECT_EQ(response.statement().thresholds(0).from_record(), 1);
  EXPECT_EQ(response.statement().thresholds(0).from_end_day(), "2026-11-15");
}

// Mutation: sending the newest alone drops the window that closed with it.
TEST_F(ScoreServiceTest, SendsTheLatestAndThenEveryNewScore) {
  publications_.Publish(Record(), "2026-11-01");
  publications_.Publish(Record(), "2026-11-08");
  const publication::v1::Publication record = Record();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  score::v1::WatchScoresRequest request;
  request.set_parent("organizations/acme");
  const auto stream = stub_->WatchScores(&context, request);
  score::v1::WatchScoresResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.score().end_day(), "2026-11-08");
  publications_.Publish(record, "2026-11-15");
  publications_.Publish(record, "2026-11-22");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.score().end_day(), "2026-11-15");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.score().end_day(), "2026-11-22");
  publications_.Fail(absl::UnavailableError("away"));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(FromGrpcStatus(stream->Finish())), "STORE_UNAVAILABLE");
}

TEST_F(ScoreServiceTest, WaitsForTheFirstScoreOfAnOrganisation) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  score::v1::WatchScoresRequest request;
  request.set_parent("organizations/acme");
  const auto stream = stub_->WatchScores(&context, request);
  publications_.Publish(Record(), "2026-11-22");
  score::v1::WatchScoresResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.score().end_day(), "2026-11-22");
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Mutation: one who waited for the first score gets the latest of several alone.
TEST_F(ScoreServiceTest, SendsEveryScoreToOneWhoWaitedForTheFirst) {
  grpc::ClientContext context;
  const auto stream = Watch(context);
  // Until it has looked once, and again.
  const int before = publications_.calls();
  while (publications_.calls() < before + 2) std::this_thread::yield();
  const publication::v1::Publication record = Record();
  const std::vector<std::string> days = {"2026-11-08", "2026-11-15", "2026-11-22"};
  for (const std::string& day : days) publications_.Publish(record, day);
  for (const std::string& day : days) {
    score::v1::WatchScoresResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.score().end_day(), day);
  }
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ScoreServiceTest, IsNotHeldUpByOneWhoDoesNotRead) {
  grpc::ClientContext slow_context;
  grpc::ClientContext context;
  const publication::v1::Publication record = Record();
  publications_.Publish(record, "2025-01-05");
  const auto slow = Watch(slow_context);
  const auto stream = Watch(context);
  score::v1::WatchScoresResponse response;
  ASSERT_TRUE(stream->Read(&response));
  // Far more than a connection's window takes.
  Day day = *ParseDay("2025-01-05");
  for (int week = 1; week <= 60; ++week) publications_.Publish(record, FormatDay(day += 7));
  for (int week = 1; week <= 60; ++week) ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.score().end_day(), FormatDay(day));
  for (int week = 0; week <= 60; ++week) ASSERT_TRUE(slow->Read(&response));
  EXPECT_EQ(response.score().end_day(), FormatDay(day));
  context.TryCancel();
  slow_context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(slow->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ScoreServiceTest, LimitsHowOftenOneCallerWatches) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<score::v1::WatchScoresResponse>>> streams;
  for (int i = 0; i < WatchService::kMaxWatchesOfACaller; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(Watch(*contexts.back()));
  }
  score::v1::WatchScoresResponse response;
  grpc::ClientContext refused;
  const auto one_more = Watch(refused);
  EXPECT_FALSE(one_more->Read(&response));
  EXPECT_EQ(ReasonOf(FromGrpcStatus(one_more->Finish())), "TOO_MANY_WATCHERS");
  contexts.back()->TryCancel();
  EXPECT_EQ(streams.back()->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The server hears of the end a moment later.
  publications_.Publish(Record(), "2026-11-22");
  for (bool watches = false; !watches;) {
    grpc::ClientContext again;
    const auto stream = Watch(again);
    watches = stream->Read(&response);
    again.TryCancel();
    stream->Finish();
  }
  watchers_.Drain();
  while (streams.front()->Read(&response)) {
  }
  EXPECT_EQ(FromGrpcStatus(streams.front()->Finish()).code(), absl::StatusCode::kUnavailable);
  grpc::ClientContext late;
  EXPECT_EQ(FromGrpcStatus(Watch(late)->Finish()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(ScoreServiceTest, RefusesToWatchAMalformedName) {
  grpc::ClientContext context;
  const auto stream = stub_->WatchScores(&context, {});
  score::v1::WatchScoresResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(FromGrpcStatus(stream->Finish())), "NAME_MALFORMED");
}

TEST_F(ScoreServiceTest, RefusesABenchmarkOfAMalformedName) {
  grpc::ClientContext context;
  score::v1::GetBenchmarkResponse response;
  EXPECT_EQ(ReasonOf(FromGrpcStatus(stub_->GetBenchmark(&context, {}, &response))),
            "NAME_MALFORMED");
}

}  // namespace
}  // namespace tutti
