#ifndef TUTTI_COMMON_CATALOG_INDEX_H_
#define TUTTI_COMMON_CATALOG_INDEX_H_

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// Finds the entries of a catalogue by id. Of entries with the same id the first
// is found. Keys and positions refer to the message, which must outlive this and
// stay as it is. Immutable and thread-safe.
struct CatalogIndex {
  // From an id to the position in the repeated field.
  using Positions = absl::flat_hash_map<absl::string_view, int>;

  explicit CatalogIndex(const catalog::v1::Catalog& catalog);

  // The position of an id, or -1.
  static int Find(const Positions& positions, absl::string_view id);

  Positions kinds;
  Positions activity_types;
  Positions apps;
  Positions platforms;
  Positions traits;
  Positions tables;
  Positions measures;
  Positions categories;
  Positions sources;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_INDEX_H_
