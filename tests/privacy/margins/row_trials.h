#ifndef TUTTI_TESTS_PRIVACY_MARGINS_ROW_TRIALS_H_
#define TUTTI_TESTS_PRIVACY_MARGINS_ROW_TRIALS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/catalog/predicate.h"
#include "common/scoring/table_counts.h"
#include "tests/support/simulated_organization.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// A way of counting a table, and how many subjects there are.
struct Way {
  SlotModel model;
  double expected = 0;
  double most = 0;  // 0: not public
  // A table that is counted so, and a record of an organisation that has it.
  int table = 0;
  std::shared_ptr<const publication::v1::Publication> record;

  friend bool operator<(const Way& a, const Way& b) {
    const auto key = [](const Way& way) {
      return std::make_tuple(way.model.features, way.model.slots, way.model.kept,
                             way.model.sigma_squared, way.expected, way.most);
    };
    return key(a) < key(b);
  }
};

// How the reach tables that are shown are counted; each way once.
std::set<Way> WaysOf(const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence);

// The way of one table of such an organisation; its kind must be counted.
Way WayOf(const Catalog& catalog, std::shared_ptr<const publication::v1::Publication> record,
          int table);

// A record of all sources in which nobody did anything.
std::shared_ptr<const publication::v1::Publication> EmptyRecord(const Catalog& catalog,
                                                                int64_t headcount,
                                                                window::v1::Cadence cadence);

// How subjects fall into the combinations of k features, as parts of those that there can be.
struct Composition {
  const char* name;
  std::function<double(unsigned pattern, unsigned features)> part;
};

std::vector<Composition> Compositions();

Subjects SubjectsOf(const Way& way, const Composition& composition);

// Whether every combination, and the rest of the 95% of those that there are, is `least` standard
// deviations or more from nobody.
bool IsAway(const Way& way, const Subjects& subjects, double least);

// The rows of a table: each combination, each feature, and any.
std::vector<PatternSet> RowsOf(int features);

double SumIn(PatternSet set, const std::vector<double>& by_pattern);

struct Row {
  double value = 0;
  double margin = 0;
  score::v1::Bound bound = score::v1::BOUND_UNSPECIFIED;
};
// From published cells.
using Estimator = std::function<std::vector<Row>(const Way&, const std::vector<int64_t>&,
                                                 const std::vector<PatternSet>&)>;

// What the trials of one row came to.
struct Outcome {
  double bias = 0;    // in standard deviations of the estimate
  double ratio = 0;   // margin / 1.96 to the spread
  double margin = 0;  // on average
  double coverage = 0;
  double truth = 0;      // in standard deviations of the estimate
  bool bounded = false;  // in some trial a tail was all that was told
};

// Publishes the same subjects so often, and estimates the rows of each publication. `whole`: what
// the truth of a set is divided by.
std::vector<Outcome> Try(const Way& way, const Subjects& subjects, int64_t trials, double whole,
                         const Estimator& estimator, SlotSimulator& simulator);

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_MARGINS_ROW_TRIALS_H_
