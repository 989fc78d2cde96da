#include "tests/support/local_suite.h"

#include <stdlib.h>
#include <time.h>

#include <cstdlib>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/keyring/keyring_operations.h"
#include "gtest/gtest.h"
#include "services/aggregate/ingest_policy.h"

namespace tutti {
namespace {

constexpr int kBatch = 5000;
constexpr size_t kCacheEntries = size_t{1} << 18;

// Replaces every key by one that follows from the seed.
void SeedKeys(uint32_t seed, keyring::v1::Keyring& keyring) {
  std::mt19937 engine(seed);
  const auto fill = [&](std::string& key) {
    for (char& byte : key) byte = static_cast<char>(engine() & 0xffU);
  };
  fill(*keyring.mutable_identity_key());
  for (keyring::v1::WindowKey& key : *keyring.mutable_keys()) fill(*key.mutable_key());
}

}  // namespace

absl::Duration ThreadTime() {
  timespec time = {};
  EXPECT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
  return absl::DurationFromTimespec(time);
}

class LocalSuite::Aggregate final : public AggregateClient {
 public:
  explicit Aggregate(LocalSuite& suite) : suite_(suite) {}

  void FetchPolicy(const std::string& organization, PolicyCallback done) override {
    const auto found = suite_.organizations_.repository.Read(organization);
    if (!found.ok()) return done(found.status());
    done(MakeIngestPolicy(**found, suite_.catalog_, suite_.clock_.Now()));
  }

  void Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration,
             MergeCallback done) override {
    const auto merged = suite_.merger_.Merge(request);
    suite_.merges.push_back(std::move(request));
    if (!merged.ok()) return done(merged.status());
    aggregate::v1::MergeDeltasResponse response;
    for (const auto outcome : *merged) response.add_outcomes(outcome);
    done(std::move(response));
  }

 private:
  LocalSuite& suite_;
};

const Catalog& ShippedCatalog() {
  static const Catalog* const catalog = [] {
    const char* const source = std::getenv("TUTTI_SOURCE_DIR");
    auto loaded = Catalog::Load(
        absl::StrCat(source == nullptr ? "." : source, "/deploy/catalog/adoption.textproto"));
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded->release();
  }();
  return *catalog;
}

ingest::v1::Activity ActivityFor(const Catalog& catalog, const CatalogTable& table, int feature,
                                 const std::string& subject, Day day) {
  const catalog::v1::Rule& rule = table.proto->features(feature).any_of(0);
  ingest::v1::Activity activity;
  activity.set_subject(subject);
  if (!rule.types().empty()) activity.set_type(rule.types(0));
  for (const auto& type : catalog.proto().activity_types()) {
    if (activity.type().empty() && type.kind() == table.proto->kind()) activity.set_type(type.id());
  }
  if (!rule.apps().empty()) activity.set_app(rule.apps(0));
  if (!rule.platforms().empty()) activity.set_platform(rule.platforms(0));
  if (!rule.any_traits().empty()) activity.add_traits(rule.any_traits(0));
  for (const std::string& trait : rule.all_traits()) activity.add_traits(trait);
  activity.mutable_occurred_at()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilHour(day) + 10, absl::UTCTimeZone())));
  return activity;
}

std::vector<ingest::v1::Activity> EverythingOn(const Catalog& catalog, const std::string& kind,
                                               const std::string& subject, Day day) {
  std::vector<ingest::v1::Activity> activities;
  for (const CatalogTable& table : catalog.tables()) {
    if (table.proto->kind() != kind) continue;
    for (int feature = 0; feature < table.feature_count(); ++feature) {
      activities.push_back(ActivityFor(catalog, table, feature, subject, day));
    }
  }
  return activities;
}

LocalSuite::LocalSuite(const Catalog& catalog, Day last_day, uint32_t seed)
    : catalog_(catalog),
      last_day_(last_day),
      seed_(seed),
      clock_(absl::FromCivil(absl::CivilHour(last_day + 1) + 12, absl::UTCTimeZone())),
      organizations_(store_, store_, store_, store_, catalog, clock_),
      binding_({journal_, store_, store_, store_, organizations_.repository, catalog, clock_}),
      merger_(organizations_.repository, store_, catalog, clock_) {
  std::string folder = (std::filesystem::temp_directory_path() / "tutti-local.XXXXXX").string();
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  folder_ = folder;
  keyring_path_ = (folder_ / "keyring").string();
  absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(clock_.Now(), absl::Hours(48));
  EXPECT_TRUE(keyring.ok()) << keyring.status();
  SeedKeys(seed_, keyring->mutable_message());
  EXPECT_TRUE(KeyringFile(keyring_path_).Create(*keyring).ok());
  EXPECT_TRUE(OptOutFile(OptOutPathBeside(keyring_path_)).Create().ok());
  keys_ = *KeyStore::Open(keyring_path_);
  opt_outs_ = *OptOutStore::Open(OptOutPathBeside(keyring_path_));
  aggregate_ = std::make_unique<Aggregate>(*this);
  policies_ = std::make_unique<PolicyCache>(*aggregate_, catalog_, *keys_, clock_);
  acknowledged_ =
      std::make_unique<AcknowledgedCache>(ColumnLayout::Of(catalog_).words(), kCacheEntries);
  coalescer_ =
      std::make_unique<DeltaCoalescer>(*aggregate_, catalog_, CoalescerLimits(), steady_clock_);
  ingester_ = std::make_unique<ActivityIngester>(IngestParts{
      catalog_, *policies_, *acknowledged_, *coalescer_, *opt_outs_, counters_, clock_});
}

