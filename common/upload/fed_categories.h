#ifndef TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_
#define TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "common/sources/activity_kinds.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Categories of the shipped catalogue whose points one activity, or many, can raise or
// lower; a measure that only explains a category does not feed it. A set of bits, so that
// asking for every activity of a long log costs little.
class FedCategories {
 public:
  void Add(const MappedActivity& activity);
  void Add(const ingest::v1::Activity& activity);
  // The catalogue's ids.
  std::set<std::string> Names() const;

 private:
  // `traits` of those that decide: kTraitGroupMailbox, kTraitSharedFile, kTraitTeamSite.
  void AddOf(absl::string_view type, absl::string_view platform, TraitSet traits);

  uint32_t bits_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_
