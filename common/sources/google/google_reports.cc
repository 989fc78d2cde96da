#include "common/sources/google/google_reports.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/json_items.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/sources/known_names.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
// Parameters of one event by their path: "event_info.mail_event_type".
using Parameters = std::map<std::string, std::string>;

constexpr absl::string_view kLists[] = {"items", "value"};
constexpr absl::string_view kRecordMembers[] = {"id", "actor", "events"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};
constexpr int kMaxDepth = 8;
constexpr int kGuestType = 10;  // see Actor
constexpr absl::string_view kAssistant = "gemini_in_workspace_apps";

// Applications of Google's that may host the assistant, see KnownNames.
constexpr absl::string_view kApplications =
    "AppSheet|Calendar|Chat|Chrome|Classroom|Docs|Drive|Forms|Gemini app|Gmail|Keep|Meet|"
    "NotebookLM|Sheets|Sites|Slides|Tasks|Vids";

absl::string_view TextOf(object parent, std::string_view key) {
  std::string_view text;
  if (parent[key].get(text) != simdjson::SUCCESS) return "";
  return {text.data(), text.size()};
}

// What a parameter says. A flag is "true" or "false" however it was written.
std::string ValueOf(element value) {
  std::string text = ScalarText(value);
  for (const char* flag : {"true", "false"}) {
    if (absl::EqualsIgnoreCase(text, flag)) return flag;
  }
  return text;
}

void Collect(JsonItems& items, element parameters, const std::string& path, int depth,
             Parameters& out);

void CollectOne(JsonItems& items, object parameter, const std::string& path, int depth,
                Parameters& out) {
  const std::string name = absl::StrCat(path, TextOf(parameter, "name"));
  for (const char* key : {"value", "intValue"}) {
    element value;
    if (parameter[key].get(value) == simdjson::SUCCESS) out[name] = ValueOf(value);
  }
  element flag;
  if (parameter["boolValue"].get(flag) == simdjson::SUCCESS && FlagOf(flag).has_value()) {
    out[name] = *FlagOf(flag) ? "true" : "false";
  }
  element nested;
  if (parameter["messageValue"]["parameter"].get(nested) == simdjson::SUCCESS) {
    Collect(items, nested, absl::StrCat(name, "."), depth + 1, out);
  }
}

// One parameter, or a list of them.
void Collect(JsonItems& items, element parameters, const std::string& path, int depth,
             Parameters& out) {
  if (depth > kMaxDepth) return;
  items.ForEach(
      parameters, [&](object parameter) { CollectOne(items, parameter, path, depth, out); },
      [](absl::string_view) {});
}

const std::string& Get(const Parameters& parameters, const char* name) {
  static const std::string empty;
  const auto found = parameters.find(name);
  return found == parameters.end() ? empty : found->second;
}

bool IsTrue(absl::string_view text) { return FlagOf(text).value_or(false); }

// A boolean, however it is written.
bool IsTrue(object parent, std::string_view key) {
  element value;
  return parent[key].get(value) == simdjson::SUCCESS && IsTrue(ScalarText(value));
}

// Whether an activity or an event says that software acted in the person's name: an agent did,
// or an application that impersonates.
bool IsBySoftware(object told) {
  const auto says = [](object part) {
    return IsTrue(part, "impersonation") || IsTrue(part, "isAgenticAction");
  };
  if (says(told)) return true;
  for (const std::string_view name : {"applicationInfo", "agenticInfo", "agentInfo"}) {
    object part;
    if (told[name].get(part) == simdjson::SUCCESS && says(part)) return true;
  }
  return false;
}

// The same, as a parameter of an event.
bool IsBySoftware(const Parameters& parameters) {
  for (const char* name : {"is_agentic_action", "isAgenticAction", "impersonation"}) {
    if (IsTrue(Get(parameters, name))) return true;
  }
  return false;
}

// Whether a parameter of an event, or the activity's actor, says that the sender is a program: an
// app or a bot of Chat.
bool IsProgram(absl::string_view type) {
  std::string plain;
  for (const char c : type) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalpha(byte)) plain.push_back(absl::ascii_tolower(byte));
  }
  for (const absl::string_view program :
       {"app", "bot", "chatapp", "chatbot", "application", "webhook", "serviceaccount"}) {
    if (plain == program || absl::EndsWith(plain, absl::StrCat("type", program))) return true;
  }
  return false;
}

bool IsProgram(const Parameters& parameters) {
  for (const char* name :
       {"actor_type", "sender_type", "user_type", "author_type", "message_sender_type", "actorType",
        "senderType", "userType", "sender.type", "actor.type"}) {
    if (IsProgram(Get(parameters, name))) return true;
  }
  return false;
}

