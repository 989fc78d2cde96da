// Imports the log or the reports of a made-up organisation and compares what the importer
// found with what the organisation meant. The two share no code: one says what an act
// leaves in a log, the other what a record of a log means.

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
#include "common/window/day.h"
#include "services/cli/import/import_run.h"
#include "services/cli/sample/sample_files.h"
#include "services/cli/sample/sample_organization.h"

namespace tutti {
namespace {

namespace fs = std::filesystem;

// By type: "person day app platform traits", each once.
using Facts = std::map<std::string, std::set<std::string>>;

class FactSink : public ActivitySink {
 public:
  explicit FactSink(absl::TimeZone zone) : zone_(zone) {}

  absl::Status OnActivity(const MappedActivity& activity) override {
    std::vector<std::string> traits;
    for (size_t bit = 0; bit < kTraitNames.size(); ++bit) {
      if (activity.traits & (TraitSet{1} << bit)) traits.emplace_back(kTraitNames[bit]);
    }
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
    if (GetParam() == SampleShape::kUsageReports) return 11;  // no assistant, no writing; app.used
    return kSampleActTypes.size();
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

// What a usage report can say of an activity: which day in UTC, and what has a column.
void AddAsUsageReports(const ingest::v1::Activity& activity, absl::TimeZone zone, Facts& facts) {
  const std::string& type = activity.type();
  const std::set<std::string> traits(activity.traits().begin(), activity.traits().end());
  const int64_t noon = activity.occurred_at().seconds() / 86400 * 86400 + 43200;
  const auto add = [&](const std::string& told, absl::string_view app, absl::string_view platform,
                       std::vector<std::string> of) {
    FactSink::Add(facts, zone, activity.subject(), told, noon, app, platform, std::move(of));
  };
  const bool mail = type == "mail.sent" || type == "mail.read";
  const bool has_app = !activity.app().empty() && !activity.platform().empty();
  if (has_app && (mail || activity.app() != "other")) {
    add("app.used", activity.app(), activity.platform(), {});
  }
  if (mail) add(type, "outlook", "", {});
  if (type == "chat.sent" || type == "channel_message.sent") add(type, "teams", "", {});
  if (type == "community.posted" || type == "community.read") add(type, "community", "", {});
  if (type == "call.joined" && traits.count("one_to_one") > 0)
    add(type, "teams", "", {"one_to_one"});
  if (type == "meeting.attended") {
    add(type, "teams", "", {});
    for (const std::string& trait : traits) add(type, "teams", "", {trait});
  }
  if (type == "file.shared") add(type, "", "", {traits.begin(), traits.end()});
  // Without an application it came through the synchronising client.
  if (type != "file.read" && (type != "file.written" || activity.app().empty())) return;
  if (traits.count("team_site") > 0) {
    add("file.read", "", "", {"shared_file", "team_site"});
  } else {
    add("file.read", "", "", {"personal_drive"});
  }
}

// What the shape can say of an activity.
void AddAsTold(SampleShape shape, const ingest::v1::Activity& activity, absl::TimeZone zone,
               Facts& facts) {
  if (shape == SampleShape::kUsageReports) return AddAsUsageReports(activity, zone, facts);
  FactSink::Add(facts, zone, activity.subject(), activity.type(), activity.occurred_at().seconds(),
                activity.app(), activity.platform(),
                {activity.traits().begin(), activity.traits().end()});
}

TEST_P(SampleImport, FindsExactlyWhatWasMeant) {
  SampleOptions options;
  options.people = 150;
  options.weeks = 8;
  options.last_day = Day(2026, 6, 21);
  options.time_zone = "America/New_York";
  options.shape = GetParam();
  const absl::StatusOr<SampleFiles> files = WriteSample(options, nullptr, folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  const absl::TimeZone zone = *LoadZone(options.time_zone);

  const absl::StatusOr<SampleOrganization> organization = SampleOrganization::Create(options);
  ASSERT_TRUE(organization.ok());
  Facts meant;
  organization->ForEachActivity([&](const ingest::v1::Activity& activity) {
    AddAsTold(options.shape, activity, zone, meant);
  });

  ImportOptions reading;
  reading.inputs = files->inputs;
  std::ifstream groups(folder_ / "groups.txt");
  for (std::string line; std::getline(groups, line);) reading.mapping.group_addresses.insert(line);
  const bool audit =
      options.shape == SampleShape::kAuditCsv || options.shape == SampleShape::kAuditLines;
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
                                           SampleShape::kUsageReports));

}  // namespace
}  // namespace tutti
