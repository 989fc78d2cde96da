#include "common/sources/m365_audit/audit_mapper.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/sources/actor.h"
#include "common/sources/input/audit_time.h"
#include "common/sources/input/text_match.h"
#include "common/sources/m365_audit/operation.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// How long before its record somebody can have joined.
constexpr int64_t kOldestJoinSeconds = int64_t{30} * 86400;

// Whether "a.pdf (949373b); image001.png (6875b)" lists anything but the pictures
// of a signature.
bool HasRealAttachment(absl::string_view attachments) {
  for (absl::string_view entry : absl::StrSplit(attachments, "; ", absl::SkipEmpty())) {
    const size_t size = entry.rfind(" (");
    const absl::string_view name = absl::StripAsciiWhitespace(entry.substr(0, size));
    if (name.empty()) continue;
    const bool picture =
        absl::EndsWithIgnoreCase(name, ".png") || absl::EndsWithIgnoreCase(name, ".gif") ||
        absl::EndsWithIgnoreCase(name, ".jpg") || absl::EndsWithIgnoreCase(name, ".jpeg");
    const bool numbered = name.size() > 8 && StartsIgnoringCase(name, "image") &&
                          absl::ascii_isdigit(static_cast<unsigned char>(name[5])) &&
                          absl::ascii_isdigit(static_cast<unsigned char>(name[6])) &&
                          absl::ascii_isdigit(static_cast<unsigned char>(name[7]));
    if (!picture || !numbered) return true;
  }
  return false;
}

bool IsDocument(absl::string_view extension) {
  static const auto& documents = *new absl::flat_hash_set<absl::string_view>{
      "doc",  "docx", "docm",   "dot",     "dotx", "rtf",   "odt",       "xls", "xlsx", "xlsm",
      "xlsb", "xltx", "csv",    "ods",     "ppt",  "pptx",  "pptm",      "pps", "ppsx", "potx",
      "odp",  "one",  "onepkg", "onetoc2", "pdf",  "txt",   "md",        "vsd", "vsdx", "mpp",
      "pub",  "xps",  "msg",    "eml",     "loop", "fluid", "whiteboard"};
  return documents.contains(absl::AsciiStrToLower(extension));
}

// Pages, forms and profile pictures that SharePoint logs as files.
bool IsPageNoise(const AuditRecord& record) {
  const absl::string_view type = record[Field::kItemType];
  return (!type.empty() && !absl::EqualsIgnoreCase(type, "File")) ||
         absl::EqualsIgnoreCase(record[Field::kExtension], "aspx") ||
         absl::EndsWithIgnoreCase(record[Field::kFileName], "SThumb.jpg");
}

// Whether the part of a OneDrive's address that names its owner is this person's:
// every character but letters and digits has become '_'.
bool NamesOwner(absl::string_view folder, absl::string_view person) {
  return folder.size() == person.size() &&
         std::equal(folder.begin(), folder.end(), person.begin(), [](char a, char b) {
           const auto plain = [](char c) {
             const unsigned char byte = static_cast<unsigned char>(c);
             return absl::ascii_isalnum(byte) ? absl::ascii_tolower(byte) : '_';
           };
           return plain(a) == plain(b);
         });
}

// Where a file lives: in a team site, in the person's own drive, or in another's.
TraitSet PlaceOf(const AuditRecord& record, absl::string_view person) {
  absl::string_view site = record[Field::kSiteUrl];
  if (site.empty()) site = record[Field::kObjectId];
  constexpr absl::string_view kDrive = "-my.sharepoint.com/personal/";
  const auto found = std::search(
      site.begin(), site.end(), kDrive.begin(), kDrive.end(),
      [](char a, char b) { return absl::ascii_tolower(static_cast<unsigned char>(a)) == b; });
  if (found == site.end()) {
    if (absl::EqualsIgnoreCase(record[Field::kWorkload], "OneDrive")) return kTraitPersonalDrive;
    return site.empty() ? TraitSet{0} : TraitSet{kTraitTeamSite | kTraitSharedFile};
  }
  absl::string_view folder = site.substr(static_cast<size_t>(found - site.begin()) + kDrive.size());
  folder = folder.substr(0, folder.find('/'));
  return NamesOwner(folder, person) ? TraitSet{kTraitPersonalDrive}
                                    : TraitSet{kTraitPersonalDrive | kTraitSharedFile};
}

