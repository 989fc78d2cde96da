#ifndef TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_
#define TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/window/window.h"

namespace tutti {

// How many words of 64 bits the columns of one subject take in the cache: those of
// reach windows, then those of day windows.
struct ColumnLayout {
  size_t reach_words = 1;
  size_t day_words = 0;

  size_t words() const { return reach_words + day_words; }
  static ColumnLayout Of(const Catalog& catalog);
};

// The tables that columns belong to, and the columns that activities set. Worked out beforehand,
// so that asking is a look into a vector. Immutable and thread-safe.
class ColumnTables {
 public:
  // The catalogue outlives this.
  explicit ColumnTables(const Catalog& catalog);

  const ColumnLayout& layout() const { return layout_; }

  // Indexed as the catalogue's kinds, then by column; null where there is none.
  absl::Span<const CatalogTable* const> Of(int kind, WindowKind window) const {
    return (window == WindowKind::kDay ? day_ : reach_)[static_cast<size_t>(kind)];
  }

  // What an activity of a shape of the catalogue sets: layout().words() words.
  const uint64_t* ColumnsOf(const ActivityShape& shape) const {
    return &shape_columns_[static_cast<size_t>(&shape - first_shape_) * layout_.words()];
  }

 private:
  const ColumnLayout layout_;
  std::vector<std::vector<const CatalogTable*>> reach_;
  std::vector<std::vector<const CatalogTable*>> day_;
  const ActivityShape* const first_shape_;
  std::vector<uint64_t> shape_columns_;  // layout_.words() for each shape
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_
