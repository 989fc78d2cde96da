#include "services/cli/sample/truth.h"

#include <algorithm>
#include <bitset>

#include "common/window/schedule.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using aggregate::v1::Cadence;

constexpr int kNever = -1000;

int PeriodDays(Cadence cadence) {
  if (cadence == aggregate::v1::CADENCE_DAILY) return 1;
  return cadence == aggregate::v1::CADENCE_WEEKLY ? 7 : 28;
}

Cadence CadenceOf(const SampleOptions& options) {
  return ChooseCadence(options.people, options.cadence, aggregate::v1::CADENCE_AUTO);
}

// Counts one person after the other: the last day of each feature is enough to say
// which windows have it.
class PersonCounter {
 public:
  PersonCounter(const SampleOrganization& organization, const Catalog& catalog, Truth& truth)
      : organization_(organization), catalog_(catalog), truth_(truth) {
    features_.resize(catalog.tables().size());
    for (size_t t = 0; t < features_.size(); ++t) {
      features_[t].resize(static_cast<size_t>(catalog.tables()[t].feature_count()));
    }
    for (const std::string& name : SampleTraitNames()) trait_names_.push_back(&name);
  }

  void Count(uint32_t person) {
    for (std::vector<int>& last : features_) std::fill(last.begin(), last.end(), kNever);
    const SampleHabits habits = organization_.HabitsOf(person);
    auto window = truth_.windows.begin();
    for (int day = 0; day < organization_.days(); ++day) {
      CountDay(habits, day);
      if (window != truth_.windows.end() && window->end_day == organization_.DayAt(day)) {
        Close(*window++, day);
      }
    }
  }

 private:
  void CountDay(const SampleHabits& habits, int day) {
    events_.clear();
    organization_.AppendDay(habits, day, events_);
    std::vector<bool>& did = did_;
    did.assign(features_.size(), false);
    for (const SampleEvent& event : events_) {
      ++truth_.activities;
      const ActivityShape* shape = ShapeOf(event);
      if (shape == nullptr) {
        ++truth_.refused;
        continue;
      }
      for (const TableHit& hit : shape->reach) {
        std::vector<int>& last = features_[static_cast<size_t>(hit.table)];
        for (size_t i = 0; i < last.size(); ++i) {
          if (hit.features >> i & 1) last[i] = day;
        }
      }
      for (const TableHit& hit : shape->day) did[static_cast<size_t>(hit.table)] = true;
    }
    for (size_t t = 0; t < did.size(); ++t) {
      if (did[t]) ++truth_.habits[t][static_cast<size_t>(day)];
    }
  }

  const ActivityShape* ShapeOf(const SampleEvent& event) {
    traits_.clear();
    for (size_t bit = 0; bit < trait_names_.size(); ++bit) {
      if (event.traits >> bit & 1) traits_.push_back(trait_names_[bit]);
    }
    ActivityTraits activity;
    activity.type = kSampleActTypes[static_cast<size_t>(event.act)];
    activity.app = event.app;
    activity.platform = event.platform;
    activity.traits = traits_;
    IgnoredTerms ignored;
    return catalog_.Classify(activity, ignored);
  }

  void Close(TruthWindow& window, int end) {
    for (size_t t = 0; t < features_.size(); ++t) {
      if (window.people[t].empty()) continue;
      size_t pattern = 0;
      for (size_t i = 0; i < features_[t].size(); ++i) {
        if (features_[t][i] > end - kReachDays) pattern |= size_t{1} << i;
      }
      ++window.people[t][pattern];
    }
  }

  const SampleOrganization& organization_;
  const Catalog& catalog_;
  Truth& truth_;
  std::vector<std::vector<int>> features_;  // by table and feature: the last day
  std::vector<bool> did_;
  std::vector<const std::string*> trait_names_;
  std::vector<const std::string*> traits_;
  std::vector<SampleEvent> events_;
};

bool IsOfPeople(const Catalog& catalog, const CatalogTable& table) {
  return catalog.kinds()[static_cast<size_t>(table.kind)].proto->id() == "person";
}

// Written out here on its own, so that a mistake elsewhere in reading predicates
// cannot hide in the truth.
bool Selects(const catalog::v1::Predicate& predicate, const CatalogTable& table, size_t pattern) {
  if (pattern == 0) return false;
  const auto mask = [&table](const catalog::v1::FeatureSet& set) {
    size_t bits = 0;
    for (const std::string& id : set.features()) bits |= size_t{1} << table.FindFeature(id);
    return bits;
  };
  const size_t present = std::bitset<8>(pattern).count();
  switch (predicate.condition_case()) {
    case catalog::v1::Predicate::kAnyOf:
      return (pattern & mask(predicate.any_of())) != 0;
    case catalog::v1::Predicate::kAllOf:
      return (mask(predicate.all_of()) & ~pattern) == 0;
    case catalog::v1::Predicate::kOnly:
      return pattern == mask(predicate.only());
    case catalog::v1::Predicate::kAtLeast:
      return present >= predicate.at_least();
    case catalog::v1::Predicate::kExactly:
      return present == predicate.exactly();
    case catalog::v1::Predicate::CONDITION_NOT_SET:
      break;
  }
  return false;
}

}  // namespace

