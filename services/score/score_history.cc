#include "services/score/score_history.h"

#include <set>

#include "common/scoring/score_change.h"
#include "common/status/status_macros.h"

namespace tutti {

void ScoreHistory::Read(Day end_day) {
  std::set<Day> wanted = {end_day};
  for (const auto base : {ChangeBase(end_days_, end_day), TrendBase(end_days_, end_day)}) {
    if (base.has_value()) wanted.insert(*base);
  }
  for (const auto& [day, unused] : known_) wanted.erase(day);
  if (wanted.empty()) return;
  for (const Day day : EndDaysUpTo(end_days_, *wanted.rbegin(), ahead_ + 1)) {
    if (known_.count(day) == 0) wanted.insert(day);
  }
  const std::vector<Day> days(wanted.begin(), wanted.end());
  std::vector<absl::StatusOr<RecordReader::Record>> read = records_.ReadAll(organization_, days);
  for (size_t i = 0; i < days.size(); ++i) {
    known_.try_emplace(days[i], Known{std::move(read[i]), std::nullopt});
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
  return std::move(scored.score);
}

}  // namespace tutti
