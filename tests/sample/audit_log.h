#ifndef TUTTI_TESTS_SAMPLE_AUDIT_LOG_H_
#define TUTTI_TESTS_SAMPLE_AUDIT_LOG_H_

#include <cstdint>
#include <functional>

#include "tests/sample/audit_row.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// How much a log holds.
struct AuditLogCounts {
  int64_t records = 0;      // lines, re-delivered ones included
  int64_t redelivered = 0;  // of these, seen before
  int64_t activities = 0;   // what people did: the intended activities
};

// Takes one record of a log; `again`: it was taken before.
using AuditRowSink = std::function<void(const AuditRow& row, bool again)>;

// Tells the organisation's whole log, day by day, each day in the order of time,
// what is re-delivered at the day's end. Holds one day in memory.
AuditLogCounts TellAuditLog(const SampleOrganization& organization, const AuditRowSink& take);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_AUDIT_LOG_H_
