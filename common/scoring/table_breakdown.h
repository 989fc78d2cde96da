#ifndef TUTTI_COMMON_SCORING_TABLE_BREAKDOWN_H_
#define TUTTI_COMMON_SCORING_TABLE_BREAKDOWN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The name, for people, of the row of a table (index) that counts the subjects with
// exactly these features (as bits), or with any of them.
std::string RowName(const Catalog& catalog, int table, unsigned features, bool exactly);

// Names, for people, what the shares of a table (index) are divided by.
std::string ShareWords(const Catalog& catalog, int table);

// The breakdown of one table (index), without its name: each combination of
// features, then each feature, then all of them together. A habit table has one
// row, the mean of a day.
//
// Numbers of combinations are made consistent, and all totals are sums of them: no
// number is negative, parts add up, no union is below its parts, and none is above the
// headcount. ConsistentRows says how, and what the margins are. Of features that nothing
// gives no row tells; who shows them too counts as if they did not.
//
// When subjects are people, shares are clamped in the tails. When together they
// are more than 95%, the combinations are those that add up to the clamped total,
// so that it cannot be had by adding them up, and their margins hold what that may
// have taken away. Other shares are of all subjects in the table, which are
// estimated: where these are too few to divide by, the margin of a share covers all of
// 0 to 100%. Whether a table is shown is decided from public figures alone; a row whose
// share came out less certain than those promise says so (`wide_margin`).
absl::StatusOr<score::v1::Table> BreakDown(const Catalog& catalog,
                                           const publication::v1::Publication& publication,
                                           int table);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_TABLE_BREAKDOWN_H_
