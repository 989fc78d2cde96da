#ifndef TUTTI_COMMON_ESTIMATE_PREDICATE_TERMS_H_
#define TUTTI_COMMON_ESTIMATE_PREDICATE_TERMS_H_

#include <cstddef>
#include <vector>

#include "common/catalog/catalog.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// Which patterns of a table's features a predicate selects: element p for the
// pattern p (bit i for feature i). The empty pattern is never selected.
std::vector<bool> SelectedPatterns(const CatalogTable& table,
                                   const catalog::v1::Predicate& predicate);

// Writes "how many subjects have a selected pattern" as a signed sum of "how many
// have at least one feature of set T": element T is its coefficient. By Moebius
// inversion over the subsets; exact for every selection without the empty pattern.
//
// Example: of three features, "at least two" is N12 + N13 + N23 - 2 N123.
std::vector<double> UnionCoefficients(const std::vector<bool>& selected);

// The probability of a selected pattern when a subject has every feature with
// probability `share`, independently.
double SelectionProbability(const std::vector<bool>& selected, double share);

// The `share` at which that probability is `wanted`, for a selection that grows
// with every feature; one half for any other.
double ShareForProbability(const std::vector<bool>& selected, double wanted);

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_PREDICATE_TERMS_H_
