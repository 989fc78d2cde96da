// Attack 14 as a caller can make it: somebody with the scope system.admin has a window
// closed, over gRPC, by the aggregate service's own class on a real redis-server, and
// times the answer; somebody with the scope scores.read asks for the score over and over,
// and sees when it appears. Several do so at once, each to a suite of its own: most of a close
// is waiting for a tick.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/clock/clock.h"
#include "common/redis/redis_stores.h"
#include "services/aggregate/aggregate_service.h"
#include "services/score/score_service.h"
#include "services/score/watch_service.h"
#include "tests/doubles/fake_store_clock.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/timed_worlds.h"
#include "tests/privacy/audit/rank_correlation.h"
#include "tests/support/organizations.h"
#include "tests/support/redis_server.h"

namespace tutti {
namespace {

constexpr int64_t kBatch = 50;
constexpr int64_t kCallers = 4;
// Whoever looks for a score knows of the ticks, and looks hardest when one comes.
constexpr auto kTick = std::chrono::milliseconds(100);

using Steady = std::chrono::steady_clock;

double SecondsSince(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

// What a caller has seen of many closes, and what was behind each.
struct Seen {
  std::vector<double> answered;  // seconds until PublishDueWindows answered
  std::vector<double> appeared;  // seconds until GetScore gave the score
  std::vector<double> people;    // who were active
};

class CallersView {
 public:
  // Worlds are drawn from `seed`.
  explicit CallersView(uint32_t seed) : engine_(seed) {
    auto server = RedisServer::Start();
    EXPECT_TRUE(server.ok()) << server.status();
    redis_ = *std::move(server);
    stores_ = std::make_unique<RedisStores>(redis_->OptionsFor("aggregate"));
    scores_ = std::make_unique<RedisStores>(redis_->OptionsFor("score"));
    std::string folder = (std::filesystem::temp_directory_path() / "tutti-caller.XXXXXX").string();
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto journal = FileJournal::Open(folder + "/journal");
    EXPECT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
  }
  ~CallersView() { std::filesystem::remove_all(folder_); }

  // With `leaky`, a closer that works a little for everybody whom it counts.
  Seen Watch(int64_t closes, bool leaky) {
    Organizations organizations(stores_->organizations(), stores_->counters(),
                                stores_->publications(), stores_->history(), ShippedCatalog(),
                                clock_);
    DeltaMerger merger(organizations.repository, stores_->counters(), ShippedCatalog(), clock_);
    JournalBinding binding({*journal_, stores_->journal(), stores_->organizations(),
                            stores_->publications(), organizations.repository, ShippedCatalog(),
                            clock_});
    size_t world = 0;
    WindowCloser closer({organizations.repository, organizations.lifecycle,
                         stores_->organizations(), stores_->counters(), stores_->publications(),
                         binding, ShippedCatalog(), clock_, [&]() -> std::unique_ptr<NoiseSource> {
                           if (leaky) {
                             std::this_thread::sleep_for(world * std::chrono::milliseconds(60));
                           }
                           return std::make_unique<KernelNoise>();
                         }});
    CohortBuilder cohorts({stores_->organizations(), stores_->publications(), stores_->cohorts(),
                           ShippedCatalog(), clock_, absl::Hours(48)});
    // Not started: what else the machine does makes times less telling, not more.
    FileScrubber scrubber(stores_->counters(), absl::Hours(1));
    DueReconciler due_times(organizations.repository, stores_->organizations(), clock_);
    FakeStoreClock store_clock(clock_);
    ClockGuard clock_guard(clock_, store_clock);
    StoreVerdict fit;
    fit.Set(absl::OkStatus());
    ClosingLoop closing(
        {closer, cohorts, stores_->organizations(), due_times, scrubber, clock_guard, fit, clock_});
    const std::unique_ptr<Access> access = Access::ForEverybody();
    AggregateServiceImpl aggregate({organizations.repository, organizations.history, merger,
                                    closing, ShippedCatalog(), clock_, *access, fit});
    const SystemSteadyClock steady_clock;
    RecordReader records(scores_->publications());
    const RecordCatalogs catalogs({&ShippedCatalog()});
    ScoreReader reader(records, catalogs, steady_clock);
    BenchmarkReader benchmarks(records, catalogs, scores_->cohorts());
    WatchService watchers(reader, records);
    StatementWriter statements(ShippedCatalog());
    ScoreServiceImpl score({reader, records, benchmarks, catalogs, watchers, statements, *access});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&aggregate);
    builder.RegisterService(&score);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    const auto channel =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    const auto admin = aggregate::v1::AggregateService::NewStub(channel);
    const auto readers = score::v1::ScoreService::NewStub(
        grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                  grpc::InsecureChannelCredentials(), grpc::ChannelArguments()));
    RedisPool inspector(redis_->OptionsFor("inspector"));
    Seen seen;
    std::map<std::string, size_t> made;
    for (int64_t i = 0; i < closes; ++i) {
      if (made.empty()) {
        // What was published is of no more use, and the files shall not grow.
        EXPECT_TRUE(inspector.Call({"FLUSHALL"}).ok());
        for (int64_t j = i; j < std::min(i + kBatch, closes); ++j) {
          const std::string id = absl::StrFormat("world-%08x", engine_());
          made[id] = engine_() % worlds_.size();
          Make(For(id, worlds_[made[id]]), id, organizations, merger);
        }
      }
      const std::string id = made.begin()->first;
      world = made.begin()->second;
      made.erase(made.begin());
      clock_.Advance(absl::Hours(24 * 3));
      const auto begin = Steady::now();
      double appeared = 0;
      std::thread looking([&] { appeared = TimeOfAppearance(*readers, id, begin); });
      grpc::ClientContext context;
      aggregate::v1::PublishDueWindowsRequest request;
      request.set_organization(absl::StrCat("organizations/", id));
      aggregate::v1::PublishDueWindowsResponse response;
      const grpc::Status closed = admin->PublishDueWindows(&context, request, &response);
      seen.answered.push_back(SecondsSince(begin));
      looking.join();
      clock_.Advance(-absl::Hours(24 * 3));
      EXPECT_TRUE(closed.ok()) << closed.error_message();
      EXPECT_EQ(response.windows_size(), 1);
      seen.appeared.push_back(appeared);
      seen.people.push_back(static_cast<double>(world));
    }
    server->Shutdown();
    return seen;
  }

