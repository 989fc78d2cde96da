#ifndef TUTTI_TESTS_SUPPORT_SCORE_WITH_LEVELS_H_
#define TUTTI_TESTS_SUPPORT_SCORE_WITH_LEVELS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_levels.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The score of the last of some records, ascending, with its levels and changes: of nothing but
// those records, which are public.
inline score::v1::Score ScoreWithLevels(const Catalog& catalog,
                                        const std::vector<publication::v1::Publication>& records) {
  const std::vector<LevelPart> parts = LevelPartsOf(catalog);
  std::vector<LevelRow> rows;
  std::vector<const LevelRow*> series;
  std::vector<Day> days;
  for (const auto& record : records) {
    auto row = LevelRowOf(catalog, parts, record);
    EXPECT_TRUE(row.ok()) << row.status();
    days.push_back(row->end_day);
    rows.push_back(*std::move(row));
  }
  series.reserve(rows.size());
  for (const LevelRow& row : rows) series.push_back(&row);
  const auto scored_at = [&](Day day) {
    const auto found = std::find(days.begin(), days.end(), day);
    auto scored = ScorePublication(catalog, records[static_cast<size_t>(found - days.begin())]);
    EXPECT_TRUE(scored.ok()) << scored.status();
    return *std::move(scored);
  };
  ScoredPublication scored = scored_at(days.back());
  const LevelBases bases = {ChangeBase(days, days.back()), TrendBase(days, days.back())};
  if (bases.change.has_value()) AddChanges(scored_at(*bases.change), scored);
  if (bases.trend.has_value()) AddTrend(scored_at(*bases.trend), scored);
  AddLevels(catalog, parts, records.back(), series, bases, scored);
  return std::move(scored.score);
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_SCORE_WITH_LEVELS_H_
