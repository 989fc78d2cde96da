#ifndef TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_
#define TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/catalog/catalog.h"
#include "common/sources/activity_kinds.h"

namespace tutti {

// The categories of a catalogue whose points activities can raise or lower: those that are computed
// from a feature which one of the activities sets. Many activities may be needed (two modes of
// three); common/feeding says whether what is declared is enough. A measure that only explains a
// category does not feed it. Not thread-safe; the catalogue outlives it.
class FedCategories {
 public:
  explicit FedCategories(const Catalog& catalog) : catalog_(catalog) {}

  void Add(const MappedActivity& activity);
  // The catalogue's ids.
  std::set<std::string> Names() const;

 private:
  const Catalog& catalog_;
  // What the activities set, each once: a long log has few.
  absl::flat_hash_set<const ActivityShape*> shapes_;
  std::vector<absl::string_view> traits_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_FED_CATEGORIES_H_
