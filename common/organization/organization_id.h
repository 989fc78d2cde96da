#ifndef TUTTI_COMMON_ORGANIZATION_ORGANIZATION_ID_H_
#define TUTTI_COMMON_ORGANIZATION_ORGANIZATION_ID_H_

#include "absl/strings/string_view.h"

namespace tutti {

// Whether an id matches `[a-z0-9][a-z0-9-]{0,62}`.
bool IsOrganizationId(absl::string_view id);

}  // namespace tutti

#endif  // TUTTI_COMMON_ORGANIZATION_ORGANIZATION_ID_H_
