#include "common/feeding/given_activity.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_set.h"
#include "common/feeding/figure_inputs.h"

namespace tutti {
namespace {

using aggregate::v1::ActivityContents;
using aggregate::v1::SourceContents;
using catalog::v1::ActivityType;
using catalog::v1::Rule;
using catalog::v1::Table;

using Ids = google::protobuf::RepeatedPtrField<std::string>;
using TraitIds = std::set<absl::string_view>;

bool Contains(const Ids& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

template <typename Use>
void ForEachRule(const Table& table, const ActivityType& type, const Use& use) {
  if (table.kind() != type.kind()) return;
  for (const catalog::v1::Feature& feature : table.features()) {
    for (const Rule& rule : feature.any_of()) {
      if (rule.types().empty() || Contains(rule.types(), type.id())) use(rule);
    }
  }
}

// The smallest sets of traits with which an activity of a type matches a rule, of those
// that it is given with; and none. What more traits set, some of these sets do.
std::set<TraitIds> TraitChoices(const Catalog& catalog, const ActivityType& type,
                                const TraitIds& given) {
  std::set<TraitIds> choices = {TraitIds()};
  for (const Table& table : catalog.proto().tables()) {
    ForEachRule(table, type, [&](const Rule& rule) {
      const TraitIds all(rule.all_traits().begin(), rule.all_traits().end());
      if (!std::includes(given.begin(), given.end(), all.begin(), all.end())) return;
      if (rule.any_traits().empty()) choices.insert(all);
      for (const std::string& trait : rule.any_traits()) {
        if (given.count(trait) == 0) continue;
        TraitIds choice = all;
        choice.insert(trait);
        choices.insert(choice);
      }
    });
  }
  return choices;
}

std::vector<absl::string_view> TermChoices(
    const google::protobuf::RepeatedPtrField<catalog::v1::Term>& terms, bool given) {
  std::vector<absl::string_view> choices = {""};
  if (!given) return choices;
  for (const catalog::v1::Term& term : terms) choices.emplace_back(term.id());
  return choices;
}

std::set<std::string> TablesFedBy(const Catalog& catalog, const std::string& source) {
  std::set<std::string> tables;
  const auto add = [&](const std::vector<FigureInput>& inputs) {
    for (const FigureInput& input : inputs) {
      tables.insert(input.above.table());
      if (input.below.has_value()) tables.insert(input.below->table());
    }
  };
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    const Ids* const sources = SourcesOf(catalog, measure);
    if (sources == nullptr || Contains(*sources, source)) add(InputsOf(catalog, measure));
  }
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    if (Contains(category.sources(), source)) add(InputsOf(catalog, category));
  }
  return tables;
}

}  // namespace

void Add(const ActivityContents& contents, GivenActivity& given) {
  ActivityContents& all = given[contents.type()];
  all.set_type(contents.type());
  all.set_app(all.app() || contents.app());
  all.set_platform(all.platform() || contents.platform());
  for (const std::string& trait : contents.traits()) {
    if (!Contains(all.traits(), trait)) all.add_traits(trait);
  }
}

void Add(const SourceContents& contents, GivenActivity& given) {
  for (const ActivityContents& type : contents.types()) Add(type, given);
}

GivenActivity Without(const GivenActivity& one, const GivenActivity& other) {
  GivenActivity rest;
  for (const auto& [type, contents] : one) {
    const auto found = other.find(type);
    if (found == other.end()) {
      rest[type] = contents;
      continue;
    }
    ActivityContents more;
    more.set_type(type);
    more.set_app(contents.app() && !found->second.app());
    more.set_platform(contents.platform() && !found->second.platform());
    for (const std::string& trait : contents.traits()) {
      if (!Contains(found->second.traits(), trait)) more.add_traits(trait);
    }
    if (more.app() || more.platform() || !more.traits().empty()) rest[type] = more;
  }
  return rest;
}

std::vector<const ActivityShape*> ShapesOf(const Catalog& catalog, const GivenActivity& given) {
  absl::flat_hash_set<const ActivityShape*> shapes;
  for (const ActivityType& type : catalog.proto().activity_types()) {
    const auto found = given.find(type.id());
    if (found == given.end()) continue;
    const ActivityContents& contents = found->second;
    const auto apps = TermChoices(catalog.proto().apps(), contents.app());
    const auto platforms = TermChoices(catalog.proto().platforms(), contents.platform());
    for (const TraitIds& choice :
         TraitChoices(catalog, type, {contents.traits().begin(), contents.traits().end()})) {
      const std::vector<absl::string_view> traits(choice.begin(), choice.end());
      for (const absl::string_view app : apps) {
        for (const absl::string_view platform : platforms) {
          IgnoredTerms ignored;
          shapes.insert(catalog.Classify({type.id(), app, platform, traits}, ignored));
        }
      }
    }
  }
  return {shapes.begin(), shapes.end()};
}

GivenActivity GivableBy(const Catalog& catalog, const std::string& source) {
  const std::set<std::string> tables = TablesFedBy(catalog, source);
  GivenActivity given;
  for (const Table& table : catalog.proto().tables()) {
    if (tables.count(table.id()) == 0) continue;
    for (const ActivityType& type : catalog.proto().activity_types()) {
      ForEachRule(table, type, [&](const Rule& rule) {
        ActivityContents contents;
        contents.set_type(type.id());
        contents.set_app(!rule.apps().empty());
        contents.set_platform(!rule.platforms().empty());
        *contents.mutable_traits() = rule.any_traits();
        contents.mutable_traits()->MergeFrom(rule.all_traits());
        Add(contents, given);
      });
    }
  }
  return given;
}

}  // namespace tutti
