#include "services/aggregate/aggregate_server.h"

#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/files/write_file.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/process/core_dumps.h"
#include "common/redis/redis_stores.h"
#include "common/redis/user_check.h"
#include "common/retention/lifetimes.h"
#include "common/rpc/part_check.h"
#include "common/status/graver.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "common/window/grace.h"
#include "services/aggregate/aggregate_service.h"
#include "services/aggregate/journal_binding.h"
#include "services/aggregate/organization_service.h"
#include "services/aggregate/redis_journal.h"
#include "services/aggregate/store_verdict.h"

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
ABSL_FLAG(
    std::string, adopt_keyring, "",
    "Once, when the suite's keyring is lost for good: the id of the one that takes its place, "
    "as the error of its ingest says it; windows that are open are then never published");
ABSL_FLAG(absl::Duration, grace, absl::Hours(48),
          "How long after the day that follows its last day a window takes late events; ingest "
          "learns it from here");
ABSL_FLAG(absl::Duration, policy_lease, absl::Seconds(20),
          "How long ingest may rely on what it was told of an organisation");
ABSL_FLAG(absl::Duration, sweep_interval, absl::Seconds(30),
          "How often windows that are due are looked for");
ABSL_FLAG(absl::Duration, mirror_idle, tutti::kLongestMirrorIdle,
          "How long after the last merge into a window its bits are forgotten here");

namespace tutti {
namespace {

constexpr absl::Duration kScrubRetry = absl::Seconds(30);

// The journal of a file that a service would begin, and a check does not.
class UnbegunJournal final : public PublicationJournal {
 public:
  absl::StatusOr<std::string> Identity() override { return NotBegun(); }
  absl::StatusOr<bool> WasBound() override { return false; }
  absl::Status NoteBound() override { return NotBegun(); }
  absl::Status Record(const std::string& /*organization*/, Day /*end_day*/,
                      const std::string& /*record*/, const Costs& /*nano_rho*/) override {
    return NotBegun();
  }
  absl::StatusOr<std::map<Day, Costs>> Read(const std::string& /*organization*/) override {
    return NotBegun();
  }

 private:
  static absl::Status NotBegun() { return absl::NotFoundError("--journal: not begun"); }
};

absl::StatusOr<std::unique_ptr<PublicationJournal>> OpenJournalFile(const std::string& path,
                                                                    bool begins) {
  if (!begins && !FileJournal::IsBegun(path)) {
    RETURN_IF_ERROR(CheckWritable(path, Writing::kUpdate));
    return std::make_unique<UnbegunJournal>();
  }
  return FileJournal::Open(path, begins);
}

absl::StatusOr<std::unique_ptr<PublicationJournal>> OpenJournal(const AggregateOptions& options,
                                                                RedisStores& stores) {
  if (!options.journal_redis.has_value()) {
    auto file = OpenJournalFile(options.journal, /*begins=*/!options.server.check_config);
    if (file.ok()) return file;
    return absl::Status(file.status().code(), absl::StrCat("--journal: ", file.status().message()));
  }
  return std::make_unique<RedisJournal>(
      *options.journal_redis,
      [&stores](const std::string& run_id) { return stores.IsStoredIn(run_id); },
      /*begins=*/!options.server.check_config);
}

// Asks whether the store may be worked with, when aggregate starts and while it runs. Not
// thread-safe.
class StoreCheck {
 public:
  StoreCheck(const AggregateOptions& options, JournalBinding& binding, const WallClock& clock,
             StoreVerdict& verdict)
      : user_(ForQuestions(options.redis), RedisUse::kAggregate),
        store_(ForQuestions(options.redis)),
        clock_guard_(clock, store_.clock()),
        binding_(binding),
        clock_(clock),
        verdict_(verdict),
        binds_(!options.server.check_config) {
    if (options.journal_redis.has_value()) {
      journal_user_.emplace(ForQuestions(*options.journal_redis), RedisUse::kJournal);
    }
  }

  absl::Status Ask() {
    absl::Status answer = AskAll();
    verdict_.NoteServers(store_.run_ids());
    verdict_.Set(answer);
    return answer;
  }

  // For any thread: what it found last.
  int due() const { return due_; }
  int overdue() const { return overdue_; }
  int missing_replicas() const { return store_.missing_replicas(); }

