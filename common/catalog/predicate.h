#ifndef TUTTI_COMMON_CATALOG_PREDICATE_H_
#define TUTTI_COMMON_CATALOG_PREDICATE_H_

#include <cstdint>

#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// A set of patterns of one table: bit p stands for pattern p, and bit i of a
// pattern for feature i. A table of k features has patterns 0..2^k - 1.
using PatternSet = uint16_t;

// Whether a predicate selects those who show no feature of its table ("exactly: 0"). Nobody
// counts them: they are what is left of a public number.
bool SelectsNone(const catalog::v1::Predicate& predicate);

// The patterns that a predicate of a validated catalogue selects from its table.
// Never pattern 0: none at all for SelectsNone.
//
// Example: of features {email, message, community}, at_least 2 selects 3, 5, 6
// and 7, so bits 3, 5, 6 and 7 are set: 0xE8.
PatternSet SelectedPatterns(const catalog::v1::Predicate& predicate,
                            const catalog::v1::Table& table);

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_PREDICATE_H_
