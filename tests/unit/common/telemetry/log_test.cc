#include "common/telemetry/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
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

// Standard error is, meanwhile, what nobody reads.
class StalledLogTest : public LogTest {
 protected:
  void SetUp() override { own_ = dup(STDERR_FILENO); }
  void TearDown() override {
    dup2(own_, STDERR_FILENO);
    for (const int descriptor : {own_, ends_[0], ends_[1]}) close(descriptor);
    LogTest::TearDown();
  }

  // ends_[1] is written to.
  void Fill() {
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    while (write(ends_[1], "....\n", 5) > 0) {
    }
    fcntl(ends_[1], F_SETFL, 0);
    ASSERT_EQ(dup2(ends_[1], STDERR_FILENO), STDERR_FILENO);
  }

  // All that is there to be read.
  std::string Read() const {
    std::string text;
    std::array<char, 4096> part;
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    for (ssize_t size = 0; (size = read(ends_[0], part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<size_t>(size));
    }
    return text;
  }

  // Fails by never ending: a call that waits for the reader.
  void LosesAndSays() {
    const uint64_t before = LostLogLines();
    Fill();
    LogInfo("lost", {});
    LogInfo("lost", {{"long", std::string(9000, 'x')}});
    EXPECT_EQ(LostLogLines(), before + 2);
    Read();
    LogInfo("written", {});
    std::vector<std::string> lines = absl::StrSplit(Read(), '\n', absl::SkipEmpty());
    ASSERT_EQ(lines.size(), 2U);
    const auto told = nlohmann::json::parse(lines[0]);
    EXPECT_EQ(told["event"], "log_lines_lost");
    EXPECT_EQ(told["level"], "warning");
    EXPECT_EQ(told["lines"], "2");
    EXPECT_EQ(nlohmann::json::parse(lines[1])["event"], "written");
    EXPECT_EQ(LostLogLines(), before + 2);
  }

  int own_ = -1;
  std::array<int, 2> ends_ = {-1, -1};
};

// Mutation: a line that waits until there is room for it.
TEST_F(StalledLogTest, WaitsForNoReaderOfAPipe) {
  ASSERT_EQ(pipe(ends_.data()), 0);
  LosesAndSays();
}

TEST_F(StalledLogTest, WaitsForNoReaderOfASocket) {
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
  LosesAndSays();
}

// Mutation: the rest of a line that found room for a part is left to the next.
TEST_F(StalledLogTest, BeginsALineAnewAfterATornOne) {
  ASSERT_EQ(pipe(ends_.data()), 0);
  Fill();
  std::array<char, 4096> page;
  ASSERT_EQ(read(ends_[0], page.data(), page.size()), page.size());
  LogInfo("torn", {{"long", std::string(9000, 'x')}});
  Read();
  LogInfo("written", {});
  const std::string text = Read();
  EXPECT_EQ(text[0], '\n');
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

}  // namespace
}  // namespace tutti
