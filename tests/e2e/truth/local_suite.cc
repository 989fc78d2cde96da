#include "tests/e2e/truth/local_suite.h"

#include <memory>
#include <optional>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/keyring/key_store.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/opt_out_store.h"
#include "gtest/gtest.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/organization_directory.h"
#include "services/aggregate/window_closer.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/aggregate_client.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/policy_cache.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/doubles/zero_noise.h"

namespace tutti {
namespace {

constexpr char kId[] = "made-up";
constexpr int kBatch = 5000;

// A journal that remembers nothing: no store is restored here.
class NoJournal final : public PublicationJournal {
 public:
  absl::Status Record(const std::string&, Day, const std::string&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Knows(const std::string&, Day) override { return false; }
};

// Aggregate without a network.
class LocalAggregate final : public AggregateClient {
 public:
  LocalAggregate(OrganizationDirectory& directory, DeltaMerger& merger, const Catalog& catalog,
                 const WallClock& clock)
      : directory_(directory), merger_(merger), catalog_(catalog), clock_(clock) {}

  void FetchPolicy(const std::string& organization, PolicyCallback done) override {
    const auto found = directory_.Read(organization);
    if (!found.ok()) return done(found.status());
    done(MakeIngestPolicy(**found, directory_, catalog_, clock_.Now()));
  }

  void Merge(aggregate::v1::MergeDeltasRequest request, MergeCallback done) override {
    const auto outcomes = merger_.Merge(request);
    if (!outcomes.ok()) return done(outcomes.status());
    aggregate::v1::MergeDeltasResponse response;
    for (const auto outcome : *outcomes) response.add_outcomes(outcome);
    done(std::move(response));
  }

 private:
  OrganizationDirectory& directory_;
  DeltaMerger& merger_;
  const Catalog& catalog_;
  const WallClock& clock_;
};

// Replaces every key by one that follows from the seed.
void SeedKeys(uint32_t seed, keyring::v1::Keyring& keyring) {
  std::mt19937 engine(seed);
  const auto fill = [&](std::string& key) {
    for (char& byte : key) byte = static_cast<char>(engine() & 0xffU);
  };
  fill(*keyring.mutable_identity_key());
  for (keyring::v1::WindowKey& key : *keyring.mutable_keys()) fill(*key.mutable_key());
}

// The ingester sends batches and counts what is refused.
class Sender {
 public:
  Sender(ActivityIngester& ingester, DeltaCoalescer& coalescer, LocalOutput& output)
      : ingester_(ingester), coalescer_(coalescer), output_(output) {
    request_.set_organization(absl::StrCat("organizations/", kId));
  }

  void Add(const ingest::v1::Activity& activity) {
    *request_.add_activities() = activity;
    if (request_.activities_size() == kBatch) Send();
  }

  void Send() {
    if (request_.activities().empty()) return;
    ingest::v1::IngestActivitiesResponse response;
    int answers = 0;
    ingester_.Ingest(request_, response, [&](const std::optional<Refusal>& refusal) {
      EXPECT_FALSE(refusal.has_value());
      ++answers;
    });
    coalescer_.Tick();
    EXPECT_EQ(answers, 1);
    for (const auto& rejection : response.rejections()) ++output_.refused[rejection.reason()];
    output_.activities += request_.activities_size();
    request_.clear_activities();
  }

 private:
  ActivityIngester& ingester_;
  DeltaCoalescer& coalescer_;
  LocalOutput& output_;
  ingest::v1::IngestActivitiesRequest request_;
};

void ReadRecords(PublicationStore& publications, LocalOutput& output) {
  const absl::StatusOr<std::vector<Day>> end_days = publications.ListEndDays(kId);
  EXPECT_TRUE(end_days.ok());
  const absl::StatusOr<std::vector<std::string>> published = publications.Read(kId, *end_days);
  EXPECT_TRUE(published.ok());
  for (const std::string& bytes : *published) {
    EXPECT_TRUE(output.records.emplace_back().ParseFromString(bytes));
  }
}

}  // namespace

LocalOutput PublishLocally(const Catalog& catalog, const LocalInput& input,
                           const std::filesystem::path& folder) {
  FakeWallClock clock(
      absl::FromCivil(absl::CivilHour(input.last_day + 1) + 12, absl::UTCTimeZone()));
  MemoryStore store;
  NoJournal journal;
  OrganizationDirectory directory(store, store, catalog, clock, WindowTiming());
  DeltaMerger merger(directory, store, catalog, clock);
  const auto created = directory.Create(kId, input.profile, /*backfill=*/true);
  EXPECT_TRUE(created.ok()) << created.status();
  const absl::StatusOr<Day> first_day = ParseDay(input.profile.first_day());
  EXPECT_TRUE(first_day.ok());

  absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(clock.Now(), absl::Hours(48));
  EXPECT_TRUE(keyring.ok());
  EXPECT_TRUE(ExtendKeyring(kId, *first_day, std::nullopt, clock.Now(), *keyring).ok());
  SeedKeys(input.key_seed, keyring->mutable_message());
  const std::string path = (folder / "keyring").string();
  EXPECT_TRUE(KeyringFile(path).Create(*keyring).ok());
  const std::string opt_out_path = OptOutPathBeside(path);
  EXPECT_TRUE(OptOutFile(opt_out_path).Create().ok());
  const auto opt_outs = OptOutStore::Open(opt_out_path);
  EXPECT_TRUE(opt_outs.ok()) << opt_outs.status();
  const auto keys = KeyStore::Open(path);
  EXPECT_TRUE(keys.ok()) << keys.status();

  LocalAggregate aggregate(directory, merger, catalog, clock);
  IngestCounters counters;
  PolicyCache policies(aggregate, catalog, **keys, clock);
  AcknowledgedCache acknowledged(ColumnLayout::Of(catalog).words(), size_t{1} << 18);
  DeltaCoalescer coalescer(aggregate, catalog, CoalescerLimits());
  ActivityIngester ingester(
      {catalog, policies, acknowledged, coalescer, **opt_outs, counters, clock});
  LocalOutput output;
  Sender sender(ingester, coalescer, output);
  input.tell([&](const ingest::v1::Activity& activity) { sender.Add(activity); });
  sender.Send();

  EXPECT_TRUE(directory.FinishBackfill(kId).ok());
  // Only the windows that end by the last day are due then.
  clock.Advance(absl::Hours(24 * 3));
  WindowCloser closer({directory, store, store, store, journal, catalog, clock,
                       [] { return std::make_unique<ZeroNoise>(); }});
  const absl::StatusOr<CloseReport> report = closer.CloseDue(kId);
  EXPECT_TRUE(report.ok()) << report.status();
  for (const aggregate::v1::ClosedWindow& window : report->windows) {
    output.outcomes.push_back(window.outcome());
  }
  ReadRecords(store, output);
  std::filesystem::remove(path);
  std::filesystem::remove(opt_out_path);
  return output;
}

}  // namespace tutti
