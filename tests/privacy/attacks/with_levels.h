#ifndef TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_
#define TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_levels.h"
#include "tests/support/local_suite.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The score of the last of some records, ascending, with its levels.
inline score::v1::Score ScoreWithLevels(const std::vector<publication::v1::Publication>& records) {
  const std::vector<LevelPart> parts = LevelPartsOf(ShippedCatalog());
  std::vector<LevelRow> rows;
  std::vector<const LevelRow*> series;
  std::vector<Day> days;
  for (const auto& record : records) {
    auto row = LevelRowOf(ShippedCatalog(), parts, record);
    EXPECT_TRUE(row.ok()) << row.status();
    days.push_back(row->end_day);
    rows.push_back(*std::move(row));
  }
  series.reserve(rows.size());
  for (const LevelRow& row : rows) series.push_back(&row);
  auto scored = ScorePublication(ShippedCatalog(), records.back());
  EXPECT_TRUE(scored.ok()) << scored.status();
  AddLevels(ShippedCatalog(), parts, records.back(), series,
            {ChangeBase(days, days.back()), TrendBase(days, days.back())}, *scored);
  return std::move(scored->score);
}

// A record and as many before it, four weeks apart, that say the same.
inline std::vector<publication::v1::Publication> Repeated(
    const publication::v1::Publication& record, int before) {
  std::vector<publication::v1::Publication> records(static_cast<size_t>(before) + 1, record);
  for (int i = 0; i < before; ++i) {
    records[static_cast<size_t>(i)].set_end_day(
        FormatDay(*ParseDay(record.end_day()) - int64_t{28} * (before - i)));
  }
  return records;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_
