#ifndef TUTTI_TESTS_SAMPLE_TRUTH_H_
#define TUTTI_TESTS_SAMPLE_TRUTH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "common/catalog/catalog.h"
#include "common/window/day.h"
#include "tests/sample/sample_organization.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// The exact truth of one reach window.
struct TruthWindow {
  Day end_day;
  // How many subjects, by table of the catalogue and pattern (bit i for feature i),
  // have exactly these features. Everybody who has none is in pattern 0 of people;
  // of other kinds nobody knows how many there are, and pattern 0 is 0. Empty for
  // habit tables, and for kinds that no shape of the options tells.
  std::vector<std::vector<int64_t>> subjects;
  // For each habit table the sum, over the days of the publication's step, of the people
  // who did it on the day. 0 elsewhere.
  std::vector<int64_t> habit_sums;
};

// What a perfect observer of the sources that the options' shapes write would publish of
// a made-up organisation: counted from the sets of subjects themselves, without hashing,
// sampling, noise or a log. A fact that several sources tell is one.
struct Truth {
  int64_t headcount = 0;
  std::map<std::string, int64_t> entitlements;  // by product
  int step_days = 0;
  Day first_day;
  // How many people did it, by table and day (from first_day). Empty but for habit
  // tables.
  std::vector<std::vector<int64_t>> habits;
  std::vector<TruthWindow> windows;  // ascending
  int64_t activities = 0;            // that were meant, however many sources tell them
  int64_t refused = 0;               // told activities of a type that the catalogue lacks

  // Subjects with a pattern that the predicate selects, in a window.
  static int64_t Subjects(const Catalog& catalog, const TruthWindow& window,
                          const catalog::v1::Predicate& predicate);
  // The number that a measure divides by when it divides by people entitled.
  int64_t Entitled(const std::string& product) const;
  // The exact value of a measure: a share of 1, or for a count, subjects. Absent when
  // it would divide by nobody, or when no shape of the options tells the kind.
  absl::optional<double> Measure(const Catalog& catalog, const TruthWindow& window,
                                 const catalog::v1::Measure& measure) const;
  // The share of a practice, large subjects counting twice; absent as for a measure.
  static absl::optional<double> Practice(const Catalog& catalog, const TruthWindow& window,
                                         const catalog::v1::Practice& practice);
  // The exact points of a category; absent when a measure or a practice is.
  absl::optional<double> Points(const Catalog& catalog, const TruthWindow& window,
                                const catalog::v1::Category& category) const;

  // The window that ends on a day, or nullptr.
  const TruthWindow* Find(Day end_day) const;
};

// Counts the truth for windows that end on these days, ascending, of the
// organisation's range; those that begin before its first day are left out.
Truth CountTruth(const SampleOrganization& organization, const Catalog& catalog,
                 const std::vector<Day>& end_days, int step_days);

// Likewise for every window of the organisation's own grid: the options' cadence,
// brought to what the headcount permits.
Truth CountTruth(const SampleOrganization& organization, const Catalog& catalog);

// The truth as one JSON object that says itself that it is generated.
std::string TruthJson(const SampleOrganization& organization, const Catalog& catalog,
                      const Truth& truth);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_TRUTH_H_
