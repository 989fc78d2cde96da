#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/redis/redis_test.h"

namespace tutti {
namespace {

class ConnectionTest : public RedisTest {
 protected:
  absl::StatusOr<std::vector<std::string>> AskForElements(int elements) {
    return AsStrings(
        inspector_->Call(Script("local t = {} for i = 1, ARGV[1] do t[i] = '' end return t", {},
                                {absl::StrCat(elements)})));
  }
};

TEST_F(ConnectionTest, RefusesAReplyThatAnnouncesMoreElementsThanWeAskFor) {
  const absl::StatusOr<std::vector<std::string>> longest = AskForElements(1 << 20);
  ASSERT_TRUE(longest.ok()) << longest.status();
  EXPECT_EQ(longest->size(), 1 << 20);
  const absl::StatusOr<std::vector<std::string>> longer = AskForElements((1 << 20) + 1);
  EXPECT_TRUE(absl::IsUnavailable(longer.status())) << longer.status();
  // The next call has a new connection.
  EXPECT_TRUE(AskForElements(1).ok());
}

}  // namespace
}  // namespace tutti
