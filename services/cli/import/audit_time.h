#ifndef TUTTI_SERVICES_CLI_IMPORT_AUDIT_TIME_H_
#define TUTTI_SERVICES_CLI_IMPORT_AUDIT_TIME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace tutti {

// Parses the times of audit records: "2024-05-18T21:13:33", also with a space for
// the T, with a fraction (dropped), with "Z" or an offset "+02:00"; and
// "/Date(1728344797000)/". Without a zone it is UTC. Seconds since 1970, or
// nothing when it is no such time. Spreadsheet forms ("5/18/2024 9:13 PM") are
// refused: their order of day and month is not known.
absl::optional<int64_t> ParseAuditTime(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_AUDIT_TIME_H_
