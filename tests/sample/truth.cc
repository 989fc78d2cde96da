#include "tests/sample/truth.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "common/window/cadence.h"
#include "common/window/schedule.h"
#include "common/window/window.h"
#include "tests/sample/sample_items.h"
#include "tests/sample/told.h"

namespace tutti {
namespace {

using window::v1::Cadence;

constexpr int kNever = -1000;

Cadence CadenceOf(const SampleOptions& options) {
  return ChooseCadence(options.people, options.cadence, window::v1::CADENCE_AUTO);
}

const std::string& KindOf(const Catalog& catalog, const CatalogTable& table) {
  return catalog.kind(table.kind).proto->id();
}

bool IsOfPeople(const Catalog& catalog, const CatalogTable& table) {
  return KindOf(catalog, table) == "person";
}

bool TellsTable(const SampleOptions& options, const Catalog& catalog, const CatalogTable& table) {
  const std::string& kind = KindOf(catalog, table);
  if (kind == "person") return TellsPeople(options);
  return kind == "device" ? TellsDevices(options) : TellsItems(options);
}

// Counts one person after the other: which features each day has, then, day by day, the
// last day of each feature, which is enough to say which windows have it.
class PersonCounter {
 public:
  PersonCounter(const SampleOrganization& organization, const Catalog& catalog, Truth& truth)
      : organization_(organization),
        catalog_(catalog),
        truth_(truth),
        zone_(LoadZone(organization.options().time_zone).value()),
        told_of_day_(static_cast<size_t>(organization.days())) {
    features_.resize(catalog.tables().size());
    for (size_t t = 0; t < features_.size(); ++t) {
      features_[t].resize(static_cast<size_t>(catalog.tables()[t].feature_count()));
    }
    for (std::vector<uint8_t>& day : told_of_day_) day.resize(features_.size());
    for (const std::string& name : SampleTraitNames()) trait_names_.emplace_back(name);
  }

  void Count(uint32_t person) {
    for (std::vector<uint8_t>& day : told_of_day_) std::fill(day.begin(), day.end(), uint8_t{0});
    const SampleHabits habits = organization_.HabitsOf(person);
    for (int day = 0; day < organization_.days(); ++day) ReadDay(habits, day);
    for (std::vector<int>& last : features_) std::fill(last.begin(), last.end(), kNever);
    auto window = truth_.windows.begin();
    for (int day = 0; day < organization_.days(); ++day) {
      CountDay(day);
      if (window != truth_.windows.end() && window->end_day == organization_.DayAt(day)) {
        Close(*window++, day);
      }
    }
  }

 private:
  // What the sources tell of what was done on a day; some tell it of a neighbouring one.
  void ReadDay(const SampleHabits& habits, int day) {
    events_.clear();
    organization_.AppendDay(habits, day, events_);
    truth_.activities += static_cast<int64_t>(events_.size());
    told_.clear();
    for (const SampleEvent& event : events_) {
      for (const SampleShape shape : organization_.options().shapes) {
        AppendTold(event, shape, told_);
      }
    }
    for (const ToldActivity& told : told_) {
      const Day told_day = absl::ToCivilDay(absl::FromUnixSeconds(told.seconds), zone_);
      const int64_t number = told_day - truth_.first_day;
      if (number < 0 || number >= organization_.days()) continue;
      Read(told, told_of_day_[static_cast<size_t>(number)]);
    }
  }

  void Read(const ToldActivity& told, std::vector<uint8_t>& day) {
    const ActivityShape* shape = ShapeOf(told);
    if (shape == nullptr) {
      ++truth_.refused;
      return;
    }
    for (const std::vector<TableHit>* hits : {&shape->reach, &shape->day}) {
      for (const TableHit& hit : *hits) {
        day[static_cast<size_t>(hit.table)] |= static_cast<uint8_t>(hit.features);
      }
    }
  }

  void CountDay(int day) {
    const std::vector<uint8_t>& told = told_of_day_[static_cast<size_t>(day)];
    for (size_t t = 0; t < told.size(); ++t) {
      if (told[t] == 0) continue;
      if (catalog_.tables()[t].is_habit()) {
        ++truth_.habits[t][static_cast<size_t>(day)];
        continue;
      }
      for (size_t i = 0; i < features_[t].size(); ++i) {
        if (told[t] >> i & 1) features_[t][i] = day;
      }
    }
  }

