#include "services/aggregate/exact_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/local_suite.h"

namespace tutti {
namespace {

// Adds one, two, three ...; fails after so many draws.
class CountingNoise final : public NoiseSource {
 public:
  explicit CountingNoise(int draws) : left_(draws) {}
  absl::StatusOr<int64_t> Draw(uint64_t /*sigma_squared*/) override {
    if (left_-- == 0) return absl::InternalError("no chance left");
    return ++drawn_;
  }

 private:
  int left_;
  int64_t drawn_ = 0;
};

class ExactCountsTest : public ::testing::Test {
 protected:
  // What a person's tables would be counted to: cell p of table t has 100 t + p.
  ExactCounts Counts() const {
    ExactCounts counts(catalog_, kind_, {12, 10});
    for (size_t t = 0; t < plan_.reach.size(); ++t) {
      const CatalogTable& table = catalog_.table(plan_.reach[t].table);
      std::vector<int64_t> cells(size_t{1} << table.columns.size());
      for (size_t p = 0; p < cells.size(); ++p) cells[p] = static_cast<int64_t>(1000 * t + p);
      counts.AddPatterns(std::move(cells));
    }
    for (size_t h = 0; h < plan_.habits.size(); ++h) counts.AddHabit(static_cast<int64_t>(h) * 7);
    return counts;
  }

  const Catalog& catalog_ = ShippedCatalog();
  const int kind_ = catalog_.FindKind("person");
  const NoisePlan plan_ = PlanNoise(catalog_, kind_, window::v1::CADENCE_WEEKLY, 7);
};

// Mutations: a cell without noise; both cells of a table of one feature; a state that is set
// before the last draw.
TEST_F(ExactCountsTest, EveryNumberGetsADrawOfItsOwn) {
  CountingNoise noise(10'000);
  const auto record = Noised(Counts(), plan_, noise);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->state(), publication::v1::KIND_STATE_COMPLETE);
  EXPECT_EQ(record->nano_rho(), plan_.nano_rho);
  EXPECT_EQ(record->kind(), "person");
  EXPECT_EQ(record->slots_log2(), 12U);
  EXPECT_EQ(record->kept_slots_log2(), 10U);
  int64_t draw = 0;
  ASSERT_EQ(record->tables_size(), static_cast<int>(plan_.reach.size()));
  for (int t = 0; t < record->tables_size(); ++t) {
    const publication::v1::TableRecord& table = record->tables(t);
    const int cells = 1 << table.features_size();
    const int first = table.features_size() == 1 ? 1 : 0;
    ASSERT_EQ(table.cells_size(), cells - first) << table.table();
    EXPECT_EQ(table.sigma_squared(), plan_.reach[static_cast<size_t>(t)].sigma_squared);
    for (int p = first; p < cells; ++p) {
      EXPECT_EQ(table.cells(p - first), 1000 * t + p + ++draw) << table.table();
    }
  }
  ASSERT_EQ(record->habits_size(), static_cast<int>(plan_.habits.size()));
  for (int h = 0; h < record->habits_size(); ++h) {
    EXPECT_EQ(record->habits(h).sum(), 7 * h + ++draw);
  }
  // One draw less, and there is nothing.
  CountingNoise short_of_one(static_cast<int>(draw) - 1);
  EXPECT_TRUE(absl::IsInternal(Noised(Counts(), plan_, short_of_one).status()));
}

TEST_F(ExactCountsTest, APlanOfOtherTablesGivesNothing) {
  CountingNoise noise(10'000);
  NoisePlan other = plan_;
  other.habits.pop_back();
  EXPECT_TRUE(absl::IsInternal(Noised(Counts(), other, noise).status()));
  EXPECT_TRUE(
      absl::IsInternal(Noised(ExactCounts(catalog_, kind_, {12, 10}), plan_, noise).status()));
}

TEST_F(ExactCountsTest, AnIncompleteRecordHasNoCounts) {
  const publication::v1::KindRecord record = IncompleteRecord(catalog_, kind_, {12, 10});
  EXPECT_EQ(record.state(), publication::v1::KIND_STATE_INCOMPLETE);
  EXPECT_EQ(record.tables_size() + record.habits_size(), 0);
  EXPECT_EQ(record.nano_rho(), 0U);
}

}  // namespace
}  // namespace tutti
