#ifndef TUTTI_COMMON_SOURCES_INPUT_REJECTION_REASON_H_
#define TUTTI_COMMON_SOURCES_INPUT_REJECTION_REASON_H_

#include "absl/strings/string_view.h"

namespace tutti {

// Why one record of an input was left out before its meaning was looked at.
// Reading goes on after it.
enum class RejectionReason {
  kMalformedJson,   // not JSON, or half of it (a truncated export)
  kNotAnObject,     // JSON, but no object
  kEmptyAuditData,  // the AuditData column or member is empty
  kTooLarge,        // longer than 16 MiB
  kMissingId,       // no record id: nothing to recognise duplicates by
  kMissingTenant,   // no OrganizationId that is a GUID: whose is it?
  kMalformedTime,   // no time, or not one
  kTimeOutOfRange,  // before 2000-01-03, or in the future
  kMissingField,    // an activity without subject or type
  kUnknownField,    // an activity with a member that activities do not have
  kWrongFieldType,  // an activity with a member of another JSON type
  kNoDate,          // a device's measurement of no day: Endpoint analytics' scores are
  kDamagedName,     // a character of who did it could not be read: it might be another's name
  kBrokenQuote,     // of a CSV file: a quote that is not closed, or not where a field ends
  kAmbiguousDay,    // of a report: a day of which nobody knows whether 4/5 is in April or in May
  kAfterReport,     // of a report: a day after the one that the report was made on
  kCutByWorkbook,   // JSON of as many characters as a cell of Excel holds: the rest is lost
  kOtherSeparator,  // of a CSV file: one field, and in it what parts the columns of other files
  kTooManyFields,   // of a CSV file: more fields than the header, so which is which?
  kCutOffRow,       // of a CSV file: its last row has no end, and fewer fields than the header
};
inline constexpr int kRejectionReasonCount = 20;

// A stable name for people and for JSON: "empty AuditData".
absl::string_view RejectionReasonName(RejectionReason reason);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_REJECTION_REASON_H_
