#ifndef TUTTI_COMMON_CATALOG_VALIDATE_H_
#define TUTTI_COMMON_CATALOG_VALIDATE_H_

#include <string>
#include <vector>

#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// Every rule that a catalogue breaks, one sentence each: entry, then reason.
// Empty when it breaks none.
std::vector<std::string> FindCatalogErrors(const catalog::v1::Catalog& catalog);

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_VALIDATE_H_
