#include "services/cli/sample/sample_files.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/cli/sample/sample_items.h"
#include "tests/unit/services/cli/sample/sample_fixture.h"

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
  const std::unique_ptr<const Catalog> catalog = ShippedCatalog();
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
  options.shape = SampleShape::kAuditLines;
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
  options.shape = SampleShape::kActivities;
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

TEST_F(SampleFilesTest, NamesTheFolderThatItCannotWrite) {
  std::ofstream(folder_) << "a file";
  const absl::Status status = WriteSample(SampleOf(10, 1), nullptr, folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace tutti
