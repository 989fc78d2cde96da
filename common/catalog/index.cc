#include "common/catalog/index.h"

namespace tutti {
namespace {

template <typename Entries>
CatalogIndex::Positions PositionsOf(const Entries& entries) {
  CatalogIndex::Positions positions;
  positions.reserve(static_cast<size_t>(entries.size()));
  for (int i = 0; i < entries.size(); ++i) positions.emplace(entries.Get(i).id(), i);
  return positions;
}

}  // namespace

CatalogIndex::CatalogIndex(const catalog::v1::Catalog& catalog)
    : kinds(PositionsOf(catalog.kinds())),
      activity_types(PositionsOf(catalog.activity_types())),
      apps(PositionsOf(catalog.apps())),
      platforms(PositionsOf(catalog.platforms())),
      traits(PositionsOf(catalog.traits())),
      tables(PositionsOf(catalog.tables())),
      measures(PositionsOf(catalog.measures())),
      categories(PositionsOf(catalog.categories())),
      sources(PositionsOf(catalog.sources())) {}

int CatalogIndex::Find(const Positions& positions, absl::string_view id) {
  const auto found = positions.find(id);
  return found == positions.end() ? -1 : found->second;
}

}  // namespace tutti
