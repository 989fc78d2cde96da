#include <nlohmann/json.hpp>

#include "tests/sample/truth.h"

namespace tutti {
namespace {

using Json = nlohmann::ordered_json;

Json WindowJson(const Catalog& catalog, const Truth& truth, const TruthWindow& window) {
  Json tables = Json::object();
  for (size_t t = 0; t < window.subjects.size(); ++t) {
    if (window.subjects[t].empty()) continue;
    Json features = Json::array();
    const catalog::v1::Table& table = *catalog.tables()[t].proto;
    for (const catalog::v1::Feature& feature : table.features()) features.push_back(feature.id());
    tables[table.id()] = Json{{"features", features}, {"subjects", window.subjects[t]}};
  }
  Json habit_sums = Json::object();
  for (size_t t = 0; t < truth.habits.size(); ++t) {
    if (truth.habits[t].empty()) continue;
    habit_sums[catalog.tables()[t].proto->id()] = window.habit_sums[t];
  }
  Json measures = Json::object();
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    const absl::optional<double> value = truth.Measure(catalog, window, measure);
    measures[measure.id()] = value.has_value() ? Json(*value) : Json(nullptr);
  }
  Json points = Json::object();
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    const absl::optional<double> value = truth.Points(catalog, window, category);
    if (value.has_value()) points[category.id()] = *value;
  }
  return Json{{"end_day", FormatDay(window.end_day)},
              {"tables", tables},
              {"habit_sums", habit_sums},
              {"measures", measures},
              {"points", points}};
}

}  // namespace

std::string TruthJson(const SampleOrganization& organization, const Catalog& catalog,
                      const Truth& truth) {
  const SampleOptions& options = organization.options();
  Json json{{"generated", true},
            {"note",
             "Everything here is made up: no such organisation or person exists. Element p of "
             "'subjects' counts those whose features are exactly the bits of p."},
            {"organization", options.organization},
            {"seed", options.seed},
            {"time_zone", options.time_zone},
            {"headcount", truth.headcount},
            {"entitlements", truth.entitlements},
            {"first_day", FormatDay(options.first_day())},
            {"last_day", FormatDay(options.last_day)},
            {"step_days", truth.step_days},
            {"catalog", catalog.fingerprint()},
            {"activities", truth.activities}};
  Json habits = Json::object();
  for (size_t t = 0; t < truth.habits.size(); ++t) {
    if (!truth.habits[t].empty()) habits[catalog.tables()[t].proto->id()] = truth.habits[t];
  }
  json["habits"] = habits;
  Json windows = Json::array();
  for (const TruthWindow& window : truth.windows) {
    windows.push_back(WindowJson(catalog, truth, window));
  }
  json["windows"] = windows;
  return json.dump(1, ' ') + "\n";
}

}  // namespace tutti
