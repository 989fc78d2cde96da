#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_KNOWN_OPERATIONS_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_KNOWN_OPERATIONS_H_

#include "absl/strings/string_view.h"

namespace tutti {

// An operation of the audit log as Microsoft documents it, see KnownNames; empty for any other.
absl::string_view KnownAuditOperation(absl::string_view name);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_KNOWN_OPERATIONS_H_
