#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_RECORD_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti {

// The text members of an audit record that its meaning depends on. The names are
// those of the Management Activity API; other shapes are brought to them.
enum class Field : uint8_t {
  kId,
  kTenant,  // OrganizationId
  kOperation,
  kWorkload,
  kRecordType,
  kUser,  // UserId
  kUserKey,
  kResult,
  kCreated,  // CreationTime
  kStartTime,
  kClientInfo,
  kActorInfo,
  kClientProcess,
  kAppId,
  kClientAppId,
  kClientAppName,
  kUserAgent,
  kPlatform,
  kApplicationName,
  kItemType,
  kItemId,  // ListItemUniqueId
  kObjectId,
  kSiteUrl,
  kExtension,
  kFileName,
  kCorrelation,
  kTargetType,
  kTargetName,
  kCommunicationType,
  kCommunicationSubType,
  kThread,  // ChatThreadId
  kMessage,
  kChannel,
  kMeeting,  // MeetingDetailId
  kJoined,
  kDevice,       // DeviceInformation
  kMailMessage,  // Item.InternetMessageId
  kAttachments,
  kMailAccess,
  kDeviceAgent,   // ExtraProperties[UserAgent]
  kDeviceSystem,  // ExtraProperties[OsName]
  kAppHost,
  kAppIdentity,
  kAgent,        // its id or name; empty: none
  kContextType,  // of the assistant: the first that is not empty
  kCount,
};

struct Attendee {
  absl::string_view object_id;
  absl::string_view upn;
  absl::string_view kind;    // RecipientType
  absl::string_view tenant;  // OrganizationId
};

// One audit record, whatever the shape it came in. It is a view: valid until the
// decoder reads the next one. Absent members are empty.
struct AuditRecord {
  absl::string_view operator[](Field field) const { return text[static_cast<size_t>(field)]; }

  std::array<absl::string_view, static_cast<size_t>(Field::kCount)> text;
  std::vector<absl::string_view> created_too;  // when, as other members say, after kCreated
  int user_type = -1;                          // 0..10, -1 when absent or unknown
  bool by_software = false;                    // an agent did it in the person's name
  std::vector<absl::string_view> recipients;
  std::vector<Attendee> attendees;
  bool video = false;         // ArtifactsShared
  bool screen_share = false;  // ArtifactsShared
  bool has_messages = false;  // CopilotEventData.Messages is there
  bool has_prompt = false;    // one of them is a prompt
  bool meeting_context = false;
  bool chat_context = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_RECORD_H_
