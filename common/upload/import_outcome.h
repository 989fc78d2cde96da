#ifndef TUTTI_COMMON_UPLOAD_IMPORT_OUTCOME_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_OUTCOME_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/upload/import_summary.h"

namespace tutti {

// What has to be done before an import is repeated, when ingest refused activities for a
// reason ("KEY_MISSING", of ingest.v1.Reason) that an operator or time can repair: what was
// refused is lost for good once the back-fill is finished. Empty for reasons that lie in the
// data, or that stay: activities that come too late, or before the first day.
absl::string_view RepairOf(absl::string_view reason);

// InvalidArgument when no row could be read, though there were some: all that a rehearsal can
// fail of.
absl::Status CheckReadable(const ImportSummary& summary);

// Whether ingest was sent no activity, though the input could be read; and the error of that.
bool SentNothing(const ImportSummary& summary);
absl::Status NothingSent(const ImportSummary& summary);

// What a script has to notice of an import that came to its end and was not a rehearsal. NotFound
// when activities were refused for a reason that can be repaired, however many were accepted: what
// they need is not there yet; and when there was nothing to send, unless the input says who is
// licensed. InvalidArgument when no row could
// be read, FailedPrecondition when all activities were refused.
absl::Status OutcomeOf(const ImportSummary& summary);

// The same of an error that ended an import, for which ingest gave a reason or none (empty).
absl::Status OutcomeOf(const absl::Status& error, absl::string_view reason);

// Whether the people whom the input lists can be the organisation's headcount. FailedPrecondition
// when it lists the licensees of one product or service alone, and says what to export; and when
// they are fewer than half of the headcount that is on record (0 for none): a report that was cut
// to a department, or to a page, looks so. What lists nobody is asked nothing.
absl::Status CheckHeadcount(const TenantSummary& tenant, int64_t on_record);

// How every error of an import ends: what is missing is lost for good once the back-fill is
// finished.
inline constexpr char kNotYet[] = "If this is a back-fill, do not finish it yet";
absl::Status NotFinished(const absl::Status& error);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_OUTCOME_H_
