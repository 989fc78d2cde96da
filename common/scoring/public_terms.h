#ifndef TUTTI_COMMON_SCORING_PUBLIC_TERMS_H_
#define TUTTI_COMMON_SCORING_PUBLIC_TERMS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/scoring/table_counts.h"
#include "common/window/schedule.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// Everything public that figures and the decision to show them rest on: it says
// nothing about what people did. Immutable after it is made.
struct PublicTerms {
  int64_t headcount = 0;
  int step_days = 1;                           // of which habits are summed
  std::map<std::string, int64_t> entitled;     // product -> people
  std::vector<std::optional<SlotSize>> kinds;  // as Catalog::kinds(); absent: not counted
  std::vector<uint64_t> sigma_squared;         // as Catalog::tables(); 0: none

  // People entitled to a product; headcount when there is no entry, or for "".
  double EntitledTo(const std::string& product) const;
};

// The terms of a publication.
PublicTerms TermsOf(const Catalog& catalog, const publication::v1::Publication& publication);

// The terms that a publication would have, with everybody entitled to everything.
PublicTerms PlannedTerms(const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence,
                         int step_days);
// The same in windows that follow each other, with so many people entitled.
PublicTerms PlannedTerms(
    const Catalog& catalog, int64_t headcount, window::v1::Cadence cadence,
    const google::protobuf::RepeatedPtrField<aggregate::v1::Entitlement>& entitlements);

// Whether the kind of every one of some tables (indexes) is counted.
bool AreCounted(const Catalog& catalog, const PublicTerms& terms, absl::Span<const int> tables);

// How a table (index) was counted; its kind must be counted.
SlotModel ModelOf(const Catalog& catalog, const PublicTerms& terms, int table);

// How many subjects of a table's kind are expected.
double ExpectedSubjects(const Catalog& catalog, const PublicTerms& terms, int table);

// Whether that is a public fact (as many as there are people) and not a guess:
// then the number of subjects is clamped in the tails as the share that it is.
bool IsPopulation(const Catalog& catalog, int table);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_PUBLIC_TERMS_H_
