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

// The numbers closest to `numbers` (least squares) that are not negative and have
// the same sum, or 0 when that is negative: the projection onto a simplex. Plain
// clipping of small noisy numbers at 0 would push their sum up.
std::vector<double> ConsistentNumbers(absl::Span<const double> numbers);

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
// number is negative, parts add up, no union is below its parts. Because that
// moves a number, its margin is widened until the interval holds all of what the
// unbiased estimate's interval allows from 0 on: a 95% margin stays one. Of an estimate
// below 0 it is as wide as of one at 0.
//
// When subjects are people, shares are clamped in the tails. When together they
// are more than 95%, the combinations are scaled to add up to the clamped total,
// so that it cannot be had by adding them up, and their margins grow by as much as
// that may have taken away.
absl::StatusOr<score::v1::Table> BreakDown(const Catalog& catalog,
                                           const publication::v1::Publication& publication,
                                           int table);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_TABLE_BREAKDOWN_H_
