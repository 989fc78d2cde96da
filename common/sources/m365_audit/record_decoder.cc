#include "common/sources/m365_audit/record_decoder.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/sources/actor.h"
#include "common/sources/input/cut_text.h"
#include "common/sources/input/json_items.h"
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
  const std::string said = ScalarText(value);
  const absl::string_view text = StripSpaces(said);
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

// An object, or the text that stands in its place.
struct Item {
  absl::optional<object> members;
  absl::string_view text;

  bool is_cut() const { return IsCut(text); }
};

absl::string_view PartOf(const Item& item, absl::string_view key) {
  if (item.members.has_value()) return Text(*item.members, {key.data(), key.size()});
  return item.is_cut() ? PartOfCut(item.text, key) : absl::string_view();
}

// A flag of it.
absl::optional<bool> FlagIn(const Item& item, absl::string_view key) {
  element flag;
  if (!item.members.has_value()) return FlagOf(PartOf(item, key));
  if ((*item.members)[std::string_view(key.data(), key.size())].get(flag) != simdjson::SUCCESS) {
    return absl::nullopt;
  }
  return FlagOf(flag);
}

// What a list of names and values, or one object with those names, says under a name.
absl::string_view Named(const Item& item, absl::string_view naming, absl::string_view name) {
  return PartOf(item, naming) == name ? PartOf(item, "Value") : PartOf(item, name);
}

}  // namespace

class RecordDecoder::Impl {
 public:
  // Whatever is in the text, it leaves a trace.
  absl::Status Decode(absl::string_view json, absl::string_view fallback_id, RecordSink& sink) {
    CountingSink counting(sink);
    absl::Status status = DecodeText(json, fallback_id, counting);
    if (!status.ok() || counting.count() > 0) return status;
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
    items_.Begin();
    if (absl::StripAsciiWhitespace(json).empty()) {
      return sink.OnRejected(RejectionReason::kEmptyAuditData);
    }
    element root;
    if (!ParseLenient(items_.NextParser(), json, true, &root)) {
      return sink.OnRejected(MalformedReason(json));
    }
    if (SaysNothing(root)) return sink.OnRejected(RejectionReason::kEmptyAuditData);
    if (!items_.Unwrap(root, &root)) return sink.OnRejected(RejectionReason::kNotAnObject);
    return DecodeElement(root, fallback_id, sink, 0);
  }

