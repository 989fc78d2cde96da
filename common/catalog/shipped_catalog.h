#ifndef TUTTI_COMMON_CATALOG_SHIPPED_CATALOG_H_
#define TUTTI_COMMON_CATALOG_SHIPPED_CATALOG_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"

namespace tutti {

// deploy/catalog/adoption.textproto, as it was when this program was built: for programs that no
// service and nobody has told of another catalogue. Internal when it is not valid, which
// its own tests would have found.
absl::StatusOr<std::unique_ptr<const Catalog>> ShippedCatalog();

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_SHIPPED_CATALOG_H_
