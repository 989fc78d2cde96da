#include "services/cli/import/record_decoder.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/cli/import/actor.h"
#include "services/cli/import/text_match.h"

namespace tutti {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

// What a member holds, where it is not a text.
enum class Member : uint8_t {
  kText,
  kUserType,
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
  kEvent,     // Elastic's event.original
};

struct Rule {
  Member member = Member::kText;
  Field field = Field::kCount;
};

using Rules = absl::flat_hash_map<absl::string_view, Rule>;

const Rules& RecordRules() {
  static const Rules& rules = *new Rules{
      {"Id", {Member::kText, Field::kId}},
      {"id", {Member::kText, Field::kId}},
      {"OfficeId", {Member::kText, Field::kId}},
      {"SourceRecordId", {Member::kText, Field::kId}},
      {"Identity", {Member::kText, Field::kId}},
      {"OrganizationId", {Member::kText, Field::kTenant}},
      {"OrganizationId_", {Member::kText, Field::kTenant}},
      {"organizationId", {Member::kText, Field::kTenant}},
      {"Operation", {Member::kText, Field::kOperation}},
      {"operation", {Member::kText, Field::kOperation}},
      {"Operations", {Member::kText, Field::kOperation}},
      {"Workload", {Member::kText, Field::kWorkload}},
      {"OfficeWorkload", {Member::kText, Field::kWorkload}},
      {"service", {Member::kText, Field::kWorkload}},
      {"UserId", {Member::kText, Field::kUser}},
      {"UserId_", {Member::kText, Field::kUser}},
      {"UserIds", {Member::kText, Field::kUser}},
      {"userPrincipalName", {Member::kText, Field::kUser}},
      {"UserKey", {Member::kText, Field::kUserKey}},
      {"ResultStatus", {Member::kText, Field::kResult}},
      {"CreationTime", {Member::kText, Field::kCreated}},
      {"createdDateTime", {Member::kText, Field::kCreated}},
      {"TimeGenerated", {Member::kText, Field::kCreated}},
      {"Start_Time", {Member::kText, Field::kStartTime}},
      {"ClientInfoString", {Member::kText, Field::kClientInfo}},
      {"ActorInfoString", {Member::kText, Field::kActorInfo}},
      {"ClientProcessName", {Member::kText, Field::kClientProcess}},
      {"AppId", {Member::kText, Field::kAppId}},
      {"ClientAppId", {Member::kText, Field::kClientAppId}},
      {"UserAgent", {Member::kText, Field::kUserAgent}},
      {"Platform", {Member::kText, Field::kPlatform}},
      {"ApplicationDisplayName", {Member::kText, Field::kApplicationName}},
      {"ItemType", {Member::kText, Field::kItemType}},
      {"ListItemUniqueId", {Member::kText, Field::kItemId}},
      {"ObjectId", {Member::kText, Field::kObjectId}},
      {"objectId", {Member::kText, Field::kObjectId}},
      {"OfficeObjectId", {Member::kText, Field::kObjectId}},
      {"SiteUrl", {Member::kText, Field::kSiteUrl}},
      {"Site_Url", {Member::kText, Field::kSiteUrl}},
      {"SourceFileExtension", {Member::kText, Field::kExtension}},
      {"SourceFileName", {Member::kText, Field::kFileName}},
      {"CorrelationId", {Member::kText, Field::kCorrelation}},
      {"TargetUserOrGroupType", {Member::kText, Field::kTargetType}},
      {"TargetUserOrGroupName", {Member::kText, Field::kTargetName}},
      {"CommunicationType", {Member::kText, Field::kCommunicationType}},
      {"CommunicationSubType", {Member::kText, Field::kCommunicationSubType}},
      {"ChatThreadId", {Member::kText, Field::kThread}},
      {"MessageId", {Member::kText, Field::kMessage}},
      {"ChannelGuid", {Member::kText, Field::kChannel}},
      {"ChannelName", {Member::kText, Field::kChannel}},
      {"MeetingDetailId", {Member::kText, Field::kMeeting}},
      {"JoinTime", {Member::kText, Field::kJoined}},
      {"DeviceInformation", {Member::kText, Field::kDevice}},
      {"UserType", {Member::kUserType, Field::kCount}},
      {"userType", {Member::kUserType, Field::kCount}},
      {"Item", {Member::kItem, Field::kCount}},
      {"recipientList", {Member::kRecipients, Field::kCount}},
      {"RecipientList", {Member::kRecipients, Field::kCount}},
      {"Recipients", {Member::kRecipients, Field::kCount}},
      {"OperationProperties", {Member::kMailProperties, Field::kCount}},
      {"ExtraProperties", {Member::kExtraProperties, Field::kCount}},
      {"Attendees", {Member::kAttendees, Field::kCount}},
      {"ArtifactsShared", {Member::kArtifacts, Field::kCount}},
      {"ArtifactShared", {Member::kArtifacts, Field::kCount}},
      {"CopilotEventData", {Member::kCopilot, Field::kCount}},
      {"AppAccessContext", {Member::kAppContext, Field::kCount}},
      {"AuditData", {Member::kEnvelope, Field::kCount}},
      {"auditData", {Member::kEnvelope, Field::kCount}},
      {"o365audit", {Member::kEnvelope, Field::kCount}},
      {"events", {Member::kList, Field::kCount}},
      {"value", {Member::kList, Field::kCount}},
      {"records", {Member::kList, Field::kCount}},
      {"Records", {Member::kList, Field::kCount}},
      {"event", {Member::kEvent, Field::kCount}},
  };
  return rules;
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// The text of an element, empty when it is none.
absl::string_view Text(element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? View(text) : absl::string_view();
}

absl::string_view Text(object from, std::string_view key) {
  element value;
  return from[key].get(value) == simdjson::SUCCESS ? Text(value) : absl::string_view();
}

int UserType(element value) {
  int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) {
    return number >= 0 && number <= 10 ? static_cast<int>(number) : -1;
  }
  const absl::string_view text = Text(value);
  int parsed = 0;
  if (absl::SimpleAtoi(text, &parsed)) return parsed >= 0 && parsed <= 10 ? parsed : -1;
  static constexpr absl::string_view kNames[] = {
      "Regular",     "Reserved",         "Admin",        "DcAdmin",      "System",
      "Application", "ServicePrincipal", "CustomPolicy", "SystemPolicy", "PartnerTechnician",
      "Guest"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (absl::EqualsIgnoreCase(text, kNames[i])) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

class RecordDecoder::Impl {
 public:
  absl::Status Decode(absl::string_view json, absl::string_view fallback_id, RecordSink& sink) {
    used_ = 0;
    if (absl::StripAsciiWhitespace(json).empty()) {
      return sink.OnRejected(RejectionReason::kEmptyAuditData);
    }
    element root;
    if (NextParser().parse(json.data(), json.size(), false).get(root) != simdjson::SUCCESS) {
      return sink.OnRejected(RejectionReason::kMalformedJson);
    }
    return DecodeElement(root, fallback_id, sink, 0);
  }

 private:
  static constexpr int kMaxNesting = 8;

  simdjson::dom::parser& NextParser() {
    if (used_ == parsers_.size()) parsers_.push_back(std::make_unique<simdjson::dom::parser>());
    return *parsers_[used_++];
  }

  // An element, or the JSON that is written in it as a string. False when it is
  // neither object nor array.
  bool Unwrap(element value, element* inner) {
    if (value.type() == element_type::OBJECT || value.type() == element_type::ARRAY) {
      *inner = value;
      return true;
    }
    const absl::string_view text = absl::StripAsciiWhitespace(Text(value));
    if (text.empty() || (text[0] != '{' && text[0] != '[')) return false;
    return NextParser().parse(text.data(), text.size(), true).get(*inner) == simdjson::SUCCESS;
  }

  absl::Status DecodeElement(element value, absl::string_view fallback_id, RecordSink& sink,
                             int nesting) {
    if (nesting > kMaxNesting) return sink.OnRejected(RejectionReason::kMalformedJson);
    array list;
    if (value.get(list) == simdjson::SUCCESS) {
      const size_t used = used_;
      for (element item : list) {
        used_ = used;
        absl::Status status = DecodeElement(item, {}, sink, nesting + 1);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    }
    object members;
    if (value.get(members) != simdjson::SUCCESS) {
      return sink.OnRejected(RejectionReason::kNotAnObject);
    }
    Reset();
    Found found;
    ReadMembers(members, &found);
    if (found.has_list && record_[Field::kOperation].empty()) {
      return DecodeElement(found.list, {}, sink, nesting + 1);
    }
    if (found.has_envelope || found.has_original) {
      return DecodeEnvelope(found, members, fallback_id, sink);
    }
    return Finish(fallback_id, sink);
  }

  // Empties the record, keeping the memory of its lists.
  void Reset() {
    record_.text.fill(absl::string_view());
    record_.user_type = -1;
    record_.recipients.clear();
    record_.attendees.clear();
    record_.video = record_.screen_share = false;
    record_.has_messages = record_.has_prompt = false;
    record_.meeting_context = record_.chat_context = false;
    numbers_.clear();
  }

  // What ReadMembers came upon besides the record's own members.
  struct Found {
    bool has_envelope = false;
    bool has_original = false;
    bool has_list = false;
    element envelope;
    element original;
    element list;
  };

  // The inner record first, so that it wins; then the outer members.
  absl::Status DecodeEnvelope(const Found& found, object outer, absl::string_view fallback_id,
                              RecordSink& sink) {
    const element envelope = found.has_envelope ? found.envelope : found.original;
    if (envelope.type() == element_type::NULL_VALUE ||
        (envelope.type() == element_type::STRING &&
         absl::StripAsciiWhitespace(Text(envelope)).empty())) {
      return sink.OnRejected(RejectionReason::kEmptyAuditData);
    }
    element inner;
    if (!Unwrap(envelope, &inner)) return sink.OnRejected(RejectionReason::kMalformedJson);
    object members;
    if (inner.get(members) != simdjson::SUCCESS) {
      return sink.OnRejected(RejectionReason::kNotAnObject);
    }
    Reset();
    Found ignored;
    ReadMembers(members, &ignored);
    ReadMembers(outer, &ignored);
    return Finish(fallback_id, sink);
  }

  absl::Status Finish(absl::string_view fallback_id, RecordSink& sink) {
    if (record_[Field::kId].empty()) Set(Field::kId, fallback_id);
    if (record_[Field::kId].empty()) return sink.OnRejected(RejectionReason::kMissingId);
    if (!IsGuid(record_[Field::kTenant])) return sink.OnRejected(RejectionReason::kMissingTenant);
    return sink.OnRecord(record_);
  }

  // The first text that is not empty stays.
  void Set(Field field, absl::string_view text) {
    absl::string_view& slot = record_.text[static_cast<size_t>(field)];
    if (slot.empty()) slot = text;
  }

  void SetNumber(Field field, element value) {
    int64_t number = 0;
    if (value.get(number) != simdjson::SUCCESS) return;
    numbers_.push_back(absl::StrCat(number));
    Set(field, numbers_.back());
  }

  void ReadMembers(object members, Found* found) {
    const Rules& rules = RecordRules();
    for (const auto [key, value] : members) {
      const auto rule = rules.find(View(key));
      if (rule == rules.end()) continue;
      if (rule->second.member != Member::kText) {
        ReadMember(rule->second.member, value, found);
      } else if (value.type() == element_type::STRING) {
        Set(rule->second.field, Text(value));
      } else {
        SetNumber(rule->second.field, value);
      }
    }
  }

  void ReadMember(Member member, element value, Found* found) {
    switch (member) {
      case Member::kText:
        return;
      case Member::kUserType:
        if (record_.user_type < 0) record_.user_type = UserType(value);
        return;
      case Member::kEnvelope:
        found->has_envelope = true;
        found->envelope = value;
        return;
      case Member::kList:
        if (value.type() != element_type::ARRAY) return;
        found->has_list = true;
        found->list = value;
        return;
      case Member::kEvent:
        found->has_original = value.type() == element_type::OBJECT &&
                              value["original"].get(found->original) == simdjson::SUCCESS;
        return;
      default:
        break;
    }
    element inner;
    if (!Unwrap(value, &inner)) return;
    array list;
    if (inner.get(list) == simdjson::SUCCESS) {
      for (element item : list) ReadListItem(member, item);
      return;
    }
    object from;
    if (inner.get(from) == simdjson::SUCCESS) ReadObject(member, from);
  }

  void ReadObject(Member member, object from) {
    element value;
    switch (member) {
      case Member::kItem:
        Set(Field::kMailMessage, Text(from, "InternetMessageId"));
        Set(Field::kAttachments, Text(from, "Attachments"));
        for (std::string_view key : {"Recipients", "recipientList", "RecipientList"}) {
          if (from[key].get(value) == simdjson::SUCCESS) {
            ReadMember(Member::kRecipients, value, nullptr);
          }
        }
        return;
      case Member::kAppContext:
        Set(Field::kClientAppId, Text(from, "ClientAppId"));
        Set(Field::kClientAppName, Text(from, "ClientAppName"));
        return;
      case Member::kCopilot:
        ReadCopilot(from);
        return;
      default:
        return;
    }
  }

  void ReadCopilot(object from) {
    Set(Field::kAppHost, Text(from, "AppHost"));
    array list;
    if (from["Messages"].get(list) == simdjson::SUCCESS) {
      record_.has_messages = true;
      for (element message : list) {
        bool is_prompt = false;
        if (message["isPrompt"].get(is_prompt) == simdjson::SUCCESS && is_prompt) {
          record_.has_prompt = true;
        }
      }
    }
    if (from["Contexts"].get(list) != simdjson::SUCCESS) return;
    for (element context : list) {
      object members;
      if (context.get(members) != simdjson::SUCCESS) continue;
      const absl::string_view type = Text(members, "Type");
      if (ContainsIgnoringCase(type, "meeting")) record_.meeting_context = true;
      if (ContainsIgnoringCase(type, "chat")) record_.chat_context = true;
    }
  }

  void ReadListItem(Member member, element item) {
    if (member == Member::kRecipients && item.type() == element_type::STRING) {
      record_.recipients.push_back(Text(item));
      return;
    }
    object from;
    if (item.get(from) != simdjson::SUCCESS) return;
    switch (member) {
      case Member::kRecipients:
        record_.recipients.push_back(Text(from, "Address"));
        return;
      case Member::kMailProperties:
        if (Text(from, "Name") == "MailAccessType") Set(Field::kMailAccess, Text(from, "Value"));
        return;
      case Member::kExtraProperties: {
        const absl::string_view key = Text(from, "Key");
        if (key == "UserAgent") Set(Field::kDeviceAgent, Text(from, "Value"));
        if (key == "OsName") Set(Field::kDeviceSystem, Text(from, "Value"));
        return;
      }
      case Member::kAttendees:
        record_.attendees.push_back({Text(from, "UserObjectId"), Text(from, "UPN"),
                                     Text(from, "RecipientType"), Text(from, "OrganizationId")});
        return;
      case Member::kArtifacts: {
        const absl::string_view name = Text(from, "ArtifactSharedName");
        if (absl::EqualsIgnoreCase(name, "videoTransmitted")) record_.video = true;
        if (absl::EqualsIgnoreCase(name, "screenShared")) record_.screen_share = true;
        return;
      }
      default:
        return;
    }
  }

  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers_;
  size_t used_ = 0;  // parsers whose results the record refers to
  AuditRecord record_;
  std::deque<std::string> numbers_;  // numbers of the record as text
};

RecordDecoder::RecordDecoder() : impl_(std::make_unique<Impl>()) {}
RecordDecoder::~RecordDecoder() = default;

absl::Status RecordDecoder::Decode(absl::string_view json, absl::string_view fallback_id,
                                   RecordSink& sink) {
  return impl_->Decode(json, fallback_id, sink);
}

}  // namespace tutti