LocalSuite::~LocalSuite() { std::filesystem::remove_all(folder_); }

void LocalSuite::Create(const std::string& organization, int64_t headcount, Day first_day,
                        const std::vector<std::string>& sources) {
  aggregate::v1::Organization profile;
  profile.set_headcount(headcount);
  profile.set_first_day(FormatDay(first_day));
  for (const std::string& source : sources) profile.add_sources(source);
  aggregate::v1::Entitlement& assistant = *profile.add_entitlements();
  assistant.set_product("assistant");
  assistant.set_people(headcount);
  Create(organization, profile);
}

void LocalSuite::Create(const std::string& organization,
                        const aggregate::v1::Organization& profile) {
  const absl::StatusOr<Day> first_day = ParseDay(profile.first_day());
  EXPECT_TRUE(first_day.ok());
  const auto created = organizations_.lifecycle.Create(organization, profile, /*backfill=*/true);
  EXPECT_TRUE(created.ok()) << created.status();
  EXPECT_TRUE(KeyringFile(keyring_path_)
                  .Update([&](ScrubbedKeyring& keyring) {
                    absl::Status extended =
                        ExtendKeyring(organization, *first_day, std::nullopt, clock_.Now(), keyring)
                            .status();
                    SeedKeys(seed_, keyring.mutable_message());
                    return extended;
                  })
                  .ok());
  EXPECT_TRUE(keys_->ReloadIfChanged().ok());
}

int64_t LocalSuite::Ingest(const std::string& organization,
                           const std::vector<ingest::v1::Activity>& activities) {
  int64_t accepted = 0;
  ingest::v1::IngestActivitiesRequest request;
  request.set_organization(absl::StrCat("organizations/", organization));
  for (size_t i = 0; i < activities.size(); ++i) {
    *request.add_activities() = activities[i];
    if (request.activities_size() < kBatch && i + 1 < activities.size()) continue;
    ingest::v1::IngestActivitiesResponse response;
    int answers = 0;
    // The batch is read in place.
    const std::string bytes = request.SerializeAsString();
    const auto batch = std::make_shared<BatchView>();
    EXPECT_TRUE(batch->Append(bytes));
    ingester_->Ingest(organization, batch, response, [&](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      ++answers;
    });
    coalescer_->Tick();
    coalescer_->AnswerWritten();
    EXPECT_EQ(answers, 1);
    accepted += response.accepted_count();
    for (const auto& rejection : response.rejections()) ++refused[rejection.reason()];
    request.clear_activities();
  }
  return accepted;
}

void LocalSuite::Repeat(const std::vector<aggregate::v1::MergeDeltasRequest>& merges_of_another,
                        const std::string& organization, int64_t headcount, Day first_day) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(headcount);
  wanted.set_first_day(FormatDay(first_day));
  wanted.add_sources("m365_audit");
  EXPECT_TRUE(organizations_.lifecycle.Create(organization, wanted, /*backfill=*/true).ok());
  for (aggregate::v1::MergeDeltasRequest request : merges_of_another) {
    for (aggregate::v1::WindowDelta& delta : *request.mutable_deltas()) {
      delta.set_organization(organization);
    }
    EXPECT_TRUE(merger_.Merge(request).ok());
  }
}

std::vector<publication::v1::Publication> LocalSuite::Close(const std::string& organization,
                                                            const MakeNoise& noise) {
  EXPECT_TRUE(organizations_.lifecycle.FinishBackfill(organization).ok());
  const absl::Time before = clock_.Now();
  clock_.Advance(absl::Hours(24 * 3));
  WindowCloser closer({organizations_.repository, organizations_.lifecycle, store_, store_, store_,
                       binding_, catalog_, clock_, noise});
  const absl::Duration begin = ThreadTime();
  const absl::StatusOr<CloseReport> report = closer.CloseDue(organization);
  close_time = ThreadTime() - begin;
  EXPECT_TRUE(report.ok()) << report.status();
  for (const auto& window : report->windows) outcomes.push_back(window.outcome());
  clock_.Advance(before - clock_.Now());
  PublicationStore& publications = store_;
  const absl::StatusOr<std::vector<Day>> end_days = publications.ListEndDays(organization);
  EXPECT_TRUE(end_days.ok());
  const absl::StatusOr<std::vector<std::string>> published =
      publications.Read(organization, *end_days);
  EXPECT_TRUE(published.ok());
  std::vector<publication::v1::Publication> records;
  for (const std::string& bytes : *published) {
    EXPECT_TRUE(records.emplace_back().ParseFromString(bytes));
  }
  return records;
}

}  // namespace tutti
