#include "services/aggregate/aggregate_server.h"

#include <memory>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/process/core_dumps.h"
#include "common/redis/redis_stores.h"
#include "common/retention/lifetimes.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "services/aggregate/aggregate_service.h"
#include "services/aggregate/journal_binding.h"
#include "services/aggregate/organization_service.h"
#include "services/aggregate/redis_journal.h"

ABSL_FLAG(std::string, catalog, "", "File of the catalogue; the same for every service");
ABSL_FLAG(
    std::string, journal, "",
    "File in which every published record is noted, apart from Redis; never restored with it; one "
    "for all aggregates of a store");
ABSL_FLAG(std::string, journal_redis, "",
          "Instead of --journal: host:port of a second, small redis-server that holds it, for "
          "aggregates on several machines; TLS as to the first");
ABSL_FLAG(std::string, journal_redis_password_file, "",
          "File that holds the user's password at --journal_redis");
ABSL_FLAG(
    int, journal_redis_wait_replicas, 0,
    "Replicas of --journal_redis that must have received an entry before the record is shown; "
    "aggregate is not ready while fewer are online");
ABSL_FLAG(std::string, adopt_journal, "",
          "Once, when the store's journal is lost for good: its identity as the error says it, or "
          "\"none\"; --journal takes its place, and windows that are due are not published");
ABSL_FLAG(absl::Duration, grace, absl::Hours(48),
          "How long after the day that follows its last day a window takes late events");
ABSL_FLAG(absl::Duration, policy_lease, absl::Seconds(20),
          "How long ingest may rely on what it was told of an organisation");
ABSL_FLAG(absl::Duration, sweep_interval, absl::Seconds(30),
          "How often windows that are due are looked for");
ABSL_FLAG(absl::Duration, mirror_idle, tutti::kLongestMirrorIdle,
          "How long after the last merge into a window its bits are forgotten here");

namespace tutti {
namespace {

constexpr absl::Duration kScrubRetry = absl::Seconds(30);

Metrics MetricsOf(const FileScrubber& scrubber, CounterStore& counters,
                  const OrganizationRepository& repository, const DueReconciler& due_times) {
  Metrics metrics;
  metrics.AddCounter("tutti_aggregate_failed_scrubs_total",
                     "Rewritings of Redis' files that failed on some node, and are repeated.", {},
                     [&scrubber] { return scrubber.failures(); });
  metrics.AddGauge("tutti_aggregate_scrub_pending_state",
                   "1 while deleted counters may linger in Redis' files.", {},
                   [&scrubber] { return scrubber.pending() ? 1.0 : 0.0; });
  metrics.AddGauge("tutti_aggregate_mirror_bytes",
                   "What is remembered of open windows' counters, not to write bits twice.", {},
                   [&counters] { return static_cast<double>(counters.remembered_bytes()); });
  metrics.AddGauge("tutti_aggregate_directory_bytes",
                   "What is remembered of organisations, for seconds.", {},
                   [&repository] { return static_cast<double>(repository.cached_bytes()); });
  metrics.AddCounter("tutti_aggregate_corrected_due_times_total",
                     "Organisations that were to be looked at too late to close their windows in "
                     "time, and no longer are.",
                     {}, [&due_times] { return due_times.corrected(); });
  return metrics;
}

absl::StatusOr<std::unique_ptr<PublicationJournal>> OpenJournal(const AggregateOptions& options,
                                                                RedisStores& stores) {
  if (!options.journal_redis.has_value()) {
    absl::StatusOr<std::unique_ptr<FileJournal>> file = FileJournal::Open(options.journal);
    if (file.ok()) return *std::move(file);
    return absl::Status(file.status().code(), absl::StrCat("--journal: ", file.status().message()));
  }
  return std::make_unique<RedisJournal>(
      *options.journal_redis,
      [&stores](const std::string& run_id) { return stores.IsStoredIn(run_id); });
}

// Whether the store may be worked with. Not thread-safe.
class StoreCheck {
 public:
  StoreCheck(RedisStores& stores, ClockGuard& clock_guard, JournalBinding& binding)
      : stores_(stores), clock_guard_(clock_guard), binding_(binding) {}

  // Says once in the log what is wrong.
  bool Good() {
    const absl::Status fit = stores_.CheckServer();
    if (!fit.ok()) return Note("store_refused", fit);
    // Windows that are due by a clock that is ahead must not be entered in an adopted journal,
    // nor activity of windows be refused that are open. It says so itself.
    if (!clock_guard_.Check().ok()) return false;
    return Note("journal_refused", binding_.Check());
  }

 private:
  // Whether it is good.
  bool Note(const char* event, const absl::Status& status) {
    if (!status.ok() && status != last_) {
      LogError(event, {{"problem", std::string(status.message())}});
    }
    last_ = status;
    return status.ok();
  }

