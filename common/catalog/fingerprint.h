#ifndef TUTTI_COMMON_CATALOG_FINGERPRINT_H_
#define TUTTI_COMMON_CATALOG_FINGERPRINT_H_

#include <cstdint>
#include <string>

#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// 32 hex digits: the first half of SHA-256 over the deterministic serialisation.
// Changes with every field, words included; formatting and comments of the text
// do not count.
std::string CatalogFingerprint(const catalog::v1::Catalog& catalog);

// 32 hex digits, likewise, of what is counted of one subject kind: its sizes, its tables
// with their features, columns and rules, and the kinds of the types that those name. Words,
// weights and the order of the tables do not count. Two catalogues that agree in it set the
// same bits.
std::string CountingFingerprint(const catalog::v1::Catalog& catalog, const std::string& kind);

// 32 hex digits, likewise, of all that is counted: every kind as above, the tables' weights and
// the splits of the budget, which decide the noise. Ingest and aggregate must agree in it;
// records that agree in it can be compared. Words, measures and categories do not count: they
// are of what is shown.
std::string CountingFingerprint(const catalog::v1::Catalog& catalog);

// A table's salt: the first 8 bytes, most significant first, of SHA-256 over kind,
// table id and the name of the role, each followed by a zero byte (which no id
// has). Kept for ever: with another salt, people in open windows get new slots.
uint64_t TableSalt(const catalog::v1::Table& table);

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_FINGERPRINT_H_
