#include "common/sources/input/rejection_reason.h"

namespace tutti {

absl::string_view RejectionReasonName(RejectionReason reason) {
  switch (reason) {
    case RejectionReason::kMalformedJson:
      return "malformed or truncated JSON";
    case RejectionReason::kNotAnObject:
      return "not a JSON object";
    case RejectionReason::kEmptyAuditData:
      return "empty AuditData";
    case RejectionReason::kTooLarge:
      return "longer than 16 MiB";
    case RejectionReason::kMissingId:
      return "no record id";
    case RejectionReason::kMissingTenant:
      return "no OrganizationId";
    case RejectionReason::kMalformedTime:
      return "no readable time";
    case RejectionReason::kTimeOutOfRange:
      return "time before 2000-01-03 or in the future";
    case RejectionReason::kMissingField:
      return "no subject or no type";
    case RejectionReason::kUnknownField:
      return "unknown member";
    case RejectionReason::kWrongFieldType:
      return "member of the wrong type";
    case RejectionReason::kNoDate:
      return "no date: export the start-up history, or add a column \"date\" with the day";
    case RejectionReason::kDamagedName:
      return "name with a character that cannot be read";
    case RejectionReason::kBrokenQuote:
      return "quote that is not closed";
    case RejectionReason::kAmbiguousDay:
      return "day and month that cannot be told apart: export the report again, and do not save it "
             "with a spreadsheet, or write its dates as 2026-05-04";
    case RejectionReason::kAfterReport:
      return "day after the report's refresh date";
    case RejectionReason::kCutByWorkbook:
      return "AuditData cut off at 32,767 characters, which is all that a cell of Excel holds: "
             "import the export as it was downloaded";
    case RejectionReason::kOtherSeparator:
      return "columns parted by another character than those of the header";
    case RejectionReason::kTooManyFields:
      return "more fields than the header has: a name with a comma wants quotes";
    case RejectionReason::kCutOffRow:
      return "last row cut off: fetch the export again";
  }
  return "unknown";
}

}  // namespace tutti
