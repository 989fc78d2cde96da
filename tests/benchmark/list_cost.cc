// What a list of scores costs that nobody has asked for yet, with the levels in it and without:
// score's part alone, of records in memory. Prints the processor seconds of each round, both in
// turns, as one line of JSON.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_levels.h"
#include "nlohmann/json.hpp"
#include "tests/support/simulated_organization.h"

ABSL_FLAG(int, weeks, 104, "How many weekly records there are");
ABSL_FLAG(int64_t, people, 600, "Of how many people");
ABSL_FLAG(int, rounds, 5, "How often");

namespace tutti {
namespace {

using publication::v1::Publication;

// A year has a season, and two weeks of it rest: shares go in and out of their tails.
std::vector<Publication> MakeRecords(const Catalog& catalog) {
  SlotSimulator simulator(1);
  std::vector<Publication> records;
  const int64_t people = absl::GetFlag(FLAGS_people);
  for (int week = 0; week < absl::GetFlag(FLAGS_weeks); ++week) {
    const int64_t some = people * (45 + week % 13) / 100;
    const int64_t a_day = week % 52 >= 50 ? 0 : some / 3;
    Activity activity;
    for (const CatalogTable& table : catalog.tables()) {
      if (table.is_habit()) {
        activity.habits.emplace_back(table.proto->id(), a_day);
      } else {
        activity.tables.push_back({table.proto->id(), {0, some / 2, 0, some / 2}});
      }
    }
    records.push_back(Publish(catalog, people, window::v1::CADENCE_WEEKLY, activity, simulator));
    records.back().set_end_day(FormatDay(Day(2024, 1, 7) + int64_t{7} * week));
  }
  return records;
}

bool Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return false;
}

// Scores them all, each compared with those before it.
bool List(const Catalog& catalog, const std::vector<Publication>& records, bool levels) {
  const std::vector<LevelPart> parts = LevelPartsOf(catalog);
  std::vector<Day> days;
  std::vector<ScoredPublication> scores;
  std::vector<LevelRow> rows;
  std::vector<const LevelRow*> series;
  rows.reserve(records.size());
  for (const Publication& record : records) {
    days.push_back(*ParseDay(record.end_day()));
    absl::StatusOr<ScoredPublication> scored = ScorePublication(catalog, record);
    if (!scored.ok()) return Fail(scored.status());
    const auto at = [&](Day day) -> const ScoredPublication& {
      return scores[static_cast<size_t>((day - days.front()) / 7)];
    };
    const LevelBases bases = {ChangeBase(days, days.back()), TrendBase(days, days.back())};
    if (bases.change.has_value()) AddChanges(at(*bases.change), *scored);
    if (bases.trend.has_value()) AddTrend(at(*bases.trend), *scored);
    if (levels) {
      absl::StatusOr<LevelRow> row = LevelRowOf(catalog, parts, record);
      if (!row.ok()) return Fail(row.status());
      rows.push_back(*std::move(row));
      series.push_back(&rows.back());
      AddLevels(catalog, parts, record, series, bases, *scored);
    }
    scores.push_back(*std::move(scored));
  }
  return !levels || scores.back().score.has_level();
}

double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

int Run() {
  const std::unique_ptr<const Catalog> catalog = LoadShippedCatalog();
  const std::vector<Publication> records = MakeRecords(*catalog);
  nlohmann::json rounds = nlohmann::json::array();
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    nlohmann::json targets = nlohmann::json::array();
    for (const bool levels : {true, false}) {
      const double begin = ProcessorSeconds();
      if (!List(*catalog, records, levels)) return 1;
      targets.push_back({{"processor_seconds", ProcessorSeconds() - begin}});
    }
    rounds.push_back(std::move(targets));
  }
  std::printf("%s\n",
              nlohmann::json{{"records", records.size()}, {"rounds", rounds}}.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace tutti

int main(int argc, char* argv[]) {
  absl::SetProgramUsageMessage("Says what levels cost in a list of scores.");
  absl::ParseCommandLine(argc, argv);
  return tutti::Run();
}
