#include "common/catalog/validate.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using catalog::v1::Catalog;
using catalog::v1::Category;
using catalog::v1::Feature;
using catalog::v1::Measure;
using catalog::v1::Predicate;
using catalog::v1::Rule;
using catalog::v1::SubjectKind;
using catalog::v1::Table;

constexpr int kMaxFeatures = 4;
constexpr uint32_t kMaxColumn = 255;
constexpr int kMaxApps = 63;
constexpr int kMaxPlatforms = 8;
constexpr int kMaxTraits = 64;
constexpr uint32_t kMaxWeight = 1000;

bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= 63 && absl::ascii_islower(static_cast<unsigned char>(id[0])) &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '.';
         });
}

class Validator {
 public:
  explicit Validator(const Catalog& catalog) : catalog_(catalog) {}

  std::vector<std::string> Run() {
    CheckVocabulary();
    for (const SubjectKind& kind : catalog_.kinds()) CheckKind(kind);
    CheckTypes();
    CheckBudget();
    for (const Table& table : catalog_.tables()) CheckTable(table);
    CheckColumns();
    for (const Measure& measure : catalog_.measures()) CheckMeasure(measure);
    for (const Category& category : catalog_.categories()) CheckCategory(category);
    for (const auto& action : catalog_.actions()) {
      const Entry entry = Named("action", action.id());
      Known(entry, "measure", action.measure(), measures_);
      Require(entry, action.below_permille() >= 1 && action.below_permille() <= 1000,
              "below_permille must be 1 to 1000");
      Require(entry, !action.title().empty() && !action.text().empty(), "needs a title and a text");
    }
    return std::move(errors_);
  }

 private:
  using Entry = std::string;
  using Ids = std::set<std::string>;

  static Entry Named(const char* what, const std::string& id) {
    return absl::StrCat(what, " '", id, "'");
  }

  void Require(const Entry& entry, bool holds, const std::string& reason) {
    if (!holds) errors_.push_back(absl::StrCat(entry, ": ", reason));
  }

  void Known(const Entry& entry, const char* what, const std::string& id, const Ids& ids) {
    Require(entry, ids.count(id) != 0,
            absl::StrCat("names ", what, " '", id, "', which there is not"));
  }

  template <typename Entries>
  Ids Collect(const char* what, const Entries& entries) {
    Ids ids;
    for (const auto& entry : entries) {
      const Entry name = Named(what, entry.id());
      Require(name, IsId(entry.id()), "an id must match [a-z][a-z0-9_.]{0,62}");
      Require(name, ids.insert(entry.id()).second, "there are two of this id");
    }
    return ids;
  }

  void CheckVocabulary() {
    kinds_ = Collect("kind", catalog_.kinds());
    Collect("activity type", catalog_.activity_types());
    apps_ = Collect("app", catalog_.apps());
    platforms_ = Collect("platform", catalog_.platforms());
    traits_ = Collect("trait", catalog_.traits());
    Collect("table", catalog_.tables());
    measures_ = Collect("measure", catalog_.measures());
    categories_ = Collect("category", catalog_.categories());
    Collect("action", catalog_.actions());
    sources_ = Collect("source", catalog_.sources());
    for (const auto& type : catalog_.activity_types()) type_kinds_[type.id()] = type.kind();
    for (const Table& table : catalog_.tables()) tables_[table.id()] = &table;
    const Entry whole = "the catalogue";
    Require(whole, !catalog_.name().empty() && !catalog_.version().empty(),
            "needs a name and a version");
    Require(whole, !catalog_.kinds().empty(), "needs a kind");
    Require(whole, catalog_.apps_size() <= kMaxApps, "has more than 63 apps");
    Require(whole, catalog_.platforms_size() <= kMaxPlatforms, "has more than 8 platforms");
    Require(whole, catalog_.traits_size() <= kMaxTraits, "has more than 64 traits");
  }

