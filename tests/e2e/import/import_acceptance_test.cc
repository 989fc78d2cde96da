// Imports real audit logs and compares with the numbers known of them. The logs
// are not part of this repository: the tests look for them in the folder that the
// environment variable TUTTI_SHARED_DATA names, or in shared/data beside the source
// tree, and skip themselves without it. They know counts only, no names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/shipped_catalog.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "common/upload/import_run.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

fs::path DataFolder() {
  if (const char* folder = std::getenv("TUTTI_SHARED_DATA"); folder != nullptr) return folder;
  const char* source = std::getenv("TUTTI_SOURCE_DIR");
  return source == nullptr ? fs::path() : fs::path(source) / ".." / "shared" / "data";
}

// The files of some sources whose names have the given end, in order.
std::vector<std::string> FilesOf(const std::vector<std::string>& sources,
                                 absl::string_view end = "") {
  std::vector<std::string> files;
  for (const std::string& source : sources) {
    for (const fs::directory_entry& entry : fs::directory_iterator(DataFolder() / source)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && absl::EndsWith(name, end)) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

constexpr char kLab[] = "invictus-ir+o365_dataset";
constexpr char kBeats[] = "elastic+beats";
constexpr char kIntegrations[] = "elastic+integrations";
constexpr char kDetections[] = "blueteam0ps+det-eng-samples";
constexpr char kSentinel[] = "OTRF+Security-Datasets";
constexpr char kManual[] = "MicrosoftDocs+office-365-management-api";

// Counts activities by type and person; the person is kept as a hash.
class Tally : public ActivitySink {
 public:
  absl::Status OnActivity(const MappedActivity& activity) override {
    const std::string type(activity.type);
    ++by_person[type][std::hash<std::string>()(std::string(activity.subject))];
    if (activity.traits & kTraitExternal) ++external;
    if (!activity.platform.empty()) ++platforms[type + " " + std::string(activity.platform)];
    return absl::OkStatus();
  }
  // How many each person has, the largest first.
  std::vector<int> CountsOf(const std::string& type) {
    std::vector<int> counts;
    for (const auto& [person, count] : by_person[type]) counts.push_back(count);
    std::sort(counts.rbegin(), counts.rend());
    return counts;
  }

  std::map<std::string, std::map<size_t, int>> by_person;
  std::map<std::string, int> platforms;
  int external = 0;
};

class ImportAcceptance : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(DataFolder())) {
      GTEST_SKIP() << "the sample data is not here: set TUTTI_SHARED_DATA to its folder";
    }
  }

  ImportSummary Import(std::vector<std::string> inputs, bool unattended = false,
                       const std::string& tenant = "") {
    ImportOptions options;
    options.inputs = std::move(inputs);
    options.catalog = catalog_.get();
    options.reading.include_unattended_apps = unattended;
    options.tenants.tenant = tenant;
    options.tenants.every_tenant = tenant.empty();
    tally_ = Tally();
    const absl::StatusOr<ImportSummary> summary = RunImport(options, {.observer = &tally_});
    EXPECT_TRUE(summary.ok()) << summary.status();
    return summary.value_or(ImportSummary());
  }

  // Hands over every record of an export, before anything is made of it.
  static void ReadCsv(const std::string& path, RecordSink& sink) {
    absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenSource(path);
    ASSERT_TRUE(source.ok()) << source.status();
    TextInput input(*std::move(source));
    RecordDecoder decoder;
    const absl::Status status = ReadAuditLog(input, decoder, sink);
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::unique_ptr<const Catalog> catalog_ = ShippedCatalog().value();
  Tally tally_;
};

TEST_F(ImportAcceptance, ReadsTheLabsExport) {
  const ImportSummary summary = Import(FilesOf({kLab}, ".csv"));
  EXPECT_EQ(summary.rows, 9611);
  EXPECT_EQ(summary.Rejected(), 3);
  EXPECT_EQ(summary.rejected[static_cast<size_t>(RejectionReason::kEmptyAuditData)], 3);
  ASSERT_EQ(summary.tenants.size(), 1u);
  EXPECT_EQ(summary.tenants[0].tenant.substr(0, 8), "0873ee4d");
  EXPECT_EQ(summary.tenants[0].distinct, 5373);
  EXPECT_EQ(summary.tenants[0].people, 16);
}

TEST_F(ImportAcceptance, FindsTheMailsSentWithAndWithoutUnattendedApplications) {
  Import(FilesOf({kLab}, ".csv"), true);
  EXPECT_THAT(tally_.CountsOf("mail.sent"), ElementsAre(10, 8, 5, 2));
  Import(FilesOf({kLab}, ".csv"), false);
  EXPECT_THAT(tally_.CountsOf("mail.sent"), ElementsAre(8, 7, 3, 2));
}

