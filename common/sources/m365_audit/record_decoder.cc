#include "common/sources/m365_audit/record_decoder.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/sources/actor.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/sources/m365_audit/record_members.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

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
  const std::string text = ScalarText(value);
  if (const absl::optional<int64_t> number = IntegerOf(text); number.has_value()) {
    return *number >= 0 && *number <= 10 ? static_cast<int>(*number) : -1;
  }
  static constexpr absl::string_view kNames[] = {
      "Regular",     "Reserved",         "Admin",        "DcAdmin",      "System",
      "Application", "ServicePrincipal", "CustomPolicy", "SystemPolicy", "PartnerTechnician",
      "Guest"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (absl::EqualsIgnoreCase(text, kNames[i])) return static_cast<int>(i);
  }
  return -1;
}

// A member of what PowerShell makes of an object that is nested too deeply for its JSON:
// "@{RecipientType=User; UPN=amy@example.com}".
absl::string_view PartOfCut(absl::string_view text, absl::string_view key) {
  text = absl::StripSuffix(text.substr(2), "}");
  for (absl::string_view part : absl::StrSplit(text, "; ")) {
    if (absl::ConsumePrefix(&part, key) && absl::ConsumePrefix(&part, "=")) return part;
  }
  return "";
}

// Why a text is no JSON: a cell of Excel's holds so many characters, in UTF-16, and what is longer
// is cut off there.
RejectionReason MalformedReason(absl::string_view text) {
  constexpr int64_t kCellCharacters = 32767;
  int64_t characters = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x80 || byte >= 0xc0) ++characters;
    if (byte >= 0xf0) ++characters;
  }
  return characters == kCellCharacters ? RejectionReason::kCutByWorkbook
                                       : RejectionReason::kMalformedJson;
}

// Whether what stands in the place of a record says that there is none.
bool SaysNothing(element value) {
  if (value.type() == element_type::NULL_VALUE) return true;
  const absl::string_view text = absl::StripAsciiWhitespace(Text(value));
  return value.type() == element_type::STRING &&
         (text.empty() || absl::EqualsIgnoreCase(text, "null"));
}

bool IsCut(absl::string_view text) { return absl::StartsWith(text, "@{"); }

absl::string_view PartOf(element item, absl::string_view key) {
  object from;
  if (item.get(from) == simdjson::SUCCESS) return Text(from, {key.data(), key.size()});
  const absl::string_view text = Text(item);
  return IsCut(text) ? PartOfCut(text, key) : absl::string_view();
}

}  // namespace

class RecordDecoder::Impl {
 public:
  // Whatever is in the text, it leaves a trace.
  absl::Status Decode(absl::string_view json, absl::string_view fallback_id, RecordSink& sink) {
    CountingSink counting(sink);
    absl::Status status = DecodeText(json, fallback_id, counting);
    if (!status.ok() || counting.count() > 0 || is_empty_page_) return status;
    return sink.OnRejected(RejectionReason::kEmptyAuditData);
  }

 private:
  static constexpr int kMaxNesting = 8;

  class CountingSink final : public RecordSink {
   public:
    explicit CountingSink(RecordSink& sink) : sink_(sink) {}
    absl::Status OnRecord(const AuditRecord& record) override {
      ++count_;
      return sink_.OnRecord(record);
    }
    absl::Status OnRejected(RejectionReason reason) override {
      ++count_;
      return sink_.OnRejected(reason);
    }
    int64_t count() const { return count_; }

   private:
    RecordSink& sink_;
    int64_t count_ = 0;
  };

