#include "services/score/score_history.h"

#include <algorithm>
#include <set>

#include "absl/types/span.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_levels.h"
#include "common/status/status_macros.h"

namespace tutti {

void ScoreHistory::Read(Day end_day) {
  std::set<Day> wanted = {end_day};
  for (const auto base : {ChangeBase(end_days_, end_day), TrendBase(end_days_, end_day)}) {
    if (base.has_value()) wanted.insert(*base);
  }
  for (const Day day : EndDaysUpTo(end_days_, end_day, kMostLevelWindows)) wanted.insert(day);
  for (const auto& [day, unused] : known_) wanted.erase(day);
  if (wanted.empty()) return;
  for (const Day day : EndDaysUpTo(end_days_, *wanted.rbegin(), ahead_ + 1)) {
    if (known_.count(day) == 0) wanted.insert(day);
  }
  const std::vector<Day> days(wanted.begin(), wanted.end());
  std::vector<absl::StatusOr<RecordReader::Record>> read = records_.ReadAll(organization_, days);
  for (size_t i = 0; i < days.size(); ++i) {
    known_.try_emplace(days[i], Known{std::move(read[i]), std::nullopt, std::nullopt});
  }
}

const absl::StatusOr<ScoredPublication>& ScoreHistory::Scored(Day end_day, const Catalog& catalog) {
  Known& known = known_.at(end_day);
  if (!known.scored.has_value()) known.scored = ScorePublication(catalog, **known.record);
  return *known.scored;
}

absl::StatusOr<const ScoredPublication*> ScoreHistory::Base(std::optional<Day> end_day,
                                                            const Catalog& catalog) {
  if (!end_day.has_value()) return nullptr;
  ASSIGN_OR_RETURN(const RecordReader::Record record, known_.at(*end_day).record);
  // Like is compared with like.
  const absl::StatusOr<const Catalog*> counted = catalogs_.CatalogOf(*record);
  if (!counted.ok() || *counted != &catalog) return nullptr;
  const absl::StatusOr<ScoredPublication>& scored = Scored(*end_day, catalog);
  if (!scored.ok()) return scored.status();
  return &*scored;
}

absl::StatusOr<std::vector<const LevelRow*>> ScoreHistory::LevelRows(Day end_day,
                                                                     const Catalog& catalog) {
  const auto [parts, fresh] = parts_.try_emplace(&catalog);
  if (fresh) parts->second = LevelPartsOf(catalog);
  std::vector<const LevelRow*> rows;
  const absl::Span<const Day> days = EndDaysUpTo(end_days_, end_day, kMostLevelWindows);
  // Backwards, for what cannot be compared ends the series.
  for (auto day = days.rbegin(); day != days.rend(); ++day) {
    Known& known = known_.at(*day);
    if (absl::IsDataLoss(known.record.status())) break;
    if (!known.record.ok()) return known.record.status();
    const absl::StatusOr<const Catalog*> counted = catalogs_.CatalogOf(**known.record);
    if (!counted.ok() || *counted != &catalog) break;
    if (!known.level_row.has_value()) {
      known.level_row = LevelRowOf(catalog, parts->second, **known.record);
    }
    if (!known.level_row->ok()) break;
    rows.push_back(&**known.level_row);
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

absl::StatusOr<score::v1::Score> ScoreHistory::ScoreOf(Day end_day) {
  known_.erase(known_.upper_bound(end_day), known_.end());
  Read(end_day);
  ASSIGN_OR_RETURN(const RecordReader::Record record, known_.at(end_day).record);
  ASSIGN_OR_RETURN(const Catalog* const catalog, catalogs_.CatalogOf(*record));
  ASSIGN_OR_RETURN(ScoredPublication scored, Scored(end_day, *catalog));
  ASSIGN_OR_RETURN(const ScoredPublication* const change,
                   Base(ChangeBase(end_days_, end_day), *catalog));
  if (change != nullptr) AddChanges(*change, scored);
  ASSIGN_OR_RETURN(const ScoredPublication* const trend,
                   Base(TrendBase(end_days_, end_day), *catalog));
  if (trend != nullptr) AddTrend(*trend, scored);
  ASSIGN_OR_RETURN(const std::vector<const LevelRow*> rows, LevelRows(end_day, *catalog));
  AddLevels(*catalog, parts_.at(catalog), *record, rows,
            {ChangeBase(end_days_, end_day), TrendBase(end_days_, end_day)}, scored);
  return std::move(scored.score);
}

}  // namespace tutti