Truth CountTruth(const SampleOrganization& organization, const Catalog& catalog,
                 const std::vector<Day>& end_days, int step_days) {
  Truth truth;
  truth.headcount = organization.people();
  truth.entitlements["assistant"] = organization.licensed_people();
  truth.step_days = step_days;
  truth.first_day = organization.DayAt(0);
  truth.habits.resize(catalog.tables().size());
  TruthWindow empty;
  empty.people.resize(catalog.tables().size());
  empty.habit_sums.resize(catalog.tables().size());
  for (size_t t = 0; t < catalog.tables().size(); ++t) {
    const CatalogTable& table = catalog.tables()[t];
    if (!IsOfPeople(catalog, table)) continue;
    if (table.is_habit()) {
      truth.habits[t].resize(static_cast<size_t>(organization.days()));
    } else {
      empty.people[t].resize(size_t{1} << table.feature_count());
    }
  }
  for (Day end : end_days) {
    if (end < truth.first_day + (kReachDays - 1) || end > organization.options().last_day) continue;
    truth.windows.push_back(empty);
    truth.windows.back().end_day = end;
  }
  PersonCounter counter(organization, catalog, truth);
  for (uint32_t person = 0; person < organization.people(); ++person) counter.Count(person);
  for (TruthWindow& window : truth.windows) {
    const int end = static_cast<int>(window.end_day - truth.first_day);
    for (size_t t = 0; t < truth.habits.size(); ++t) {
      if (truth.habits[t].empty()) continue;
      for (int day = end - step_days + 1; day <= end; ++day) {
        window.habit_sums[t] += truth.habits[t][static_cast<size_t>(day)];
      }
    }
  }
  return truth;
}

Truth CountTruth(const SampleOrganization& organization, const Catalog& catalog) {
  const int period = PeriodDays(CadenceOf(organization.options()));
  const Day first_end = organization.DayAt(0) + (kReachDays - 1);
  std::vector<Day> ends;
  for (Day end = first_end; end <= organization.options().last_day; ++end) {
    // Windows end on every period-th day counted from a Sunday.
    if ((end - Day(2000, 1, 2)) % period == 0) ends.push_back(end);
  }
  return CountTruth(organization, catalog, ends, period);
}

int64_t Truth::People(const Catalog& catalog, const TruthWindow& window,
                      const catalog::v1::Predicate& predicate) {
  const int table = catalog.FindTable(predicate.table());
  if (table < 0) return 0;
  const std::vector<int64_t>& people = window.people[static_cast<size_t>(table)];
  int64_t sum = 0;
  for (size_t pattern = 0; pattern < people.size(); ++pattern) {
    if (Selects(predicate, catalog.tables()[static_cast<size_t>(table)], pattern)) {
      sum += people[pattern];
    }
  }
  return sum;
}

int64_t Truth::Entitled(const std::string& product) const {
  const auto found = entitlements.find(product);
  return found == entitlements.end() ? headcount : found->second;
}

absl::optional<double> Truth::Measure(const Catalog& catalog, const TruthWindow& window,
                                      const catalog::v1::Measure& measure) const {
  const auto of_people = [&catalog](const std::string& id) {
    const int table = catalog.FindTable(id);
    return table >= 0 && IsOfPeople(catalog, catalog.tables()[static_cast<size_t>(table)]);
  };
  double above = 0;
  double below = 1;
  switch (measure.formula_case()) {
    case catalog::v1::Measure::kShare:
      if (!of_people(measure.share().numerator().table())) return absl::nullopt;
      above = static_cast<double>(People(catalog, window, measure.share().numerator()));
      below = static_cast<double>(measure.share().has_subjects()
                                      ? People(catalog, window, measure.share().subjects())
                                      : Entitled(measure.share().entitled_product()));
      break;
    case catalog::v1::Measure::kHabit: {
      if (!of_people(measure.habit().table())) return absl::nullopt;
      const int table = catalog.FindTable(measure.habit().table());
      above = static_cast<double>(window.habit_sums[static_cast<size_t>(table)]);
      below = static_cast<double>(Entitled(measure.habit().entitled_product())) * step_days;
      break;
    }
    case catalog::v1::Measure::kCount:
      if (!of_people(measure.count().table())) return absl::nullopt;
      above = static_cast<double>(People(catalog, window, measure.count()));
      break;
    case catalog::v1::Measure::FORMULA_NOT_SET:
      return absl::nullopt;
  }
  if (below <= 0) return absl::nullopt;
  return above / below;
}

absl::optional<double> Truth::Points(const Catalog& catalog, const TruthWindow& window,
                                     const catalog::v1::Category& category) const {
  if (!category.has_reach_and_habit()) return absl::nullopt;
  const catalog::v1::ReachAndHabit& formula = category.reach_and_habit();
  const absl::optional<double> reach =
      Measure(catalog, window, *catalog.FindMeasure(formula.reach_measure()));
  const absl::optional<double> habit =
      Measure(catalog, window, *catalog.FindMeasure(formula.habit_measure()));
  if (!reach.has_value() || !habit.has_value()) return absl::nullopt;
  const double full = double{1} * formula.full_habit_numerator() / formula.full_habit_denominator();
  return formula.reach_points() * *reach + formula.habit_points() * std::min(1.0, *habit / full);
}

const TruthWindow* Truth::Find(Day end_day) const {
  for (const TruthWindow& window : windows) {
    if (window.end_day == end_day) return &window;
  }
  return nullptr;
}

}  // namespace tutti
