#include "services/ingest/ingest_server.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
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
#include "common/rpc/certificate_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/error_details.h"
#include "common/rpc/health.h"
#include "common/rpc/part_check.h"
#include "common/status/graver.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/aggregate_health_client.h"
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
constexpr absl::Duration kReportInterval = absl::Seconds(3);

// How aggregate took the latest report of the keyring that was answered. Thread-safe.
class ReportOutcome {
 public:
  // One that no aggregate answered leaves a refusal as it is.
  void Set(const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    if (status.ok() || Refuses(status) || !Refuses(status_)) status_ = status;
    settled_ |= status.ok() || Refuses(status);
    if (settled_) settles_.notify_all();
    // What aggregate itself says has a reason.
    const bool unanswered = absl::IsUnavailable(status) && ReasonOf(status).empty();
    unanswered_ = unanswered ? unanswered_ + 1 : 0;
  }

  bool ok() const {
    const std::lock_guard lock(mutex_);
    return status_.ok();
  }

  // Aggregate's refusal of the keyring.
  absl::Status KeyringRefusal() const {
    const std::lock_guard lock(mutex_);
    return RefusesKeyring(status_)
               ? absl::FailedPreconditionError(absl::StrCat("--keyring: ", status_.message()))
               : absl::OkStatus();
  }

  // An error until aggregate, if it `is_ready`, has said whether it knows the keyring, which is
  // waited for a while; when it lets this ingest do nothing, or takes no new connection of it.
  absl::Status Refusal(bool is_ready) {
    std::unique_lock lock(mutex_);
    const auto settled = [this] { return settled_; };
    if (is_ready && !settles_.wait_for(lock, std::chrono::seconds(1), settled)) {
      return absl::UnavailableError(
          absl::StrCat("tutti-aggregate (--aggregate) has not said whether it knows the keyring: ",
                       status_.message()));
    }
    if (Refuses(status_) && !RefusesKeyring(status_)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "tutti-aggregate (--aggregate) refuses what ingest alone may do: ", status_.message(),
          "; check the certificate of --tls_certificate, and --trust_domain of both"));
    }
    if (unanswered_ < kFairTries) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(
        "tutti-aggregate (--aggregate) cannot be reached by a new connection: ", status_.message(),
        "; check the certificate of --tls_certificate, and --tls_authorities of both"));
  }

 private:
  static bool Refuses(const absl::Status& status) {
    return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
           RefusesKeyring(status);
  }
  static bool RefusesKeyring(const absl::Status& status) {
    return absl::IsFailedPrecondition(status);
  }

  // One may have met an aggregate that stopped.
  static constexpr int kFairTries = 2;

  mutable std::mutex mutex_;
  std::condition_variable settles_;
  absl::Status status_ = absl::UnavailableError("nothing was reported yet");
  bool settled_ = false;
  int unanswered_ = 0;
};

// What is done every second beside serving.
class Chores {
 public:
  Chores(const ServerOptions& server, const IngestOptions& options, Swap swap,
         KeyringMinder& keyring, OptOutStore& opt_outs, GrpcAggregateClient& aggregate,
         PolicyCache& policies, AcknowledgedCache& acknowledged)
      : tls_(server.tls),
        address_(options.aggregate),
        swap_(swap),
        keyring_(keyring),
        opt_outs_(opt_outs),
        aggregate_(aggregate),
        policies_(policies),
        acknowledged_(acknowledged),
        generation_(options.cache_generation),
        edition_(CertificateEdition(tls_)) {}

  void Run(const IngestCounters& counters, HealthService& health) {
    absl::Status keys = keyring_.Tick();
    keys.Update(opt_outs_.ReloadIfChanged());
    // It may have been switched on meanwhile.
    if (swap_ == Swap::kNone) keys.Update(CheckNoSwap());
    keys.Update(reported_->KeyringRefusal());
    health.SetPart("keys", keys);
    ReportKeyring();
    health.SetPart("catalog",
                   aggregate_.CountsAlike()
                       ? absl::OkStatus()
                       : absl::FailedPreconditionError(
                             "ingest and aggregate count by different catalogues: nothing is taken "
                             "until both have the same file"));
    policies_.EvictExpired();
    const absl::Duration now = clock_.SinceStart();
    if (!generation_begin_.has_value()) generation_begin_ = now;
    if (now - *generation_begin_ >= generation_) {
      acknowledged_.NextGeneration();
      generation_begin_ = now;
    }
    WarnOfKeys(counters);
  }

