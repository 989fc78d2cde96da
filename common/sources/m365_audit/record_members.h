#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_MEMBERS_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_MEMBERS_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/sources/m365_audit/audit_record.h"

namespace tutti {

// What a member holds, where it is not a text.
enum class Member : uint8_t {
  kText,
  kUserType,
  kSoftware,
  kItem,
  kRecipients,
  kMailProperties,
  kExtraProperties,
  kAttendees,
  kArtifacts,
  kCopilot,
  kAppContext,
  kEnvelope,  // AuditData and the like: the record is in it
  kList,      // "events" and the like: several records are in it
  kEvent,     // Elastic's event.original, or Splunk's event
  kWrapper,   // what another product has put around a record
};

struct MemberRule {
  Member member = Member::kText;
  Field field = Field::kCount;
};

using MemberRules = absl::flat_hash_map<absl::string_view, MemberRule>;

// What each member of an audit record means, by its name in any of the shapes.
const MemberRules& RecordMembers();

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_RECORD_MEMBERS_H_
