#ifndef TUTTI_SERVICES_SCORE_STATEMENT_THRESHOLDS_H_
#define TUTTI_SERVICES_SCORE_STATEMENT_THRESHOLDS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/shown_from.h"
#include "common/window/day.h"
#include "tutti/score/v1/score.pb.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// Where an organisation stands, by public figures alone.
struct Standing {
  window::v1::Cadence cadence = window::v1::CADENCE_UNSPECIFIED;  // a concrete one
  PublicTerms terms;
  std::set<std::string> fed_categories;
  // The end day of its latest record, if any, and how many records the series has with it.
  std::optional<Day> end_day;
  int records = 0;
};

// Says from how many people on figures are shown. What does not depend on an organisation is
// computed once for each rule of cadences, in some ten milliseconds, and kept. Thread-safe.
class StatementThresholds {
 public:
  // `catalog` outlives it.
  explicit StatementThresholds(const Catalog& catalog) : catalog_(catalog) {}

  // Fills thresholds and figure_thresholds.
  void Fill(const Standing& standing, score::v1::PrivacyStatement& statement);

 private:
  struct OfCategory {
    SmallestSizes alone;
    SmallestSizes with_level;
  };
  // In the order of the catalogue, with everybody entitled.
  struct Sizes {
    std::vector<OfCategory> categories;
    std::vector<SmallestSizes> measures;
    std::vector<SmallestSizes> tables;
  };
  using Rule = std::pair<window::v1::Cadence, window::v1::Cadence>;  // requested and current

  Sizes Find(const CadenceRule& rule) const;
  const Sizes& SizesFor(const CadenceRule& rule);
  void FillCategory(const Standing& standing, const catalog::v1::Category& category,
                    const OfCategory& sizes, score::v1::PrivacyStatement& statement) const;

  const Catalog& catalog_;
  std::mutex mutex_;
  std::map<Rule, Sizes> sizes_;  // guarded by mutex_; what is in it stays
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_STATEMENT_THRESHOLDS_H_
