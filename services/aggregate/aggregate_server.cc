#include "services/aggregate/aggregate_server.h"

#include <memory>

#include "absl/flags/flag.h"
#include "common/catalog/catalog.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/process/core_dumps.h"
#include "common/redis/redis_stores.h"
#include "services/aggregate/aggregate_service.h"
#include "services/aggregate/organization_service.h"

ABSL_FLAG(std::string, catalog, "", "File of the catalogue; the same for every service");
ABSL_FLAG(
    std::string, journal, "",
    "File in which every published record is noted, apart from Redis; never restored with it");
ABSL_FLAG(absl::Duration, grace, absl::Hours(48),
          "How long after the day that follows its last day a window takes late events");
ABSL_FLAG(absl::Duration, policy_lease, absl::Seconds(20),
          "How long ingest may rely on what it was told of an organisation");
ABSL_FLAG(absl::Duration, sweep_interval, absl::Seconds(30),
          "How often windows that are due are looked for");
ABSL_FLAG(absl::Duration, mirror_idle, tutti::MirrorLimits().max_idle,
          "How long after the last merge into a window its bits are forgotten here");

namespace tutti {
namespace {

constexpr absl::Duration kScrubRetry = absl::Seconds(30);

Metrics MetricsOf(const FileScrubber& scrubber, const BitMirror& mirror) {
  Metrics metrics;
  metrics.AddCounter("tutti_aggregate_failed_scrubs_total",
                     "Rewritings of Redis' files that failed on some node, and are repeated.", {},
                     [&scrubber] { return scrubber.failures(); });
  metrics.AddGauge("tutti_aggregate_scrub_pending_state",
                   "1 while deleted counters may linger in Redis' files.", {},
                   [&scrubber] { return scrubber.pending() ? 1.0 : 0.0; });
  metrics.AddGauge("tutti_aggregate_mirror_bytes",
                   "What is remembered of open windows' counters, not to write bits twice.", {},
                   [&mirror] { return static_cast<double>(mirror.bytes()); });
  return metrics;
}

}  // namespace

absl::StatusOr<AggregateOptions> AggregateOptionsFromFlags() {
  AggregateOptions options;
  options.server = ServerOptionsFromFlags();
  absl::StatusOr<RedisOptions> redis = RedisOptionsFromFlags("aggregate");
  if (!redis.ok()) return redis.status();
  options.redis = *std::move(redis);
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.journal = absl::GetFlag(FLAGS_journal);
  options.timing.grace = absl::GetFlag(FLAGS_grace);
  options.timing.policy_lease = absl::GetFlag(FLAGS_policy_lease);
  options.sweep_interval = absl::GetFlag(FLAGS_sweep_interval);
  options.mirror.max_idle = absl::GetFlag(FLAGS_mirror_idle);
  if (options.catalog.empty()) return absl::InvalidArgumentError("give --catalog");
  if (options.journal.empty()) return absl::InvalidArgumentError("give --journal");
  if (options.timing.grace < absl::ZeroDuration() || options.timing.grace > absl::Hours(24 * 30)) {
    return absl::InvalidArgumentError("--grace must be 0 to 720h");
  }
  if (options.timing.policy_lease < absl::Seconds(1) ||
      options.timing.policy_lease > absl::Minutes(10)) {
    return absl::InvalidArgumentError("--policy_lease must be 1s to 10m");
  }
  if (options.sweep_interval < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--sweep_interval must be at least 1s");
  }
  if (options.mirror.max_idle < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--mirror_idle must be at least 1s");
  }
  return options;
}

absl::Status RunAggregate(const AggregateOptions& options) {
  // A dump would hold bits of open windows.
  if (absl::Status forbidden = ForbidCoreDumps(); !forbidden.ok()) return forbidden;
  absl::StatusOr<std::unique_ptr<Access>> access = MakeAccess(options.server);
  if (!access.ok()) return access.status();
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(options.catalog);
  if (!catalog.ok()) return catalog.status();
  // A catalogue whose noise could not be drawn is found now, not at a close.
  if (absl::Status drawable = CheckNoisePlans(**catalog); !drawable.ok()) return drawable;
  absl::StatusOr<std::unique_ptr<FileJournal>> journal = FileJournal::Open(options.journal);
  if (!journal.ok()) return journal.status();

  const SystemWallClock clock;
  RedisStores stores(options.redis, options.mirror);
  // One that does not answer yet is waited for; one that may lose counters is not.
  if (absl::Status fit = stores.CheckServer(); absl::IsFailedPrecondition(fit)) return fit;
  OrganizationDirectory directory(stores.organizations(), stores.counters(), **catalog, clock,
                                  options.timing);
  DeltaMerger merger(directory, stores.counters(), **catalog, clock);
  WindowCloser closer({directory, stores.organizations(), stores.counters(), stores.publications(),
                       **journal, **catalog, clock,
                       [] { return std::make_unique<KernelNoise>(); }});
  CohortBuilder cohorts({stores.organizations(), stores.publications(), stores.cohorts(), **catalog,
                         clock, options.timing.grace});
  FileScrubber scrubber(stores.counters(), kScrubRetry);
  ClosingLoop closing(closer, cohorts, stores.organizations(), scrubber, clock);
  AggregateServiceImpl aggregate(directory, merger, closing, **catalog, clock, **access);
  OrganizationServiceImpl organizations(directory, scrubber, **access);

  const std::vector<std::string> names = {aggregate::v1::AggregateService::service_full_name(),
                                          aggregate::v1::OrganizationService::service_full_name()};
  HealthService health(names, {"store"});
  scrubber.Start();
  closing.Start(options.sweep_interval);
  return RunServer(options.server, {.services = {&aggregate, &organizations},
                                    .names = names,
                                    .health = health,
                                    .access = **access,
                                    .on_tick =
                                        [&] {
                                          health.SetPart("store", stores.CheckServer().ok());
                                          stores.mirror().ForgetIdle();
                                        },
                                    .on_drain =
                                        [&] {
                                          closing.Stop();
                                          scrubber.Stop();
                                        },
                                    .metrics = MetricsOf(scrubber, stores.mirror())});
}

}  // namespace tutti
