#include "services/ingest/column_layout.h"

#include <algorithm>

namespace tutti {
namespace {

void SetColumns(const Catalog& catalog, const std::vector<TableHit>& hits, uint64_t* words) {
  for (const TableHit& hit : hits) {
    const CatalogTable& table = catalog.table(hit.table);
    for (size_t f = 0; f < table.columns.size(); ++f) {
      const uint32_t column = table.columns[f];
      if (((hit.features >> f) & 1) != 0) words[column / 64] |= uint64_t{1} << (column % 64);
    }
  }
}

}  // namespace

ColumnLayout ColumnLayout::Of(const Catalog& catalog) {
  ColumnLayout layout;
  for (const CatalogKind& kind : catalog.kinds()) {
    layout.reach_words = std::max<size_t>(layout.reach_words, (kind.reach_columns + 63) / 64);
    layout.day_words = std::max<size_t>(layout.day_words, (kind.day_columns + 63) / 64);
  }
  return layout;
}

ColumnTables::ColumnTables(const Catalog& catalog)
    : layout_(ColumnLayout::Of(catalog)), first_shape_(catalog.shapes().data()) {
  for (const CatalogKind& kind : catalog.kinds()) {
    reach_.emplace_back(kind.reach_columns);
    day_.emplace_back(kind.day_columns);
  }
  for (const CatalogTable& table : catalog.tables()) {
    auto& of_kind = (table.is_habit() ? day_ : reach_)[static_cast<size_t>(table.kind)];
    for (const uint32_t column : table.columns) of_kind[column] = &table;
  }
  shape_columns_.resize(catalog.shapes().size() * layout_.words());
  uint64_t* words = shape_columns_.data();
  for (const ActivityShape& shape : catalog.shapes()) {
    SetColumns(catalog, shape.reach, words);
    SetColumns(catalog, shape.day, words + layout_.reach_words);
    words += layout_.words();
  }
}

}  // namespace tutti