  const ActivityShape* ShapeOf(const ToldActivity& told) {
    traits_.clear();
    for (size_t bit = 0; bit < trait_names_.size(); ++bit) {
      if (told.traits >> bit & 1) traits_.push_back(trait_names_[bit]);
    }
    ActivityTraits activity;
    activity.type = told.type;
    activity.app = told.app;
    activity.platform = told.platform;
    activity.traits = traits_;
    IgnoredTerms ignored;
    return catalog_.Classify(activity, ignored);
  }

  void Close(TruthWindow& window, int end) {
    for (size_t t = 0; t < features_.size(); ++t) {
      if (window.subjects[t].empty() || !IsOfPeople(catalog_, catalog_.tables()[t])) continue;
      size_t pattern = 0;
      for (size_t i = 0; i < features_[t].size(); ++i) {
        if (features_[t][i] > end - kReachDays) pattern |= size_t{1} << i;
      }
      ++window.subjects[t][pattern];
    }
  }

  const SampleOrganization& organization_;
  const Catalog& catalog_;
  Truth& truth_;
  const absl::TimeZone zone_;
  std::vector<std::vector<uint8_t>> told_of_day_;  // by day and table: features, as bits
  std::vector<std::vector<int>> features_;         // by table and feature: the last day
  std::vector<ToldActivity> told_;
  std::vector<absl::string_view> trait_names_;
  std::vector<absl::string_view> traits_;
  std::vector<SampleEvent> events_;
};

// Counts one thing after the other.
class ItemCounter {
 public:
  ItemCounter(const Catalog& catalog, Truth& truth) : catalog_(catalog), truth_(truth) {}

  // All of a thing comes in a row.
  void Add(const ingest::v1::Activity& activity, int day) {
    if (activity.subject() != subject_) Finish();
    subject_ = activity.subject();
    ++truth_.activities;
    IgnoredTerms ignored;
    const std::vector<absl::string_view> names(activity.traits().begin(), activity.traits().end());
    const ActivityTraits traits = {activity.type(), activity.app(), activity.platform(), names};
    const ActivityShape* const shape = catalog_.Classify(traits, ignored);
    if (shape == nullptr) {
      ++truth_.refused;
      return;
    }
    acts_.emplace_back(truth_.first_day + day, shape);
  }

  void Finish() {
    for (TruthWindow& window : truth_.windows) {
      patterns_.clear();
      for (const auto& [day, shape] : acts_) {
        if (day > window.end_day || day <= window.end_day - kReachDays) continue;
        for (const TableHit& hit : shape->reach) patterns_[hit.table] |= hit.features;
      }
      for (const auto& [table, pattern] : patterns_) {
        ++window.subjects[static_cast<size_t>(table)][pattern];
      }
    }
    acts_.clear();
  }

