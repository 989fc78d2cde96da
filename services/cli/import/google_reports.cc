#include "services/cli/import/google_reports.h"

#include <simdjson.h>

#include <map>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/cli/import/audit_time.h"
#include "services/cli/import/json_framer.h"

namespace tutti {
namespace {

using simdjson::dom::element;
// Parameters of one event by their path: "event_info.mail_event_type".
using Parameters = std::map<std::string, std::string>;

constexpr size_t kMaxPageBytes = size_t{64} << 20;
constexpr int kMaxDepth = 8;
constexpr absl::string_view kAssistant = "gemini_in_workspace_apps";

absl::string_view TextOf(element parent, std::string_view key) {
  std::string_view text;
  if (parent[key].get(text) != simdjson::SUCCESS) return "";
  return {text.data(), text.size()};
}

// Text, number or boolean, as text.
std::string ScalarOf(element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value);
}

void Collect(element parameters, const std::string& path, int depth, Parameters& out) {
  simdjson::dom::array list;
  if (depth > kMaxDepth || parameters.get(list) != simdjson::SUCCESS) return;
  for (const element parameter : list) {
    const std::string name = absl::StrCat(path, TextOf(parameter, "name"));
    for (const char* key : {"value", "intValue", "boolValue"}) {
      element value;
      if (parameter[key].get(value) == simdjson::SUCCESS) out[name] = ScalarOf(value);
    }
    element nested;
    if (parameter["messageValue"]["parameter"].get(nested) == simdjson::SUCCESS) {
      Collect(nested, absl::StrCat(name, "."), depth + 1, out);
    }
  }
}

const std::string& Get(const Parameters& parameters, const char* name) {
  static const std::string empty;
  const auto found = parameters.find(name);
  return found == parameters.end() ? empty : found->second;
}

bool IsAboveNothing(const std::string& text) {
  return !text.empty() && text != "0" && text != "false" && text[0] != '-';
}

absl::string_view PlatformOf(absl::string_view device) {
  if (absl::EqualsIgnoreCase(device, "web")) return "web";
  if (absl::EqualsIgnoreCase(device, "ios") || absl::EqualsIgnoreCase(device, "android")) {
    return "mobile";
  }
  return "";
}

class GoogleReader : public JsonSink {
 public:
  explicit GoogleReader(ReportSink& sink) : sink_(sink) {}