// A room without a name of its own has the kind of conversation and its id for one.
bool IsUnnamed(absl::string_view room) {
  if (room.empty()) return true;
  const bool kind = absl::StartsWithIgnoreCase(room, "group chat") ||
                    absl::StartsWithIgnoreCase(room, "direct message");
  const size_t open = room.find(" (");
  if (!kind || open == room.npos || room.back() != ')') return false;
  const absl::string_view id = room.substr(open + 2, room.size() - open - 3);
  return id.size() >= 8 && std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

// A space is a channel, a group's chat is a chat, whatever it is called. Records from before
// they said which have the name alone.
bool IsInSpace(const Parameters& parameters) {
  for (const char* key : {"conversation_type", "space_type", "room_type"}) {
    const std::string type = absl::AsciiStrToUpper(Get(parameters, key));
    if (absl::StrContains(type, "DIRECT") || absl::StrContains(type, "GROUP") ||
        absl::StrContains(type, "ONE_TO_ONE") || absl::EndsWith(type, "DM")) {
      return false;
    }
    if (absl::StrContains(type, "SPACE") || absl::StrContains(type, "ROOM")) return true;
  }
  return !IsUnnamed(absl::StripAsciiWhitespace(Get(parameters, "room_name")));
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
  explicit GoogleReader(SourceSink& sink) : sink_(sink) {}

  absl::Status OnJson(absl::string_view json) override {
    element root;
    object item;
    items_.Begin();
    if (!ParseLenient(items_.NextParser(), json, true, &root)) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    if (root.get(item) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kNotAnObject);
    }
    return ReadActivity(item);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  // Who is said to have done what an activity tells.
  struct Doer {
    std::string email;
    bool is_key = false;       // no user: a key, or whatever else may come
    bool by_software = false;  // in a user's name
  };

  absl::Status ReadActivity(object item) {
    object id;
    if (item["id"].get(id) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kMissingId);
    }
    element customer;
    const std::string customer_id =
        id["customerId"].get(customer) == simdjson::SUCCESS ? ScalarText(customer) : std::string();
    ASSIGN_OR_RETURN(const bool wanted, sink_.OnOwner(customer_id));
    if (!wanted) return absl::OkStatus();
    const CheckedTime time = sink_.times().Instant(TextOf(id, "time"));
    if (!time.seconds.has_value()) return sink_.OnRejected(time.problem);
    const std::string application = absl::AsciiStrToLower(TextOf(id, "applicationName"));
    element qualifier;
    const std::string unique = id["uniqueQualifier"].get(qualifier) == simdjson::SUCCESS
                                   ? ScalarText(qualifier)
                                   : std::string();
    const std::string key =
        absl::StrCat(customer_id, " ", application, " ", TextOf(id, "time"), " ", unique);
    // Without a qualifier only what is the same in everything has come before.
    if (!sink_.OnRow(unique.empty() ? simdjson::minify(item) : key)) return absl::OkStatus();
    Offer(application);
    Doer doer;
    object actor;
    doer.by_software = IsBySoftware(item);
    if (item["actor"].get(actor) == simdjson::SUCCESS) {
      doer.email = std::string(TextOf(actor, "email"));
      const absl::string_view caller = TextOf(actor, "callerType");
      doer.is_key = !caller.empty() && !absl::EqualsIgnoreCase(caller, "USER");
      doer.by_software = doer.by_software || IsBySoftware(actor);
      for (const std::string_view kind : {"type", "userType", "actorType"}) {
        doer.is_key = doer.is_key || IsProgram(TextOf(actor, kind));
      }
    }
    element held;
    std::vector<object> events;
    size_t others = 0;
    if (item["events"].get(held) == simdjson::SUCCESS) {
      items_.ForEach(
          held, [&events](object event) { events.push_back(event); },
          [&others](absl::string_view) { ++others; });
    }
    if (events.empty() || others > 0) sink_.OnExcluded(Exclusion::kOtherEvent);
    for (const object event : events) {
      RETURN_IF_ERROR(ReadEvent(application, doer, *time.seconds, event));
    }
    return absl::OkStatus();
  }

  // What an application's records can tell, whoever did it.
  void Offer(const std::string& application) {
    const auto offer = [this](absl::string_view type, TraitSet traits) {
      sink_.OnOffered({"", type, 0, "other", "", traits});
    };
    if (application == "gmail") offer("mail.sent", 0);
    if (application == "chat") offer("chat.sent", 0);
    if (application == "chat") offer("channel_message.sent", 0);
    if (application == "drive") offer("file.written", kTraitTeamSite | kTraitSharedFile);
    if (application == "meet") offer("meeting.attended", 0);
    if (application == kAssistant) offer("assistant.used", 0);
  }

  absl::Status ReadEvent(const std::string& application, const Doer& doer, int64_t seconds,
                         object event) {
    Parameters parameters;
    element list;
    if (event["parameters"].get(list) == simdjson::SUCCESS) {
      Collect(items_, list, "", 0, parameters);
    }
    const std::string name(TextOf(event, "name"));
    MappedActivity activity;
    activity.seconds = seconds;
    activity.app = "other";
    bool mapped = false;
    const bool by_software = doer.by_software || IsBySoftware(event) || IsBySoftware(parameters) ||
                             IsProgram(parameters);
    Actor actor{doer.email, 0, doer.is_key || by_software};
    if (application == "gmail") mapped = Mail(parameters, activity);
    if (application == "meet") mapped = Meeting(name, parameters, activity);
    if (application == "chat") mapped = Message(name, parameters, activity);
    if (application == "drive") mapped = File(name, doer.email, parameters, activity);
    if (application == kAssistant) mapped = Assistant(name, parameters, activity);
    if (!mapped) {
      sink_.OnExcluded(Exclusion::kOtherEvent);
      return absl::OkStatus();
    }
    // A call's endpoint says who it was, though a key reports it.
    const std::string& endpoint = Get(parameters, "identifier");
    if (application == "meet" && absl::StrContains(endpoint, '@')) {
      actor.name = endpoint;
      actor.is_software = by_software;
    }
    // A visitor: of a call, or without an account, who proved an address to see a file.
    if (IsTrue(Get(parameters, "is_external")) ||
        IsTrue(Get(parameters, "actor_is_collaborator_account"))) {
      actor.user_type = kGuestType;
    }
    if (!sink_.OnPerson(actor)) return absl::OkStatus();
    RETURN_IF_ERROR(sink_.OnActivity(activity));
    const std::string& app = Get(parameters, "app_name");
    if (application == kAssistant && !app.empty() && activity.app == "other" &&
        activity.traits == 0) {
      sink_.OnUnknownApp(app);
    }
    return absl::OkStatus();
  }

  static bool Mail(const Parameters& parameters, MappedActivity& activity) {
    const absl::optional<int64_t> type = IntegerOf(Get(parameters, "event_info.mail_event_type"));
    if (type != 1 && type != 7) return false;
    activity.type = type == 1 ? "mail.sent" : "mail.read";
    activity.platform = PlatformOf(Get(parameters, "event_info.client_context.client_type"));
    if (type == 1 && IsAboveNothing(Get(parameters, "message_info.num_message_attachments"))) {
      activity.traits |= kTraitAttachmentCopy;
    }
    return true;
  }

  static bool Meeting(const std::string& name, const Parameters& parameters,
                      MappedActivity& activity) {
    if (name != "call_ended") return false;
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
    activity.type = IsInSpace(parameters) ? "channel_message.sent" : "chat.sent";
    return true;
  }

  static bool Assistant(const std::string& name, const Parameters& parameters,
                        MappedActivity& activity) {
    // What was offered without being asked for is nobody's use.
    if (name != "feature_utilization") return false;
    if (!absl::StartsWithIgnoreCase(Get(parameters, "event_category"), "active")) return false;
    activity.type = "assistant.used";
    const std::string app = absl::AsciiStrToLower(Get(parameters, "app_name"));
    if (app == "gemini_app" || app == "gemini") activity.app = "assistant";
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
    if (FlagOf(Get(parameters, "primary_event")) == false) return false;
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
    if (IsTrue(Get(parameters, "owner_is_shared_drive")) ||
        IsTrue(Get(parameters, "owner_is_team_drive"))) {
      activity.traits = kTraitTeamSite | kTraitSharedFile;
      return true;
    }
    activity.traits = kTraitPersonalDrive;
    const std::string& owner = Get(parameters, "owner");
    const bool is_private = visibility.empty() || visibility == "private";
    if (!is_private || (!owner.empty() && !absl::EqualsIgnoreCase(owner, email)))
      activity.traits |= kTraitSharedFile;
    return true;
  }

  SourceSink& sink_;
  JsonItems items_;
};