  absl::Status DecodeElement(element value, absl::string_view fallback_id, RecordSink& sink,
                             int nesting) {
    if (nesting > kMaxNesting) return sink.OnRejected(RejectionReason::kMalformedJson);
    array list;
    if (value.get(list) == simdjson::SUCCESS) {
      const size_t used = items_.used();
      for (element item : list) {
        items_.ReleaseTo(used);
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
    record_.created_too.clear();
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
    if (!items_.Unwrap(envelope, &inner)) return sink.OnRejected(MalformedReason(Text(envelope)));
    array list;
    element only;
    if (inner.get(list) == simdjson::SUCCESS && list.size() == 1 &&
        list.at(0).get(only) == simdjson::SUCCESS) {
      inner = only;
    } else if (inner.get(list) == simdjson::SUCCESS && list.size() > 1) {
      return DecodeEnvelopes(list, outer, sink);
    }
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

  // Several records in one envelope: each is as if it stood in one of its own.
  absl::Status DecodeEnvelopes(array records, object outer, RecordSink& sink) {
    const size_t used = items_.used();
    for (element item : records) {
      items_.ReleaseTo(used);
      object members;
      if (!items_.Unwrap(item, &item) || item.get(members) != simdjson::SUCCESS) {
        RETURN_IF_ERROR(sink.OnRejected(RejectionReason::kNotAnObject));
        continue;
      }
      Reset();
      Found ignored;
      ReadMembers(members, &ignored);
      ReadMembers(outer, &ignored);
      RETURN_IF_ERROR(Finish({}, sink));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(absl::string_view fallback_id, RecordSink& sink) {
    if (record_[Field::kId].empty()) Set(Field::kId, fallback_id);
    if (record_[Field::kId].empty()) return sink.OnRejected(RejectionReason::kMissingId);
    if (!IsGuid(record_[Field::kTenant])) return sink.OnRejected(RejectionReason::kMissingTenant);
    return sink.OnRecord(record_);
  }

  // The first text that is not empty stays. Of times, the first may be one that cannot be.
  void Set(Field field, absl::string_view text) {
    absl::string_view& slot = record_.text[static_cast<size_t>(field)];
    if (slot.empty()) {
      slot = text;
    } else if (field == Field::kCreated && !text.empty()) {
      record_.created_too.push_back(text);
    }
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
        if (!items_.Unwrap(value, &inner)) return;
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
        if (!items_.Unwrap(value, &inner)) return;
        found->has_wrapped = true;
        found->wrapped = inner;
        return;
      default:
        ForEachItem(value, [this, member](const Item& item) { ReadItem(member, item); });
    }
  }

  template <typename Take>
  void ForEachItem(element value, const Take& take) {
    items_.ForEach(
        value,
        [&take](object members) {
          take(Item{members, ""});
        },
        [&take](absl::string_view text) {
          take(Item{{}, text});
        });
  }

  // The items of a member, which may be a list.
  template <typename Take>
  void ForEachItemOf(const Item& item, std::string_view key, const Take& take) {
    element held;
    if (item.members.has_value() && (*item.members)[key].get(held) == simdjson::SUCCESS) {
      ForEachItem(held, take);
    }
  }

  void ReadMail(const Item& item) {
    Set(Field::kMailMessage, PartOf(item, "InternetMessageId"));
    Set(Field::kAttachments, PartOf(item, "Attachments"));
    for (const std::string_view key : {"Recipients", "recipientList", "RecipientList"}) {
      ForEachItemOf(item, key, [this](const Item& one) { ReadItem(Member::kRecipients, one); });
    }
  }

  void ReadCopilot(const Item& item) {
    Set(Field::kAppHost, PartOf(item, "AppHost"));
    for (const absl::string_view key : {"AgentId", "AgentName"}) {
      Set(Field::kAgent, PartOf(item, key));
    }
    ForEachItemOf(item, "Messages", [this](const Item& message) {
      // Of one that was cut off nobody knows what it is.
      if (!message.members.has_value() && !message.is_cut()) return;
      record_.has_messages = true;
      if (FlagIn(message, "isPrompt").value_or(false)) record_.has_prompt = true;
    });
    ForEachItemOf(item, "Contexts", [this](const Item& context) {
      const absl::string_view type = PartOf(context, "Type");
      Set(Field::kContextType, type);
      if (ContainsIgnoringCase(type, "meeting")) record_.meeting_context = true;
      if (ContainsIgnoringCase(type, "chat")) record_.chat_context = true;
    });
  }

  void ReadItem(Member member, const Item& item) {
    switch (member) {
      case Member::kItem:
        return ReadMail(item);
      case Member::kCopilot:
        return ReadCopilot(item);
      case Member::kAppContext:
        Set(Field::kClientAppId, PartOf(item, "ClientAppId"));
        Set(Field::kClientAppName, PartOf(item, "ClientAppName"));
        return;
      case Member::kRecipients:
        if (const absl::string_view address = PartOf(item, "Address"); !address.empty()) {
          record_.recipients.push_back(address);
        }
        return ForEachAddress(item,
                              [this](absl::string_view one) { record_.recipients.push_back(one); });
      case Member::kMailProperties:
        return Set(Field::kMailAccess, Named(item, "Name", "MailAccessType"));
      case Member::kExtraProperties:
        Set(Field::kDeviceAgent, Named(item, "Key", "UserAgent"));
        return Set(Field::kDeviceSystem, Named(item, "Key", "OsName"));
      case Member::kAttendees:
        return ReadAttendee(item);
      case Member::kArtifacts:
        for (const absl::string_view text : {item.text, PartOf(item, "ArtifactSharedName")}) {
          if (ContainsIgnoringCase(text, "videotransmitted")) record_.video = true;
          if (ContainsIgnoringCase(text, "screenshared")) record_.screen_share = true;
        }
        return;
      default:
        return;
    }
  }

  // The addresses in a text that is not cut: one, or several with something in between.
  template <typename Take>
  static void ForEachAddress(const Item& item, const Take& take) {
    if (item.is_cut()) return;
    for (absl::string_view word : absl::StrSplit(item.text, absl::ByAnyChar("; ,<>\t\r\n"))) {
      if (absl::StrContains(word, '@')) take(word);
    }
  }

  // Nothing is known of a list that was cut off ("System.Object[]"), not even how many.
  void ReadAttendee(const Item& item) {
    if (!item.members.has_value() && !item.is_cut()) {
      return ForEachAddress(item, [this](absl::string_view one) {
        record_.attendees.push_back({"", one, "", ""});
      });
    }
    record_.attendees.push_back({PartOf(item, "UserObjectId"), PartOf(item, "UPN"),
                                 PartOf(item, "RecipientType"), PartOf(item, "OrganizationId")});
  }

  JsonItems items_;  // whose results the record refers to
  AuditRecord record_;
  bool has_user_type_ = false;
  std::deque<std::string> scalars_;  // numbers and flags of the record as text
};

RecordDecoder::RecordDecoder() : impl_(std::make_unique<Impl>()) {}
RecordDecoder::~RecordDecoder() = default;

absl::Status RecordDecoder::Decode(absl::string_view json, absl::string_view fallback_id,
                                   RecordSink& sink) {
  return impl_->Decode(json, fallback_id, sink);
}

}  // namespace tutti
