// Imports the log, the reports or the telemetry of a made-up organisation and compares what
// the importer found with what they were meant to tell. Three say it, and share no code:
// what a source can tell, what an act leaves in its files, and what a record of them means.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/catalog/shipped_catalog.h"
#include "common/upload/import_run.h"
#include "common/window/day.h"
#include "tests/sample/sample_files.h"
#include "tests/sample/sample_items.h"
#include "tests/sample/sample_organization.h"
#include "tests/sample/told.h"

namespace tutti {
namespace {

namespace fs = std::filesystem;

// "person day app platform traits", each once, by type.
using Facts = std::map<std::string, std::set<std::string>>;

class FactSink : public ActivitySink {
 public:
  explicit FactSink(absl::TimeZone zone) : zone_(zone) {}

  absl::Status OnActivity(const MappedActivity& activity) override {
    std::vector<std::string> traits;
    ForEachTrait(activity, [&traits](absl::string_view trait) { traits.emplace_back(trait); });
    Add(facts, zone_, std::string(activity.subject), std::string(activity.type), activity.seconds,
        activity.app, activity.platform, std::move(traits));
    return absl::OkStatus();
  }

  static void Add(Facts& facts, absl::TimeZone zone, const std::string& subject,
                  const std::string& type, int64_t seconds, absl::string_view app,
                  absl::string_view platform, std::vector<std::string> traits) {
    std::sort(traits.begin(), traits.end());
    const Day day = absl::ToCivilDay(absl::FromUnixSeconds(seconds), zone);
    facts[type].insert(absl::StrCat(subject, " ", FormatDay(day), " ", app, "/", platform, " ",
                                    absl::StrJoin(traits, "+")));
  }

  Facts facts;

 private:
  absl::TimeZone zone_;
};

class SampleImport : public ::testing::TestWithParam<SampleShape> {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / absl::StrCat("tutti_sample_import_", getpid());
  }
  void TearDown() override { fs::remove_all(folder_); }
  // How many types of activity the shape can tell.
  static size_t Types() {
    switch (GetParam()) {
      case SampleShape::kUsageReports:
        return 12;  // no writing; app.used
      case SampleShape::kGoogleReports:
        return 9;  // no communities, no calls
      case SampleShape::kTelemetry:
        return 4;
      default:
        return kSampleActTypes.size();
    }
  }
  fs::path folder_;
};

// What of `some` is not in `others`, the first few.
std::string Missing(const std::set<std::string>& some, const std::set<std::string>& others) {
  std::vector<std::string> missing;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                      std::back_inserter(missing));
  const size_t count = missing.size();
  if (count > 8) missing.resize(8);
  return count == 0 ? "" : absl::StrCat(count, ":\n  ", absl::StrJoin(missing, "\n  "));
}

// What all that is written tells: of people, and of devices.
Facts Meant(const SampleOrganization& organization, absl::TimeZone zone) {
  Facts meant;
  const SampleOptions& options = organization.options();
  const auto add = [&](const ingest::v1::Activity& activity) {
    FactSink::Add(meant, zone, activity.subject(), activity.type(),
                  activity.occurred_at().seconds(), activity.app(), activity.platform(),
                  {activity.traits().begin(), activity.traits().end()});
  };
  std::vector<ToldActivity> told;
  organization.ForEachEvent([&](const SampleEvent& event) {
    told.clear();
    for (const SampleShape shape : options.shapes) AppendTold(event, shape, told);
    for (const ToldActivity& one : told) add(organization.ToActivity(event.person, one));
  });
  ForEachItemActivity(organization,
                      [&](const ingest::v1::Activity& activity, int) { add(activity); });
  return meant;
}

TEST_P(SampleImport, FindsExactlyWhatWasMeant) {
  SampleOptions options;
  options.people = 150;
  options.weeks = 8;
  options.last_day = Day(2026, 6, 21);
  options.time_zone = "America/New_York";
  options.shapes = {GetParam()};
  const absl::StatusOr<SampleFiles> files = WriteSample(options, nullptr, folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  const absl::TimeZone zone = *LoadZone(options.time_zone);

  const absl::StatusOr<SampleOrganization> organization = SampleOrganization::Create(options);
  ASSERT_TRUE(organization.ok());
  Facts meant = Meant(*organization, zone);

  const absl::StatusOr<std::unique_ptr<const Catalog>> catalog = ShippedCatalog();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  ImportOptions reading;
  reading.inputs = files->inputs;
  reading.catalog = catalog->get();
  std::ifstream groups(folder_ / "groups.txt");
  for (std::string line; std::getline(groups, line);) reading.reading.group_addresses.insert(line);
  const bool audit = GetParam() == SampleShape::kAuditCsv || GetParam() == SampleShape::kAuditLines;
  reading.tenants.every_tenant = audit;
  reading.now = [] { return absl::FromUnixSeconds(1782300000); };  // days later
  FactSink found(zone);
  const absl::StatusOr<ImportSummary> summary = RunImport(reading, {.observer = &found});
  ASSERT_TRUE(summary.ok()) << summary.status();

  EXPECT_EQ(summary->rows, files->counts.records);
  EXPECT_EQ(summary->Rejected(), 0);
  ASSERT_EQ(summary->tenants.size(), 1u);
  EXPECT_EQ(summary->tenants[0].tenant, audit ? organization->TenantId() : "");
  EXPECT_EQ(summary->tenants[0].duplicates, files->counts.redelivered);
  EXPECT_EQ(meant.size(), Types());
  std::set<std::string> types;
  for (const auto& [type, facts] : meant) types.insert(type);
  for (const auto& [type, facts] : found.facts) types.insert(type);
  for (const std::string& type : types) {
    EXPECT_EQ(Missing(meant[type], found.facts[type]), "") << "not found, of " << type;
    EXPECT_EQ(Missing(found.facts[type], meant[type]), "") << "found, not meant, of " << type;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, SampleImport,
                         ::testing::Values(SampleShape::kAuditCsv, SampleShape::kAuditLines,
                                           SampleShape::kUsageReports, SampleShape::kGoogleReports,
                                           SampleShape::kTelemetry));

}  // namespace
}  // namespace tutti
