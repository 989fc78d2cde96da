#include "common/telemetry/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "nlohmann/json.hpp"

namespace tutti {
namespace {

class LogTest : public testing::Test {
 protected:
  void TearDown() override { SetLogLevel("info"); }

  // What is written to standard error meanwhile.
  template <typename Body>
  static std::string Written(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, WritesOneLineOfJson) {
  const std::string text = Written([] {
    LogInfo("serving", {{"address", "127.0.0.1:1"}, {"parts", "3"}});
  });
  ASSERT_EQ(text.find('\n'), text.size() - 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["event"], "serving");
  EXPECT_EQ(line["address"], "127.0.0.1:1");
  EXPECT_EQ(line["parts"], "3");
  EXPECT_EQ(line.size(), 5U);
}

TEST_F(LogTest, StampsUtcToTheMillisecond) {
  const auto line = nlohmann::json::parse(Written([] { LogError("stopping", {}); }));
  EXPECT_EQ(line["level"], "error");
  const std::string time = line["time"];
  // 2026-11-22T10:11:12.123Z
  ASSERT_EQ(time.size(), 24U);
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time[19], '.');
  EXPECT_EQ(time.back(), 'Z');
}

TEST_F(LogTest, KeepsOneLineWhateverAValueHolds) {
  const std::string text = Written([] {
    LogWarning("odd", {{"value", "a\nb\"},{\"level\":\"forged\"}"}, {"bytes", "\xff\xfe"}});
  });
  ASSERT_EQ(text.find('\n'), text.size() - 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["value"], "a\nb\"},{\"level\":\"forged\"}");
}

TEST_F(LogTest, WritesPrintableAsciiAlone) {
  const std::string value = "\x1b[2J \x7f \u009b \u202e \u2028 \u00e9";
  const std::string text = Written([&] { LogWarning("odd", {{"value", value}}); });
  EXPECT_TRUE(std::all_of(text.begin(), text.end() - 1, [](char c) {
    return c >= ' ' && c <= '~';
  })) << text;
  EXPECT_EQ(nlohmann::json::parse(text)["value"], value);
}

TEST_F(LogTest, WritesWhatTheLevelAsksFor) {
  const auto all = [] {
    LogDebug("a", {});
    LogInfo("b", {});
    LogWarning("c", {});
    LogError("d", {});
  };
  const auto lines = [&](const std::string& level) {
    SetLogLevel(level);
    const std::string text = Written(all);
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines("debug"), 4);
  EXPECT_EQ(lines("info"), 3);
  EXPECT_EQ(lines("warning"), 2);
  EXPECT_EQ(lines("error"), 1);
}

}  // namespace
}  // namespace tutti