  ReportOutcome& reported() { return *reported_; }

  // Whether or not there is traffic: what becomes of a window must not depend on it.
  void ReportKeyring() {
    const absl::Duration now = clock_.SinceStart();
    const bool renewed = MeetAnew();
    if (!renewed && now < next_report_ && reported_->ok() && aggregate_.CountsAlike()) return;
    next_report_ = now + kReportInterval;
    aggregate_.ReportKeyring([reported = reported_, &policies = policies_,
                              &acknowledged = acknowledged_](const auto& response) {
      reported->Set(response.status());
      if (response.ok()) {
        acknowledged.NoteStore(response->store_servers());
        if (response->has_grace()) {
          policies.NoteGrace(absl::Seconds(response->grace().seconds()));
        }
        return;
      }
      const auto reason = ReasonIn<aggregate::v1::Reason>(response.status());
      // It may come back as another, also without a restart.
      if (reason == aggregate::v1::REASON_STORE_UNAVAILABLE) acknowledged.NoteStore("");
      // Leases of before another took its place.
      if (absl::IsFailedPrecondition(response.status())) policies.Clear();
    });
  }

 private:
  // Open connections show what certificates were when they were made, for minutes: whether
  // aggregate takes new ones is for a new one to find out. True when there is one.
  bool MeetAnew() {
    const int edition = CertificateEdition(tls_);
    if (edition == edition_) return false;
    const auto channel = MakeChannel(address_, tls_, "", Silence::kShort);
    // Files that cannot be used are said to be so elsewhere.
    if (!channel.ok()) return false;
    aggregate_.ReportOver(*channel);
    edition_ = edition;
    return true;
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

  const TlsFiles tls_;
  const std::string address_;
  const Swap swap_;
  KeyringMinder& keyring_;
  OptOutStore& opt_outs_;
  GrpcAggregateClient& aggregate_;
  PolicyCache& policies_;
  AcknowledgedCache& acknowledged_;
  const absl::Duration generation_;
  int edition_;
  const SystemSteadyClock clock_;
  std::optional<absl::Duration> generation_begin_;
  // The call may end after this.
  const std::shared_ptr<ReportOutcome> reported_ = std::make_shared<ReportOutcome>();
  absl::Duration next_report_ = -absl::InfiniteDuration();
  uint64_t warned_missing_ = 0;
  absl::Duration next_warning_ = -absl::InfiniteDuration();
};

// Some gigabytes with the shipped catalogue, which are taken at the start.
constexpr uint64_t kMostCacheEntries = uint64_t{1} << 26;
constexpr uint64_t kMostPendingBatches = 10'000'000;
constexpr uint64_t kMostPendingActivities = 100'000'000;
constexpr int kMostFlushes = 1000;

absl::Status CheckCount(const char* flag, uint64_t given, uint64_t most) {
  if (given >= 1 && given <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " must be 1 to ", most));
}

