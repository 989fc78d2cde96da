#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sample/clients.h"
#include "tests/sample/event_records.h"
#include "tests/sample/record_forms.h"

// The part of EventRecords that tells of Teams and of signing in.

namespace tutti {
namespace {

// A telephone says so; everything else says "windows".
absl::string_view TeamsSystem(const SampleEvent& event) {
  if (event.client != static_cast<uint8_t>(SampleDevice::kMobile)) return "windows";
  return event.id % 2 == 0 ? "iOS" : "Android";
}

std::string TeamsProperties(absl::string_view system) {
  return absl::StrCat(R"([{"Key":"OsName","Value":")", system,
                      R"("},{"Key":"ClientName","Value":"skypeteams"},)",
                      R"({"Key":"ClientVersion","Value":"27/1.0.0.2024050112"}])");
}

}  // namespace

void EventRecords::AppendMessage(const SampleEvent& event, std::vector<AuditRow>& rows) {
  const bool channel = event.act == SampleAct::kChannelMessage;
  RecordStart start = StartOf(event);
  start.record_type = 25;
  start.record_type_name = "MicrosoftTeams";
  start.workload = "MicrosoftTeams";
  start.user_key = ObjectId(event.person);
  const uint32_t team = SampleOrganization::TeamOf(event.person);
  for (int part = 0; part < 2; ++part) {
    const bool link = part == 1;
    if (event.form == (link ? kPlainMessage : kLinkOnly)) continue;
    start.operation = link ? "MessageCreatedHasLink" : "MessageSent";
    start.part = part;
    AuditJson json = Begin(start);
    const bool group = event.id % 3 == 0;
    if (channel) {
      json.Text("CommunicationType", "Channel")
          .Text("ChannelGuid",
                absl::StrCat("19:", organization_.key().Guid("channel", team), "@thread.tacv2"))
          .Text("TeamName", absl::StrCat("Team ", team + 1));
    } else {
      json.Text("CommunicationType", group ? "GroupChat" : "OneOnOne")
          .Text("ChatThreadId",
                group ? absl::StrCat("19:", organization_.key().Guid("chat", team), "@thread.v2")
                      : absl::StrCat("19:", ObjectId(std::min(event.person, event.other)), "_",
                                     ObjectId(std::max(event.person, event.other)),
                                     "@unq.gbl.spaces"));
    }
    json.Text("MessageId", absl::StrCat(event.id))
        .Raw("ExtraProperties", TeamsProperties(TeamsSystem(event)))
        .Number("ItemCount", 0);
    if (link) json.Raw("MessageURLs", R"(["https://intranet.example/page"])");
    Finish(start, std::move(json), rows);
  }
}

int64_t EventRecords::LaterThan(int64_t seconds, uint64_t id) const {
  // Records of meetings come hours later; the log ends with its last day.
  const int64_t delay =
      7200 + static_cast<int64_t>(organization_.key().Number("delay", id) % 14400);
  return std::min(seconds + delay, organization_.DayStart(organization_.days()) - 1);
}

void EventRecords::AppendMeeting(const SampleMeeting& meeting, std::vector<AuditRow>& rows) {
  if (meeting.kind == SampleMeetingKind::kGroupCall) return;
  RecordStart start;
  start.record_type = 25;
  start.record_type_name = "MicrosoftTeams";
  start.operation = "MeetingDetail";
  start.workload = "MicrosoftTeams";
  start.user = organization_.PersonName(meeting.organizer);
  start.user_key = ObjectId(meeting.organizer);
  start.id = uint64_t{1} << 58 | meeting.item;
  start.seconds = LaterThan(meeting.start, start.id);
  const absl::string_view kind = meeting.kind == SampleMeetingKind::kOneOff ? "ScheduledMeeting"
                                 : meeting.kind == SampleMeetingKind::kRecurring
                                     ? "RecurringMeeting"
                                     : "AdHocMeeting";
  AuditJson json = Begin(start);
  json.Text("CommunicationSubType", kind)
      .Text("StartTime", AuditTime(meeting.start))
      .Text("EndTime", AuditTime(meeting.start + int64_t{60} * meeting.minutes))
      .Raw("Organizer", absl::StrCat(R"({"UserObjectId":")", start.user_key, R"("})"))
      .Raw("Modalities", R"(["Audio","Video"])");
  Finish(start, std::move(json), rows);
}

void EventRecords::AppendAttendance(const SampleEvent& event, std::vector<AuditRow>& rows) {
  const bool meeting = event.act == SampleAct::kMeetingAttended;
  RecordStart start = StartOf(event);
  start.record_type = 25;
  start.record_type_name = "MicrosoftTeams";
  start.workload = "MicrosoftTeams";
  start.operation = meeting ? "MeetingParticipantDetail" : "CallParticipantDetail";
  // The actor of the record is the organiser, whoever attended.
  start.user = organization_.PersonName(event.other);
  start.user_key = ObjectId(event.other);
  start.seconds = LaterThan(event.seconds, event.id);
  const uint64_t detail = meeting ? uint64_t{1} << 58 | event.item : event.item;
  AuditJson attendee;
  attendee.Text("UserObjectId", ObjectId(event.person));
  if (!(event.form & kByObjectIdAlone)) attendee.Text("UPN", Spelling(event.person, event.id));
  attendee.Text("OrganizationId", tenant_).Text("RecipientType", "User");
  std::string attendees = absl::StrCat("[", attendee.Take());
  if (event.traits & kSampleOneToOne) {
    absl::StrAppend(&attendees,
                    R"(,{"UPN":"","RecipientType":"Phone","DisplayName":"A telephone"})");
  }
  attendees += "]";
  const int joins = (event.form & kRejoined) ? 2 : 1;
  for (start.part = 0; start.part < joins; ++start.part) {
    AuditJson json = Begin(start);
    json.Text("MeetingDetailId",
              organization_.key().Guid(meeting ? "record" : "call", meeting ? detail << 4 : detail))
        .Text("JoinTime", AuditTime(event.seconds + int64_t{120} * start.part))
        .Text("LeaveTime", AuditTime(event.seconds + int64_t{120} * start.part + 1500))
        .Raw("Attendees", attendees)
        .Raw("ExtraProperties", TeamsProperties(TeamsSystem(event)));
    if (!meeting) {
      json.Text("CommunicationType", (event.traits & kSampleOneToOne) ? "OneOnOne" : "GroupCall");
    }
    // What was shown is told of the last join.
    if (start.part == joins - 1 && (event.traits & (kSampleVideo | kSampleScreenShare))) {
      std::string artifacts;
      if (event.traits & kSampleVideo) artifacts = R"({"ArtifactSharedName":"videoTransmitted"})";
      if (event.traits & kSampleScreenShare) {
        absl::StrAppend(&artifacts, artifacts.empty() ? "" : ",",
                        R"({"ArtifactSharedName":"screenShared"})");
      }
      json.Raw("ArtifactsShared", absl::StrCat("[", artifacts, "]"));
    }
    Finish(start, std::move(json), rows);
  }
  if (event.form & kByObjectIdAlone) {
    AppendSignIn(event.person, event.seconds - 600, event.id, 8, true, rows);
  }
}

void EventRecords::AppendSignIn(uint32_t person, int64_t seconds, uint64_t id, int part,
                                bool success, std::vector<AuditRow>& rows) {
  RecordStart start;
  start.record_type = 15;
  start.record_type_name = "AzureActiveDirectoryStsLogon";
  start.operation = success ? "UserLoggedIn" : "UserLoginFailed";
  start.workload = "AzureActiveDirectory";
  start.user = Spelling(person, id);
  start.user_key = ObjectId(person);
  start.result = success ? "Success" : "Failed";
  start.seconds = seconds;
  start.id = id;
  start.part = part;
  AuditJson json = Begin(start);
  json.Text("ActorIpAddress", Address(id))
      .Text("ApplicationId", "1fec8e78-bce4-4aaf-ab1b-5451cc387264")
      .Raw("ExtendedProperties", R"([{"Name":"RequestType","Value":"OAuth2:Authorize"}])")
      .Raw("DeviceProperties", R"([{"Name":"OS","Value":"Windows10"}])");
  Finish(start, std::move(json), rows);
}

}  // namespace tutti