TEST_F(ImportAcceptance, KeepsFilesWrittenInTheBrowserThroughTheCoauthoringService) {
  class WritesByAgent : public RecordSink {
   public:
    absl::Status OnRecord(const AuditRecord& record) override {
      const absl::string_view operation = record[Field::kOperation];
      const bool write = operation == "FileUploaded" || operation == "FileModified" ||
                         operation == "FileModifiedExtended";
      if (!write || !ids_.insert(std::string(record[Field::kId])).second) return absl::OkStatus();
      ++writes;
      if (record[Field::kUserAgent] == "MSWAC") ++by_service;
      return absl::OkStatus();
    }
    absl::Status OnRejected(RejectionReason) override { return absl::OkStatus(); }
    int writes = 0;
    int by_service = 0;

   private:
    std::set<std::string> ids_;
  };
  WritesByAgent writes;
  ReadCsv(FilesOf({kLab}, ".csv").at(0), writes);
  EXPECT_EQ(writes.writes, 18);
  EXPECT_EQ(writes.by_service, 12);

  Import(FilesOf({kLab}, ".csv"));
  EXPECT_THAT(tally_.platforms, ::testing::Contains(Pair("file.written web", 18)));
}

// One click left four records of a share and five of what SharePoint did for it, besides
// those of a list that it made.
TEST_F(ImportAcceptance, CountsAShareOfManyRecordsOnce) {
  class OperationsByCorrelation : public RecordSink {
   public:
    absl::Status OnRecord(const AuditRecord& record) override {
      if (!ids_.insert(std::string(record[Field::kId])).second) return absl::OkStatus();
      ++operations[std::string(record[Field::kCorrelation])]
                  [std::string(record[Field::kOperation])];
      return absl::OkStatus();
    }
    absl::Status OnRejected(RejectionReason) override { return absl::OkStatus(); }
    std::map<std::string, std::map<std::string, int>> operations;

   private:
    std::set<std::string> ids_;
  };
  OperationsByCorrelation records;
  ReadCsv(FilesOf({kLab}, ".csv").at(0), records);
  std::vector<std::map<std::string, int>> shares;
  for (const auto& [correlation, operations] : records.operations) {
    if (operations.count("SharingSet") > 0) shares.push_back(operations);
  }
  ASSERT_EQ(shares.size(), 1u);
  EXPECT_THAT(shares[0],
              IsSupersetOf({Pair("SharingSet", 3), Pair("AnonymousLinkCreated", 1),
                            Pair("SharingInheritanceBroken", 3), Pair("AddedToGroup", 2)}));

  Import(FilesOf({kLab}, ".csv"));
  EXPECT_THAT(tally_.CountsOf("file.shared"), ElementsAre(1));
  EXPECT_EQ(tally_.external, 1);
}

TEST_F(ImportAcceptance, RecognisesDuplicatesWhoseBytesDiffer) {
  const ImportSummary summary = Import(FilesOf({kBeats}, "06-sharepointfileop.log"));
  EXPECT_EQ(summary.rows, 11);
  ASSERT_EQ(summary.tenants.size(), 1u);
  EXPECT_EQ(summary.tenants[0].distinct, 4);
}

TEST_F(ImportAcceptance, LeavesTheApplicationThatMadeATeamOut) {
  const ImportSummary summary = Import(FilesOf({kBeats}, "25-ms-teams.log"));
  ASSERT_EQ(summary.tenants.size(), 1u);
  EXPECT_EQ(summary.tenants[0].Excluded(Exclusion::kService), 1);
  EXPECT_EQ(summary.tenants[0].people, 2);
}

// Distinct is what differs in (OrganizationId, Id) among what can be read. The folder's
// own table counts Ids alone, and the rejected with the rest: of its 220 in the wrapped
// files three have no id or no tenant, and one is in two tenants. Its 113 of the mixed
// files is two short: a reader that is none of ours finds 115 Ids there as well.
TEST_F(ImportAcceptance, ReadsEveryOtherShape) {
  const auto distinct = [](const ImportSummary& summary) {
    int64_t sum = 0;
    for (const TenantSummary& tenant : summary.tenants) sum += tenant.distinct;
    return sum;
  };
  const ImportSummary lines = Import(FilesOf({kBeats}));
  EXPECT_EQ(lines.rows, 334);
  EXPECT_EQ(lines.Rejected(), 0);
  EXPECT_EQ(distinct(lines), 216);

  // Sixteen have no tenant, one has a tenant that is no GUID.
  const ImportSummary wrapped = Import(FilesOf({kIntegrations}, ".json"));
  EXPECT_EQ(wrapped.rows, 357);
  EXPECT_EQ(wrapped.Rejected(), 17);
  EXPECT_EQ(distinct(wrapped), 218);

  const ImportSummary mixed = Import(FilesOf({kDetections}));
  EXPECT_EQ(mixed.rows, 125);
  EXPECT_EQ(mixed.Rejected(), 0);
  EXPECT_EQ(distinct(mixed), 115);

  Import(FilesOf({kManual}, "copilot-interaction.jsonl"));
  EXPECT_THAT(tally_.CountsOf("assistant.used"), ElementsAre(2));
  EXPECT_EQ(Import(FilesOf({kManual}, "content-blob.json")).tenants.at(0).distinct, 3);
  EXPECT_EQ(Import(FilesOf({kSentinel}, "OfficeActivityEvents.json")).tenants.at(0).people, 1);
}

