#include "common/upload/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tutti {
namespace {

using ::testing::ElementsAre;

class TerminalProgressTest : public ::testing::Test {
 protected:
  TerminalProgress Make(bool is_terminal) {
    return TerminalProgress(
        is_terminal, [this](absl::string_view text) { written_.emplace_back(text); },
        [this] { return now_; });
  }

  absl::Time now_ = absl::FromUnixSeconds(1000000);
  std::vector<std::string> written_;
};

TEST_F(TerminalProgressTest, WritesAPlainLineEveryFiveSecondsAndAtTheEnd) {
  TerminalProgress progress = Make(false);
  progress.Update({"importing", 0, 0, 4000000});
  now_ += absl::Seconds(4);
  progress.Update({"importing", 1000, 1000000, 4000000});
  now_ += absl::Seconds(1);
  progress.Update({"importing", 2000, 2000000, 4000000});
  progress.Update({"importing", 2001, 2000100, 4000000});
  now_ += absl::Seconds(3);
  progress.Done({"importing", 4000, 4000000, 4000000});
  EXPECT_THAT(written_, ElementsAre("importing  50% 2000 records, 400/s, 2.0 MB, 5 s left\n",
                                    "importing 100% 4000 records, 500/s, 4.0 MB\n"));
}

TEST_F(TerminalProgressTest, RenewsOneLineOnATerminal) {
  TerminalProgress progress = Make(true);
  progress.Update({"surveying", 0, 0, 2000000});
  now_ += absl::Milliseconds(50);
  progress.Update({"surveying", 1, 1, 2000000});
  now_ += absl::Milliseconds(950);
  progress.Update({"surveying", 1024, 500000, 2000000});
  now_ += absl::Seconds(1);
  progress.Done({"surveying", 4096, 2000000, 2000000});
  EXPECT_THAT(
      written_,
      ElementsAre("\rsurveying [..............................]   0% 0 records, 0/s, 0.0 MB\x1b[K",
                  "\rsurveying [#######.......................]  25% 1024 records, 1024/s, 0.5 MB, "
                  "3 s left\x1b[K",
                  "\rsurveying [##############################] 100% 4096 records, 2048/s, 2.0 MB"
                  "\x1b[K\n"));
}

TEST_F(TerminalProgressTest, ShowsNoShareOfAnUnknownWhole) {
  TerminalProgress progress = Make(false);
  progress.Update({"importing", 0, 0, 0});
  now_ += absl::Seconds(10);
  progress.Update({"importing", 50, 1000000, 0});
  EXPECT_THAT(written_, ElementsAre("importing 50 records, 5/s, 1.0 MB\n"));
}

}  // namespace
}  // namespace tutti
