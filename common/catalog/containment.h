#ifndef TUTTI_COMMON_CATALOG_CONTAINMENT_H_
#define TUTTI_COMMON_CATALOG_CONTAINMENT_H_

#include <vector>

#include "common/catalog/predicate.h"
#include "common/catalog/shape_lookup.h"
#include "common/catalog/validation.h"

namespace tutti {

// The patterns that a subject's slot can show in each table of the catalogue: every
// union of what single activities set, pattern 0 (nothing) included. By table.
std::vector<PatternSet> PossiblePatterns(const catalog::v1::Catalog& catalog,
                                         const std::vector<ActivityShape>& shapes);

// Checks, for a catalogue that passed the other validations, that every predicate
// can select somebody, and that a share's denominator contains its numerator when
// both are of one table: otherwise a share could exceed one.
void ValidateContainment(const CatalogCheck& check, const std::vector<ActivityShape>& shapes);

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_CONTAINMENT_H_