absl::Status CheckOptions(const IngestOptions& options) {
  if (options.aggregate.empty()) return absl::InvalidArgumentError("give --aggregate");
  if (options.flush_interval < absl::Milliseconds(1) || options.flush_interval > absl::Seconds(1)) {
    return absl::InvalidArgumentError("--flush_interval must be 1ms to 1s");
  }
  if (options.merge_timeout < absl::Milliseconds(100) ||
      options.merge_timeout > absl::Minutes(10)) {
    return absl::InvalidArgumentError("--merge_timeout must be 100ms to 10m");
  }
  if (options.cache_generation < absl::Seconds(1) ||
      options.cache_generation > kLongestCacheGeneration) {
    return absl::InvalidArgumentError(absl::StrCat("--cache_generation must be 1s to ",
                                                   absl::FormatDuration(kLongestCacheGeneration)));
  }
  if (options.cache_entries > kMostCacheEntries) {
    return absl::InvalidArgumentError(
        absl::StrCat("--cache_entries must be at most ", kMostCacheEntries));
  }
  const CoalescerLimits& limits = options.coalescer;
  RETURN_IF_ERROR(
      CheckCount("--max_pending_batches", limits.max_pending_batches, kMostPendingBatches));
  RETURN_IF_ERROR(CheckCount("--max_pending_activities", limits.max_pending_activities,
                             kMostPendingActivities));
  if (limits.max_flushes_in_flight < 1 || limits.max_flushes_in_flight > kMostFlushes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--max_flushes_in_flight must be 1 to ", kMostFlushes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunIngest(const ServerOptions& server, const IngestOptions& options) {
  RETURN_IF_ERROR(ForbidCoreDumps());
  ASSIGN_OR_RETURN(const Swap swap, KeepOutOfSwap(options.allow_swap));
  ASSIGN_OR_RETURN(std::unique_ptr<Access> access, MakeAccess(server));
  RETURN_IF_ERROR(CheckOptions(options));
  const absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(options.catalog);
  if (!catalog.ok()) return Named("--catalog", options.catalog, catalog.status());
  // Whoever makes the keyring may be at it yet: it is waited for, by what is done every second.
  const bool may_come = !server.check_config && !options.keyring.empty();
  const absl::StatusOr<std::unique_ptr<KeyStore>> keys = KeyStore::Open(options.keyring, may_come);
  if (!keys.ok()) return Named("--keyring", options.keyring, keys.status());
  const std::string opt_outs_path =
      options.opt_outs.empty() ? OptOutPathBeside(options.keyring) : options.opt_outs;
  const absl::StatusOr<std::unique_ptr<OptOutStore>> opt_outs =
      OptOutStore::Open(opt_outs_path, may_come && (*keys)->snapshot() == nullptr);
  if (!opt_outs.ok()) return Named("--optout", opt_outs_path, opt_outs.status());
  if (server.tls.any()) {
    RequireCertificateUri(server.tls.certificate,
                          absl::StrCat("spiffe://", server.trust_domain, "/ingest"));
  }
  const auto made = MakeChannel(options.aggregate, server.tls, "", Silence::kShort);
  if (!made.ok()) {
    const absl::string_view why = made.status().message();
    return absl::InvalidArgumentError(
        absl::StrCat(absl::StartsWith(why, "--") ? "" : "--aggregate: ", why));
  }
  const std::shared_ptr<grpc::Channel>& channel = *made;
  if (options.rotate_keyring) {
    const absl::Status writable = KeyringFile(options.keyring).CheckUpdatable();
    if (!writable.ok()) return Named("--keyring", options.keyring, writable);
  }

  const SystemWallClock clock;
  const SystemSteadyClock steady_clock;
  IngestCounters counters;
  GrpcAggregateClient aggregate(channel, (*catalog)->counting_fingerprint(), **keys,
                                options.merge_timeout);
  PolicyCache policies(aggregate, **catalog, **keys, clock);
  AcknowledgedCache acknowledged(ColumnLayout::Of(**catalog).words(), options.cache_entries);
  CoalescerLimits limits = options.coalescer;
  limits.patience = options.merge_timeout;
  DeltaCoalescer coalescer(aggregate, **catalog, limits, steady_clock);
  ActivityIngester ingester(
      {**catalog, policies, acknowledged, coalescer, **opt_outs, counters, clock});
  IngestServiceImpl service(ingester, *access);

  KeyringMinder keyring(KeyringFile(options.keyring), **keys, policies, clock, steady_clock,
                        options.rotate_keyring);
  Chores chores(server, options, swap, keyring, **opt_outs, aggregate, policies, acknowledged);
  HealthService health({kServiceName}, {"keys", "aggregate", "catalog"}, steady_clock);
  AggregateHealthClient check(channel, options.aggregate, steady_clock);
  std::optional<PartCheck> checking;
  absl::Status served;
  {
    const FlushLoop flushes(coalescer, options.flush_interval);
    served = RunServer(server, {.services = {&service},
                                .names = {kServiceName},
                                .health = health,
                                .access = *access,
                                .on_start =
                                    [&] {
                                      chores.ReportKeyring();
                                      checking.emplace(health, "aggregate", [&] {
                                        absl::Status found = check.Ask();
                                        KeepGraver(chores.reported().Refusal(found.ok()), found);
                                        return found;
                                      });
                                    },
                                .on_tick = [&] { chores.Run(counters, health); },
                                .on_drain = [&] { service.Drain(); },
                                .metrics = MetricsOf(counters, keyring, coalescer),
                                .returns_memory = swap != Swap::kLocked,
                                .not_checked = {"--aggregate: whether it answers, lets this ingest "
                                                "in, knows its keyring and counts by the same "
                                                "catalogue"}});
  }
  checking.reset();
  // Calls that outlived the drain call back while everything they use still is.
  aggregate.Shutdown();
  coalescer.AnswerWritten();
  return served;
}

}  // namespace tutti