  absl::Status DecodeText(absl::string_view json, absl::string_view fallback_id, RecordSink& sink) {
    used_ = 0;
    is_empty_page_ = false;
    if (absl::StripAsciiWhitespace(json).empty()) {
      return sink.OnRejected(RejectionReason::kEmptyAuditData);
    }
    element root;
    if (!ParseLenient(NextParser(), json, true, &root)) {
      return sink.OnRejected(MalformedReason(json));
    }
    if (SaysNothing(root)) return sink.OnRejected(RejectionReason::kEmptyAuditData);
    is_empty_page_ = IsEmptyPage(root);
    return is_empty_page_ ? absl::OkStatus() : DecodeElement(root, fallback_id, sink, 0);
  }

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
    return ParseLenient(NextParser(), text, false, inner);
  }

  absl::Status DecodeElement(element value, absl::string_view fallback_id, RecordSink& sink,
                             int nesting) {
    if (nesting > kMaxNesting) return sink.OnRejected(RejectionReason::kMalformedJson);
    array list;
    if (value.get(list) == simdjson::SUCCESS) {
      const size_t used = used_;
      for (element item : list) {
        used_ = used;
        RETURN_IF_ERROR(DecodeElement(item, {}, sink, nesting + 1));
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
    if (found.has_wrapped && record_[Field::kOperation].empty()) {
      return DecodeElement(found.wrapped, fallback_id, sink, nesting + 1);
    }
    return Finish(fallback_id, sink);
  }

  // Empties the record, keeping the memory of its lists.
  void Reset() {
    record_.text.fill(absl::string_view());
    record_.user_type = -1;
    has_user_type_ = false;
    record_.by_software = false;
    record_.recipients.clear();
    record_.attendees.clear();
    record_.video = record_.screen_share = false;
    record_.has_messages = record_.has_prompt = false;
    record_.meeting_context = record_.chat_context = false;
    scalars_.clear();
  }

  // What ReadMembers came upon besides the record's own members.
  struct Found {
    bool has_envelope = false;
    bool has_original = false;
    bool has_list = false;
    bool has_wrapped = false;
    element envelope;
    element original;
    element list;
    element wrapped;
  };

  // The inner record first, so that it wins; then the outer members.
  absl::Status DecodeEnvelope(const Found& found, object outer, absl::string_view fallback_id,
                              RecordSink& sink) {
    const element envelope = found.has_envelope ? found.envelope : found.original;
    if (SaysNothing(envelope)) {
      // What stands around it may be enough.
      const bool has_all = !record_[Field::kOperation].empty() && !record_[Field::kUser].empty() &&
                           IsGuid(record_[Field::kTenant]);
      return has_all ? Finish(fallback_id, sink)
                     : sink.OnRejected(RejectionReason::kEmptyAuditData);
    }
    element inner;
    if (!Unwrap(envelope, &inner)) return sink.OnRejected(MalformedReason(Text(envelope)));
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

  void SetScalar(Field field, element value) {
    std::string text = ScalarText(value);
    if (text.empty()) return;
    scalars_.push_back(std::move(text));
    Set(field, scalars_.back());
  }

  void ReadMembers(object members, Found* found) {
    const MemberRules& rules = RecordMembers();
    for (const auto [key, value] : members) {
      const auto rule = rules.find(View(key));
      if (rule == rules.end()) continue;
      if (rule->second.member != Member::kText) {
        ReadMember(rule->second.member, value, found);
      } else if (value.type() == element_type::STRING) {
        Set(rule->second.field, Text(value));
      } else {
        SetScalar(rule->second.field, value);
      }
    }
  }

  void ReadMember(Member member, element value, Found* found) {
    element inner;
    switch (member) {
      case Member::kText:
        return;
      case Member::kUserType:
        // One that nobody knows is what the record says, too.
        if (has_user_type_ || value.is_null()) return;
        has_user_type_ = true;
        record_.user_type = UserType(value);
        return;
      case Member::kSoftware:
        record_.by_software = record_.by_software || FlagOf(value).value_or(false);
        return;
      case Member::kEnvelope:
        found->has_envelope = true;
        found->envelope = value;
        return;
      case Member::kList:
        if (!Unwrap(value, &inner)) return;
        found->has_list = true;
        found->list = inner;
        return;
      case Member::kEvent:
        found->has_original = value.type() == element_type::OBJECT &&
                              value["original"].get(found->original) == simdjson::SUCCESS;
        if (!found->has_original && value.type() == element_type::OBJECT &&
            value["Operation"].error() == simdjson::SUCCESS) {
          ReadMember(Member::kWrapper, value, found);
        }
        return;
      case Member::kWrapper:
        if (!Unwrap(value, &inner)) return;
        found->has_wrapped = true;
        found->wrapped = inner;
        return;
      case Member::kItem:
      case Member::kCopilot:
      case Member::kAppContext: {
        object from;
        if (Unwrap(value, &inner) && inner.get(from) == simdjson::SUCCESS) {
          ReadObject(member, from);
        }
        return;
      }
      default:
        ForEachItem(value, [this, member](element item) { ReadListItem(member, item); });
    }
  }

  // What is meant as a list: one, written in a text or not; {"value":[...],"Count":1}, as
  // PowerShell writes it; or its only item.
  template <typename Take>
  void ForEachItem(element value, const Take& take) {
    element inner;
    if (!Unwrap(value, &inner)) {
      if (value.type() == element_type::STRING) take(value);
      return;
    }
    array list;
    object members;
    if (inner.get(members) == simdjson::SUCCESS) {
      element held;
      for (const std::string_view name : {"value", "Value", "items", "Items"}) {
        if (members[name].get(held) != simdjson::SUCCESS) continue;
        if (held.type() != element_type::ARRAY && held.type() != element_type::OBJECT) continue;
        inner = held;
        break;
      }
    }
    if (inner.get(list) != simdjson::SUCCESS) return take(inner);
    for (const element item : list) take(item);
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
    for (const std::string_view key : {"AgentId", "AgentName"}) {
      Set(Field::kAgent, Text(from, key));
    }
    element list;
    if (from["Messages"].get(list) == simdjson::SUCCESS && !list.is_null()) {
      ForEachItem(list, [this](element message) {
        record_.has_messages = true;
        element flag;
        if (message["isPrompt"].get(flag) == simdjson::SUCCESS && FlagOf(flag).value_or(false)) {
          record_.has_prompt = true;
        }
      });
    }
    if (from["Contexts"].get(list) != simdjson::SUCCESS) return;
    ForEachItem(list, [this](element context) {
      const absl::string_view type = PartOf(context, "Type");
      Set(Field::kContextType, type);
      if (ContainsIgnoringCase(type, "meeting")) record_.meeting_context = true;
      if (ContainsIgnoringCase(type, "chat")) record_.chat_context = true;
    });
  }

  void ReadListItem(Member member, element item) {
    switch (member) {
      case Member::kRecipients:
        if (item.type() != element_type::STRING || IsCut(Text(item))) {
          record_.recipients.push_back(PartOf(item, "Address"));
          return;
        }
        for (const absl::string_view address : absl::StrSplit(Text(item), absl::ByAnyChar(";,"))) {
          record_.recipients.push_back(absl::StripAsciiWhitespace(address));
        }
        return;
      case Member::kMailProperties:
        if (PartOf(item, "Name") == "MailAccessType") {
          Set(Field::kMailAccess, PartOf(item, "Value"));
        }
        return;
      case Member::kExtraProperties: {
        const absl::string_view key = PartOf(item, "Key");
        if (key == "UserAgent") Set(Field::kDeviceAgent, PartOf(item, "Value"));
        if (key == "OsName") Set(Field::kDeviceSystem, PartOf(item, "Value"));
        return;
      }
      case Member::kAttendees:
        return ReadAttendee(item);
      case Member::kArtifacts: {
        const absl::string_view name = item.type() == element_type::STRING && !IsCut(Text(item))
                                           ? Text(item)
                                           : PartOf(item, "ArtifactSharedName");
        if (absl::EqualsIgnoreCase(name, "videoTransmitted")) record_.video = true;
        if (absl::EqualsIgnoreCase(name, "screenShared")) record_.screen_share = true;
        return;
      }
      default:
        return;
    }
  }

  // Nothing is known of a list that was cut off ("System.Object[]"), not even how many.
  void ReadAttendee(element item) {
    if (item.type() == element_type::STRING && !IsCut(Text(item))) {
      const absl::string_view name = absl::StripAsciiWhitespace(Text(item));
      if (absl::StrContains(name, '@')) record_.attendees.push_back({"", name, "", ""});
      return;
    }
    record_.attendees.push_back({PartOf(item, "UserObjectId"), PartOf(item, "UPN"),
                                 PartOf(item, "RecipientType"), PartOf(item, "OrganizationId")});
  }

  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers_;
  size_t used_ = 0;  // parsers whose results the record refers to
  AuditRecord record_;
  bool has_user_type_ = false;
  std::deque<std::string> scalars_;  // numbers and flags of the record as text
  bool is_empty_page_ = false;
};

RecordDecoder::RecordDecoder() : impl_(std::make_unique<Impl>()) {}
RecordDecoder::~RecordDecoder() = default;

absl::Status RecordDecoder::Decode(absl::string_view json, absl::string_view fallback_id,
                                   RecordSink& sink) {
  return impl_->Decode(json, fallback_id, sink);
}

}  // namespace tutti