 private:
  static void Make(const aggregate::v1::MergeDeltasRequest& world, const std::string& id,
                   Organizations& organizations, DeltaMerger& merger) {
    aggregate::v1::Organization wanted;
    wanted.set_headcount(kTimedHeadcount);
    wanted.set_first_day(FormatDay(kFirstDay));
    wanted.add_sources("m365_audit");
    ASSERT_TRUE(organizations.lifecycle.Create(id, wanted, /*backfill=*/true).ok());
    ASSERT_TRUE(merger.Merge(world).ok());
    ASSERT_TRUE(organizations.lifecycle.FinishBackfill(id).ok());
  }

  // Asks until there is a score; at most a minute.
  static double TimeOfAppearance(score::v1::ScoreService::Stub& readers, const std::string& id,
                                 Steady::time_point begin) {
    score::v1::GetScoreRequest request;
    request.set_name(absl::StrCat("organizations/", id, "/scores/latest"));
    while (SecondsSince(begin) < 60) {
      grpc::ClientContext context;
      score::v1::GetScoreResponse response;
      if (readers.GetScore(&context, request, &response).ok()) return SecondsSince(begin);
      if ((Steady::now() - begin) % kTick < 0.9 * kTick) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    ADD_FAILURE() << "no score appeared";
    return 0;
  }

  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<RedisStores> scores_;
  std::filesystem::path folder_;
  std::unique_ptr<FileJournal> journal_;
  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(kLastDay + 1) + 12, absl::UTCTimeZone())};
  std::vector<aggregate::v1::MergeDeltasRequest> worlds_ = TimedWorlds();
  std::mt19937 engine_;
};

Seen WatchTogether(int64_t closes, bool leaky) {
  std::vector<Seen> parts(kCallers);
  std::vector<std::thread> callers;
  for (int64_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      const auto seed = static_cast<uint32_t>(14 + caller + (leaky ? kCallers : 0));
      parts[static_cast<size_t>(caller)] = CallersView(seed).Watch(closes / kCallers, leaky);
    });
  }
  for (std::thread& caller : callers) caller.join();
  Seen all;
  for (const Seen& part : parts) {
    all.answered.insert(all.answered.end(), part.answered.begin(), part.answered.end());
    all.appeared.insert(all.appeared.end(), part.appeared.begin(), part.appeared.end());
    all.people.insert(all.people.end(), part.people.begin(), part.people.end());
  }
  return all;
}

// Mutation, the control: a closer that takes 60 ms longer for every twenty people whom it
// counts is seen in both, however busy the machine is.
TEST(CallerTimingAttack, ACallerLearnsNothingFromHowLongACloseTakes) {
  const int64_t closes = Longer(120, 40'000);
  const Seen seen = WatchTogether(closes, /*leaky=*/false);
  const double answered = RankCorrelation(seen.answered, seen.people);
  const double appeared = RankCorrelation(seen.appeared, seen.people);
  constexpr int64_t kLeaks = 48;
  const Seen leaky = WatchTogether(kLeaks, /*leaky=*/true);
  const double control = std::min(RankCorrelation(leaky.answered, leaky.people),
                                  RankCorrelation(leaky.appeared, leaky.people));
  // Chance makes 1 / sqrt(n) of n pairs; four of those, and never less than is promised.
  const double most = std::max(0.02, 4 / std::sqrt(static_cast<double>(closes)));
  ReportAttack(14, absl::StrFormat("%d closes seen by a caller: rank correlation of the people "
                                   "with the answer's time %.4f, with the score's appearance "
                                   "%.4f (at most %.3f); the control %.3f",
                                   closes, answered, appeared, most, control));
  EXPECT_LT(std::abs(answered), most);
  EXPECT_LT(std::abs(appeared), most);
  EXPECT_GT(control, 4 / std::sqrt(static_cast<double>(kLeaks))) << "the control was not detected";
}

}  // namespace
}  // namespace tutti
