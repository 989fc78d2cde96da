#include "common/feeding/figure_inputs.h"

#include <utility>

namespace tutti {
namespace {

using catalog::v1::Category;
using catalog::v1::Measure;
using catalog::v1::Practice;
using catalog::v1::Predicate;

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

}  // namespace

std::vector<FigureInput> InputsOf(const Catalog& catalog, const Measure& measure) {
  FigureInput input;
  if (measure.has_share()) {
    input.above = measure.share().numerator();
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

}  // namespace tutti
