#ifndef TUTTI_TESTS_SAMPLE_TELEMETRY_H_
#define TUTTI_TESTS_SAMPLE_TELEMETRY_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "tests/sample/audit_log.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// Takes a piece of one of the two files of telemetry.
using TelemetrySink = std::function<void(bool csv, absl::string_view text)>;

// Tells of every second device as CSV with all columns in a row, of the others as JSON
// objects, one a line and for each sort of measurement: how they started, what crashed,
// how good the network was and which versions they have. It tells scores, milliseconds
// and versions, and leaves what they mean to the reader. Some rows say too little to mean
// anything. Keeps one row in memory. Its records are rows, its activities what they mean.
AuditLogCounts TellTelemetry(const SampleOrganization& organization, const TelemetrySink& take);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_TELEMETRY_H_
