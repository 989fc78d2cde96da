#include "services/score/score_server.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/redis/redis_stores.h"
#include "common/redis/user_check.h"
#include "common/rpc/part_check.h"
#include "common/status/status_macros.h"
#include "services/score/score_reader.h"
#include "services/score/score_service.h"
#include "services/score/watch_service.h"

ABSL_FLAG(std::string, catalog, "", "File of the catalogue; the same for every service");
ABSL_FLAG(std::vector<std::string>, past_catalogs, {},
          "Files of catalogues that older records were counted by");

namespace tutti {

namespace {

// One that does not answer yet is waited for, and said to be not checked; one that will never let
// this service read is an error.
absl::Status CheckStore(const ScoreOptions& options, std::vector<std::string>& not_checked) {
  const RedisOptions redis = ForQuestions(options.redis);
  absl::Status fit = CheckUser(redis, RedisUse::kScore);
  if (fit.ok()) fit = RedisStores(redis).Ping();
  if (absl::IsFailedPrecondition(fit)) return fit;
  if (!fit.ok()) not_checked.emplace_back(fit.message());
  return absl::OkStatus();
}

// Asks whether the store answers, lets the user in, and is one that aggregate has begun: where it
// is not, no answer from it would be true. Not thread-safe.
class StoreCheck {
 public:
  explicit StoreCheck(const RedisOptions& redis)
      : user_(ForQuestions(redis), RedisUse::kScore),
        stores_(ForQuestions(redis)),
        named_(ForHalfOfIt(redis)) {}

  absl::Status Ask() {
    RETURN_IF_ERROR(user_.Check());
    RETURN_IF_ERROR(stores_.Ping());
    const absl::StatusOr<std::string> journal = named_.journal().ReadJournal();
    // In a cluster one node may be away: the others' organisations are answered for.
    if (!journal.ok() || !journal->empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "redis-server names no journal: no tutti-aggregate has begun with it yet, or it has lost "
        "its data; see aggregate's log");
  }

 private:
  // So that both questions end within the time in which health wants to know.
  static RedisOptions ForHalfOfIt(RedisOptions options) {
    options.timeout = std::min(options.timeout, absl::Seconds(1));
    return options;
  }

  UserWatch user_;
  RedisStores stores_;
  RedisStores named_;
};

Metrics MetricsOf(const HealthService& health) {
  Metrics metrics;
  metrics.AddGauge("tutti_score_store_answer_seconds",
                   "How long the store took to answer the latest of the questions that health "
                   "asks twice a second, or has been taking; in tenths of a second, rounded up.",
                   {}, [&health] { return absl::ToDoubleSeconds(health.AnswerTime("store")); });
  return metrics;
}

}  // namespace

absl::StatusOr<ScoreOptions> ScoreOptionsFromFlags() {
  ScoreOptions options;
  options.server = ServerOptionsFromFlags();
  ASSIGN_OR_RETURN(RedisOptions redis, RedisOptionsFromFlags("score"));
  options.redis = std::move(redis);
  // Who asks while others are answered waits for these first, and all of it must end before a
  // caller's deadline of ten seconds.
  options.redis.timeout /= 2;
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.past_catalogs = absl::GetFlag(FLAGS_past_catalogs);
  if (options.catalog.empty()) return absl::InvalidArgumentError("give --catalog");
  return options;
}

absl::Status RunScore(const ScoreOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Access> access, MakeAccess(options.server));
  std::vector<std::unique_ptr<const Catalog>> owned;
  std::vector<const Catalog*> catalogs;
  std::vector<std::string> files = {options.catalog};
  files.insert(files.end(), options.past_catalogs.begin(), options.past_catalogs.end());
  for (const std::string& file : files) {
    absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(file);
    if (!catalog.ok()) {
      const char* const flag = owned.empty() ? "--catalog: " : "--past_catalogs: ";
      return absl::Status(catalog.status().code(), absl::StrCat(flag, catalog.status().message()));
    }
    catalogs.push_back(catalog->get());
    owned.push_back(*std::move(catalog));
  }
  std::vector<std::string> not_checked;
  RETURN_IF_ERROR(CheckStore(options, not_checked));
  RedisStores stores(options.redis);
  const SystemSteadyClock clock;
  const RecordCatalogs known(catalogs);
  RecordReader records(stores.publications());
  ScoreReader reader(records, known, clock);
  BenchmarkReader benchmarks(records, known, stores.cohorts());
  StatementWriter statements(known.current());
  WatchService watchers(reader, records);
  ScoreServiceImpl service({reader, records, benchmarks, known, watchers, statements, *access});
  const std::vector<std::string> names = {score::v1::ScoreService::service_full_name()};
  HealthService health(names, {"store"}, clock);
  StoreCheck store(options.redis);
  std::optional<PartCheck> checking;
  return RunServer(
      options.server,
      {.services = {&service},
       .names = names,
       .health = health,
       .access = *access,
       .on_start = [&] { checking.emplace(health, "store", [&] { return store.Ask(); }); },
       .on_drain = [&] { watchers.Drain(); },
       .traced = names,
       .metrics = MetricsOf(health),
       .max_request_bytes = 64 << 10,
       .not_checked = std::move(not_checked)});
}

}  // namespace tutti
