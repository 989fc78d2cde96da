#ifndef TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_
#define TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_

#include <vector>

#include "tests/support/local_suite.h"
#include "tests/support/score_with_levels.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// By the catalogue that is shipped.
inline score::v1::Score ScoreWithLevels(const std::vector<publication::v1::Publication>& records) {
  return ScoreWithLevels(ShippedCatalog(), records);
}

// A record and as many before it, four weeks apart, that say the same.
inline std::vector<publication::v1::Publication> Repeated(
    const publication::v1::Publication& record, int before) {
  std::vector<publication::v1::Publication> records(static_cast<size_t>(before) + 1, record);
  for (int i = 0; i < before; ++i) {
    records[static_cast<size_t>(i)].set_end_day(
        FormatDay(*ParseDay(record.end_day()) - int64_t{28} * (before - i)));
  }
  return records;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_ATTACKS_WITH_LEVELS_H_