TEST_F(ImportAcceptance, RejectsLogsOfOtherKindsRecordByRecord) {
  for (const char* name : {"AADAuditEvents.json", "Microsoft365DefenderEvents.json"}) {
    const ImportSummary summary = Import(FilesOf({kSentinel}, name));
    EXPECT_GT(summary.rows, 0) << name;
    EXPECT_EQ(summary.Rejected(), summary.rows) << name;
    EXPECT_TRUE(summary.tenants.empty()) << name;
  }
}

// A report without people is no source.
TEST_F(ImportAcceptance, SaysWhatAReportWithoutPeopleLacks) {
  ImportOptions options;
  options.catalog = catalog_.get();
  options.inputs =
      FilesOf({"elastic+integrations/o365_metrics"}, "office365GroupsActivityDetail.csv");
  const absl::Status status = RunImport(options, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "getEmailActivityUserDetail")) << status;
}

TEST_F(ImportAcceptance, KeepsTenantsApart) {
  std::vector<std::string> elastic = FilesOf({kBeats});
  for (const std::string& input : FilesOf({kIntegrations}, ".json")) elastic.push_back(input);
  const std::vector<std::vector<std::string>> groups = {FilesOf({kLab}, ".csv"), elastic,
                                                        FilesOf({kDetections})};
  std::vector<std::string> inputs;
  for (const std::vector<std::string>& group : groups) {
    inputs.insert(inputs.end(), group.begin(), group.end());
  }
  const ImportSummary together = Import(inputs);

  std::set<std::string> prefixes;
  for (const TenantSummary& tenant : together.tenants) {
    prefixes.insert(tenant.tenant.substr(0, 8));
    ImportSummary alone = Import(inputs, false, tenant.tenant);
    alone.other_tenants = 0;
    ImportSummary expected = together;
    expected.tenants = {tenant};
    EXPECT_EQ(SummaryJson(alone), SummaryJson(expected));
  }
  for (const char* prefix : {"0873ee4d", "b86ab9d4", "0e1dddce", "8d4121ed", "7c1aec86"}) {
    EXPECT_EQ(prefixes.count(prefix), 1u) << prefix;
  }

  // The sources share no tenant but for the two of elastic: loaded alone, each gives
  // its organisations the same as among the others.
  size_t found = 0;
  for (const std::vector<std::string>& group : groups) {
    const ImportSummary alone = Import(group);
    found += alone.tenants.size();
    for (const TenantSummary& tenant : alone.tenants) {
      const auto same =
          std::find_if(together.tenants.begin(), together.tenants.end(),
                       [&](const TenantSummary& other) { return other.tenant == tenant.tenant; });
      ASSERT_NE(same, together.tenants.end()) << tenant.tenant;
      ImportSummary expected, got;
      expected.tenants = {tenant};
      got.tenants = {*same};
      EXPECT_EQ(SummaryJson(got), SummaryJson(expected));
    }
  }
  EXPECT_EQ(found, together.tenants.size());

  ImportOptions unspecified;
  unspecified.catalog = catalog_.get();
  unspecified.inputs = inputs;
  EXPECT_EQ(RunImport(unspecified, {}).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Every licensed person of a demo tenant has a row, and nobody did anything: that is
// not an error, and no reason to say that there is no data.
TEST_F(ImportAcceptance, TakesLicencesFromUsageReports) {
  for (const char* name : {"teamsUserActivityUserDetail.csv", "oneDriveUsageAccountDetail.csv"}) {
    const ImportSummary summary = Import(FilesOf({"elastic+integrations/o365_metrics"}, name));
    EXPECT_EQ(summary.rows, 24) << name;
    EXPECT_EQ(summary.Rejected(), 0) << name;
    EXPECT_EQ(summary.tenants.at(0).licensed.at(""), 24) << name;
    EXPECT_EQ(summary.tenants.at(0).people, 0) << name;
    EXPECT_TRUE(summary.tenants.at(0).activities.empty()) << name;
    EXPECT_TRUE(summary.warnings.empty()) << name;
  }
}

TEST_F(ImportAcceptance, PrintsNobodysName) {
  for (const std::string& file : FilesOf({kLab, kBeats, kDetections})) {
    const ImportSummary summary = Import({file});
    EXPECT_FALSE(absl::StrContains(SummaryText(summary), '@'));
    EXPECT_FALSE(absl::StrContains(SummaryJson(summary), '@'));
    EXPECT_FALSE(absl::StrContains(SummaryJson(summary), "://"));
  }
}

}  // namespace
}  // namespace tutti
