#include "tests/support/simulated_organization.h"

#include <cmath>
#include <cstdlib>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

int StepDays(window::v1::Cadence cadence) {
  if (cadence == window::v1::CADENCE_DAILY) return 1;
  return cadence == window::v1::CADENCE_WEEKLY ? 7 : kReachDays;
}

template <typename Value>
Value Find(const std::vector<std::pair<std::string, Value>>& values, const std::string& id) {
  for (const auto& [name, value] : values) {
    if (name == id) return value;
  }
  return Value{};
}

}  // namespace

std::unique_ptr<const Catalog> LoadShippedCatalog() {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  auto catalog = Catalog::Load(std::string(source == nullptr ? "." : source) +
                               "/deploy/catalog/adoption.textproto");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return *std::move(catalog);
}

std::unique_ptr<const Catalog> CatalogFrom(const std::string& text) {
  catalog::v1::Catalog proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto));
  auto catalog = Catalog::Build(std::move(proto), "test");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return *std::move(catalog);
}

std::vector<int64_t> SlotSimulator::CountSlots(const SlotModel& model, const Subjects& subjects) {
  const auto kept = static_cast<uint64_t>(model.kept);
  std::vector<uint8_t> slots(kept, 0);
  const uint64_t mask = kept - 1;
  for (unsigned pattern = 1; pattern < 1U << model.features; ++pattern) {
    std::binomial_distribution<int64_t> falls_into_kept(subjects[pattern],
                                                        model.kept / model.slots);
    for (int64_t i = falls_into_kept(random_); i > 0; --i) {
      uint8_t& slot = slots[random_() & mask];
      slot = static_cast<uint8_t>(slot | pattern);
    }
  }
  std::vector<int64_t> cells(size_t{1} << model.features, 0);
  for (const uint8_t pattern : slots) ++cells[pattern];
  return cells;
}

int64_t SlotSimulator::Noise(double sigma_squared) {
  if (sigma_squared <= 0) return 0;
  return std::llround(std::normal_distribution<double>(0, std::sqrt(sigma_squared))(random_));
}

std::vector<int64_t> SlotSimulator::PublishCells(const SlotModel& model, const Subjects& subjects) {
  std::vector<int64_t> cells = CountSlots(model, subjects);
  if (model.features == 1) cells.erase(cells.begin());
  for (int64_t& cell : cells) cell += Noise(model.sigma_squared);
  return cells;
}

publication::v1::Publication Publish(const Catalog& catalog, int64_t headcount,
                                     window::v1::Cadence cadence, const Activity& activity,
                                     SlotSimulator& simulator, bool noise) {
  const PublicTerms terms = PlannedTerms(catalog, headcount, cadence, StepDays(cadence));
  publication::v1::Publication record;
  record.set_organization("acme");
  record.set_end_day("2026-11-22");
  record.set_step_days(static_cast<uint32_t>(terms.step_days));
  record.set_cadence(cadence);
  record.set_headcount(headcount);
  record.add_sources("activities");
  record.set_catalog_fingerprint(catalog.fingerprint());
  record.set_counting_fingerprint(catalog.counting_fingerprint());
  for (size_t kind = 0; kind < catalog.kinds().size(); ++kind) {
    if (!terms.kinds[kind].has_value()) continue;
    publication::v1::KindRecord& out = *record.add_kinds();
    out.set_kind(catalog.kinds()[kind].proto->id());
    out.set_state(publication::v1::KIND_STATE_COMPLETE);
    out.set_slots_log2(terms.kinds[kind]->slots_log2);
    out.set_kept_slots_log2(terms.kinds[kind]->kept_log2);
    for (const int index : catalog.kinds()[kind].reach_tables) {
      const CatalogTable& table = catalog.table(index);
      SlotModel model = ModelOf(catalog, terms, index);
      publication::v1::TableRecord& cells = *out.add_tables();
      cells.set_table(table.proto->id());
      for (const auto& feature : table.proto->features()) cells.add_features(feature.id());
      cells.set_sigma_squared(static_cast<uint64_t>(model.sigma_squared));
      if (!noise) model.sigma_squared = 0;
      for (const int64_t cell :
           simulator.PublishCells(model, Find(activity.tables, table.proto->id()))) {
        cells.add_cells(cell);
      }
    }
    for (const int index : catalog.kinds()[kind].habit_tables) {
      const std::string& id = catalog.table(index).proto->id();
      const SlotModel model = ModelOf(catalog, terms, index);
      publication::v1::HabitRecord& habit = *out.add_habits();
      habit.set_table(id);
      habit.set_sigma_squared(static_cast<uint64_t>(model.sigma_squared));
      int64_t sum = noise ? simulator.Noise(model.sigma_squared) : 0;
      for (int day = 0; day < terms.step_days; ++day) {
        sum += simulator.CountSlots(model, {0, Find(activity.habits, id)})[1];
      }
      habit.set_sum(sum);
    }
  }
  return record;
}

}  // namespace tutti
