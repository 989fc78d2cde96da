#include "services/score/score_server.h"

#include <memory>

#include "absl/flags/flag.h"
#include "common/catalog/catalog.h"
#include "common/redis/redis_stores.h"
#include "services/score/score_reader.h"
#include "services/score/score_service.h"

ABSL_FLAG(std::string, catalog, "", "File of the catalogue; the same for every service");
ABSL_FLAG(absl::Duration, grace, absl::Hours(48), "As tutti-aggregate's; for the statement");

namespace tutti {

absl::StatusOr<ScoreOptions> ScoreOptionsFromFlags() {
  ScoreOptions options;
  options.server = ServerOptionsFromFlags();
  absl::StatusOr<RedisOptions> redis = RedisOptionsFromFlags("score");
  if (!redis.ok()) return redis.status();
  options.redis = *std::move(redis);
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.statement.grace = absl::GetFlag(FLAGS_grace);
  if (options.catalog.empty()) return absl::InvalidArgumentError("give --catalog");
  return options;
}

absl::Status RunScore(const ScoreOptions& options) {
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(options.catalog);
  if (!catalog.ok()) return catalog.status();
  RedisStores stores(options.redis);
  ScoreReader reader(stores.publications(), **catalog);
  const StatementWriter statements(**catalog, options.statement);
  ScoreServiceImpl service(reader, statements);
  const std::vector<std::string> names = {score::v1::ScoreService::service_full_name()};
  HealthService health(names, {"store"});
  return RunServer(options.server,
                   {.services = {&service}, .names = names, .health = health, .on_tick = [&] {
                      health.SetPart("store", stores.Ping().ok());
                    }});
}

}  // namespace tutti
