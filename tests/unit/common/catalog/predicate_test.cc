#include "common/catalog/predicate.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/text_format.h"

namespace tutti {
namespace {

PatternSet Select(const std::string& condition, int features = 3) {
  catalog::v1::Table table;
  for (const char* id : {"a", "b", "c", "d"}) {
    if (table.features_size() < features) table.add_features()->set_id(id);
  }
  catalog::v1::Predicate predicate;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(condition, &predicate));
  return SelectedPatterns(predicate, table);
}

// Patterns, the highest first: cba, cb, ca, c, ba, b, a, none.
TEST(Predicate, SelectsPatterns) {
  EXPECT_EQ(Select("any_of { features: 'a' }"), 0b10101010);
  EXPECT_EQ(Select("any_of { features: ['b', 'c'] }"), 0b11111100);
  EXPECT_EQ(Select("all_of { features: ['a', 'c'] }"), 0b10100000);
  EXPECT_EQ(Select("only { features: ['a', 'c'] }"), 0b00100000);
  EXPECT_EQ(Select("at_least: 1"), 0b11111110);
  EXPECT_EQ(Select("at_least: 2"), 0b11101000);
  EXPECT_EQ(Select("at_least: 3"), 0b10000000);
  EXPECT_EQ(Select("exactly: 1"), 0b00010110);
  EXPECT_EQ(Select("exactly: 2"), 0b01101000);
}

TEST(Predicate, SelectsAmongOneAndFourFeatures) {
  EXPECT_EQ(Select("any_of { features: 'a' }", 1), 0b10);
  EXPECT_EQ(Select("exactly: 4", 4), 0x8000);
  EXPECT_EQ(Select("only { features: 'd' }", 4), 0x0100);
}

TEST(Predicate, NeverSelectsSubjectsWithoutAnyFeature) {
  EXPECT_EQ(Select("all_of {}") & 1, 0);
  EXPECT_EQ(Select("only {}") & 1, 0);
  EXPECT_EQ(Select("at_least: 0") & 1, 0);
  EXPECT_EQ(Select("exactly: 0"), 0);
}

// Mutation: any predicate without a condition.
TEST(Predicate, TellsThoseWhoShowNothingApart) {
  catalog::v1::Predicate predicate;
  EXPECT_FALSE(SelectsNone(predicate));
  predicate.set_at_least(0);
  EXPECT_FALSE(SelectsNone(predicate));
  predicate.set_exactly(1);
  EXPECT_FALSE(SelectsNone(predicate));
  predicate.set_exactly(0);
  EXPECT_TRUE(SelectsNone(predicate));
}

}  // namespace
}  // namespace tutti