// When somebody joined a meeting or a call. The record was made hours after; what it says of
// joining is taken unless it cannot be: a time after the record's own, or long before it.
int64_t JoinedAt(const AuditRecord& record, int64_t seconds) {
  const absl::optional<int64_t> joined = ParseAuditTime(record[Field::kJoined]);
  const bool usable =
      joined.has_value() && *joined <= seconds && *joined >= seconds - kOldestJoinSeconds;
  return usable ? *joined : seconds;
}

}  // namespace

bool AuditMapper::FirstTime(uint64_t key, SourceSink& sink) {
  if (acts_.insert(key).second) return true;
  sink.OnExcluded(Exclusion::kRepeated);
  return false;
}

bool AuditMapper::Admit(const ClientUse& use, bool background_counts, SourceSink& sink) {
  switch (use.kind) {
    case ClientKind::kHuman:
      return true;
    case ClientKind::kMachine:
      sink.OnExcluded(Exclusion::kMachineClient);
      return false;
    case ClientKind::kUnattended:
      if (options_.include_unattended_apps) return true;
      sink.OnExcluded(Exclusion::kUnattendedApp);
      return false;
    case ClientKind::kBackground:
      if (background_counts) return true;
      sink.OnExcluded(Exclusion::kBackgroundClient);
      return false;
  }
  return false;
}

absl::Status AuditMapper::Map(const AuditRecord& record, int64_t seconds, SourceSink& sink) {
  if (!sink.OnRow(record[Field::kId])) return absl::OkStatus();
  sink.OnTime(seconds);
  const Operation operation = OperationOf(record);
  if (operation == Operation::kMeetingDetail) {
    sink.OnExcluded(Exclusion::kMeetingOutline);
    return absl::OkStatus();
  }
  // The actor of these is the organiser; the people are in the list of attendees.
  if (operation == Operation::kMeetingAttended || operation == Operation::kCallJoined) {
    return MapAttendees(record, seconds, sink);
  }
  if (!sink.OnPerson({record[Field::kUser], record.user_type, record.by_software}))
    return absl::OkStatus();
  sink.OnActed();
  if (!Succeeded(record)) {
    sink.OnExcluded(Exclusion::kFailed);
    return absl::OkStatus();
  }
  subject_ = absl::AsciiStrToLower(AccountName(record[Field::kUser]));
  MappedActivity activity;
  activity.subject = subject_;
  activity.seconds = seconds;
  return MapForActor(record, activity, sink);
}

absl::Status AuditMapper::MapForActor(const AuditRecord& record, MappedActivity activity,
                                      SourceSink& sink) {
  switch (OperationOf(record)) {
    case Operation::kMailSent:
      return MapMailSent(record, activity, sink);
    case Operation::kMailAccessed:
      return MapMailAccessed(record, activity, sink);
    case Operation::kMessageSent:
      return MapMessage(record, activity, sink);
    case Operation::kCommunityPosted:
    case Operation::kCommunityRead:
      activity.type = OperationOf(record) == Operation::kCommunityPosted ? "community.posted"
                                                                         : "community.read";
      activity.app = "community";
      return sink.OnActivity(activity);
    case Operation::kFileRead:
    case Operation::kFileWritten:
    case Operation::kFileSyncWritten:
      return MapFile(record, activity, sink);
    case Operation::kFileShared:
      return MapShare(record, activity, sink);
    case Operation::kAssistantUsed:
      return MapAssistant(record, activity, sink);
    case Operation::kUnknown:
    case Operation::kMeetingDetail:
    case Operation::kMeetingAttended:
    case Operation::kCallJoined:
      break;
  }
  sink.OnIgnored(record[Field::kOperation]);
  return absl::OkStatus();
}