  absl::Status OnJson(absl::string_view json) override {
    element root;
    if (parser_.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    return ReadRoot(root);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  // An activity, a page of them, or an array of either.
  absl::Status ReadRoot(element root) {
    simdjson::dom::array list;
    if (root.get(list) == simdjson::SUCCESS || root["items"].get(list) == simdjson::SUCCESS) {
      for (const element item : list) {
        if (absl::Status status = ReadActivity(item); !status.ok()) return status;
      }
      return absl::OkStatus();
    }
    if (!root.is_object()) return sink_.OnRejected(RejectionReason::kNotAnObject);
    return ReadActivity(root);
  }

  absl::Status ReadActivity(element item) {
    element id;
    if (item["id"].get(id) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kMissingId);
    }
    const absl::optional<int64_t> seconds = ParseAuditTime(TextOf(id, "time"));
    if (!seconds.has_value()) return sink_.OnRejected(RejectionReason::kMalformedTime);
    const std::string application(TextOf(id, "applicationName"));
    element qualifier;
    const std::string unique = id["uniqueQualifier"].get(qualifier) == simdjson::SUCCESS
                                   ? ScalarOf(qualifier)
                                   : std::string();
    const std::string key = absl::StrCat(TextOf(id, "customerId"), " ", application, " ",
                                         TextOf(id, "time"), " ", unique);
    if (!sink_.OnRow(unique.empty() ? "" : key)) return absl::OkStatus();
    Feeds(application);
    element actor;
    const bool has_actor = item["actor"].get(actor) == simdjson::SUCCESS;
    const std::string email =
        has_actor ? absl::AsciiStrToLower(TextOf(actor, "email")) : std::string();
    const bool is_key = has_actor && TextOf(actor, "callerType") == "KEY";
    element events;
    if (item["events"].get(events) != simdjson::SUCCESS) return absl::OkStatus();
    simdjson::dom::array list;
    if (events.get(list) != simdjson::SUCCESS) {
      return ReadEvent(application, is_key ? "" : email, *seconds, events);
    }
    for (const element event : list) {
      absl::Status status = ReadEvent(application, is_key ? "" : email, *seconds, event);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Feeds(const std::string& application) {
    if (application == "gmail" || application == "chat") sink_.OnFeeds("communication");
    if (application == "chat" || application == "drive") sink_.OnFeeds("teamwork");
    if (application == "drive") sink_.OnFeeds("content_collaboration");
    if (application == "meet") sink_.OnFeeds("meetings");
    if (application == kAssistant) sink_.OnFeeds("ai_assistance");
  }

  absl::Status ReadEvent(const std::string& application, const std::string& email, int64_t seconds,
                         element event) {
    Parameters parameters;
    element list;
    if (event["parameters"].get(list) == simdjson::SUCCESS) Collect(list, "", 0, parameters);
    const std::string name(TextOf(event, "name"));
    MappedActivity activity;
    activity.seconds = seconds;
    activity.app = "other";
    bool mapped = false;
    std::string subject = email;
    if (application == "gmail") mapped = Mail(parameters, activity);
    if (application == "meet") mapped = Meeting(name, parameters, subject, activity);
    if (application == "chat") mapped = Message(name, parameters, activity);
    if (application == "drive") mapped = File(name, email, parameters, activity);
    if (application == kAssistant) mapped = Assistant(name, parameters, activity);
    if (!mapped) {
      sink_.OnExcluded(Exclusion::kOtherEvent);
      return absl::OkStatus();
    }
    if (!absl::StrContains(subject, '@') || absl::EndsWith(subject, ".gserviceaccount.com")) {
      sink_.OnExcluded(Exclusion::kNotAPerson);
      return absl::OkStatus();
    }
    activity.subject = subject;
    return sink_.OnReported(activity);
  }

  static bool Mail(const Parameters& parameters, MappedActivity& activity) {
    const std::string& type = Get(parameters, "event_info.mail_event_type");
    if (type != "1" && type != "7") return false;
    activity.type = type == "1" ? "mail.sent" : "mail.read";
    activity.platform = PlatformOf(Get(parameters, "event_info.client_context.client_type"));
    if (type == "1" && IsAboveNothing(Get(parameters, "message_info.num_message_attachments"))) {
      activity.traits |= kTraitAttachmentCopy;
    }
    return true;
  }

  static bool Meeting(const std::string& name, const Parameters& parameters, std::string& subject,
                      MappedActivity& activity) {
    if (name != "call_ended" || Get(parameters, "is_external") == "true") return false;
    const std::string& identifier = Get(parameters, "identifier");
    if (absl::StrContains(identifier, '@')) subject = absl::AsciiStrToLower(identifier);
    activity.type = "meeting.attended";
    activity.platform = PlatformOf(Get(parameters, "device_type"));
    if (IsAboveNothing(Get(parameters, "video_send_seconds"))) activity.traits |= kTraitVideo;
    if (IsAboveNothing(Get(parameters, "screencast_send_seconds"))) {
      activity.traits |= kTraitScreenShare;
    }
    return true;
  }

  static bool Message(const std::string& name, const Parameters& parameters,
                      MappedActivity& activity) {
    if (name != "message_posted") return false;
    // A direct message's room has no name.
    activity.type = Get(parameters, "room_name").empty() ? "chat.sent" : "channel_message.sent";
    return true;
  }

  static bool Assistant(const std::string& name, const Parameters& parameters,
                        MappedActivity& activity) {
    // What was offered without being asked for is nobody's use.
    if (name != "feature_utilization") return false;
    if (!absl::StartsWith(Get(parameters, "event_category"), "active")) return false;
    activity.type = "assistant.used";
    const std::string& app = Get(parameters, "app_name");
    if (app == "gmail") activity.traits = kTraitInMail;
    if (app == "chat") activity.traits = kTraitInChat;
    if (app == "meet") activity.traits = kTraitInMeeting;
    if (app == "docs" || app == "sheets" || app == "slides" || app == "drive") {
      activity.traits = kTraitInDocument;
    }
    return true;
  }

  static bool File(const std::string& name, const std::string& email, const Parameters& parameters,
                   MappedActivity& activity) {
    if (Get(parameters, "primary_event") == "false") return false;
    const std::string& visibility = Get(parameters, "visibility");
    if (name == "change_user_access" || name == "change_document_visibility" ||
        name == "change_document_access_scope") {
      const bool outside = visibility == "shared_externally" || visibility == "people_with_link" ||
                           visibility == "public_on_the_web";
      if (visibility.empty() || visibility == "private") return false;
      activity.type = "file.shared";
      activity.traits = outside ? kTraitExternal : kTraitInternal;
      return true;
    }
    const bool reads = name == "view" || name == "download" || name == "preview";
    const bool writes = name == "edit" || name == "create" || name == "upload" || name == "copy";
    if (!reads && !writes) return false;
    activity.type = reads ? "file.read" : "file.written";
    if (Get(parameters, "owner_is_shared_drive") == "true" ||
        Get(parameters, "owner_is_team_drive") == "true") {
      activity.traits = kTraitTeamSite | kTraitSharedFile;
      return true;
    }
    activity.traits = kTraitPersonalDrive;
    const std::string owner = absl::AsciiStrToLower(Get(parameters, "owner"));
    const bool is_private = visibility.empty() || visibility == "private";
    if (!is_private || (!owner.empty() && owner != email)) activity.traits |= kTraitSharedFile;
    return true;
  }

  ReportSink& sink_;
  simdjson::dom::parser parser_;
};

// Whether the first line is a JSON text by itself.
bool HasLines(absl::string_view beginning) {
  const absl::string_view line = beginning.substr(0, beginning.find('\n'));
  simdjson::dom::parser parser;
  element ignored;
  return parser.parse(line.data(), line.size(), true).get(ignored) == simdjson::SUCCESS;
}

// One JSON text, or lines of which the first was longer than what can be peeked at.
absl::Status ReadWhole(absl::string_view text, GoogleReader& reader) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return absl::OkStatus();
  if (!HasLines(text)) return reader.OnJson(text);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (absl::Status status = reader.OnJson(line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

bool IsGoogleReports(absl::string_view beginning) {
  return absl::StrContains(beginning, "\"admin#reports#activit") ||
         (absl::StrContains(beginning, "\"uniqueQualifier\"") &&
          absl::StrContains(beginning, "\"applicationName\""));
}

absl::Status ReadGoogleReports(TextInput& input, ReportSink& sink) {
  GoogleReader reader(sink);
  const absl::StatusOr<absl::string_view> beginning = input.Peek();
  if (!beginning.ok()) return beginning.status();
  if (HasLines(absl::StripLeadingAsciiWhitespace(*beginning))) return ReadJsonLines(input, reader);
  std::string page;
  while (true) {
    const absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) return ReadWhole(page, reader);
    absl::StrAppend(&page, *chunk);
    if (page.size() > kMaxPageBytes) {
      return absl::ResourceExhaustedError(
          "a page of Google reports is larger than 64 MiB: export shorter periods, or one "
          "activity a line");
    }
  }
}

}  // namespace tutti
