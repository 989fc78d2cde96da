#include "services/ingest/column_layout.h"

#include <algorithm>

namespace tutti {

ColumnLayout ColumnLayout::Of(const Catalog& catalog) {
  ColumnLayout layout;
  for (const CatalogKind& kind : catalog.kinds()) {
    layout.reach_words = std::max<size_t>(layout.reach_words, (kind.reach_columns + 63) / 64);
    layout.day_words = std::max<size_t>(layout.day_words, (kind.day_columns + 63) / 64);
  }
  return layout;
}

ColumnTables::ColumnTables(const Catalog& catalog) {
  for (const CatalogKind& kind : catalog.kinds()) {
    reach_.emplace_back(kind.reach_columns);
    day_.emplace_back(kind.day_columns);
  }
  for (const CatalogTable& table : catalog.tables()) {
    auto& of_kind = (table.is_habit() ? day_ : reach_)[static_cast<size_t>(table.kind)];
    for (const uint32_t column : table.columns) of_kind[column] = &table;
  }
}

}  // namespace tutti
