#include "common/feeding/figure_inputs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/catalog/predicate.h"

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Measure;
using catalog::v1::Practice;
using catalog::v1::Predicate;
using Ids = google::protobuf::RepeatedPtrField<std::string>;

Predicate Shows(const std::string& table, const std::string& feature) {
  Predicate predicate;
  predicate.set_table(table);
  predicate.mutable_any_of()->add_features(feature);
  return predicate;
}

// A large subject counts twice, so a practice needs to know which are large.
void Append(const Practice& practice, std::vector<FigureInput>& inputs) {
  inputs.push_back({Shows(practice.table(), practice.followed_feature()), practice.denominator()});
  inputs.push_back({Shows(practice.table(), practice.double_weight_feature()), std::nullopt});
}

bool Reads(const std::vector<FigureInput>& inputs, const std::string& table) {
  return std::any_of(inputs.begin(), inputs.end(), [&](const FigureInput& input) {
    return input.above.table() == table ||
           (input.below.has_value() && input.below->table() == table);
  });
}

}  // namespace

std::vector<FigureInput> InputsOf(const Catalog& catalog, const Measure& measure) {
  FigureInput input;
  if (measure.has_share()) {
    input.above = measure.share().numerator();
    // Those who show nothing are told by those who do.
    if (SelectsNone(input.above)) input.above.set_at_least(1);
    if (measure.share().has_subjects()) input.below = measure.share().subjects();
  } else if (measure.has_habit()) {
    const auto table = static_cast<size_t>(catalog.FindTable(measure.habit().table()));
    input = AnythingIn(*catalog.tables()[table].proto);
  } else {
    input.above = measure.count();
  }
  return {std::move(input)};
}

std::vector<FigureInput> InputsOf(const Catalog& catalog, const Category& category) {
  std::vector<FigureInput> inputs;
  const auto append = [&](const std::string& measure) {
    for (FigureInput& input : InputsOf(catalog, *catalog.FindMeasure(measure))) {
      inputs.push_back(std::move(input));
    }
  };
  if (category.has_reach_and_habit()) {
    append(category.reach_and_habit().reach_measure());
    append(category.reach_and_habit().habit_measure());
  }
  for (const std::string& measure : category.fault_free().fault_measures()) append(measure);
  for (const std::string& measure : category.fault_free().health_measures()) append(measure);
  for (const Practice& practice : category.practices().practices()) Append(practice, inputs);
  return inputs;
}

FigureInput AnythingIn(const catalog::v1::Table& table) {
  FigureInput input;
  input.above.set_table(table.id());
  for (const catalog::v1::Feature& feature : table.features()) {
    input.above.mutable_any_of()->add_features(feature.id());
  }
  return input;
}

const google::protobuf::RepeatedPtrField<std::string>* SourcesOf(const Catalog& catalog,
                                                                 const Measure& measure) {
  if (!measure.sources().empty()) return &measure.sources();
  const Category* const category = catalog.FindCategory(measure.category());
  return category == nullptr ? nullptr : &category->sources();
}

std::vector<const Ids*> ReadersOf(const Catalog& catalog, int table) {
  const std::string& id = catalog.table(table).proto->id();
  std::vector<const Ids*> readers;
  for (const Measure& measure : catalog.proto().measures()) {
    if (Reads(InputsOf(catalog, measure), id)) readers.push_back(SourcesOf(catalog, measure));
  }
  for (const Category& category : catalog.proto().categories()) {
    if (category.has_practices() && Reads(InputsOf(catalog, category), id)) {
      readers.push_back(&category.sources());
    }
  }
  return readers;
}

Ids SourcesOfTable(const Catalog& catalog, int table) {
  Ids sources;
  std::set<std::string> seen;
  for (const Ids* reader : ReadersOf(catalog, table)) {
    if (reader == nullptr) continue;
    for (const std::string& source : *reader) {
      if (seen.insert(source).second) *sources.Add() = source;
    }
  }
  return sources;
}

}  // namespace tutti
