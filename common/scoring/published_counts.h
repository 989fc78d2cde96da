#ifndef TUTTI_COMMON_SCORING_PUBLISHED_COUNTS_H_
#define TUTTI_COMMON_SCORING_PUBLISHED_COUNTS_H_

#include <cstdint>
#include <map>
#include <set>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/scoring/table_counts.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// What a publication counted, ready for formulas.
struct PublishedCounts {
  std::map<int, TableCounts> tables;  // by index into Catalog::tables()
  std::map<int, HabitMean> habits;    // the same
  std::set<int> incomplete_kinds;     // indexes into Catalog::kinds()
};

// DataLoss, naming the table, when the record does not fit the catalogue: a table
// or a habit of a complete kind is missing, has other features or another number
// of cells, or sizes are out of range.
absl::StatusOr<PublishedCounts> ReadCounts(const Catalog& catalog,
                                           const publication::v1::Publication& publication);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PUBLISHED_COUNTS_H_
