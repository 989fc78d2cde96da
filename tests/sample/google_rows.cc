#include "tests/sample/google_rows.h"

#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/sample/audit_row.h"
#include "tests/sample/clients.h"

namespace tutti {
namespace {

using Texts = std::vector<std::string>;

// Which is nobody's event: their persons are below 2^32.
constexpr uint64_t kOfNobody = uint64_t{1} << 62;

std::string Value(absl::string_view name, absl::string_view value) {
  return AuditJson().Text("name", name).Text("value", value).Take();
}
std::string Number(absl::string_view name, uint64_t value) {
  return AuditJson().Text("name", name).Text("intValue", absl::StrCat(value)).Take();
}
std::string Boolean(absl::string_view name, bool value) {
  return AuditJson().Text("name", name).Raw("boolValue", value ? "true" : "false").Take();
}
std::string List(const Texts& items) { return absl::StrCat("[", absl::StrJoin(items, ","), "]"); }
std::string Message(absl::string_view name, const Texts& parameters) {
  return AuditJson()
      .Text("name", name)
      .Raw("messageValue", AuditJson().Raw("parameter", List(parameters)).Take())
      .Take();
}
std::string Event(absl::string_view type, absl::string_view name, const Texts& parameters) {
  return AuditJson()
      .Text("type", type)
      .Text("name", name)
      .Raw("parameters", List(parameters))
      .Take();
}

// A stage of a mail's delivery.
std::string MailEvent(uint64_t stage, const std::string& message, absl::string_view client,
                      uint64_t attachments) {
  Texts of_event = {Number("mail_event_type", stage), Boolean("success", true)};
  if (!client.empty())
    of_event.push_back(Message("client_context", {Value("client_type", client)}));
  return Event("delivery", "delivery",
               {Message("event_info", of_event),
                Message("message_info", {Value("rfc2822_message_id", message),
                                         Number("num_message_attachments", attachments)})});
}

absl::string_view MailClient(const SampleEvent& event, uint64_t drawn) {
  if (event.platform == "web") return "WEB";
  if (event.platform == "mobile") return drawn % 2 == 0 ? "IOS" : "ANDROID";
  return drawn % 2 == 0 ? "IMAP" : "POP3";
}

std::string CallEvent(absl::string_view identifier, absl::string_view device, uint64_t video,
                      uint64_t screen, bool external, uint64_t conference) {
  Texts parameters = {Value("conference_id", absl::StrCat("conference-", conference)),
                      Value("identifier", identifier),
                      Number("duration_seconds", 1500),
                      Number("audio_send_seconds", 900),
                      Number("screencast_send_seconds", screen),
                      Number("network_rtt_msec_mean", 23),
                      Boolean("is_external", external)};
  // What is not there is nothing.
  if (video > 0) parameters.push_back(Number("video_send_seconds", video));
  if (!device.empty()) parameters.push_back(Value("device_type", device));
  return Event("call", "call_ended", parameters);
}

// One click leaves several events; only the primary one is what somebody wanted.
std::string FileEvent(absl::string_view name, bool primary, uint64_t document,
                      absl::string_view owner, bool shared_drive, absl::string_view visibility) {
  Texts parameters = {Boolean("primary_event", primary),
                      Value("doc_id", absl::StrCat("document-", document)),
                      Value("doc_type", "document"), Value("visibility", visibility),
                      Boolean("actor_is_collaborator_account", false)};
  if (shared_drive) {
    parameters.push_back(
        Boolean(document % 2 == 0 ? "owner_is_shared_drive" : "owner_is_team_drive", true));
    parameters.push_back(Value("owner", "Shared drive"));
  } else {
    parameters.push_back(Value("owner", owner));
  }
  return Event("access", name, parameters);
}

std::string AssistantEvent(absl::string_view app, absl::string_view category) {
  return Event(
      "ai_usage_event", "feature_utilization",
      {Value("action", category == "inactive" ? "proactive_suggestions_response" : "generate_text"),
       Value("app_name", app), Value("event_category", category),
       Value("feature_source", "side_panel")});
}

std::string KeyActor(absl::string_view key) {
  return AuditJson().Text("callerType", "KEY").Text("key", key).Take();
}

}  // namespace

std::string GoogleJson(const SampleOrganization& organization, const GoogleRow& row, bool again) {
  AuditJson id;
  const uint64_t bits = static_cast<uint64_t>(row.qualifier);
  id.Text("time",
          absl::StrFormat("%s.%03dZ", AuditTime(row.seconds), static_cast<int>(bits % 1000)));
  const bool as_text = (bits / 2 % 2 == 0) != again;
  if (as_text) {
    id.Text("uniqueQualifier", absl::StrCat(row.qualifier));
  } else {
    id.Number("uniqueQualifier", row.qualifier);
  }
  id.Text("applicationName", row.application)
      .Text("customerId", absl::StrCat("C", organization.TenantId().substr(0, 8)));
  const bool alone = row.events.size() == 1 && (bits / 4 % 2 == 0) != again;
  return AuditJson()
      .Text("kind", "admin#reports#activity")
      .Raw("id", id.Take())
      .Raw("actor", row.actor)
      .Text("ownerDomain", organization.domain())
      .Text("ipAddress", absl::StrCat("198.51.100.", bits / 8 % 250 + 1))
      .Raw("events", alone ? row.events[0] : List(row.events))
      .Take();
}

GoogleRow GoogleRows::Row(absl::string_view application, int64_t seconds, uint64_t id, int part,
                          std::string actor, std::vector<std::string> events) const {
  const uint64_t qualifier =
      organization_.key().Number(application, id << 4 | static_cast<uint64_t>(part));
  return {application, seconds, static_cast<int64_t>(qualifier), std::move(actor),
          std::move(events)};
}

std::string GoogleRows::Spelling(uint32_t person, uint64_t id) const {
  std::string name = organization_.PersonName(person);
  if (Drawn(id) % 11 == 0) return absl::AsciiStrToUpper(name);
  if (Drawn(id) % 11 == 1) name[0] = 'P';
  return name;
}

std::string GoogleRows::Person(uint32_t person, uint64_t id) const {
  return AuditJson()
      .Text("callerType", "USER")
      .Text("email", Spelling(person, id))
      .Text("profileId", absl::StrCat(organization_.key().Number("profile", person)))
      .Take();
}

void GoogleRows::Append(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  switch (event.act) {
    case SampleAct::kMailSent:
    case SampleAct::kMailRead:
      return AppendMail(event, rows);
    case SampleAct::kChatSent:
    case SampleAct::kChannelMessage:
      return AppendMessage(event, rows);
    case SampleAct::kFileRead:
    case SampleAct::kFileWritten:
      return AppendFile(event, rows);
    case SampleAct::kFileShared:
      return AppendShare(event, rows);
    case SampleAct::kMeetingAttended:
      return AppendAttendance(event, rows);
    case SampleAct::kAssistantUsed:
      return AppendAssistant(event, rows);
    case SampleAct::kCommunityPosted:
    case SampleAct::kCommunityRead:
    case SampleAct::kCallJoined:
      return;
  }
}

// A mail leaves an activity for each of its stages, and some of them twice.
void GoogleRows::AppendMail(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  const uint64_t drawn = Drawn(event.id);
  const bool sent = event.act == SampleAct::kMailSent;
  const std::string message = absl::StrCat("<", event.id, "@", organization_.domain(), ">");
  const absl::string_view client = MailClient(event, drawn);
  const uint64_t attachments = event.traits & kSampleAttachmentCopy ? 1 + drawn % 3 : 0;
  const auto add = [&](int part, uint64_t stage, uint32_t person) {
    rows.push_back(Row("gmail", event.seconds + part, event.id, part, Person(person, event.id),
                       {MailEvent(stage, message, client, attachments)}));
  };
  add(0, sent ? 1 : 7, event.person);
  if (drawn / 16 % 4 == 0) add(1, sent ? 1 : 7, event.person);
  if (sent) add(2, 0, event.person);
  if (sent && drawn / 64 % 4 == 0) add(3, 2, (event.person + 1) % organization_.people());
  if (!sent && drawn / 64 % 4 == 0) add(3, 17, event.person);
}

void GoogleRows::AppendMessage(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  const bool channel = event.act == SampleAct::kChannelMessage;
  const uint32_t team = SampleOrganization::TeamOf(event.person);
  Texts parameters = {Value("room_id", absl::StrCat("room-", channel ? team : event.other)),
                      Value("message_id", absl::StrCat("message-", event.id)),
                      Value("dlp_scan_status", "DLP_SCAN_STATUS_NOT_APPLICABLE")};
  // A room of two has no name.
  if (channel) {
    parameters.push_back(Value("room_name", absl::StrCat("Team ", team + 1)));
  } else if (event.id % 2 == 0) {
    parameters.push_back(Value("room_name", ""));
  }
  rows.push_back(Row("chat", event.seconds, event.id, 0, Person(event.person, event.id),
                     {Event("user_action", "message_posted", parameters)}));
}

void GoogleRows::AppendFile(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  constexpr absl::string_view kReads[] = {"view", "download", "preview"};
  constexpr absl::string_view kWrites[] = {"edit", "create", "upload", "copy"};
  const uint64_t drawn = Drawn(event.id);
  const bool reads = event.act == SampleAct::kFileRead;
  const absl::string_view name =
      reads ? kReads[drawn % std::size(kReads)] : kWrites[drawn % std::size(kWrites)];
  const bool site = event.place == SamplePlace::kTeamSite;
  const bool own = event.place == SamplePlace::kOwnDrive;
  const std::string owner = site ? "" : Spelling(event.other, event.id + 1);
  const bool shared = own && (event.traits & kSampleSharedFile);
  const absl::string_view visibility = shared ? "shared_internally" : "private";
  Texts events = {FileEvent(name, true, event.item, owner, site, visibility)};
  if (drawn / 16 % 3 == 0) {
    events.push_back(
        FileEvent(reads ? "edit" : "view", false, event.item, owner, site, "people_with_link"));
  }
  rows.push_back(
      Row("drive", event.seconds, event.id, 0, Person(event.person, event.id), std::move(events)));
}

void GoogleRows::AppendShare(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  const bool outside = (event.traits & kSampleExternal) != 0;
  const bool link = event.form % 2 == 0;
  const bool site = event.place == SamplePlace::kTeamSite;
  const absl::string_view name = link ? "change_document_visibility" : "change_user_access";
  const absl::string_view visibility =
      outside ? (link ? "people_with_link" : "shared_externally")
              : (link ? "people_within_domain_with_link" : "shared_internally");
  const std::string owner = site ? "" : Spelling(event.other, event.id + 1);
  rows.push_back(
      Row("drive", event.seconds, event.id, 0, Person(event.person, event.id),
          {FileEvent(name, true, event.item, owner, site, visibility),
           FileEvent("change_document_access_scope", false, event.item, owner, site, "private")}));
}

// One activity for each time that somebody left.
void GoogleRows::AppendAttendance(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  const uint64_t drawn = Drawn(event.id);
  const absl::string_view device = event.platform == "web"      ? "web"
                                   : event.platform != "mobile" ? ""
                                   : drawn % 2 == 0             ? "ios"
                                                                : "android";
  const std::string call =
      CallEvent(Spelling(event.person, event.id + 1), device,
                event.traits & kSampleVideo ? 1 + drawn % 900 : 0,
                event.traits & kSampleScreenShare ? 1 + drawn % 300 : 0, false, event.item);
  // Some say who it was in the identifier alone.
  const std::string actor =
      drawn / 16 % 5 == 0 ? KeyActor("PARTICIPANT") : Person(event.person, event.id);
  rows.push_back(Row("meet", event.seconds, event.id, 0, actor, {call}));
  if (drawn / 128 % 6 == 0) {
    rows.push_back(Row("meet", event.seconds + 60, event.id, 1, actor, {call}));
  }
  if (event.traits & kSampleScreenShare) {
    rows.push_back(Row("meet", event.seconds, event.id, 2, actor,
                       {Event("call", "presentation_started", {})}));
  }
}

void GoogleRows::AppendAssistant(const SampleEvent& event, std::vector<GoogleRow>& rows) {
  constexpr absl::string_view kCategories[] = {"active_generate", "Active_Summarize",
                                               "active_conversations"};
  rows.push_back(Row("gemini_in_workspace_apps", event.seconds, event.id, 0,
                     Person(event.person, event.id),
                     {AssistantEvent(AssistantHosts()[event.client].google,
                                     kCategories[Drawn(event.id) % std::size(kCategories)])}));
}

void GoogleRows::AppendForPerson(uint32_t person, int day, std::vector<GoogleRow>& rows) {
  const uint64_t id = kOfNobody | uint64_t{person} << 20 | static_cast<uint64_t>(day);
  const uint64_t drawn = Drawn(id);
  const int64_t seconds = organization_.DayStart(day) + 36000;
  const std::string actor = Person(person, id);
  switch (drawn % 5) {
    case 0:  // offered, not asked for
      rows.push_back(Row("gemini_in_workspace_apps", seconds, id, 0, actor,
                         {AssistantEvent("docs", "inactive")}));
      return;
    case 1:
      rows.push_back(Row("chat", seconds, id, 0, actor,
                         {Event("user_action", "room_created", {Value("room_name", "Plans")})}));
      return;
    case 2:
      rows.push_back(
          Row("drive", seconds, id, 0, actor,
              {FileEvent("change_document_visibility", true, drawn, "", false, "private"),
               FileEvent("add_to_folder", true, drawn, "", false, "private")}));
      return;
    default:
      return;
  }
}

void GoogleRows::AppendForDay(int day, std::vector<GoogleRow>& rows) {
  const uint64_t id = kOfNobody | uint64_t{1} << 61 | static_cast<uint64_t>(day);
  const int64_t seconds = organization_.DayStart(day) + 43200;
  const std::string robot = AuditJson()
                                .Text("callerType", "USER")
                                .Text("email", "backup@made-up.iam.gserviceaccount.com")
                                .Take();
  rows.push_back(Row("meet", seconds, id, 0, KeyActor("HANGOUTS_EXTERNAL_OR_ANONYMOUS"),
                     {CallEvent("", "web", 600, 0, true, 1)}));
  rows.push_back(Row("chat", seconds, id, 1, KeyActor("announcer"),
                     {Event("user_action", "message_posted", {Value("room_name", "News")})}));
  rows.push_back(
      Row("drive", seconds, id, 2, robot,
          {FileEvent("download", true, 1, organization_.PersonName(0), false, "private")}));
  rows.push_back(Row("gmail", seconds, id, 3, KeyActor("relay"),
                     {MailEvent(1, "<relayed@made-up.example>", "API", 0)}));
}

}  // namespace tutti