class GoogleSource final : public Source {
 public:
  absl::string_view name() const override { return "google-reports"; }
  absl::string_view signs() const override {
    return "activities of the Reports API as JSON, with an id of applicationName and "
           "uniqueQualifier";
  }
  Ownership ownership() const override { return Ownership::kCustomer; }
  const JsonLayout* json() const override { return &kLayout; }
  absl::string_view KnownApplication(absl::string_view name) const override {
    static const auto& names = *new KnownNames(kApplications, PlainName);
    return names.Find(name);
  }
  // Its kind says so, or it has the id that they have.
  bool Recognizes(const Beginning& beginning) const override {
    if (!beginning.json) return false;
    const std::vector<std::string> names =
        MemberNames(beginning.text, beginning.whole ? 2 : kAnyDepth);
    const auto has = [&names](absl::string_view name) {
      return absl::c_linear_search(names, name);
    };
    return (has("kind") && absl::StrContains(beginning.text, "\"admin#reports#activit")) ||
           (has("uniqueQualifier") && has("applicationName"));
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& /*options*/) const override {
    return ReaderOf(ReadGoogleReports);
  }
};

}  // namespace

const Source& GoogleReports() {
  static const GoogleSource& source = *new GoogleSource;
  return source;
}

absl::Status ReadGoogleReports(TextInput& input, SourceSink& sink) {
  GoogleReader reader(sink);
  return ReadJson(input, kLayout, reader);
}

}  // namespace tutti