  void CheckKind(const SubjectKind& kind) {
    const Entry entry = Named("kind", kind.id());
    const auto within = [&](const char* field, uint32_t value, uint32_t low, uint32_t high) {
      Require(entry, value >= low && value <= high,
              absl::StrCat(field, " is ", value, " and must be ", low, " to ", high));
    };
    within("expected_per_100_people", kind.expected_per_100_people(), 1, 100'000);
    within("slots_per_subject", kind.slots_per_subject(), 1, 64);
    within("max_slots_log2", kind.max_slots_log2(), 6, 20);
    within("max_slots_log2_daily", kind.max_slots_log2_daily(), 6, kind.max_slots_log2());
    Require(entry, kind.min_headcount() >= 10, "min_headcount must be at least 10");
    Require(entry, !kind.plural().empty() && !kind.protected_unit().empty(),
            "needs plural and protected_unit");
  }

  void CheckTypes() {
    for (const auto& type : catalog_.activity_types()) {
      const Entry entry = Named("activity type", type.id());
      Known(entry, "kind", type.kind(), kinds_);
      Require(entry, !type.description().empty(), "needs a description");
    }
  }

  void CheckBudget() {
    const Ids cadences = {"daily", "weekly", "four_weekly"};
    Ids seen;
    for (const auto& split : catalog_.budget_splits()) {
      const Entry entry = Named("budget split", split.cadence());
      Known(entry, "cadence", split.cadence(), cadences);
      Require(entry, seen.insert(split.cadence()).second, "there are two of this cadence");
      Require(entry,
              uint64_t{split.primary_permille()} + split.habit_permille() +
                      split.supporting_permille() ==
                  1000,
              "its parts must sum to 1000");
    }
    for (const std::string& cadence : cadences) {
      Require("the catalogue", seen.count(cadence) != 0,
              absl::StrCat("has no budget split for cadence '", cadence, "'"));
    }
  }

  void CheckTable(const Table& table) {
    const Entry entry = Named("table", table.id());
    Known(entry, "kind", table.kind(), kinds_);
    const bool has_role = table.role() == catalog::v1::TABLE_ROLE_PRIMARY ||
                          table.role() == catalog::v1::TABLE_ROLE_HABIT ||
                          table.role() == catalog::v1::TABLE_ROLE_SUPPORTING;
    Require(entry, has_role, "needs a role: PRIMARY, HABIT or SUPPORTING");
    Require(entry, table.weight() >= 1 && table.weight() <= kMaxWeight, "weight must be 1 to 1000");
    Require(entry, table.features_size() >= 1 && table.features_size() <= kMaxFeatures,
            absl::StrCat("has ", table.features_size(), " features and must have 1 to 4"));
    Require(entry, table.role() != catalog::v1::TABLE_ROLE_HABIT || table.features_size() == 1,
            "a habit table must have exactly one feature");
    Require(entry, !table.display_name().empty() && !table.description().empty(),
            "needs a display_name and a description");
    Ids seen;
    for (const Feature& feature : table.features()) {
      const Entry name = absl::StrCat(entry, " feature '", feature.id(), "'");
      Require(name, IsId(feature.id()), "an id must match [a-z][a-z0-9_.]{0,62}");
      Require(name, seen.insert(feature.id()).second, "there are two of this id");
      Require(name, feature.column() <= kMaxColumn, "column must be 0 to 255");
      Require(name, !feature.display_name().empty(), "needs a display_name");
      Require(name, !feature.any_of().empty(), "needs a rule");
      for (const Rule& rule : feature.any_of()) CheckRule(name, table.kind(), rule);
    }
  }

  void CheckRule(const Entry& entry, const std::string& kind, const Rule& rule) {
    for (const std::string& type : rule.types()) {
      const auto found = type_kinds_.find(type);
      Require(entry, found != type_kinds_.end(),
              absl::StrCat("names activity type '", type, "', which there is not"));
      Require(entry, found == type_kinds_.end() || found->second == kind,
              absl::StrCat("names activity type '", type, "', which is of another kind"));
    }
    for (const std::string& app : rule.apps()) Known(entry, "app", app, apps_);
    for (const std::string& id : rule.platforms()) Known(entry, "platform", id, platforms_);
    for (const std::string& trait : rule.any_traits()) Known(entry, "trait", trait, traits_);
    for (const std::string& trait : rule.all_traits()) Known(entry, "trait", trait, traits_);
  }

  void CheckColumns() {
    std::map<std::pair<std::string, std::pair<bool, uint32_t>>, Entry> used;
    for (const Table& table : catalog_.tables()) {
      const bool habit = table.role() == catalog::v1::TABLE_ROLE_HABIT;
      for (const Feature& feature : table.features()) {
        const Entry entry =
            absl::StrCat(Named("table", table.id()), " feature '", feature.id(), "'");
        const auto [other, fresh] = used.insert({{table.kind(), {habit, feature.column()}}, entry});
        Require(entry, fresh,
                absl::StrCat("column ", feature.column(), " is also that of ", other->second));
      }
    }
  }

  // The table, when the predicate names one.
  const Table* CheckPredicate(const Entry& entry, const Predicate& predicate) {
    const auto found = tables_.find(predicate.table());
    if (found == tables_.end()) {
      Require(entry, false,
              absl::StrCat("names table '", predicate.table(), "', which there is not"));
      return nullptr;
    }
    const Table& table = *found->second;
    const auto features = [&](const catalog::v1::FeatureSet& set) {
      Require(entry, !set.features().empty(), "names no feature");
      Ids seen;
      for (const std::string& id : set.features()) {
        const bool known = std::any_of(table.features().begin(), table.features().end(),
                                       [&](const Feature& f) { return f.id() == id; });
        Require(entry, known,
                absl::StrCat("names feature '", id, "', which table '", table.id(), "' has not"));
        Require(entry, seen.insert(id).second, absl::StrCat("names feature '", id, "' twice"));
      }
    };
    const auto number = [&](uint32_t n) {
      Require(entry, n >= 1 && n <= static_cast<uint32_t>(table.features_size()),
              absl::StrCat("counts ", n, " features of table '", table.id(), "', which has ",
                           table.features_size()));
    };
    switch (predicate.condition_case()) {
      case Predicate::kAnyOf:
        features(predicate.any_of());
        break;
      case Predicate::kAllOf:
        features(predicate.all_of());
        break;
      case Predicate::kOnly:
        features(predicate.only());
        break;
      case Predicate::kAtLeast:
        number(predicate.at_least());
        break;
      case Predicate::kExactly:
        number(predicate.exactly());
        break;
      case Predicate::CONDITION_NOT_SET:
        Require(entry, false, "has a predicate without a condition");
        break;
    }
    Require(entry, table.role() != catalog::v1::TABLE_ROLE_HABIT,
            absl::StrCat("asks for people of habit table '", table.id(), "', which has only days"));
    return &table;
  }

  void CheckMeasure(const Measure& measure) {
    const Entry entry = Named("measure", measure.id());
    Require(entry,
            !measure.display_name().empty() && !measure.sentence().empty() &&
                !measure.numerator_words().empty() && !measure.denominator_words().empty() &&
                !measure.raise_words().empty(),
            "needs display_name, sentence, numerator_words, denominator_words and raise_words");
    if (!measure.category().empty()) Known(entry, "category", measure.category(), categories_);
    switch (measure.formula_case()) {
      case Measure::kShare:
        CheckShare(entry, measure.share());
        break;
      case Measure::kHabit: {
        const auto found = tables_.find(measure.habit().table());
        Require(
            entry, found != tables_.end() && found->second->role() == catalog::v1::TABLE_ROLE_HABIT,
            absl::StrCat("names habit table '", measure.habit().table(), "', which there is not"));
        break;
      }
      case Measure::kCount:
        CheckPredicate(entry, measure.count());
        break;
      case Measure::FORMULA_NOT_SET:
        Require(entry, false, "needs a formula");
        break;
    }
  }

  void CheckShare(const Entry& entry, const catalog::v1::Share& share) {
    const Table* numerator = CheckPredicate(entry, share.numerator());
    if (share.denominator_case() == catalog::v1::Share::kSubjects) {
      const Table* denominator = CheckPredicate(entry, share.subjects());
      Require(entry,
              numerator == nullptr || denominator == nullptr ||
                  numerator->kind() == denominator->kind(),
              "divides one kind of subject by another");
      return;
    }
    Require(entry, share.denominator_case() != catalog::v1::Share::DENOMINATOR_NOT_SET,
            "needs a denominator");
  }

  void CheckCategory(const Category& category) {
    const Entry entry = Named("category", category.id());
    Require(entry, !category.display_name().empty() && !category.description().empty(),
            "needs a display_name and a description");
    Require(entry, !category.sources().empty(), "needs a source that can feed it");
    for (const std::string& source : category.sources()) Known(entry, "source", source, sources_);
    if (!category.substitutes().empty()) {
      Known(entry, "category", category.substitutes(), categories_);
    }
    switch (category.formula_case()) {
      case Category::kReachAndHabit:
        CheckReachAndHabit(entry, category.reach_and_habit());
        break;
      case Category::kPractices:
        Require(entry, !category.practices().practices().empty(), "needs a practice");
        for (const auto& practice : category.practices().practices())
          CheckPractice(entry, practice);
        break;
      case Category::kFaultFree:
        Require(entry, !category.fault_free().fault_measures().empty(), "needs a fault measure");
        for (const std::string& id : category.fault_free().fault_measures()) {
          CheckFormula(entry, id, Measure::kShare, "share");
        }
        break;
      case Category::FORMULA_NOT_SET:
        Require(entry, false, "needs a formula");
        break;
    }
  }

  void CheckFormula(const Entry& entry, const std::string& id, Measure::FormulaCase wanted,
                    const char* what) {
    const auto& all = catalog_.measures();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Measure& m) { return m.id() == id; });
    Require(entry, found != all.end() && found->formula_case() == wanted,
            absl::StrCat("names ", what, " measure '", id, "', which there is not"));
  }

  void CheckReachAndHabit(const Entry& entry, const catalog::v1::ReachAndHabit& formula) {
    CheckFormula(entry, formula.reach_measure(), Measure::kShare, "share");
    CheckFormula(entry, formula.habit_measure(), Measure::kHabit, "habit");
    Require(entry, uint64_t{formula.reach_points()} + formula.habit_points() == 100,
            "reach_points and habit_points must sum to 100");
    Require(entry,
            formula.full_habit_numerator() >= 1 &&
                formula.full_habit_numerator() <= formula.full_habit_denominator(),
            "the full habit must be a fraction above 0 and at most 1");
  }

  void CheckPractice(const Entry& entry, const catalog::v1::Practice& practice) {
    Predicate features;
    features.set_table(practice.table());
    features.mutable_any_of()->add_features(practice.followed_feature());
    if (!practice.double_weight_feature().empty()) {
      features.mutable_any_of()->add_features(practice.double_weight_feature());
    }
    CheckPredicate(entry, features);
    CheckPredicate(entry, practice.denominator());
    Require(entry, practice.weight() >= 1 && practice.weight() <= kMaxWeight,
            "a practice's weight must be 1 to 1000");
    Require(entry, !practice.phase().empty() && !practice.display_name().empty(),
            "a practice needs a phase and a display_name");
  }

  const Catalog& catalog_;
  Ids kinds_;
  Ids apps_;
  Ids platforms_;
  Ids traits_;
  Ids measures_;
  Ids categories_;
  Ids sources_;
  std::map<std::string, std::string> type_kinds_;
  std::map<std::string, const Table*> tables_;
  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> FindCatalogErrors(const Catalog& catalog) {
  return Validator(catalog).Run();
}

}  // namespace tutti
