#include "common/catalog/shape_lookup.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using catalog::v1::ActivityType;
using catalog::v1::Catalog;
using catalog::v1::Rule;
using catalog::v1::Table;
using catalog::v1::TableRole;
using Ids = google::protobuf::RepeatedPtrField<std::string>;

bool IsFor(const Rule& rule, const ActivityType& type) {
  return rule.types().empty() ||
         std::find(rule.types().begin(), rule.types().end(), type.id()) != rule.types().end();
}

template <typename Entries>
std::vector<absl::string_view> IdsOf(const Entries& entries) {
  std::vector<absl::string_view> ids;
  for (const auto& entry : entries) ids.push_back(entry.id());
  return ids;
}

// Numbers the terms of one sort that rules name, from 0 in the order in which
// they are first named.
class Numbering {
 public:
  explicit Numbering(const CatalogIndex::Positions& terms)
      : terms_(&terms), numbers_(terms.size(), -1) {}

  void Add(const Ids& ids) {
    for (const std::string& id : ids) {
      int& number = numbers_[Position(id)];
      if (number < 0) number = count_++;
    }
  }
  int Of(const std::string& id) const { return numbers_[Position(id)]; }
  unsigned count() const { return static_cast<unsigned>(count_); }
  // Indexed by position in the catalogue; -1 for what no rule names.
  const std::vector<int>& numbers() const { return numbers_; }

 private:
  size_t Position(const std::string& id) const { return static_cast<size_t>(terms_->at(id)); }

  const CatalogIndex::Positions* terms_;
  std::vector<int> numbers_;
  int count_ = 0;
};

// A rule for one activity type, in numbers.
struct NumberedRule {
  size_t table = 0;
  uint8_t feature = 0;     // one bit
  std::vector<bool> apps;  // by number, [count] for any other; empty matches all
  std::vector<bool> platforms;
  uint32_t any_traits = 0;  // 0 matches all
  uint32_t all_traits = 0;
};

std::vector<bool> Selection(const Ids& ids, const Numbering& numbering) {
  if (ids.empty()) return {};
  std::vector<bool> selected(numbering.count() + 1, false);
  for (const std::string& id : ids) selected[static_cast<size_t>(numbering.Of(id))] = true;
  return selected;
}

uint32_t TraitMask(const Ids& ids, const Numbering& numbering) {
  uint32_t mask = 0;
  for (const std::string& id : ids) mask |= 1U << numbering.Of(id);
  return mask;
}

// One activity type: the terms that make a difference to it.
struct TypeTerms {
  TypeTerms(const Catalog& catalog, const CatalogIndex& index, const ActivityType& activity_type)
      : type(activity_type), apps(index.apps), platforms(index.platforms), traits(index.traits) {
    for (const Table& table : catalog.tables()) {
      if (table.kind() != type.kind()) continue;
      for (const catalog::v1::Feature& feature : table.features()) {
        for (const Rule& rule : feature.any_of()) Add(rule);
      }
    }
  }

  void Add(const Rule& rule) {
    if (!IsFor(rule, type)) return;
    apps.Add(rule.apps());
    platforms.Add(rule.platforms());
    traits.Add(rule.any_traits());
    traits.Add(rule.all_traits());
  }

  // Saturates just above the limit.
  uint64_t Combinations() const {
    constexpr uint64_t kTooMany = ShapeLookup::kMaxCombinations + 1;
    if ((uint64_t{1} << std::min(traits.count(), 32U)) >= kTooMany) return kTooMany;
    const uint64_t others = (uint64_t{apps.count()} + 1) * (uint64_t{platforms.count()} + 1);
    return std::min(kTooMany, others << traits.count());
  }

  const ActivityType& type;
  Numbering apps;
  Numbering platforms;
  Numbering traits;
};

}  // namespace

// Fills a ShapeLookup, one activity type after the other.
class ShapeCompiler {
 public:
  ShapeCompiler(const Catalog& catalog, const CatalogIndex& index, ShapeLookup& lookup)
      : catalog_(catalog),
        index_(index),
        lookup_(lookup),
        features_(static_cast<size_t>(catalog.tables_size()), '\0') {}

  void Compile(const TypeTerms& terms) {
    AddPlaces(terms);
    const std::vector<NumberedRule> rules = RulesOf(terms);
    const uint32_t trait_sets = 1U << terms.traits.count();
    // The order of these loops is the one in which AddPlaces lays combinations.
    for (size_t app = 0; app <= terms.apps.count(); ++app) {
      for (size_t platform = 0; platform <= terms.platforms.count(); ++platform) {
        for (uint32_t traits = 0; traits < trait_sets; ++traits) {
          Evaluate(rules, app, platform, traits);
          lookup_.shape_numbers_.push_back(Intern(terms.type.kind()));
        }
      }
    }
  }

 private:
  void AddPlaces(const TypeTerms& terms) {
    ShapeLookup::Places places;
    const uint32_t trait_sets = 1U << terms.traits.count();
    const uint32_t app_stride = (terms.platforms.count() + 1) * trait_sets;
    // What no rule names comes last, and so does the absence of any: the first
    // place is moved there, and named terms step back from it (modulo 2^32).
    places.first = static_cast<uint32_t>(lookup_.shape_numbers_.size()) +
                   terms.apps.count() * app_stride + terms.platforms.count() * trait_sets;
    const auto step_back = [](int number, unsigned count, uint32_t stride) {
      return number < 0 ? 0U : (static_cast<uint32_t>(number) - count) * stride;
    };
    for (int number : terms.apps.numbers()) {
      places.app.push_back(step_back(number, terms.apps.count(), app_stride));
    }
    for (int number : terms.platforms.numbers()) {
      places.platform.push_back(step_back(number, terms.platforms.count(), trait_sets));
    }
    for (int number : terms.traits.numbers()) {
      places.trait.push_back(number < 0 ? 0U : 1U << number);
    }
    lookup_.places_.push_back(std::move(places));
  }

