#ifndef TUTTI_COMMON_SCORING_VISIBILITY_H_
#define TUTTI_COMMON_SCORING_VISIBILITY_H_

#include <set>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/feeding/declared_sources.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/state_reasons.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Whether a figure is shown, and why not.
struct Shown {
  score::v1::FigureState state = score::v1::FIGURE_STATE_MEASURED;
  StateReason reason;

  bool measured() const { return state == score::v1::FIGURE_STATE_MEASURED; }
};

// Decides what of a publication is shown, from what is public in it: connected
// sources and what they declare, sizes, noise, and whether something was lost. Never from a count.
// Thread-safe; the arguments outlive it.
class Visibility {
 public:
  Visibility(const Catalog& catalog, const PublicTerms& terms,
             const publication::v1::Publication& publication);

  Shown OfCategory(const catalog::v1::Category& category) const;
  Shown OfMeasure(const catalog::v1::Measure& measure) const;
  Shown OfTable(int table) const;
  // The features of a table, as bits, that nothing gives (see DeclaredSources).
  unsigned UnfedFeatures(int table) const { return sources_.UnfedFeatures(table); }

 private:
  // What is said whatever the margin.
  Shown OfTables(const std::vector<int>& tables) const;

  const Catalog& catalog_;
  const PublicTerms& terms_;
  DeclaredSources sources_;
  std::set<int> incomplete_kinds_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_VISIBILITY_H_
