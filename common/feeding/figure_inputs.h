#ifndef TUTTI_COMMON_FEEDING_FIGURE_INPUTS_H_
#define TUTTI_COMMON_FEEDING_FIGURE_INPUTS_H_

#include <optional>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// One number, or one share, that a figure is made of.
struct FigureInput {
  catalog::v1::Predicate above;
  // What it is a share of; absent when that is a public number, or when it is no share.
  std::optional<catalog::v1::Predicate> below;
};

// All of them must be fed for the figure to be what it says.
std::vector<FigureInput> InputsOf(const Catalog& catalog, const catalog::v1::Measure& measure);
std::vector<FigureInput> InputsOf(const Catalog& catalog, const catalog::v1::Category& category);

// Whether some feature of the table is shown by somebody.
FigureInput AnythingIn(const catalog::v1::Table& table);

// The sources that can feed a measure: its own, or those of its category. Null when it
// has neither: then any can.
const google::protobuf::RepeatedPtrField<std::string>* SourcesOf(
    const Catalog& catalog, const catalog::v1::Measure& measure);

// The sources of each measure, and of each category of practices, that reads a table; null as
// in SourcesOf.
std::vector<const google::protobuf::RepeatedPtrField<std::string>*> ReadersOf(
    const Catalog& catalog, int table);

// The sources that can feed a table, which has none of its own: those of what reads it, each
// once.
google::protobuf::RepeatedPtrField<std::string> SourcesOfTable(const Catalog& catalog, int table);

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_FIGURE_INPUTS_H_
