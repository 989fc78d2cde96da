#include "tests/sample/sample_files.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/sample/sample_items.h"
#include "tests/unit/sample/sample_fixture.h"

namespace tutti {
namespace {

namespace fs = std::filesystem;

class SampleFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / absl::StrCat("tutti_sample_", getpid());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  fs::path folder_;
};

TEST_F(SampleFilesTest, WritesTheSameBytesForTheSameSeed) {
  const std::unique_ptr<const Catalog> catalog = LoadShippedCatalog();
  const SampleOptions options = SampleOf(40, 5);
  ASSERT_TRUE(WriteSample(options, catalog.get(), folder_).ok());
  const std::string log = Read("audit.csv");
  const std::string truth = Read("truth.json");
  ASSERT_TRUE(WriteSample(options, catalog.get(), folder_).ok());
  EXPECT_EQ(Read("audit.csv"), log);
  EXPECT_EQ(Read("truth.json"), truth);
  EXPECT_THAT(Read("README.txt"), ::testing::HasSubstr("generated"));
  EXPECT_THAT(Read("groups.txt"), ::testing::HasSubstr("group-01@sample.example\n"));
}

TEST_F(SampleFilesTest, WritesOneRecordALine) {
  SampleOptions options = SampleOf(30, 2);
  options.shapes = {SampleShape::kAuditLines};
  const absl::StatusOr<SampleFiles> files = WriteSample(options, nullptr, folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_FALSE(fs::exists(folder_ / "truth.json"));
  int64_t lines = 0;
  for (absl::string_view line : absl::StrSplit(Read("audit.ndjson"), '\n', absl::SkipEmpty())) {
    ASSERT_TRUE(nlohmann::json::accept(std::string(line)));
    ++lines;
  }
  EXPECT_EQ(lines, files->counts.records);
}

TEST_F(SampleFilesTest, WritesActivitiesThatProtobufReads) {
  SampleOptions options = SampleOf(30, 2);
  options.shapes = {SampleShape::kActivities};
  ASSERT_TRUE(WriteSample(options, nullptr, folder_).ok());
  std::vector<std::string> read, meant;
  for (absl::string_view line : absl::StrSplit(Read("activities.jsonl"), '\n', absl::SkipEmpty())) {
    ingest::v1::Activity activity;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &activity).ok());
    read.push_back(activity.ShortDebugString());
  }
  const SampleOrganization organization = Made(options);
  const auto add = [&meant](const ingest::v1::Activity& activity) {
    meant.push_back(activity.ShortDebugString());
  };
  organization.ForEachActivity(add);
  ForEachItemActivity(organization,
                      [&add](const ingest::v1::Activity& activity, int) { add(activity); });
  EXPECT_EQ(read, meant);
}

// What readers must bear. Mutation: GoogleJson that writes one form of each.
TEST_F(SampleFilesTest, WritesGoogleReportsInEveryForm) {
  SampleOptions options = SampleOf(40, 1);
  options.shapes = {SampleShape::kGoogleReports};
  const absl::StatusOr<SampleFiles> files = WriteSample(options, nullptr, folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  std::map<std::string, int> forms;
  int64_t records = 0;
  const auto look = [&](const nlohmann::json& row) {
    ++records;
    ++forms[row["id"]["uniqueQualifier"].is_string() ? "text" : "number"];
    ++forms[row["events"].is_array() ? "array" : "object"];
    ++forms[row["events"].size() > 1 && row["events"].is_array() ? "several" : "one"];
    ++forms[row["actor"].contains("key") ? "key" : "person"];
    ++forms[row["id"]["applicationName"].get<std::string>()];
    const std::string text = row.dump();
    forms["nested"] += text.find("messageValue") != std::string::npos;
    forms["secondary"] +=
        text.find(R"("boolValue":false,"name":"primary_event")") != std::string::npos;
    forms["unasked"] += text.find("inactive") != std::string::npos;
  };
  for (const std::string& path : files->inputs) {
    const std::string text = Read(fs::relative(path, folder_));
    if (path.find("-page-") != std::string::npos) {
      const nlohmann::json page = nlohmann::json::parse(text);
      for (const nlohmann::json& row : page["items"]) look(row);
      continue;
    }
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      look(nlohmann::json::parse(std::string(line)));
    }
  }
  EXPECT_EQ(records, files->counts.records);
  EXPECT_GT(files->counts.redelivered, 0);
  for (const char* form :
       {"text", "number", "array", "object", "several", "one", "key", "person", "gmail", "chat",
        "meet", "drive", "gemini_in_workspace_apps", "nested", "secondary", "unasked"}) {
    EXPECT_GT(forms[form], 0) << form;
  }
}

TEST_F(SampleFilesTest, WritesTelemetryAsCsvAndAsLines) {
  SampleOptions options = SampleOf(40, 2);
  options.shapes = {SampleShape::kTelemetry, SampleShape::kRemaining};
  const absl::StatusOr<SampleFiles> files = WriteSample(options, nullptr, folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(Read("telemetry.csv"), ::testing::StartsWith("Device name,"));
  std::set<std::string> members;
  for (absl::string_view line : absl::StrSplit(Read("telemetry.jsonl"), '\n', absl::SkipEmpty())) {
    const auto row = nlohmann::json::parse(std::string(line));
    for (const auto& member : row.items()) members.insert(member.key());
  }
  EXPECT_THAT(members,
              ::testing::IsSupersetOf({"deviceName", "deviceId", "id", "startupPerformanceScore",
                                       "coreBootTimeInMs", "appReliabilityScore", "appCrashCount",
                                       "rttMs", "packetLossPercent", "jitterMs", "downloadMbps",
                                       "updateChannel", "isSupported", "supportState"}));
  // Devices are in the telemetry, and what people did is in the logs.
  const std::string remaining = Read("remaining.jsonl");
  EXPECT_THAT(remaining, ::testing::Not(::testing::HasSubstr("device.")));
  EXPECT_THAT(remaining, ::testing::Not(::testing::HasSubstr("mail.read")));
  EXPECT_THAT(remaining, ::testing::HasSubstr("\"traits\":[\"mention"));
  EXPECT_THAT(remaining, ::testing::HasSubstr("meeting.held"));
}

TEST_F(SampleFilesTest, NamesTheFolderThatItCannotWrite) {
  std::ofstream(folder_) << "a file";
  const absl::Status status = WriteSample(SampleOf(10, 1), nullptr, folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace tutti
