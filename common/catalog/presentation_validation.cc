#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/catalog/validation.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::FeatureSet;
using catalog::v1::HabitShare;
using catalog::v1::Measure;
using catalog::v1::Practice;
using catalog::v1::Predicate;
using catalog::v1::ReachAndHabit;
using catalog::v1::Share;
using catalog::v1::Table;
using catalog::v1::TableRole;
using Seen = absl::flat_hash_set<absl::string_view>;

constexpr uint64_t kCategoryPoints = 100;

const Table* TableOf(const CatalogCheck& check, const std::string& id, const CatalogEntry& entry) {
  const int found = CatalogIndex::Find(check.index.tables, id);
  if (found >= 0) return &check.catalog.tables(found);
  check.errors.Add(entry, absl::StrCat("unknown table '", id, "'"));
  return nullptr;
}

const Table* ReachTableOf(const CatalogCheck& check, const std::string& id,
                          const CatalogEntry& entry) {
  const Table* const table = TableOf(check, id, entry);
  if (table == nullptr || table->role() != TableRole::TABLE_ROLE_HABIT) return table;
  check.errors.Add(entry, absl::StrCat("table '", id,
                                       "' is a habit table: name a primary or a "
                                       "supporting one"));
  return nullptr;
}

CatalogIndex::Positions FeaturesOf(const Table& table) {
  CatalogIndex::Positions positions;
  for (int i = 0; i < table.features_size(); ++i) positions.emplace(table.features(i).id(), i);
  return positions;
}

void CheckFeatureSet(const CatalogCheck& check, const Table& table, const FeatureSet& set,
                     const CatalogEntry& entry) {
  if (set.features().empty()) {
    check.errors.Add(entry,
                     "names no feature: it could select subjects without any; name at least one");
  }
  CheckReferences(set.features(), FeaturesOf(table), "feature", entry, check.errors);
}

// Checks a predicate; the table that it selects from, when there is one. `exactly` is at least
// `least`.
const Table* CheckPredicate(const CatalogCheck& check, const Predicate& predicate,
                            const CatalogEntry& entry, uint32_t least = 1) {
  const Table* const table = ReachTableOf(check, predicate.table(), entry);
  if (predicate.condition_case() == Predicate::CONDITION_NOT_SET) {
    check.errors.Add(entry, "has no condition: give it any_of, all_of, only, at_least or exactly");
  }
  if (table == nullptr) return nullptr;
  switch (predicate.condition_case()) {
    case Predicate::kAnyOf:
      CheckFeatureSet(check, *table, predicate.any_of(), entry);
      break;
    case Predicate::kAllOf:
      CheckFeatureSet(check, *table, predicate.all_of(), entry);
      break;
    case Predicate::kOnly:
      CheckFeatureSet(check, *table, predicate.only(), entry);
      break;
    case Predicate::kAtLeast:
      CheckRange(predicate.at_least(), 1, table->features_size(), "at_least", entry, check.errors);
      break;
    case Predicate::kExactly:
      CheckRange(predicate.exactly(), least, table->features_size(), "exactly", entry,
                 check.errors);
      break;
    case Predicate::CONDITION_NOT_SET:
      break;
  }
  return table;
}

void CheckShare(const CatalogCheck& check, const Share& share, const CatalogEntry& entry) {
  const Table* numerator = nullptr;
  if (share.has_numerator()) {
    // What is left of a public number can be told.
    numerator = CheckPredicate(check, share.numerator(), entry.Child("numerator", -1, "numerator"),
                               share.has_entitled_product() ? 0 : 1);
  } else {
    check.errors.Add(entry, "has no numerator");
  }
  if (share.denominator_case() == Share::DENOMINATOR_NOT_SET) {
    check.errors.Add(entry, "has no denominator: give it entitled_product or subjects");
  }
  if (!share.has_subjects()) return;
  const CatalogEntry subjects = entry.Child("subjects", -1, "denominator");
  const Table* const denominator = CheckPredicate(check, share.subjects(), subjects);
  if (numerator != nullptr && denominator != nullptr && numerator->kind() != denominator->kind()) {
    check.errors.Add(subjects,
                     absl::StrCat("is of kind '", denominator->kind(), "', the numerator of kind '",
                                  numerator->kind(), "': a share is of subjects of one kind"));
  }
}

void CheckHabitShare(const CatalogCheck& check, const HabitShare& habit,
                     const CatalogEntry& entry) {
  const Table* const table = TableOf(check, habit.table(), entry);
  if (table != nullptr && table->role() != TableRole::TABLE_ROLE_HABIT) {
    check.errors.Add(entry,
                     absl::StrCat("table '", habit.table(), "' is not a habit table: name one"));
  }
}