  RedisStores& stores_;
  ClockGuard& clock_guard_;
  JournalBinding& binding_;
  absl::Status last_;
};

}  // namespace

absl::StatusOr<AggregateOptions> AggregateOptionsFromFlags() {
  AggregateOptions options;
  options.server = ServerOptionsFromFlags();
  ASSIGN_OR_RETURN(RedisOptions redis, RedisOptionsFromFlags("aggregate"));
  options.redis = std::move(redis);
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.journal = absl::GetFlag(FLAGS_journal);
  options.adopt_journal = absl::GetFlag(FLAGS_adopt_journal);
  options.timing.grace = absl::GetFlag(FLAGS_grace);
  options.timing.policy_lease = absl::GetFlag(FLAGS_policy_lease);
  options.sweep_interval = absl::GetFlag(FLAGS_sweep_interval);
  options.mirror.max_idle = absl::GetFlag(FLAGS_mirror_idle);
  if (options.catalog.empty()) return absl::InvalidArgumentError("give --catalog");
  const std::string journal_redis = absl::GetFlag(FLAGS_journal_redis);
  if (options.journal.empty() == journal_redis.empty()) {
    return absl::InvalidArgumentError("give --journal or --journal_redis, one of them");
  }
  if (!journal_redis.empty()) {
    ASSIGN_OR_RETURN(RedisOptions second,
                     RedisOptionsAt("journal_redis", journal_redis,
                                    absl::GetFlag(FLAGS_journal_redis_password_file),
                                    absl::GetFlag(FLAGS_journal_redis_wait_replicas), "aggregate"));
    options.journal_redis = std::move(second);
  }
  if (!options.adopt_journal.empty() && options.adopt_journal != JournalBinding::kNoJournal &&
      !IsJournalIdentity(options.adopt_journal)) {
    return absl::InvalidArgumentError(
        "--adopt_journal must be the 32 hexadecimal digits that the error names, or none");
  }
  if (options.timing.grace < absl::ZeroDuration() || options.timing.grace > absl::Hours(24 * 30)) {
    return absl::InvalidArgumentError("--grace must be 0 to 720h");
  }
  if (options.timing.policy_lease < absl::Seconds(1) ||
      options.timing.policy_lease > kLongestPolicyLease) {
    return absl::InvalidArgumentError(
        absl::StrCat("--policy_lease must be 1s to ", absl::FormatDuration(kLongestPolicyLease)));
  }
  if (options.sweep_interval < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--sweep_interval must be at least 1s");
  }
  // The statement says the longest.
  if (options.mirror.max_idle < absl::Seconds(1) || options.mirror.max_idle > kLongestMirrorIdle) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mirror_idle must be 1s to ", absl::FormatDuration(kLongestMirrorIdle)));
  }
  return options;
}

absl::Status RunAggregate(const AggregateOptions& options) {
  // A dump would hold bits of open windows.
  RETURN_IF_ERROR(ForbidCoreDumps());
  ASSIGN_OR_RETURN(std::unique_ptr<Access> access, MakeAccess(options.server));
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(options.catalog);
  if (!catalog.ok()) {
    return absl::Status(catalog.status().code(),
                        absl::StrCat("--catalog: ", catalog.status().message()));
  }
  // A catalogue whose noise could not be drawn is found now, not at a close.
  RETURN_IF_ERROR(CheckNoisePlans(**catalog));

  const SystemWallClock clock;
  RedisStores stores(options.redis, options.mirror);
  ASSIGN_OR_RETURN(std::unique_ptr<PublicationJournal> journal, OpenJournal(options, stores));
  // One that does not answer yet is waited for; one that may lose counters is not.
  if (absl::Status fit = stores.CheckServer(); absl::IsFailedPrecondition(fit)) return fit;
  ClockGuard clock_guard(clock, stores.clock());
  if (absl::Status fit = clock_guard.Check(); absl::IsFailedPrecondition(fit)) return fit;
  CountingHistory history(stores.history(), **catalog, clock);
  OrganizationRepository repository(stores.organizations(), history, **catalog, clock,
                                    options.timing);
  OrganizationLifecycle lifecycle({repository, stores.organizations(), stores.counters(),
                                   stores.publications(), **catalog, clock});
  JournalBinding binding({*journal, stores.journal(), stores.organizations(), stores.publications(),
                          repository, **catalog, clock, options.adopt_journal});
  // The same holds here: what may pass is waited for, and nothing is closed before.
  if (absl::Status bound = binding.Check(); !bound.ok() && !absl::IsUnavailable(bound)) {
    return bound;
  }
  DeltaMerger merger(repository, stores.counters(), **catalog, clock);
  WindowCloser closer({repository, lifecycle, stores.organizations(), stores.counters(),
                       stores.publications(), binding, **catalog, clock,
                       [] { return std::make_unique<KernelNoise>(); }});
  CohortBuilder cohorts({stores.organizations(), stores.publications(), stores.cohorts(), **catalog,
                         clock, options.timing.grace});
  FileScrubber scrubber(stores.counters(), kScrubRetry);
  DueReconciler due_times(repository, stores.organizations(), clock);
  ClosingLoop closing(
      {closer, cohorts, stores.organizations(), due_times, scrubber, clock_guard, clock});
  AggregateServiceImpl aggregate({repository, history, merger, closing, **catalog, clock, *access});
  OrganizationServiceImpl organizations(
      {repository, lifecycle, scrubber, **catalog, clock, *access});

  const std::vector<std::string> names = {aggregate::v1::AggregateService::service_full_name(),
                                          aggregate::v1::OrganizationService::service_full_name()};
  HealthService health(names, {"store"});
  StoreCheck store(stores, clock_guard, binding);
  scrubber.Start();
  closing.Start(options.sweep_interval);
  return RunServer(options.server,
                   {.services = {&aggregate, &organizations},
                    .names = names,
                    .health = health,
                    .access = *access,
                    .on_tick =
                        [&] {
                          health.SetPart("store", store.Good());
                          stores.counters().ForgetIdle();
                        },
                    .on_drain =
                        [&] {
                          // A store that hangs keeps both at the same time.
                          std::thread scrubbing([&] { scrubber.Stop(); });
                          closing.Stop();
                          scrubbing.join();
                        },
                    .metrics = MetricsOf(scrubber, stores.counters(), repository, due_times)});
}

}  // namespace tutti
