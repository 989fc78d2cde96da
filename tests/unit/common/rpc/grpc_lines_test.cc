#include "common/rpc/grpc_lines.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

constexpr absl::Duration kSpan = LineAllowance::kSpan;

// How many of `lines` may be written.
int Taken(LineAllowance& allowance, int lines, absl::Duration now) {
  int taken = 0;
  for (int i = 0; i < lines; ++i) taken += allowance.Take(now) ? 1 : 0;
  return taken;
}

TEST(LineAllowanceTest, GivesSoManyLinesInEachSpan) {
  LineAllowance allowance;
  EXPECT_EQ(Taken(allowance, 1000, absl::Seconds(100)), LineAllowance::kLines);
  EXPECT_EQ(Taken(allowance, 1000, absl::Seconds(100) + kSpan - absl::Nanoseconds(1)), 0);
  EXPECT_EQ(Taken(allowance, 3, absl::Seconds(100) + kSpan), 3);
}

TEST(LineAllowanceTest, TellsOnceHowManyWereLeftOut) {
  LineAllowance allowance;
  EXPECT_EQ(allowance.TellLeftOut(absl::Seconds(1)), 0U);
  Taken(allowance, LineAllowance::kLines + 7, absl::Seconds(2));
  EXPECT_EQ(allowance.TellLeftOut(absl::Seconds(3)), 0U);
  EXPECT_EQ(allowance.TellLeftOut(absl::Seconds(2) + kSpan), 7U);
  EXPECT_EQ(allowance.TellLeftOut(absl::Seconds(3) + kSpan), 0U);
}

// Mutation: what was left out is told only when a span ends without a line.
TEST(LineAllowanceTest, TellsSoAlsoWhileTheFloodGoesOn) {
  LineAllowance allowance;
  uint64_t told = 0;
  int taken = 0;
  constexpr int kSeconds = 60;
  constexpr int kLinesASecond = 100;
  for (int second = 0; second < kSeconds; ++second) {
    taken += Taken(allowance, kLinesASecond, absl::Seconds(second));
    told += allowance.TellLeftOut(absl::Seconds(second));
  }
  EXPECT_EQ(taken, LineAllowance::kLines * 6);
  EXPECT_EQ(told, 50U * kLinesASecond - LineAllowance::kLines * 5U);
  told += allowance.TellLeftOut(absl::Seconds(kSeconds) + kSpan);
  EXPECT_EQ(told + static_cast<uint64_t>(taken), uint64_t{kSeconds} * kLinesASecond);
}

class GrpcLinesTest : public testing::Test {
 protected:
  // gRPC, which nobody has started here, would log nothing.
  void SetUp() override { gpr_log_verbosity_init(); }
  void TearDown() override { gpr_set_log_function(nullptr); }

  static std::string Written(GrpcLines as, const std::string& message) {
    testing::internal::CaptureStderr();
    WriteGrpcLines(as);
    gpr_log("/build/src/core/file.cc", 12, GPR_LOG_SEVERITY_ERROR, "%s", message.c_str());
    return testing::internal::GetCapturedStderr();
  }
};

constexpr char kForged[] =
    "No match found for server name: \n{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\","
    "\"event\":\"forged\"}\n\x1b[2J\u202e.";

TEST_F(GrpcLinesTest, AreLinesOfTheLogWhateverTheyHold) {
  const std::string text = Written(GrpcLines::kLog, kForged);
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["event"], "grpc");
  EXPECT_EQ(line["at"], "file.cc:12");
  EXPECT_EQ(line["message"], kForged);
  EXPECT_EQ(line["level"], "error");
}

TEST_F(GrpcLinesTest, AreOneLineOfPlainTextForACommand) {
  const std::string text = Written(GrpcLines::kText, kForged);
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(text.rfind("tutti: gRPC: No match found", 0), 0U) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
}

TEST_F(GrpcLinesTest, AreCutShort) {
  EXPECT_LT(Written(GrpcLines::kLog, std::string(100'000, 'x')).size(), 600U);
}

TEST_F(GrpcLinesTest, AreFewButForTheLast) {
  testing::internal::CaptureStderr();
  WriteGrpcLines(GrpcLines::kLog);
  for (int i = 0; i < 1000; ++i) gpr_log("a.cc", 1, GPR_LOG_SEVERITY_ERROR, "again");
  gpr_log("a.cc", 1, GPR_LOG_SEVERITY_ERROR, "assertion failed: true");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), LineAllowance::kLines + 1);
  EXPECT_THAT(text, testing::HasSubstr("assertion failed"));
}

}  // namespace
}  // namespace tutti
