#include "services/cli/report/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tutti {
namespace {

class ReportFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "report.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ / "page.html";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t Files() const {
    const std::filesystem::directory_iterator files(folder_);
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(ReportFileTest, WritesAndLeavesNothingElse) {
  ASSERT_TRUE(WriteReportFile(path_, "one", false).ok());
  EXPECT_EQ(Content(), "one");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(ReportFileTest, ReplacesOnlyWhenTold) {
  ASSERT_TRUE(WriteReportFile(path_, "one", false).ok());
  const absl::Status refused = WriteReportFile(path_, "two", false);
  EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
  EXPECT_EQ(Content(), "one");
  ASSERT_TRUE(WriteReportFile(path_, "two", true).ok());
  EXPECT_EQ(Content(), "two");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(ReportFileTest, TakesThePlaceOfNothingButAFile) {
  for (const bool replace : {false, true}) {
    const absl::Status status = WriteReportFile(folder_, "one", replace);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), ::testing::HasSubstr(folder_.string() + " is a folder"));
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    EXPECT_TRUE(absl::IsInvalidArgument(WriteReportFile(path_, "one", replace)));
    std::filesystem::remove(path_);
  }
  EXPECT_EQ(Files(), 0U);
}

TEST_F(ReportFileTest, SaysWhenTheFolderIsMissing) {
  const absl::Status status = WriteReportFile(folder_ / "none" / "page.html", "one", false);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

}  // namespace
}  // namespace tutti
