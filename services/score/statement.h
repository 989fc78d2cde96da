#ifndef TUTTI_SERVICES_SCORE_STATEMENT_H_
#define TUTTI_SERVICES_SCORE_STATEMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/catalog/catalog.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Writes privacy statements from the catalogue, and from what aggregate wrote into an
// organisation's latest record, so that they cannot drift from what the services do: what
// aggregate is told by flags is told to nobody twice. Immutable and thread-safe.
class StatementWriter {
 public:
  // `catalog` outlives it.
  explicit StatementWriter(const Catalog& catalog);

  // For an organisation whose latest record is given; in general terms, with
  // weekly figures, when it has none.
  score::v1::PrivacyStatement Write(
      const std::optional<publication::v1::Publication>& latest) const;

 private:
  void FillGuarantees(const std::optional<publication::v1::Publication>& latest,
                      window::v1::Cadence cadence, score::v1::PrivacyStatement& statement) const;

  const Catalog& catalog_;
  // The smallest headcounts, 0 where something is never shown.
  struct CategoryHeadcounts {
    int64_t alone = 0;
    int64_t with_level = 0;
  };
  struct Thresholds {
    std::vector<CategoryHeadcounts> categories;
    std::vector<int64_t> measures;
    std::vector<int64_t> tables;
  };

  static void FillThresholds(const Catalog& catalog, const Thresholds& thresholds,
                             score::v1::PrivacyStatement& statement);

  // By the cadence that an organisation asks for.
  std::map<window::v1::Cadence, Thresholds> thresholds_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_STATEMENT_H_
