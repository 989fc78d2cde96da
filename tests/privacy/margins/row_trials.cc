#include "tests/privacy/margins/row_trials.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/scoring/figure.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"

namespace tutti {
namespace {

bool IsOneFeature(unsigned pattern) { return (pattern & (pattern - 1)) == 0; }

// Whether the truth is where a row that is off by `error` says.
bool Holds(const Row& row, double error) {
  return (row.bound == score::v1::BOUND_AT_MOST || error <= row.margin) &&
         (row.bound == score::v1::BOUND_AT_LEAST || -error <= row.margin);
}

}  // namespace

std::shared_ptr<const publication::v1::Publication> EmptyRecord(const Catalog& catalog,
                                                                int64_t headcount,
                                                                window::v1::Cadence cadence) {
  SlotSimulator simulator(1);
  publication::v1::Publication record = Publish(catalog, headcount, cadence, {}, simulator);
  record.clear_sources();
  for (const auto& source : catalog.proto().sources()) record.add_sources(source.id());
  return std::make_shared<const publication::v1::Publication>(std::move(record));
}

Way WayOf(const Catalog& catalog, std::shared_ptr<const publication::v1::Publication> record,
          int table) {
  const PublicTerms terms = TermsOf(catalog, *record);
  const double expected = ExpectedSubjects(catalog, terms, table);
  return {ModelOf(catalog, terms, table), expected, IsPopulation(catalog, table) ? expected : 0,
          table, std::move(record)};
}

std::set<Way> WaysOf(const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence) {
  const auto record = EmptyRecord(catalog, headcount, cadence);
  const PublicTerms terms = TermsOf(catalog, *record);
  std::set<Way> ways;
  for (size_t i = 0; i < catalog.tables().size(); ++i) {
    const int table = static_cast<int>(i);
    if (catalog.tables()[i].is_habit() || !IsTableShown(catalog, terms, table)) continue;
    ways.insert(WayOf(catalog, record, table));
  }
  return ways;
}

std::vector<Composition> Compositions() {
  return {
      {"every combination alike",
       [](unsigned, unsigned k) { return 0.8 / static_cast<double>((1U << k) - 1); }},
      {"the first feature alone or with the second",
       [](unsigned pattern, unsigned) { return pattern == 1   ? 0.3
                                               : pattern == 3 ? 0.2
                                                              : 0.0; }},
      {"one feature each",
       [](unsigned pattern, unsigned k) { return IsOneFeature(pattern) ? 0.7 / k : 0.0; }},
      {"each feature only with those before it",
       [](unsigned pattern, unsigned k) { return (pattern & (pattern + 1)) == 0 ? 0.6 / k : 0.0; }},
      {"mostly all of them, others a few",
       [](unsigned pattern, unsigned k) {
         return pattern + 1 == 1U << k ? 0.5 : 0.25 / static_cast<double>((1U << k) - 2);
       }},
      {"the first alone", [](unsigned pattern, unsigned) { return pattern == 1 ? 0.5 : 0.0; }},
      {"nobody", [](unsigned, unsigned) { return 0.0; }},
      {"nearly everybody, mostly the first",
       [](unsigned pattern, unsigned k) {
         return k == 1 ? 0.97 : ((pattern & 1U) != 0 ? 0.85 : 0.12) / ((1U << k) / 2.0);
       }},
      {"everybody, half of them all of them",
       [](unsigned pattern, unsigned k) {
         return pattern + 1 == 1U << k ? 0.5 : 0.5 / static_cast<double>((1U << k) - 2);
       }},
  };
}

Subjects SubjectsOf(const Way& way, const Composition& composition) {
  Subjects subjects{};
  const auto k = static_cast<unsigned>(way.model.features);
  for (unsigned pattern = 1; pattern < 1U << k; ++pattern) {
    subjects[pattern] = std::llround(way.expected * composition.part(pattern, k));
  }
  return subjects;
}

bool IsAway(const Way& way, const Subjects& subjects, double least) {
  std::vector<double> numbers(size_t{1} << way.model.features, 0.0);
  for (size_t i = 1; i < numbers.size(); ++i) numbers[i] = static_cast<double>(subjects[i]);
  const TableCounts counts = TableCounts::FromSubjects(way.model, numbers);
  const auto deviations = [&](PatternSet set, double slack) {
    const TableError error = counts.ErrorOf(WeightsOf(set, way.model.features));
    return slack / std::hypot(error.counting, error.noise);
  };
  unsigned all = 0;
  double sum = 0;
  for (unsigned pattern = 1; pattern < numbers.size(); ++pattern) {
    const unsigned bit = 1U << pattern;
    if (deviations(static_cast<PatternSet>(bit), numbers[pattern]) < least) return false;
    all |= bit;
    sum += numbers[pattern];
  }
  const double highest = (1 - kTailShare) * way.most;
  return way.most <= 0 || deviations(static_cast<PatternSet>(all), highest - sum) >= least;
}

std::vector<PatternSet> RowsOf(int features) {
  std::vector<PatternSet> rows;
  const unsigned patterns = 1U << static_cast<unsigned>(features);
  for (unsigned pattern = 1; pattern < patterns; ++pattern) {
    rows.push_back(static_cast<PatternSet>(1U << pattern));
  }
  if (features == 1) return rows;
  std::vector<unsigned> unions;
  for (unsigned feature = 1; feature < patterns; feature <<= 1U) unions.push_back(feature);
  unions.push_back(patterns - 1);
  for (const unsigned any : unions) {
    unsigned set = 0;
    for (unsigned pattern = 1; pattern < patterns; ++pattern) {
      if ((pattern & any) != 0) set |= 1U << pattern;
    }
    rows.push_back(static_cast<PatternSet>(set));
  }
  return rows;
}

double SumIn(PatternSet set, const std::vector<double>& by_pattern) {
  double sum = 0;
  for (size_t pattern = 1; pattern < by_pattern.size(); ++pattern) {
    if ((set >> pattern & 1U) != 0) sum += by_pattern[pattern];
  }
  return sum;
}

std::vector<Outcome> Try(const Way& way, const Subjects& subjects, int64_t trials, double whole,
                         const Estimator& estimator, SlotSimulator& simulator) {
  const std::vector<PatternSet> sets = RowsOf(way.model.features);
  std::vector<double> truth(size_t{1} << way.model.features, 0.0);
  for (size_t pattern = 1; pattern < truth.size(); ++pattern) {
    truth[pattern] = static_cast<double>(subjects[pattern]) / whole;
  }
  struct Sums {
    double errors = 0;
    double squares = 0;
    double margins = 0;
    double hits = 0;
    bool bounded = false;
  };
  std::vector<Sums> sums;
  for (int64_t trial = 0; trial < trials; ++trial) {
    const std::vector<Row> rows = estimator(way, simulator.PublishCells(way.model, subjects), sets);
    sums.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const double error = rows[i].value - SumIn(sets[i], truth);
      sums[i].errors += error;
      sums[i].squares += error * error;
      sums[i].margins += rows[i].margin;
      sums[i].hits += Holds(rows[i], error) ? 1 : 0;
      sums[i].bounded = sums[i].bounded || rows[i].bound != score::v1::BOUND_UNSPECIFIED;
    }
  }
  const double n = static_cast<double>(trials);
  std::vector<Outcome> outcomes;
  for (size_t i = 0; i < sums.size(); ++i) {
    const double mean = sums[i].errors / n;
    const double spread = std::sqrt(std::max(sums[i].squares / n - mean * mean, 1e-18));
    outcomes.push_back({mean / spread, sums[i].margins / n / kMarginDeviations / spread,
                        sums[i].margins / n, sums[i].hits / n, SumIn(sets[i], truth) / spread,
                        sums[i].bounded});
  }
  return outcomes;
}

}  // namespace tutti
