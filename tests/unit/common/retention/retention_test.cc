#include "common/retention/retention.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/retention/lifetimes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

// Mutation: the largest unit that fits once, whatever is left over.
TEST(Retention, SaysDurationsInTheLargestUnitOfWhichTheyAreMultiples) {
  EXPECT_EQ(InWords(absl::Hours(40 * 24)), "40 days");
  EXPECT_EQ(InWords(absl::Hours(24)), "a day");
  EXPECT_EQ(InWords(absl::Hours(25)), "25 hours");
  EXPECT_EQ(InWords(absl::Minutes(60)), "an hour");
  EXPECT_EQ(InWords(absl::Minutes(90)), "90 minutes");
  EXPECT_EQ(InWords(absl::Seconds(60)), "a minute");
  EXPECT_EQ(InWords(absl::Seconds(1)), "a second");
  EXPECT_EQ(InWords(absl::Milliseconds(1500)), "1.5s");
  EXPECT_EQ(InWords(absl::ZeroDuration()), "0");
}

std::string Of(const std::vector<Retention>& retentions, absl::string_view what) {
  for (const Retention& retention : retentions) {
    if (retention.what.find(std::string(what)) == 0) return retention.how_long;
  }
  return absl::StrCat("nothing is said of ", what);
}

// Mutation: one generation, where what is remembered lives for two.
TEST(Retention, SaysOfHashesTheTwoGenerationsThatTheyLiveFor) {
  EXPECT_THAT(Of(RetentionsOfIngest("48 hours"), "hashes of identifiers, so"),
              HasSubstr(InWords(kLongestCacheGeneration + kLongestCacheGeneration)));
}

// Mutation: rounding down, which says that what is 900 ms old is given for no time.
TEST(Retention, SaysNoLessThanWhatIsGivenForPartsOfASecond) {
  EXPECT_GE(kFreshFor, absl::Milliseconds(1));
  EXPECT_LE(kFreshFor, absl::Seconds(1));
  EXPECT_THAT(Of(RetentionsOfScore(), "which records"), HasSubstr("a second at most"));
}

}  // namespace
}  // namespace tutti
