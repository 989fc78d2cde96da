#ifndef TUTTI_SERVICES_AGGREGATE_SLOT_COUNTS_H_
#define TUTTI_SERVICES_AGGREGATE_SLOT_COUNTS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// Counts, in a bitmap of `kept` slots a column (a power of two, at least 64), how
// many slots show each pattern of the given columns (1 to 4 of them). Element p
// of the result counts the slots in which exactly the columns at the set bits of
// p are set, bit 0 being the first column; all elements sum to `kept`. A bitmap
// that ends early counts as zero from there on.
std::vector<int64_t> CountPatterns(absl::string_view bitmap, uint32_t kept,
                                   absl::Span<const uint32_t> columns);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_SLOT_COUNTS_H_
