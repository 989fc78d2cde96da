#ifndef TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_
#define TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_

#include <cstddef>
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

// The table that each column of a kind's windows belongs to.
class ColumnTables {
 public:
  // The catalogue outlives this.
  explicit ColumnTables(const Catalog& catalog);

  // Indexed as the catalogue's kinds, then by column; null where there is none.
  absl::Span<const CatalogTable* const> Of(int kind, WindowKind window) const {
    return (window == WindowKind::kDay ? day_ : reach_)[static_cast<size_t>(kind)];
  }

 private:
  std::vector<std::vector<const CatalogTable*>> reach_;
  std::vector<std::vector<const CatalogTable*>> day_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_COLUMN_LAYOUT_H_
