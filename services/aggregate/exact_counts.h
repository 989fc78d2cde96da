#ifndef TUTTI_SERVICES_AGGREGATE_EXACT_COUNTS_H_
#define TUTTI_SERVICES_AGGREGATE_EXACT_COUNTS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "common/window/schedule.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// What was counted of one subject kind in one window, to the last subject. Nobody may see it:
// it has no accessor, no message and no text, and Noised is its only reader.
class ExactCounts {
 public:
  // `kind` is an index into Catalog::kinds(); the catalogue outlives this.
  ExactCounts(const Catalog& catalog, int kind, SlotSize size)
      : catalog_(&catalog), kind_(kind), size_(size) {}

  // Adds the slots that show each pattern of a reach table, as CountPatterns gives them. Tables
  // and habits are added in the order of the plan by which they will be noised.
  void AddPatterns(std::vector<int64_t> counts) { patterns_.push_back(std::move(counts)); }

  // Adds the number of slots and days that show a habit.
  void AddHabit(int64_t sum) { habits_.push_back(sum); }

 private:
  friend absl::StatusOr<publication::v1::KindRecord> Noised(ExactCounts counts,
                                                            const NoisePlan& plan,
                                                            NoiseSource& noise);

  const Catalog* catalog_;
  int kind_;
  SlotSize size_;
  std::vector<std::vector<int64_t>> patterns_;
  std::vector<int64_t> habits_;
};

// The record of a kind of which something was lost: it has no counts.
publication::v1::KindRecord IncompleteRecord(const Catalog& catalog, int kind, SlotSize size);

// The record of a kind whose counts may be published: to each number a draw is added. No other
// function makes a COMPLETE record. Internal when the plan is not of these tables, and the
// errors of the noise.
absl::StatusOr<publication::v1::KindRecord> Noised(ExactCounts counts, const NoisePlan& plan,
                                                   NoiseSource& noise);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_EXACT_COUNTS_H_
