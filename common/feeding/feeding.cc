#include "common/feeding/feeding.h"

#include <algorithm>
#include <bitset>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/catalog/predicate.h"
#include "common/feeding/contents_text.h"

namespace tutti {
namespace {

using aggregate::v1::ActivityContents;
using catalog::v1::Feature;
using catalog::v1::Predicate;
using catalog::v1::Rule;
using catalog::v1::Table;

constexpr unsigned kMaxFeatures = 4;
constexpr unsigned kPatternMask = (1U << kMaxFeatures) - 1;
// Patterns of two tables side by side.
using JointPatterns = std::bitset<1U << 2 * kMaxFeatures>;

unsigned FeaturesIn(const ActivityShape& shape, int table) {
  for (const std::vector<TableHit>* hits : {&shape.reach, &shape.day}) {
    for (const TableHit& hit : *hits) {
      if (hit.table == table) return hit.features;
    }
  }
  return 0;
}

bool Selects(PatternSet patterns, unsigned pattern) { return (patterns >> pattern & 1U) != 0; }

// One way to set a feature.
struct Way {
  ActivityContents contents;            // without a type: any of the kind
  std::vector<std::string> any_traits;  // one of them, beside

  // With every trait of which one would do.
  ActivityContents AsContents() const {
    ActivityContents all = contents;
    for (const std::string& trait : any_traits) all.add_traits(trait);
    return all;
  }
};

// What would set one feature: any of these.
using Ways = std::vector<Way>;

std::string Text(const Way& way) {
  std::string text = ContentsText(way.contents);
  if (!way.any_traits.empty()) absl::StrAppend(&text, "+", way.any_traits.front());
  if (way.any_traits.size() > 1) {
    absl::StrAppend(&text, " (or +",
                    absl::StrJoin(way.any_traits.begin() + 1, way.any_traits.end(), ", +"), ")");
  }
  if (way.contents.type().empty()) absl::StrAppend(&text, " with any type");
  return text;
}

std::string Text(const Ways& ways) {
  std::vector<std::string> texts;
  for (const Way& way : ways) texts.push_back(Text(way));
  return JoinWords(texts, "or");
}

Way WayOf(const Rule& rule, const std::string& type) {
  Way way;
  way.contents.set_type(type);
  way.contents.set_app(!rule.apps().empty());
  way.contents.set_platform(!rule.platforms().empty());
  *way.contents.mutable_traits() = rule.all_traits();
  way.any_traits.assign(rule.any_traits().begin(), rule.any_traits().end());
  return way;
}

bool IsGiven(const Way& way, const GivenActivity& given) {
  const auto found = given.find(way.contents.type());
  if (found == given.end()) return false;
  const ActivityContents& told = found->second;
  const auto tells = [&](const std::string& trait) {
    return std::find(told.traits().begin(), told.traits().end(), trait) != told.traits().end();
  };
  return (told.app() || !way.contents.app()) && (told.platform() || !way.contents.platform()) &&
         std::all_of(way.contents.traits().begin(), way.contents.traits().end(), tells) &&
         (way.any_traits.empty() ||
          std::any_of(way.any_traits.begin(), way.any_traits.end(), tells));
}

// The ways to set a feature that are not given.
Ways WaysNotGiven(const Catalog& catalog, const Table& table, const Feature& feature,
                  const GivenActivity& given) {
  Ways ways;
  for (const Rule& rule : feature.any_of()) {
    std::vector<std::string> types(rule.types().begin(), rule.types().end());
    const bool any_type = types.empty();
    for (const auto& type : catalog.proto().activity_types()) {
      if (any_type && type.kind() == table.kind()) types.push_back(type.id());
    }
    Ways of_rule;
    for (const std::string& type : types) {
      Way way = WayOf(rule, type);
      if (!IsGiven(way, given)) of_rule.push_back(std::move(way));
    }
    // A rule for every type is one way, unless some types are given with it already.
    if (any_type && !of_rule.empty() && of_rule.size() == types.size()) {
      of_rule = {WayOf(rule, "")};
    }
    ways.insert(ways.end(), of_rule.begin(), of_rule.end());
  }
  return ways;
}

// So many of these features.
struct Need {
  int count = 0;
  std::vector<Ways> features;
};

std::string Text(const Need& need) {
  std::vector<std::string> texts;
  for (const Ways& ways : need.features) {
    const std::string text = Text(ways);
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  if (texts.size() == 1) return texts.front();
  const int count = std::clamp(need.count, 1, static_cast<int>(kMaxFeatures));
  if (count >= static_cast<int>(texts.size())) return absl::StrJoin(texts, ", and ");
  constexpr const char* kCounts[] = {"one", "two", "three", "four"};
  return absl::StrCat(kCounts[count - 1], " of: ", absl::StrJoin(texts, "; "));
}

// How many features of a table a predicate asks for.
int CountAsked(const Predicate& predicate) {
  switch (predicate.condition_case()) {
    case Predicate::kAllOf:
      return predicate.all_of().features_size();
    case Predicate::kOnly:
      return predicate.only().features_size();
    case Predicate::kAtLeast:
      return static_cast<int>(predicate.at_least());
    case Predicate::kExactly:
      return static_cast<int>(predicate.exactly());
    default:
      return 1;
  }
}

std::set<std::string> FeaturesAsked(const Predicate& predicate, const Table& table) {
  const catalog::v1::FeatureSet* asked = nullptr;
  if (predicate.has_any_of()) asked = &predicate.any_of();
  if (predicate.has_all_of()) asked = &predicate.all_of();
  if (predicate.has_only()) asked = &predicate.only();
  std::set<std::string> features;
  for (const Feature& feature : table.features()) {
    if (asked == nullptr ||
        std::count(asked->features().begin(), asked->features().end(), feature.id()) != 0) {
      features.insert(feature.id());
    }
  }
  return features;
}

// What an input that is not fed needs: of what is counted above the line, or, when all of
// that is there, of what tells the rest below the line.
Need NeedOf(const Catalog& catalog, const Feeding& feeding, const GivenActivity& given,
            const FigureInput& input) {
  Need need;
  for (const Predicate* predicate : {&input.above, input.below ? &*input.below : nullptr}) {
    if (predicate == nullptr || !need.features.empty()) continue;
    const int index = catalog.FindTable(predicate->table());
    const Table& table = *catalog.table(index).proto;
    const std::set<std::string> asked = FeaturesAsked(*predicate, table);
    const unsigned set = feeding.Features(index);
    need.count = CountAsked(*predicate);
    for (int i = 0; i < table.features_size(); ++i) {
      if (asked.count(table.features(i).id()) == 0) continue;
      const bool is_set = (set >> i & 1U) != 0;
      if (is_set) --need.count;
      if (is_set && predicate == &input.above) continue;
      Ways ways = WaysNotGiven(catalog, table, table.features(i), given);
      if (!ways.empty()) need.features.push_back(std::move(ways));
    }
  }
  return need;
}

// What is given, and all of what is needed.
GivenActivity With(const Catalog& catalog, const Need& need, GivenActivity given) {
  for (const Ways& ways : need.features) {
    for (const Way& way : ways) {
      for (const auto& type : catalog.proto().activity_types()) {
        if (!way.contents.type().empty() && way.contents.type() != type.id()) continue;
        ActivityContents contents = way.AsContents();
        contents.set_type(type.id());
        Add(contents, given);
      }
    }
  }
  return given;
}

}  // namespace

Feeding::Feeding(const Catalog& catalog, GivenActivity given)
    : catalog_(catalog), given_(std::move(given)), shapes_(ShapesOf(catalog, given_)) {}

bool Feeding::Feeds(const FigureInput& input) const {
  const int above_table = catalog_.FindTable(input.above.table());
  const Table& above_proto = *catalog_.table(above_table).proto;
  const PatternSet above = SelectedPatterns(input.above, above_proto);
  int below_table = above_table;
  PatternSet below = 0;
  if (input.below.has_value()) {
    below_table = catalog_.FindTable(input.below->table());
    below = SelectedPatterns(*input.below, *catalog_.table(below_table).proto);
  }
  // Every union of what single activities set, that of none included.
  JointPatterns possible;
  possible.set(0);
  for (const ActivityShape* shape : shapes_) {
    const unsigned features = FeaturesIn(*shape, above_table) | FeaturesIn(*shape, below_table)
                                                                    << kMaxFeatures;
    if (features == 0) continue;
    for (size_t pattern = 0; pattern < possible.size(); ++pattern) {
      if (possible[pattern]) possible.set(pattern | features);
    }
  }
  bool some = false;
  bool not_all = !input.below.has_value();
  for (size_t pattern = 0; pattern < possible.size(); ++pattern) {
    if (!possible[pattern]) continue;
    const bool counted = Selects(above, static_cast<unsigned>(pattern) & kPatternMask);
    some |= counted;
    not_all |= !counted && Selects(below, static_cast<unsigned>(pattern) >> kMaxFeatures);
  }
  return some && not_all;
}

bool Feeding::Feeds(const std::vector<FigureInput>& inputs) const {
  return std::all_of(inputs.begin(), inputs.end(),
                     [this](const FigureInput& input) { return Feeds(input); });
}

unsigned Feeding::Features(int table) const {
  unsigned features = 0;
  for (const ActivityShape* shape : shapes_) features |= FeaturesIn(*shape, table);
  return features;
}

std::vector<std::string> Feeding::Missing(const std::vector<FigureInput>& inputs) const {
  std::vector<std::string> missing;
  const Feeding* now = this;
  std::unique_ptr<const Feeding> with_named;
  for (const FigureInput& input : inputs) {
    if (now->Feeds(input)) continue;
    const Need need = NeedOf(catalog_, *now, now->given_, input);
    if (need.features.empty()) continue;
    missing.push_back(Text(need));
    if (&input == &inputs.back()) break;
    with_named = std::make_unique<const Feeding>(catalog_, With(catalog_, need, now->given_));
    now = with_named.get();
  }
  return missing;
}

}  // namespace tutti