 private:
  // Everything is asked: what passes, and is found first, must not hide what does not.
  absl::Status AskAll() {
    absl::Status found = user_.Check();
    // But of a store that does not answer nothing else can be found out.
    if (absl::IsUnavailable(found)) return found;
    if (journal_user_.has_value()) KeepGraver(journal_user_->Check(), found);
    KeepGraver(store_.CheckServer(), found);
    KeepGraver(clock_guard_.Check(), found);
    // A store that may forget is told nothing, and windows that are due by a clock that is ahead
    // must not be entered in an adopted journal.
    KeepGraver(binds_ && found.ok() ? binding_.Check() : binding_.Compare(), found);
    return found.ok() ? CountDue() : found;
  }

  absl::Status CountDue() {
    const absl::Time now = clock_.Now();
    if (now < next_count_ && now > next_count_ - 2 * kCountInterval) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto due, store_.organizations().ListDue(now, kMostCounted));
    ASSIGN_OR_RETURN(const auto overdue,
                     store_.organizations().ListDue(now - kOverdue, kMostCounted));
    due_ = static_cast<int>(due.size());
    overdue_ = static_cast<int>(overdue.size());
    next_count_ = now + kCountInterval;
    return absl::OkStatus();
  }

  static constexpr absl::Duration kCountInterval = absl::Seconds(10);
  static constexpr absl::Duration kOverdue = absl::Hours(1);
  static constexpr int kMostCounted = 1000;

  UserWatch user_;
  std::optional<UserWatch> journal_user_;
  RedisStores store_;
  ClockGuard clock_guard_;
  JournalBinding& binding_;
  const WallClock& clock_;
  StoreVerdict& verdict_;
  const bool binds_;
  absl::Time next_count_ = absl::InfinitePast();
  std::atomic<int> due_ = 0;
  std::atomic<int> overdue_ = 0;
};

// What the metrics are read from. References outlive them.
struct Shown {
  const FileScrubber& scrubber;
  const OrganizationRepository& repository;
  const DueReconciler& due_times;
  const ClosingLoop& closing;
  const StoreCheck& store;
  const HealthService& health;
};

Metrics MetricsOf(const Shown& shown) {
  Metrics metrics;
  metrics.AddCounter("tutti_aggregate_failed_scrubs_total",
                     "Rewritings of Redis' files that failed on some node, and are repeated.", {},
                     [shown] { return shown.scrubber.failures(); });
  metrics.AddGauge("tutti_aggregate_scrub_pending_state",
                   "1 while deleted counters may linger in Redis' files.", {},
                   [shown] { return shown.scrubber.pending() ? 1.0 : 0.0; });
  metrics.AddGauge("tutti_aggregate_directory_bytes",
                   "What is remembered of organisations, for seconds.", {},
                   [shown] { return static_cast<double>(shown.repository.cached_bytes()); });
  metrics.AddCounter("tutti_aggregate_corrected_due_times_total",
                     "Organisations that were to be looked at too late to close their windows in "
                     "time, and no longer are.",
                     {}, [shown] { return shown.due_times.corrected(); });
  metrics.AddGauge("tutti_aggregate_due_organizations",
                   "Organisations with windows that are due, at most 1,000; the next sweep closes "
                   "them.",
                   {}, [shown] { return static_cast<double>(shown.store.due()); });
  metrics.AddGauge("tutti_aggregate_overdue_organizations",
                   "Those of them that have been due for an hour.", {},
                   [shown] { return static_cast<double>(shown.store.overdue()); });
  metrics.AddGauge("tutti_aggregate_failing_organizations",
                   "Organisations that this process could not close when it tried last, at most "
                   "1,000; each sweep tries them again, and the log has the reason.",
                   {}, [shown] { return static_cast<double>(shown.closing.failing()); });
  metrics.AddGauge(
      "tutti_aggregate_last_close_timestamp_seconds",
      "When this process last closed a window, in Unix time, in whole seconds; NaN, which is "
      "neither long ago nor recent, before its first.",
      {}, [shown] {
        const absl::Time last = shown.closing.last_close();
        return last == absl::InfinitePast() ? std::numeric_limits<double>::quiet_NaN()
                                            : static_cast<double>(absl::ToUnixSeconds(last));
      });
  metrics.AddGauge("tutti_aggregate_missing_replicas",
                   "Replicas that --redis_wait_replicas waits for and that are not online, of all "
                   "primaries.",
                   {}, [shown] { return static_cast<double>(shown.store.missing_replicas()); });
  metrics.AddGauge("tutti_aggregate_store_answer_seconds",
                   "How long the store took to answer the latest of the questions that health "
                   "asks twice a second, or has been taking; in tenths of a second, rounded up.",
                   {}, [shown] { return absl::ToDoubleSeconds(shown.health.AnswerTime("store")); });
  return metrics;
}

}  // namespace