void CheckMeasure(const CatalogCheck& check, const Measure& measure, const CatalogEntry& entry) {
  CheckWords(measure.display_name(), "display_name", entry, check.errors);
  CheckWords(measure.sentence(), "sentence", entry, check.errors);
  CheckWords(measure.numerator_words(), "numerator_words", entry, check.errors);
  if (measure.has_share() || measure.has_habit()) {
    CheckWords(measure.denominator_words(), "denominator_words", entry, check.errors);
  }
  CheckWords(measure.raise_words(), "raise_words", entry, check.errors);
  if (!measure.category().empty() &&
      CatalogIndex::Find(check.index.categories, measure.category()) < 0) {
    check.errors.Add(entry, absl::StrCat("unknown category '", measure.category(), "'"));
  }
  CheckReferences(measure.sources(), check.index.sources, "source", entry, check.errors);
  switch (measure.formula_case()) {
    case Measure::kShare:
      CheckShare(check, measure.share(), entry.Child("share", -1, "share"));
      break;
    case Measure::kHabit:
      CheckHabitShare(check, measure.habit(), entry.Child("habit", -1, "habit"));
      break;
    case Measure::kCount:
      CheckPredicate(check, measure.count(), entry.Child("count", -1, "count"));
      break;
    case Measure::FORMULA_NOT_SET:
      check.errors.Add(entry, "has no formula: give it share, habit or count");
      break;
  }
}

void CheckMeasures(const CatalogCheck& check) {
  Seen seen;
  for (int i = 0; i < check.catalog.measures_size(); ++i) {
    const Measure& measure = check.catalog.measures(i);
    const CatalogEntry entry = check.root.Child("measures", i, "measure", measure.id());
    CheckId(measure.id(), entry, seen, check.errors);
    CheckMeasure(check, measure, entry);
  }
}

const Measure* MeasureOf(const CatalogCheck& check, const std::string& id,
                         const CatalogEntry& entry) {
  const int found = CatalogIndex::Find(check.index.measures, id);
  if (found >= 0) return &check.catalog.measures(found);
  check.errors.Add(entry, absl::StrCat("unknown measure '", id, "'"));
  return nullptr;
}

void CheckReachAndHabit(const CatalogCheck& check, const ReachAndHabit& formula,
                        const CatalogEntry& entry) {
  const Measure* const reach = MeasureOf(check, formula.reach_measure(), entry);
  if (reach != nullptr && !reach->has_share()) {
    check.errors.Add(entry, absl::StrCat("reach measure '", reach->id(), "' is not a share"));
  }
  const Measure* const habit = MeasureOf(check, formula.habit_measure(), entry);
  if (habit != nullptr && !habit->has_habit()) {
    check.errors.Add(entry, absl::StrCat("habit measure '", habit->id(), "' is not a habit"));
  }
  const uint64_t points = uint64_t{formula.reach_points()} + formula.habit_points();
  if (points != kCategoryPoints) {
    check.errors.Add(entry, absl::StrCat("reach_points and habit_points sum to ", points,
                                         ": they must sum to ", kCategoryPoints));
  }
  CheckRange(formula.full_habit_denominator(), 1, std::numeric_limits<int32_t>::max(),
             "full_habit_denominator", entry, check.errors);
  if (formula.full_habit_numerator() < 1 ||
      formula.full_habit_numerator() > formula.full_habit_denominator()) {
    check.errors.Add(entry, "full_habit_numerator must be in 1..full_habit_denominator");
  }
}

void CheckPractice(const CatalogCheck& check, const Practice& practice, const CatalogEntry& entry) {
  CheckWords(practice.phase(), "phase", entry, check.errors);
  CheckWords(practice.display_name(), "display_name", entry, check.errors);
  CheckRange(practice.weight(), 1, 1000, "weight", entry, check.errors);
  const Table* const table = ReachTableOf(check, practice.table(), entry);
  if (table != nullptr) {
    const CatalogIndex::Positions features = FeaturesOf(*table);
    for (const std::string& id : {practice.followed_feature(), practice.double_weight_feature()}) {
      if (features.contains(id)) continue;
      check.errors.Add(entry, absl::StrCat("unknown feature '", id, "'"));
    }
    if (practice.followed_feature() == practice.double_weight_feature()) {
      check.errors.Add(entry, "followed_feature and double_weight_feature must differ");
    }
  }
  if (!practice.has_denominator()) {
    check.errors.Add(entry, "has no denominator");
    return;
  }
  const CatalogEntry below = entry.Child("denominator", -1, "denominator");
  const Table* const denominator = CheckPredicate(check, practice.denominator(), below);
  if (table != nullptr && denominator != nullptr && table->kind() != denominator->kind()) {
    check.errors.Add(below, "is of another kind than the practice's table");
  }
}

void CheckFaultFree(const CatalogCheck& check, const catalog::v1::FaultFree& formula,
                    const CatalogEntry& entry) {
  if (formula.fault_measures().empty() && formula.health_measures().empty()) {
    check.errors.Add(entry, "fault_measures and health_measures are empty: name at least one");
  }
  for (const auto* measures : {&formula.fault_measures(), &formula.health_measures()}) {
    CheckReferences(*measures, check.index.measures, "measure", entry, check.errors);
    for (const std::string& id : *measures) {
      const int found = CatalogIndex::Find(check.index.measures, id);
      if (found >= 0 && !check.catalog.measures(found).has_share()) {
        check.errors.Add(entry, absl::StrCat("measure '", id, "' is not a share"));
      }
    }
  }
}

