#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_OPERATION_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_OPERATION_H_

#include "absl/strings/string_view.h"
#include "common/sources/m365_audit/audit_record.h"

namespace tutti {

// What an audit record's operation and workload mean together.
enum class Operation {
  kUnknown,  // nothing to the catalogue
  kMailSent,
  kMailAccessed,
  kMessageSent,
  kMeetingDetail,
  kMeetingAttended,
  kCallJoined,
  kCommunityPosted,
  kCommunityRead,
  kFileRead,
  kFileWritten,
  kFileSyncWritten,  // a person's change that the sync client carried up
  kFileShared,
  kAssistantUsed,
};

// The meaning of a record. The comparison ignores case, and white space and full
// stops at the end; a known operation under another workload is unknown. A record without a
// workload has that of its type. The assistant's operation is nobody else's: it means the same
// under any workload.
Operation OperationOf(const AuditRecord& record);

// Whether the record says that the operation succeeded: no result is success,
// "partially succeeded" is not.
bool Succeeded(const AuditRecord& record);

// What the target of a sharing record says about the share.
enum class ShareTarget {
  kNone,      // machinery of SharePoint's own: no sign of a share
  kUnstated,  // a share, to somebody the record does not describe
  kInternal,
  kExternal,
};
ShareTarget ShareTargetOf(const AuditRecord& record);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_OPERATION_H_