 private:
  const Catalog& catalog_;
  Truth& truth_;
  std::string subject_;
  std::vector<std::pair<Day, const ActivityShape*>> acts_;
  std::map<int, size_t> patterns_;  // by table
};

// Whether the truth has something about the table.
bool IsTold(const Catalog& catalog, const TruthWindow& window, const std::string& table) {
  const int found = catalog.FindTable(table);
  return found >= 0 && !window.subjects[static_cast<size_t>(found)].empty();
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
  empty.subjects.resize(catalog.tables().size());
  empty.habit_sums.resize(catalog.tables().size());
  for (size_t t = 0; t < catalog.tables().size(); ++t) {
    const CatalogTable& table = catalog.tables()[t];
    if (!TellsTable(organization.options(), catalog, table)) continue;
    if (table.is_habit()) {
      truth.habits[t].resize(static_cast<size_t>(organization.days()));
    } else {
      empty.subjects[t].resize(size_t{1} << table.feature_count());
    }
  }
  for (Day end : end_days) {
    if (end < truth.first_day + (kReachDays - 1) || end > organization.options().last_day) continue;
    truth.windows.push_back(empty);
    truth.windows.back().end_day = end;
  }
  PersonCounter counter(organization, catalog, truth);
  for (uint32_t person = 0; person < organization.people(); ++person) counter.Count(person);
  ItemCounter items(catalog, truth);
  ForEachItemActivity(organization, [&items](const ingest::v1::Activity& activity, int day) {
    items.Add(activity, day);
  });
  items.Finish();
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

int64_t Truth::Subjects(const Catalog& catalog, const TruthWindow& window,
                        const catalog::v1::Predicate& predicate) {
  const int table = catalog.FindTable(predicate.table());
  if (table < 0) return 0;
  const std::vector<int64_t>& subjects = window.subjects[static_cast<size_t>(table)];
  int64_t sum = 0;
  for (size_t pattern = 0; pattern < subjects.size(); ++pattern) {
    if (Selects(predicate, catalog.table(table), pattern)) {
      sum += subjects[pattern];
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
  double above = 0;
  double below = 1;
  switch (measure.formula_case()) {
    case catalog::v1::Measure::kShare:
      if (!IsTold(catalog, window, measure.share().numerator().table())) return absl::nullopt;
      above = static_cast<double>(Subjects(catalog, window, measure.share().numerator()));
      if (measure.share().numerator().has_exactly() && measure.share().numerator().exactly() == 0) {
        catalog::v1::Predicate anything = measure.share().numerator();
        anything.set_at_least(1);
        above = static_cast<double>(Entitled(measure.share().entitled_product()) -
                                    Subjects(catalog, window, anything));
      }
      below = static_cast<double>(measure.share().has_subjects()
                                      ? Subjects(catalog, window, measure.share().subjects())
                                      : Entitled(measure.share().entitled_product()));
      break;
    case catalog::v1::Measure::kHabit: {
      const int table = catalog.FindTable(measure.habit().table());
      if (table < 0 || habits[static_cast<size_t>(table)].empty()) return absl::nullopt;
      above = static_cast<double>(window.habit_sums[static_cast<size_t>(table)]);
      below = static_cast<double>(Entitled(measure.habit().entitled_product())) * step_days;
      break;
    }
    case catalog::v1::Measure::kCount:
      if (!IsTold(catalog, window, measure.count().table())) return absl::nullopt;
      above = static_cast<double>(Subjects(catalog, window, measure.count()));
      break;
    case catalog::v1::Measure::FORMULA_NOT_SET:
      return absl::nullopt;
  }
  if (below <= 0) return absl::nullopt;
  return above / below;
}

absl::optional<double> Truth::Practice(const Catalog& catalog, const TruthWindow& window,
                                       const catalog::v1::Practice& practice) {
  if (!IsTold(catalog, window, practice.table())) return absl::nullopt;
  const int table = catalog.FindTable(practice.table());
  const CatalogTable& compiled = catalog.table(table);
  const size_t followed = size_t{1} << compiled.FindFeature(practice.followed_feature());
  const size_t large = size_t{1} << compiled.FindFeature(practice.double_weight_feature());
  const std::vector<int64_t>& subjects = window.subjects[static_cast<size_t>(table)];
  int64_t above = 0;
  int64_t below = Subjects(catalog, window, practice.denominator());
  for (size_t pattern = 0; pattern < subjects.size(); ++pattern) {
    const bool is_large = (pattern & large) != 0;
    if ((pattern & followed) != 0) above += (is_large ? 2 : 1) * subjects[pattern];
    if (is_large) below += subjects[pattern];
  }
  if (below <= 0) return absl::nullopt;
  return static_cast<double>(above) / static_cast<double>(below);
}

absl::optional<double> Truth::Points(const Catalog& catalog, const TruthWindow& window,
                                     const catalog::v1::Category& category) const {
  const auto measured = [&](const std::string& id) {
    return Measure(catalog, window, *catalog.FindMeasure(id));
  };
  if (category.has_reach_and_habit()) {
    const catalog::v1::ReachAndHabit& formula = category.reach_and_habit();
    const absl::optional<double> reach = measured(formula.reach_measure());
    const absl::optional<double> habit = measured(formula.habit_measure());
    if (!reach.has_value() || !habit.has_value()) return absl::nullopt;
    const double full =
        double{1} * formula.full_habit_numerator() / formula.full_habit_denominator();
    return formula.reach_points() * *reach + formula.habit_points() * std::min(1.0, *habit / full);
  }
  double sum = 0;
  double weights = 0;
  for (const catalog::v1::Practice& practice : category.practices().practices()) {
    const absl::optional<double> share = Practice(catalog, window, practice);
    if (!share.has_value()) return absl::nullopt;
    sum += practice.weight() * *share;
    weights += practice.weight();
  }
  for (const std::string& id : category.fault_free().fault_measures()) {
    const absl::optional<double> share = measured(id);
    if (!share.has_value()) return absl::nullopt;
    sum += 1 - *share;
    weights += 1;
  }
  for (const std::string& id : category.fault_free().health_measures()) {
    const absl::optional<double> share = measured(id);
    if (!share.has_value()) return absl::nullopt;
    sum += *share;
    weights += 1;
  }
  if (weights <= 0) return absl::nullopt;
  return 100 * sum / weights;
}

const TruthWindow* Truth::Find(Day end_day) const {
  for (const TruthWindow& window : windows) {
    if (window.end_day == end_day) return &window;
  }
  return nullptr;
}

}  // namespace tutti