  std::vector<NumberedRule> RulesOf(const TypeTerms& terms) const {
    std::vector<NumberedRule> rules;
    for (int t = 0; t < catalog_.tables_size(); ++t) {
      const Table& table = catalog_.tables(t);
      if (table.kind() != terms.type.kind()) continue;
      for (int f = 0; f < table.features_size(); ++f) {
        for (const Rule& rule : table.features(f).any_of()) {
          if (!IsFor(rule, terms.type)) continue;
          rules.push_back({static_cast<size_t>(t), static_cast<uint8_t>(1U << f),
                           Selection(rule.apps(), terms.apps),
                           Selection(rule.platforms(), terms.platforms),
                           TraitMask(rule.any_traits(), terms.traits),
                           TraitMask(rule.all_traits(), terms.traits)});
        }
      }
    }
    return rules;
  }

  // Leaves in features_ what a combination sets in each table.
  void Evaluate(const std::vector<NumberedRule>& rules, size_t app, size_t platform,
                uint32_t traits) {
    std::fill(features_.begin(), features_.end(), '\0');
    for (const NumberedRule& rule : rules) {
      if (!rule.apps.empty() && !rule.apps[app]) continue;
      if (!rule.platforms.empty() && !rule.platforms[platform]) continue;
      if (rule.any_traits != 0 && (rule.any_traits & traits) == 0) continue;
      if ((rule.all_traits & traits) != rule.all_traits) continue;
      char& features = features_[rule.table];
      features = static_cast<char>(static_cast<uint8_t>(features) | rule.feature);
    }
  }

  uint32_t Intern(const std::string& kind_id) {
    const int kind = CatalogIndex::Find(index_.kinds, kind_id);
    const auto [found, added] = known_.try_emplace(std::make_pair(kind, features_),
                                                   static_cast<uint32_t>(lookup_.shapes_.size()));
    if (!added) return found->second;
    ActivityShape shape;
    shape.kind = kind;
    for (int t = 0; t < catalog_.tables_size(); ++t) {
      const uint8_t features = static_cast<uint8_t>(features_[static_cast<size_t>(t)]);
      if (features == 0) continue;
      const bool habit = catalog_.tables(t).role() == TableRole::TABLE_ROLE_HABIT;
      (habit ? shape.day : shape.reach).push_back({t, features});
    }
    lookup_.shapes_.push_back(std::move(shape));
    return found->second;
  }

  const Catalog& catalog_;
  const CatalogIndex& index_;
  ShapeLookup& lookup_;
  std::string features_;  // one byte a table
  absl::flat_hash_map<std::pair<int, std::string>, uint32_t> known_;
};

ShapeLookup::ShapeLookup(const Catalog& catalog)
    : types_(IdsOf(catalog.activity_types())),
      apps_(IdsOf(catalog.apps())),
      platforms_(IdsOf(catalog.platforms())),
      traits_(IdsOf(catalog.traits())) {}

absl::StatusOr<ShapeLookup> ShapeLookup::Create(const Catalog& catalog, const CatalogIndex& index) {
  std::vector<TypeTerms> types;
  types.reserve(static_cast<size_t>(catalog.activity_types_size()));
  uint64_t combinations = 0;
  for (const ActivityType& type : catalog.activity_types()) {
    combinations += types.emplace_back(catalog, index, type).Combinations();
  }
  if (combinations > kMaxCombinations) {
    const auto most = std::max_element(
        types.begin(), types.end(),
        [](const TypeTerms& a, const TypeTerms& b) { return a.Combinations() < b.Combinations(); });
    return absl::ResourceExhaustedError(absl::StrCat(
        "activity type '", most->type.id(), "': rules for it look at ", most->apps.count(),
        " apps, ", most->platforms.count(), " platforms and ", most->traits.count(),
        " traits; the combinations of all types together may be at most ", kMaxCombinations,
        ": name fewer"));
  }
  ShapeLookup lookup(catalog);
  lookup.shape_numbers_.reserve(combinations);
  ShapeCompiler compiler(catalog, index, lookup);
  for (const TypeTerms& terms : types) compiler.Compile(terms);
  return lookup;
}

const ActivityShape* ShapeLookup::Find(const ActivityTraits& activity,
                                       IgnoredTerms& ignored) const {
  const int type = types_.Find(activity.type);
  if (type < 0) return nullptr;
  const Places& places = places_[static_cast<size_t>(type)];
  uint32_t place = places.first;
  if (!activity.app.empty()) {
    const int app = apps_.Find(activity.app);
    if (app < 0) {
      ++ignored.apps;
    } else {
      place += places.app[static_cast<size_t>(app)];
    }
  }
  if (!activity.platform.empty()) {
    const int platform = platforms_.Find(activity.platform);
    if (platform < 0) {
      ++ignored.platforms;
    } else {
      place += places.platform[static_cast<size_t>(platform)];
    }
  }
  uint32_t traits = 0;
  for (const absl::string_view id : activity.traits) {
    const int trait = traits_.Find(id);
    if (trait < 0) {
      ++ignored.traits;
    } else {
      traits |= places.trait[static_cast<size_t>(trait)];
    }
  }
  return &shapes_[shape_numbers_[place + traits]];
}

}  // namespace tutti
