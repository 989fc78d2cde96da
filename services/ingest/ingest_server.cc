#include "services/ingest/ingest_server.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/keyring/key_store.h"
#include "common/keyring/locked_process.h"
#include "common/keyring/opt_out_store.h"
#include "common/keyring/swap.h"
#include "common/process/core_dumps.h"
#include "common/retention/lifetimes.h"
#include "common/rpc/channel.h"
#include "common/rpc/health.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/flush_loop.h"
#include "services/ingest/grpc_aggregate_client.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/ingest_metrics.h"
#include "services/ingest/ingest_service.h"
#include "services/ingest/keyring_minder.h"
#include "services/ingest/policy_cache.h"

namespace tutti {
namespace {

constexpr char kServiceName[] = "tutti.ingest.v1.IngestService";

// What keeps memory out of swap.
enum class Swap { kLocked, kNone, kAllowed };

absl::StatusOr<Swap> KeepOutOfSwap(bool allowed) {
  if (LockProcess()) return Swap::kLocked;
  const absl::Status none = CheckNoSwap();
  if (none.ok()) return Swap::kNone;
  if (!allowed) {
    return absl::FailedPreconditionError(absl::StrCat(
        "keys could be written to swap, for memory cannot be locked and ", none.message(),
        ": raise the limit on locked memory to unlimited (RLIMIT_MEMLOCK; LimitMEMLOCK=infinity in "
        "systemd), switch swap off (swapoff -a), forbid it (memory.swap.max; MemorySwapMax=0 in "
        "systemd), or accept it with --allow_swap"));
  }
  LogWarning(
      "memory is not locked: what passes keys on may be swapped out; raise the limit on "
      "locked memory to unlimited, or have no swap",
      {});
  return Swap::kAllowed;
}

// The error of a file that cannot be used: which one it was, and where it was given.
absl::Status Named(const char* flag, const std::string& path, const absl::Status& status) {
  if (path.empty()) return absl::InvalidArgumentError(absl::StrCat("give ", flag));
  const bool says_path = absl::StrContains(status.message(), path);
  return absl::Status(status.code(), absl::StrCat(flag, ": ", says_path ? "" : path,
                                                  says_path ? "" : ": ", status.message()));
}

// How often aggregate is told which keyring is loaded, and asked what it counts.
constexpr absl::Duration kReportInterval = absl::Seconds(10);

// What is done every second beside serving.
class Chores {
 public:
  Chores(Swap swap, KeyringMinder& keyring, OptOutStore& opt_outs, GrpcAggregateClient& aggregate,
         PolicyCache& policies, AcknowledgedCache& acknowledged, absl::Duration generation)
      : swap_(swap),
        keyring_(keyring),
        opt_outs_(opt_outs),
        aggregate_(aggregate),
        policies_(policies),
        acknowledged_(acknowledged),
        generation_(generation) {}

  void Run(const IngestCounters& counters, HealthService& health) {
    absl::Status keys = keyring_.Tick();
    keys.Update(opt_outs_.ReloadIfChanged());
    // It may have been switched on meanwhile.
    if (swap_ == Swap::kNone) keys.Update(CheckNoSwap());
    if (!keys.ok() && keys != last_keys_) {
      LogError("keyring trouble", {{"problem", std::string(keys.message())}});
    }
    if (keys.ok() && !last_keys_.ok()) LogInfo("keyring is good again", {});
    last_keys_ = keys;
    health.SetPart("keys", keys.ok());
    ReportKeyring();
    health.SetPart("aggregate", aggregate_.Connected());
    health.SetPart("catalog", aggregate_.CountsAlike());
    policies_.EvictExpired();
    const absl::Duration now = clock_.SinceStart();
    if (!generation_begin_.has_value()) generation_begin_ = now;
    if (now - *generation_begin_ >= generation_) {
      acknowledged_.NextGeneration();
      generation_begin_ = now;
    }
    WarnOfKeys(counters);
    WarnOfCatalog();
  }

 private:
  // Whether or not there is traffic: what becomes of a window must not depend on it.
  void ReportKeyring() {
    const absl::Duration now = clock_.SinceStart();
    if (now < next_report_ && reported_->load() && aggregate_.CountsAlike()) return;
    next_report_ = now + kReportInterval;
    aggregate_.ReportKeyring(
        [reported = reported_](const absl::Status& status) { reported->store(status.ok()); });
  }

  // Somebody must act, so it is said as long as it goes on, once a minute.
  void WarnOfKeys(const IngestCounters& counters) {
    const absl::Duration now = clock_.SinceStart();
    if (now < next_warning_) return;
    const uint64_t missing = counters.refused_activities[ingest::v1::REASON_KEY_MISSING].load();
    if (missing != warned_missing_) {
      LogError("keys are missing: rotate or extend the keyring",
               {{"refused_activities", absl::StrCat(missing)}});
      warned_missing_ = missing;
      next_warning_ = now + absl::Minutes(1);
    }
    if (const int overdue = keyring_.CountOverdueKeys(); overdue > 0) {
      LogError(
          "keys of closed windows are kept: rotate the keyring, with aggregate's grace",
          {{"keys", absl::StrCat(overdue)}, {"grace", absl::FormatDuration(*policies_.grace())}});
      next_warning_ = now + absl::Minutes(1);
    }
  }

