#include "common/scoring/peer_benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr Day kDay(2026, 11, 15);

Publication Record(int64_t headcount, const std::string& region, const std::string& industry) {
  Publication record;
  record.set_headcount(headcount);
  record.set_region(region);
  record.set_industry(industry);
  return record;
}

// A score of so many percent, with so many points of mobility unless that is negative.
score::v1::Score Score(double percent, double mobility = -1) {
  score::v1::Score score;
  score.set_state(score::v1::FIGURE_STATE_MEASURED);
  score.mutable_percent()->set_value(percent);
  score::v1::CategoryScore& category = *score.add_categories();
  category.set_category("mobility");
  category.set_state(mobility < 0 ? score::v1::FIGURE_STATE_WITHHELD
                                  : score::v1::FIGURE_STATE_MEASURED);
  if (mobility >= 0) category.mutable_points()->set_value(mobility);
  return score;
}

std::vector<std::string> Words(const Publication& record) {
  std::vector<std::string> words;
  for (const PeerGroup& group : PeerGroupsOf(record)) words.push_back(group.words);
  return words;
}

TEST(PeerGroupsTest, WidenFromRegionAndIndustryToSizeAlone) {
  EXPECT_THAT(
      Words(Record(1'000, " Europe", "Retail")),
      testing::ElementsAre("1,000 to 4,999 people, Europe, Retail", "1,000 to 4,999 people, Retail",
                           "1,000 to 4,999 people, Europe", "1,000 to 4,999 people"));
  EXPECT_THAT(Words(Record(49, "", " ")), testing::ElementsAre("10 to 49 people"));
  EXPECT_THAT(Words(Record(50, "Asia", "")),
              testing::ElementsAre("50 to 249 people, Asia", "50 to 249 people"));
  EXPECT_THAT(Words(Record(2'000'000, "", "")), testing::ElementsAre("20,000 people and more"));
  EXPECT_THAT(Words(Record(9, "", "")), testing::IsEmpty());
}

TEST(PeerGroupsTest, KeepARegionFromAnIndustryOfItsName) {
  const auto by_region = PeerGroupsOf(Record(100, "x", ""));
  const auto by_industry = PeerGroupsOf(Record(100, "", "X "));
  EXPECT_NE(by_region[0].id, by_industry[0].id);
  EXPECT_EQ(by_region[1].id, by_industry[1].id);
  EXPECT_EQ(by_region[0].id, PeerGroupsOf(Record(249, " X", ""))[0].id);
  EXPECT_NE(by_region[0].id, PeerGroupsOf(Record(250, "x", ""))[0].id);
}

TEST(PeerGroupsTest, LeaveOutMadeUpActivity) {
  Publication record = Record(100, "", "");
  record.set_generated_data(true);
  EXPECT_THAT(Words(record), testing::IsEmpty());
}

// Mutation: a mean that has one's own score in it, or one of nine others.
TEST(PeerBenchmarkTest, IsTheMeanOfAtLeastTenOthers) {
  PeerSum sum;
  for (int i = 0; i < 10; ++i) sum.Add(absl::StrCat("org-", i), Score(10.0 * i, 5.0 * i));
  EXPECT_FALSE(sum.enough());
  // From outside there are ten others, for a member nine.
  const auto outside = MeanOfOthers(sum.ToProto(kDay), "elsewhere", Score(100, 100));
  ASSERT_TRUE(outside.has_value());
  EXPECT_EQ(outside->mean_percent(), 45);
  EXPECT_EQ(outside->categories(0).mean_points(), 23) << "22.5, rounded";
  EXPECT_FALSE(MeanOfOthers(sum.ToProto(kDay), "org-3", Score(30, 15)).has_value());
  sum.Add("org-10", Score(100));
  EXPECT_TRUE(sum.enough());
  const auto member = MeanOfOthers(sum.ToProto(kDay), "org-10", Score(100));
  ASSERT_TRUE(member.has_value());
  EXPECT_EQ(member->mean_percent(), 45);
  EXPECT_EQ(member->organizations(), 10);
  ASSERT_EQ(member->categories_size(), 1);
  const auto other = MeanOfOthers(sum.ToProto(kDay), "org-9", Score(90, 45));
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->mean_percent(), 46) << "46.0 without its own 90";
  EXPECT_EQ(other->categories_size(), 0) << "nine others show the category";
}

// Mutation: any message is a cohort; a mean is then below nothing or not a number.
TEST(PeerBenchmarkTest, ReadsWhatScoresComeToAndNothingElse) {
  PeerSum sum;
  for (int i = 0; i < 12; ++i) sum.Add(absl::StrCat("org-", i), Score(50, 50));
  const publication::v1::Cohort good = sum.ToProto(kDay);
  EXPECT_TRUE(ReadCohort(good.SerializeAsString(), kDay).ok());
  const auto refused = [](const publication::v1::Cohort& cohort, Day day = kDay) {
    return absl::IsDataLoss(ReadCohort(cohort.SerializeAsString(), day).status());
  };
  EXPECT_TRUE(refused(good, kDay - 28)) << "of another day";
  EXPECT_TRUE(absl::IsDataLoss(ReadCohort("\xff", kDay).status()));
  for (const double total : {-1.0, 1'201.0, std::nan(""), HUGE_VAL}) {
    publication::v1::Cohort cohort = good;
    cohort.set_percent_sum(total);
    EXPECT_TRUE(refused(cohort)) << total;
    cohort = good;
    cohort.mutable_categories(0)->set_points_sum(total);
    EXPECT_TRUE(refused(cohort)) << total;
  }
  for (const int64_t count : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{13}}) {
    publication::v1::Cohort cohort = good;
    cohort.mutable_categories(0)->set_organizations(count);
    EXPECT_TRUE(refused(cohort)) << count;
  }
  publication::v1::Cohort unsorted = good;
  unsorted.mutable_members()->SwapElements(0, 11);
  EXPECT_TRUE(refused(unsorted));
  publication::v1::Cohort twice = good;
  *twice.add_categories() = good.categories(0);
  EXPECT_TRUE(refused(twice));
}

TEST(PeerBenchmarkTest, CountsInFives) {
  PeerSum sum;
  for (int i = 0; i < 15; ++i) sum.Add(absl::StrCat("org-", i), Score(50));
  EXPECT_EQ(MeanOfOthers(sum.ToProto(kDay), "org-1", Score(50))->organizations(), 10);
  EXPECT_EQ(MeanOfOthers(sum.ToProto(kDay), "elsewhere", Score(50))->organizations(), 15);
}

TEST(PeerBenchmarkTest, LeavesOutScoresWithoutATotal) {
  PeerSum sum;
  for (int i = 0; i < 11; ++i) {
    score::v1::Score score = Score(50, 50);
    if (i > 8) score.set_state(score::v1::FIGURE_STATE_WITHHELD);
    sum.Add(absl::StrCat("org-", i), score);
  }
  EXPECT_FALSE(sum.enough());
  EXPECT_EQ(sum.ToProto(kDay).members_size(), 9);
}

}  // namespace
}  // namespace tutti