void CheckFormula(const CatalogCheck& check, const Category& category, const CatalogEntry& entry) {
  switch (category.formula_case()) {
    case Category::kReachAndHabit:
      CheckReachAndHabit(check, category.reach_and_habit(), entry);
      break;
    case Category::kPractices: {
      const CatalogEntry practices = entry.Child("practices", -1, "practices");
      if (category.practices().practices().empty()) {
        check.errors.Add(practices, "is empty: list at least one");
      }
      for (int i = 0; i < category.practices().practices_size(); ++i) {
        CheckPractice(check, category.practices().practices(i),
                      practices.Child("practices", i, "practice"));
      }
      break;
    }
    case Category::kFaultFree:
      CheckFaultFree(check, category.fault_free(), entry);
      break;
    case Category::FORMULA_NOT_SET:
      check.errors.Add(entry, "has no formula: give it reach_and_habit, practices or fault_free");
      break;
  }
}

// A stand-in must name another category, which stands in for none itself: then
// there is one answer to what is shown when sources are missing.
void CheckSubstitute(const CatalogCheck& check, const Category& category,
                     const CatalogEntry& entry) {
  if (category.substitutes().empty()) return;
  const int found = CatalogIndex::Find(check.index.categories, category.substitutes());
  if (found < 0) {
    check.errors.Add(entry, absl::StrCat("unknown category '", category.substitutes(), "'"));
  } else if (category.substitutes() == category.id()) {
    check.errors.Add(entry, "substitutes itself");
  } else if (!check.catalog.categories(found).substitutes().empty()) {
    check.errors.Add(entry, absl::StrCat("category '", category.substitutes(),
                                         "' is a substitute itself: name one that is not"));
  }
}

void CheckCategories(const CatalogCheck& check) {
  Seen seen;
  for (int i = 0; i < check.catalog.categories_size(); ++i) {
    const Category& category = check.catalog.categories(i);
    const CatalogEntry entry = check.root.Child("categories", i, "category", category.id());
    CheckId(category.id(), entry, seen, check.errors);
    CheckWords(category.display_name(), "display_name", entry, check.errors);
    CheckWords(category.description(), "description", entry, check.errors);
    if (category.sources().empty()) {
      check.errors.Add(entry, "sources is empty: it could never be measured; name at least one");
    }
    CheckReferences(category.sources(), check.index.sources, "source", entry, check.errors);
    CheckFormula(check, category, entry);
    CheckSubstitute(check, category, entry);
  }
}

void CheckThreshold(const catalog::v1::RecommendedAction& action, const CatalogEntry& entry,
                    CatalogErrors& errors) {
  if (action.above_permille() == 0) {
    CheckRange(action.below_permille(), 1, 1000, "below_permille", entry, errors);
  } else if (action.below_permille() != 0) {
    errors.Add(entry, "has below_permille and above_permille: give it one of them");
  } else {
    CheckRange(action.above_permille(), 1, 999, "above_permille", entry, errors);
  }
}

void CheckActions(const CatalogCheck& check) {
  Seen seen;
  for (int i = 0; i < check.catalog.actions_size(); ++i) {
    const catalog::v1::RecommendedAction& action = check.catalog.actions(i);
    const CatalogEntry entry = check.root.Child("actions", i, "action", action.id());
    CheckId(action.id(), entry, seen, check.errors);
    CheckWords(action.title(), "title", entry, check.errors);
    CheckWords(action.text(), "text", entry, check.errors);
    CheckThreshold(action, entry, check.errors);
    const Measure* const measure = MeasureOf(check, action.measure(), entry);
    if (measure != nullptr && measure->has_count()) {
      check.errors.Add(
          entry, absl::StrCat("measure '", measure->id(), "' is a count: name a share or a habit"));
    }
  }
}

}  // namespace

void ValidatePresentation(const CatalogCheck& check) {
  CheckMeasures(check);
  CheckCategories(check);
  CheckActions(check);
  for (int i = 0; i < check.catalog.never_measured_size(); ++i) {
    CheckWords(check.catalog.never_measured(i), "sentence",
               check.root.Child("never_measured", i, "never_measured"), check.errors);
  }
  for (int i = 0; i < check.catalog.counted_alike_size(); ++i) {
    const std::string& fingerprint = check.catalog.counted_alike(i);
    if (fingerprint.size() == 32 &&
        fingerprint.find_first_not_of("0123456789abcdef") == std::string::npos) {
      continue;
    }
    check.errors.Add(check.root.Child("counted_alike", i, "counted_alike"),
                     "a fingerprint has 32 hexadecimal digits, in lower case");
  }
}

}  // namespace tutti