absl::StatusOr<AggregateOptions> AggregateOptionsFromFlags() {
  AggregateOptions options;
  options.server = ServerOptionsFromFlags({.added_to = {"journal"}});
  ASSIGN_OR_RETURN(RedisOptions redis, RedisOptionsFromFlags("aggregate"));
  options.redis = std::move(redis);
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.journal = absl::GetFlag(FLAGS_journal);
  options.adopt_journal = absl::GetFlag(FLAGS_adopt_journal);
  options.adopt_keyring = absl::GetFlag(FLAGS_adopt_keyring);
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
  if (!options.adopt_keyring.empty() && !IsJournalIdentity(options.adopt_keyring)) {
    return absl::InvalidArgumentError(
        "--adopt_keyring must be the 32 hexadecimal digits that the error names");
  }
  if (options.timing.grace < absl::ZeroDuration() || options.timing.grace > kLongestGrace) {
    return absl::InvalidArgumentError(
        absl::StrCat("--grace must be 0 to ", absl::FormatDuration(kLongestGrace)));
  }
  if (options.timing.policy_lease < absl::Seconds(1) ||
      options.timing.policy_lease > kLongestPolicyLease) {
    return absl::InvalidArgumentError(
        absl::StrCat("--policy_lease must be 1s to ", absl::FormatDuration(kLongestPolicyLease)));
  }
  if (options.sweep_interval < absl::Seconds(1) || options.sweep_interval > absl::Hours(24)) {
    return absl::InvalidArgumentError("--sweep_interval must be 1s to 24h");
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
  const SystemSteadyClock steady_clock;
  RedisStores stores(options.redis, options.mirror);
  const std::vector<std::string> names = {aggregate::v1::AggregateService::service_full_name(),
                                          aggregate::v1::OrganizationService::service_full_name()};
  HealthService health(names, {"store"}, steady_clock);
  ASSIGN_OR_RETURN(std::unique_ptr<PublicationJournal> journal, OpenJournal(options, stores));
  CountingHistory history(stores.history(), **catalog, clock,
                          absl::HexStringToBytes(options.adopt_keyring));
  OrganizationRepository repository(stores.organizations(), history, **catalog, clock,
                                    options.timing);
  OrganizationLifecycle lifecycle({repository, stores.organizations(), stores.counters(),
                                   stores.publications(), **catalog, clock});
  JournalBinding binding({*journal, stores.journal(), stores.organizations(), stores.publications(),
                          repository, **catalog, clock, options.adopt_journal});
  StoreVerdict verdict;
  StoreCheck store(options, binding, clock, verdict);
  // What may pass is waited for, and nothing is taken or closed before.
  absl::Status found = store.Ask();
  if (!found.ok() && !absl::IsUnavailable(found)) return found;
  std::vector<std::string> not_checked;
  if (!found.ok()) not_checked.emplace_back(found.message());
  DeltaMerger merger(repository, stores.counters(), **catalog, clock);
  WindowCloser closer({repository, lifecycle, stores.organizations(), stores.counters(),
                       stores.publications(), binding, **catalog, clock,
                       [] { return std::make_unique<KernelNoise>(); }});
  CohortBuilder cohorts({stores.organizations(), stores.publications(), stores.cohorts(), **catalog,
                         clock, options.timing.grace});
  ClockGuard clock_guard(clock, stores.clock());
  FileScrubber scrubber(stores.counters(), kScrubRetry);
  DueReconciler due_times(repository, stores.organizations(), clock);
  ClosingLoop closing(
      {closer, cohorts, stores.organizations(), due_times, scrubber, clock_guard, verdict, clock});
  AggregateServiceImpl aggregate(
      {repository, history, merger, closing, **catalog, clock, *access, verdict});
  OrganizationServiceImpl organizations(
      {repository, lifecycle, scrubber, **catalog, clock, *access, verdict});

  std::optional<PartCheck> checking;
  return RunServer(options.server,
                   {.services = {&aggregate, &organizations},
                    .names = names,
                    .health = health,
                    .access = *access,
                    .on_start =
                        [&] {
                          checking.emplace(health, "store", [&] { return store.Ask(); });
                          scrubber.Start();
                          closing.Start(options.sweep_interval);
                        },
                    .on_tick = [&] { stores.counters().ForgetIdle(); },
                    .on_drain =
                        [&] {
                          // A store that hangs keeps both at the same time.
                          std::thread scrubbing([&] { scrubber.Stop(); });
                          closing.Stop();
                          scrubbing.join();
                        },
                    .traced = {aggregate::v1::OrganizationService::service_full_name()},
                    .metrics = MetricsOf({scrubber, repository, due_times, closing, store, health}),
                    .not_checked = std::move(not_checked)});
}

}  // namespace tutti