absl::Status AuditMapper::MapMailSent(const AuditRecord& record, MappedActivity activity,
                                      SourceSink& sink) {
  const ClientUse use = MailClient(record);
  if (!Admit(use, true, sink)) return absl::OkStatus();
  const absl::string_view message = record[Field::kMailMessage];
  if (!message.empty() && !FirstTime(Fingerprint({"mail", message, activity.subject}), sink)) {
    return absl::OkStatus();
  }
  activity.type = "mail.sent";
  activity.app = use.app;
  activity.platform = use.platform;
  if (HasRealAttachment(record[Field::kAttachments])) activity.traits |= kTraitAttachmentCopy;
  if (!options_.group_addresses.empty()) {
    for (absl::string_view address : record.recipients) {
      const std::string folded = CaseFolded(absl::StripAsciiWhitespace(address));
      if (options_.group_addresses.contains(folded)) activity.traits |= kTraitGroupMailbox;
    }
  }
  return sink.OnActivity(activity);
}

absl::Status AuditMapper::MapMailAccessed(const AuditRecord& record, MappedActivity activity,
                                          SourceSink& sink) {
  if (absl::EqualsIgnoreCase(record[Field::kMailAccess], "Sync")) {
    sink.OnExcluded(Exclusion::kFolderSync);
    return absl::OkStatus();
  }
  const ClientUse use = MailClient(record);
  if (!Admit(use, false, sink)) return absl::OkStatus();
  activity.type = "mail.read";
  activity.app = use.app;
  activity.platform = use.platform;
  return sink.OnActivity(activity);
}

absl::Status AuditMapper::MapMessage(const AuditRecord& record, MappedActivity activity,
                                     SourceSink& sink) {
  const absl::string_view thread = record[Field::kThread];
  const absl::string_view channel = record[Field::kChannel];
  const absl::string_view message = record[Field::kMessage];
  if (!message.empty() &&
      !FirstTime(Fingerprint({"message", thread.empty() ? channel : thread, message}), sink)) {
    return absl::OkStatus();
  }
  const bool in_channel = absl::EqualsIgnoreCase(record[Field::kCommunicationType], "Channel") ||
                          !channel.empty() || absl::EndsWithIgnoreCase(thread, "@thread.tacv2");
  const ClientUse use = TeamsClient(record);
  activity.type = in_channel ? "channel_message.sent" : "chat.sent";
  activity.app = use.app;
  activity.platform = use.platform;
  return sink.OnActivity(activity);
}

absl::Status AuditMapper::MapFile(const AuditRecord& record, MappedActivity activity,
                                  SourceSink& sink) {
  const Operation operation = OperationOf(record);
  ClientUse use;
  if (operation == Operation::kFileSyncWritten) {
    use.platform = "desktop";
  } else {
    use = FileClient(record);
  }
  if (!Admit(use, false, sink)) return absl::OkStatus();
  const bool read = operation == Operation::kFileRead;
  if (IsPageNoise(record) || (read && !IsDocument(record[Field::kExtension]))) {
    sink.OnExcluded(Exclusion::kNotADocument);
    return absl::OkStatus();
  }
  activity.type = read ? "file.read" : "file.written";
  activity.app = use.app;
  activity.platform = use.platform;
  activity.traits = PlaceOf(record, activity.subject);
  if (facts_.SharedByActor(record)) activity.traits |= kTraitSharedFile;
  return sink.OnActivity(activity);
}

