#include "common/sources/activities/activities_reader.h"

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/sources/input/audit_time.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

using simdjson::dom::element;

constexpr absl::string_view kRecordMembers[] = {"subject", "occurredAt", "occurred_at"};
constexpr absl::string_view kLists[] = {"activities", "value"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

// What one object says.
struct Told {
  absl::string_view subject;
  absl::string_view type;
  absl::string_view app;
  absl::string_view platform;
  std::vector<absl::string_view> traits;
  absl::optional<int64_t> seconds;
};

class ActivityParser : public JsonSink {
 public:
  explicit ActivityParser(SourceSink& sink) : sink_(sink) {}

  absl::Status OnJson(absl::string_view json) override {
    element root;
    if (!ParseLenient(parser_, json, true, &root)) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kNotAnObject);
    }
    Told told;
    for (const auto [key, value] : members) {
      if (value.is_null()) continue;
      const absl::optional<RejectionReason> problem = ReadMember(key, value, told);
      if (problem.has_value()) return sink_.OnRejected(*problem);
    }
    if (told.subject.empty() || told.type.empty()) {
      return sink_.OnRejected(RejectionReason::kMissingField);
    }
    if (IsDamaged(told.subject)) return sink_.OnRejected(RejectionReason::kDamagedName);
    if (!told.seconds.has_value()) return sink_.OnRejected(RejectionReason::kMalformedTime);
    if (!sink_.times().Holds(*told.seconds)) {
      return sink_.OnRejected(RejectionReason::kTimeOutOfRange);
    }
    return Take(json, told);
  }

  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  absl::Status Take(absl::string_view json, const Told& told) {
    if (!sink_.OnRow(json)) return absl::OkStatus();
    const bool is_account = absl::StrContains(told.subject, '@') ||
                            AccountName(told.subject) != StripSpaces(told.subject);
    if (is_account && sink_.IsOfPeople(told.type)) {
      if (!sink_.OnPerson({told.subject})) return absl::OkStatus();
    } else {
      sink_.OnSubject(told.subject);
    }
    return sink_.OnActivity(
        {"", told.type, *told.seconds, told.app, told.platform, 0, told.traits});
  }

  static absl::string_view TextOf(std::string_view text) { return {text.data(), text.size()}; }

  static absl::optional<RejectionReason> ReadMember(std::string_view key, element value,
                                                    Told& told) {
    if (key == "traits") {
      simdjson::dom::array traits;
      if (value.get(traits) != simdjson::SUCCESS) return RejectionReason::kWrongFieldType;
      for (element trait : traits) {
        std::string_view text;
        if (trait.get(text) != simdjson::SUCCESS) return RejectionReason::kWrongFieldType;
        told.traits.push_back(TextOf(text));
      }
      return absl::nullopt;
    }
    std::string_view text;
    const bool is_text = value.get(text) == simdjson::SUCCESS;
    const bool is_time = key == "occurredAt" || key == "occurred_at";
    if (!is_time && key != "subject" && key != "type" && key != "app" && key != "platform") {
      return RejectionReason::kUnknownField;
    }
    if (!is_text) return RejectionReason::kWrongFieldType;
    if (key == "subject") told.subject = TextOf(text);
    if (key == "type") told.type = TextOf(text);
    if (key == "app") told.app = TextOf(text);
    if (key == "platform") told.platform = TextOf(text);
    if (is_time) {
      told.seconds = ParseAuditTime(TextOf(text));
      if (!told.seconds.has_value()) return RejectionReason::kMalformedTime;
    }
    return absl::nullopt;
  }

  SourceSink& sink_;
  simdjson::dom::parser parser_;
};

class ActivitiesSource final : public Source {
 public:
  absl::string_view name() const override { return "activities"; }
  absl::string_view signs() const override {
    return "JSON objects with subject, type and occurredAt";
  }
  const JsonLayout* json() const override { return &kLayout; }
  bool Recognizes(const Beginning& beginning) const override {
    return beginning.json && beginning.whole && HasAnyMember(beginning.text, {"subject"}) &&
           HasAnyMember(beginning.text, {"type"});
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& /*options*/) const override {
    return ReaderOf(ReadActivities);
  }
};

}  // namespace

const Source& TuttiActivities() {
  static const ActivitiesSource& source = *new ActivitiesSource;
  return source;
}

absl::Status ReadActivities(TextInput& input, SourceSink& sink) {
  ActivityParser parser(sink);
  return ReadJson(input, kLayout, parser);
}

}  // namespace tutti
