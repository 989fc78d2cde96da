#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/validation.h"

namespace tutti {
namespace {

using catalog::v1::BudgetSplit;
using catalog::v1::Feature;
using catalog::v1::Rule;
using catalog::v1::SubjectKind;
using catalog::v1::Table;
using catalog::v1::TableRole;
using Seen = absl::flat_hash_set<absl::string_view>;
using Terms = google::protobuf::RepeatedPtrField<catalog::v1::Term>;

constexpr int kMaxPlatforms = 8;
constexpr int kMaxTraits = 64;
constexpr int kMaxFeatures = 4;
constexpr uint32_t kMaxColumn = 255;
constexpr int32_t kLeastHeadcount = 10;
constexpr std::array<absl::string_view, 3> kCadences = {"daily", "weekly", "four_weekly"};

void CheckKind(const SubjectKind& kind, const CatalogEntry& entry, CatalogErrors& errors) {
  CheckWords(kind.plural(), "plural", entry, errors);
  CheckWords(kind.protected_unit(), "protected_unit", entry, errors);
  CheckRange(kind.expected_per_100_people(), 1, 100'000, "expected_per_100_people", entry, errors);
  CheckRange(kind.slots_per_subject(), 1, 64, "slots_per_subject", entry, errors);
  CheckRange(kind.max_slots_log2(), 6, 20, "max_slots_log2", entry, errors);
  CheckRange(kind.max_slots_log2_daily(), 6, std::max(kind.max_slots_log2(), 6U),
             "max_slots_log2_daily", entry, errors);
  CheckRange(kind.min_headcount(), kLeastHeadcount, std::numeric_limits<int32_t>::max(),
             "min_headcount", entry, errors);
}

void CheckKinds(const CatalogCheck& check) {
  if (check.catalog.kinds().empty()) {
    check.errors.Add(check.root, "kinds is empty: name at least one kind of subject");
  }
  Seen seen;
  for (int i = 0; i < check.catalog.kinds_size(); ++i) {
    const SubjectKind& kind = check.catalog.kinds(i);
    const CatalogEntry entry = check.root.Child("kinds", i, "kind", kind.id());
    CheckId(kind.id(), entry, seen, check.errors);
    CheckKind(kind, entry, check.errors);
  }
}

void CheckActivityTypes(const CatalogCheck& check) {
  Seen seen;
  for (int i = 0; i < check.catalog.activity_types_size(); ++i) {
    const catalog::v1::ActivityType& type = check.catalog.activity_types(i);
    const CatalogEntry entry = check.root.Child("activity_types", i, "activity type", type.id());
    CheckId(type.id(), entry, seen, check.errors);
    CheckWords(type.description(), "description", entry, check.errors);
    if (CatalogIndex::Find(check.index.kinds, type.kind()) < 0) {
      check.errors.Add(entry, absl::StrCat("unknown kind '", type.kind(), "'"));
    }
  }
}

void CheckTerms(const CatalogCheck& check, const Terms& terms, const std::string& field,
                absl::string_view noun, int most) {
  if (terms.size() > most) {
    check.errors.Add(check.root, absl::StrCat(field, " has ", terms.size(),
                                              " entries: it may have at most ", most));
  }
  Seen seen;
  for (int i = 0; i < terms.size(); ++i) {
    const catalog::v1::Term& term = terms.Get(i);
    const CatalogEntry entry = check.root.Child(field, i, noun, term.id());
    CheckId(term.id(), entry, seen, check.errors);
    CheckWords(term.display_name(), "display_name", entry, check.errors);
  }
}

void CheckSources(const CatalogCheck& check) {
  Seen seen;
  for (int i = 0; i < check.catalog.sources_size(); ++i) {
    const catalog::v1::Source& source = check.catalog.sources(i);
    const CatalogEntry entry = check.root.Child("sources", i, "source", source.id());
    CheckId(source.id(), entry, seen, check.errors);
    CheckWords(source.display_name(), "display_name", entry, check.errors);
  }
}

void CheckRule(const CatalogCheck& check, const Table& table, const Rule& rule,
               const CatalogEntry& entry) {
  CheckReferences(rule.types(), check.index.activity_types, "activity type", entry, check.errors);
  CheckReferences(rule.apps(), check.index.apps, "app", entry, check.errors);
  CheckReferences(rule.platforms(), check.index.platforms, "platform", entry, check.errors);
  CheckReferences(rule.any_traits(), check.index.traits, "trait", entry, check.errors);
  CheckReferences(rule.all_traits(), check.index.traits, "trait", entry, check.errors);
  for (const std::string& type : rule.types()) {
    const int found = CatalogIndex::Find(check.index.activity_types, type);
    if (found >= 0 && check.catalog.activity_types(found).kind() != table.kind()) {
      check.errors.Add(entry, absl::StrCat("activity type '", type,
                                           "' is of another kind than the "
                                           "table: name types of kind '",
                                           table.kind(), "'"));
    }
  }
}

// Who has a column: of a kind, in a day window (true) or a reach window.
using Columns = absl::flat_hash_map<std::tuple<std::string, bool, uint32_t>, std::string>;

void CheckFeature(const CatalogCheck& check, const Table& table, const Feature& feature,
                  const CatalogEntry& entry, Columns& columns) {
  CheckWords(feature.display_name(), "display_name", entry, check.errors);
  CheckRange(feature.column(), 0, kMaxColumn, "column", entry, check.errors);
  const bool in_day = table.role() == TableRole::TABLE_ROLE_HABIT;
  const auto [other, added] =
      columns.try_emplace({table.kind(), in_day, feature.column()}, entry.name());
  if (!added) {
    check.errors.Add(entry, absl::StrCat("column ", feature.column(), " is already used by ",
                                         other->second, ": give it a number of its own"));
  }
  if (feature.any_of().empty()) {
    check.errors.Add(entry, "any_of is empty: give it at least one rule");
  }
  for (int i = 0; i < feature.any_of_size(); ++i) {
    CheckRule(check, table, feature.any_of(i), entry.Child("any_of", i, "rule"));
  }
}

void CheckFeatures(const CatalogCheck& check, const Table& table, const CatalogEntry& entry,
                   Columns& columns) {
  if (table.role() == TableRole::TABLE_ROLE_HABIT) {
    if (table.features_size() != 1) {
      check.errors.Add(
          entry, absl::StrCat("a habit table has exactly 1 feature, not ", table.features_size()));
    }
  } else if (table.features().empty() || table.features_size() > kMaxFeatures) {
    check.errors.Add(entry, absl::StrCat("a table has 1 to ", kMaxFeatures, " features, not ",
                                         table.features_size()));
  }
  Seen seen;
  for (int i = 0; i < table.features_size(); ++i) {
    const Feature& feature = table.features(i);
    const CatalogEntry child = entry.Child("features", i, "feature", feature.id());
    CheckId(feature.id(), child, seen, check.errors);
    CheckFeature(check, table, feature, child, columns);
  }
}

void CheckTables(const CatalogCheck& check) {
  absl::flat_hash_set<absl::string_view> counted_kinds;
  for (const catalog::v1::ActivityType& type : check.catalog.activity_types()) {
    counted_kinds.insert(type.kind());
  }
  Seen seen;
  Columns columns;
  for (int i = 0; i < check.catalog.tables_size(); ++i) {
    const Table& table = check.catalog.tables(i);
    const CatalogEntry entry = check.root.Child("tables", i, "table", table.id());
    CheckId(table.id(), entry, seen, check.errors);
    CheckWords(table.display_name(), "display_name", entry, check.errors);
    CheckWords(table.description(), "description", entry, check.errors);
    if (CatalogIndex::Find(check.index.kinds, table.kind()) < 0) {
      check.errors.Add(entry, absl::StrCat("unknown kind '", table.kind(), "'"));
    } else if (!counted_kinds.contains(table.kind())) {
      check.errors.Add(entry, absl::StrCat("no activity type is of kind '", table.kind(),
                                           "': the table could never count anything"));
    }
    if (table.role() == TableRole::TABLE_ROLE_UNSPECIFIED ||
        !catalog::v1::TableRole_IsValid(table.role())) {
      check.errors.Add(entry, "role must be primary, habit or supporting");
    }
    CheckRange(table.weight(), 1, 1000, "weight", entry, check.errors);
    CheckFeatures(check, table, entry, columns);
  }
}

void CheckSplit(const CatalogCheck& check, const BudgetSplit& split, const CatalogEntry& entry) {
  const std::array<std::tuple<TableRole, uint32_t, absl::string_view>, 3> parts = {{
      {TableRole::TABLE_ROLE_PRIMARY, split.primary_permille(), "primary_permille"},
      {TableRole::TABLE_ROLE_HABIT, split.habit_permille(), "habit_permille"},
      {TableRole::TABLE_ROLE_SUPPORTING, split.supporting_permille(), "supporting_permille"},
  }};
  uint64_t sum = 0;
  for (const auto& [role, permille, field] : parts) {
    sum += permille;
    if (permille != 0) continue;
    for (const Table& table : check.catalog.tables()) {
      if (table.role() != role) continue;
      check.errors.Add(entry, absl::StrCat(field,
                                           " is 0, but there are tables of that role: they "
                                           "could not be published"));
      break;
    }
  }
  if (sum != 1000) {
    check.errors.Add(entry, absl::StrCat("the parts sum to ", sum, ": they must sum to 1000"));
  }
}

void CheckBudgetSplits(const CatalogCheck& check) {
  CatalogIndex::Positions known;
  for (absl::string_view cadence : kCadences) known.emplace(cadence, 0);
  Seen seen;
  for (int i = 0; i < check.catalog.budget_splits_size(); ++i) {
    const BudgetSplit& split = check.catalog.budget_splits(i);
    const CatalogEntry entry =
        check.root.Child("budget_splits", i, "budget split", split.cadence());
    if (!known.contains(split.cadence())) {
      check.errors.Add(entry, "cadence must be 'daily', 'weekly' or 'four_weekly'");
    } else if (!seen.insert(split.cadence()).second) {
      check.errors.Add(entry, "cadence has a split already: give each exactly one");
    }
    CheckSplit(check, split, entry);
  }
  for (absl::string_view cadence : kCadences) {
    if (seen.contains(cadence)) continue;
    check.errors.Add(check.root,
                     absl::StrCat("budget_splits has none for cadence '", cadence, "': add one"));
  }
}

}  // namespace

void ValidateCollection(const CatalogCheck& check) {
  CheckWords(check.catalog.name(), "name", check.root, check.errors);
  CheckWords(check.catalog.version(), "version", check.root, check.errors);
  CheckKinds(check);
  CheckActivityTypes(check);
  CheckTerms(check, check.catalog.apps(), "apps", "app", std::numeric_limits<int>::max());
  CheckTerms(check, check.catalog.platforms(), "platforms", "platform", kMaxPlatforms);
  CheckTerms(check, check.catalog.traits(), "traits", "trait", kMaxTraits);
  CheckSources(check);
  CheckTables(check);
  CheckBudgetSplits(check);
}

}  // namespace tutti