absl::Status AuditMapper::MapShare(const AuditRecord& record, MappedActivity activity,
                                   SourceSink& sink) {
  const absl::string_view type = record[Field::kItemType];
  const bool item = type.empty() || absl::EqualsIgnoreCase(type, "File") ||
                    absl::EqualsIgnoreCase(type, "Folder");
  if (!item || ShareTargetOf(record) == ShareTarget::kNone) {
    sink.OnExcluded(Exclusion::kSystemShare);
    return absl::OkStatus();
  }
  const ClientUse use = FileClient(record);
  if (!Admit(use, false, sink) || !FirstTime(TenantFacts::ShareKey(record), sink))
    return absl::OkStatus();
  activity.type = "file.shared";
  activity.app = use.app;
  activity.platform = use.platform;
  activity.traits = facts_.ShareTraits(record);
  return sink.OnActivity(activity);
}

absl::Status AuditMapper::MapAssistant(const AuditRecord& record, MappedActivity activity,
                                       SourceSink& sink) {
  if (record.has_messages && !record.has_prompt) {
    sink.OnExcluded(Exclusion::kNoPrompt);
    return absl::OkStatus();
  }
  const AssistantUse use = AssistantApp(record);
  activity.type = "assistant.used";
  activity.app = use.app;
  if (use.app == "outlook") activity.traits = kTraitInMail;
  if (use.in_document) activity.traits = kTraitInDocument;
  if (use.app == "teams") {
    if (record.meeting_context) activity.traits |= kTraitInMeeting;
    if (record.chat_context) activity.traits |= kTraitInChat;
  }
  if (use.with_agent) activity.traits |= kTraitWithAgent;
  RETURN_IF_ERROR(sink.OnActivity(activity));
  if (!use.unknown_host.empty()) sink.OnUnknownApp(use.unknown_host);
  return absl::OkStatus();
}

absl::Status AuditMapper::MapAttendees(const AuditRecord& record, int64_t seconds,
                                       SourceSink& sink) {
  if (!Succeeded(record)) {
    sink.OnExcluded(Exclusion::kFailed);
    return absl::OkStatus();
  }
  if (record.attendees.empty()) {
    sink.OnExcluded(Exclusion::kNoAttendees);
    return absl::OkStatus();
  }
  const bool meeting = OperationOf(record) == Operation::kMeetingAttended;
  const ClientUse use = TeamsClient(record);
  const absl::string_view type = record[Field::kCommunicationType];
  for (const Attendee& attendee : record.attendees) {
    const bool foreign = !attendee.tenant.empty() &&
                         !absl::EqualsIgnoreCase(attendee.tenant, record[Field::kTenant]);
    if (foreign || IsMeetingBot(record) ||
        (!attendee.kind.empty() && !absl::EqualsIgnoreCase(attendee.kind, "User"))) {
      sink.OnExcluded(Exclusion::kNotAnAttendee);
      continue;
    }
    subject_ = absl::AsciiStrToLower(AccountName(attendee.upn));
    if (subject_.empty()) subject_ = std::string(facts_.PersonOf(attendee.object_id));
    if (subject_.empty()) {
      sink.OnExcluded(Exclusion::kUnknownAttendee);
      continue;
    }
    if (!sink.OnPerson({subject_, 0, record.by_software})) continue;
    sink.OnActed();
    // Without the meeting's id every record is an attendance of its own.
    if (!record[Field::kMeeting].empty() &&
        !FirstTime(TenantFacts::AttendanceKey(record, attendee), sink)) {
      continue;
    }
    MappedActivity activity;
    activity.subject = subject_;
    activity.seconds = JoinedAt(record, seconds);
    activity.app = use.app;
    activity.platform = use.platform;
    activity.type = meeting ? "meeting.attended" : "call.joined";
    if (meeting) {
      activity.traits = facts_.MeetingTraits(record, attendee);
    } else if (ContainsIgnoringCase(type, "oneonone") || ContainsIgnoringCase(type, "onetoone")) {
      activity.traits = kTraitOneToOne;
    } else if (ContainsIgnoringCase(type, "group")) {
      activity.traits = kTraitGroup;
    }
    RETURN_IF_ERROR(sink.OnActivity(activity));
  }
  return absl::OkStatus();
}

}  // namespace tutti