  void WarnOfCatalog() {
    const absl::Duration now = clock_.SinceStart();
    const bool alike = aggregate_.CountsAlike();
    if (alike && !counted_alike_) LogInfo("ingest and aggregate count alike again", {});
    if (!alike && (counted_alike_ || now >= next_catalog_warning_)) {
      LogError(
          "ingest and aggregate count by different catalogues: nothing is taken until both have "
          "the "
          "same file",
          {});
      next_catalog_warning_ = now + absl::Minutes(1);
    }
    counted_alike_ = alike;
  }

  const Swap swap_;
  KeyringMinder& keyring_;
  OptOutStore& opt_outs_;
  GrpcAggregateClient& aggregate_;
  PolicyCache& policies_;
  AcknowledgedCache& acknowledged_;
  const absl::Duration generation_;
  const SystemSteadyClock clock_;
  absl::Status last_keys_;
  std::optional<absl::Duration> generation_begin_;
  // The call may end after this.
  const std::shared_ptr<std::atomic<bool>> reported_ = std::make_shared<std::atomic<bool>>(false);
  absl::Duration next_report_ = -absl::InfiniteDuration();
  uint64_t warned_missing_ = 0;
  absl::Duration next_warning_ = -absl::InfiniteDuration();
  bool counted_alike_ = true;
  absl::Duration next_catalog_warning_ = -absl::InfiniteDuration();
};

}  // namespace

absl::Status RunIngest(const ServerOptions& server, const IngestOptions& options) {
  RETURN_IF_ERROR(ForbidCoreDumps());
  ASSIGN_OR_RETURN(const Swap swap, KeepOutOfSwap(options.allow_swap));
  ASSIGN_OR_RETURN(std::unique_ptr<Access> access, MakeAccess(server));
  if (options.flush_interval < absl::Milliseconds(1) || options.flush_interval > absl::Seconds(1)) {
    return absl::InvalidArgumentError("--flush_interval must be 1ms to 1s");
  }
  if (options.cache_generation < absl::Seconds(1) ||
      options.cache_generation > kLongestCacheGeneration) {
    return absl::InvalidArgumentError(absl::StrCat("--cache_generation must be 1s to ",
                                                   absl::FormatDuration(kLongestCacheGeneration)));
  }
  const absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(options.catalog);
  if (!catalog.ok()) return Named("--catalog", options.catalog, catalog.status());
  const absl::StatusOr<std::unique_ptr<KeyStore>> keys = KeyStore::Open(options.keyring);
  if (!keys.ok()) return Named("--keyring", options.keyring, keys.status());
  const std::string opt_outs_path =
      options.opt_outs.empty() ? OptOutPathBeside(options.keyring) : options.opt_outs;
  const absl::StatusOr<std::unique_ptr<OptOutStore>> opt_outs = OptOutStore::Open(opt_outs_path);
  if (!opt_outs.ok()) return Named("--optout", opt_outs_path, opt_outs.status());
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel,
                   MakeChannel(options.aggregate, server.tls));

  const SystemWallClock clock;
  IngestCounters counters;
  GrpcAggregateClient aggregate(std::move(channel), (*catalog)->counting_fingerprint(), **keys,
                                options.merge_timeout);
  PolicyCache policies(aggregate, **catalog, **keys, clock);
  AcknowledgedCache acknowledged(ColumnLayout::Of(**catalog).words(), options.cache_entries);
  DeltaCoalescer coalescer(aggregate, **catalog, options.coalescer);
  ActivityIngester ingester(
      {**catalog, policies, acknowledged, coalescer, **opt_outs, counters, clock});
  IngestServiceImpl service(ingester, *access);

  const SystemSteadyClock steady_clock;
  KeyringMinder keyring(KeyringFile(options.keyring), **keys, policies, clock, steady_clock,
                        options.rotate_keyring ? std::make_optional(options.grace) : std::nullopt);
  Chores chores(swap, keyring, **opt_outs, aggregate, policies, acknowledged,
                options.cache_generation);
  HealthService health({kServiceName}, {"keys", "aggregate", "catalog"});
  absl::Status served;
  {
    const FlushLoop flushes(coalescer, options.flush_interval);
    served = RunServer(server, {{&service},
                                {kServiceName},
                                health,
                                *access,
                                [&] { chores.Run(counters, health); },
                                [&] { service.Drain(); },
                                MetricsOf(counters, keyring)});
  }
  // Calls that outlived the drain call back while everything they use still is.
  aggregate.Shutdown();
  coalescer.AnswerWritten();
  return served;
}

}  // namespace tutti
