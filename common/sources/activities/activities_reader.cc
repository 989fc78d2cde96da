#include "common/sources/activities/activities_reader.h"

#include <simdjson.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/sources/input/audit_time.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"

namespace tutti {
namespace {

using ingest::v1::Activity;
using simdjson::dom::element;

constexpr absl::string_view kRecordMembers[] = {"subject", "occurredAt", "occurred_at"};
constexpr JsonLayout kLayout = {{}, kRecordMembers};

class ActivityParser : public JsonSink {
 public:
  explicit ActivityParser(ActivityLineSink& sink) : sink_(sink) {}

  absl::Status OnJson(absl::string_view json) override {
    element root;
    if (!ParseLenient(parser_, json, true, &root)) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kNotAnObject);
    }
    Activity activity;
    for (const auto [key, value] : members) {
      if (value.is_null()) continue;
      const absl::optional<RejectionReason> problem = ReadMember(key, value, &activity);
      if (problem.has_value()) return sink_.OnRejected(*problem);
    }
    if (activity.subject().empty() || activity.type().empty()) {
      return sink_.OnRejected(RejectionReason::kMissingField);
    }
    if (IsDamaged(activity.subject())) return sink_.OnRejected(RejectionReason::kDamagedName);
    if (!activity.has_occurred_at()) return sink_.OnRejected(RejectionReason::kMalformedTime);
    return sink_.OnActivityLine(std::move(activity));
  }

  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  static absl::optional<RejectionReason> ReadMember(std::string_view key, element value,
                                                    Activity* activity) {
    if (key == "traits") {
      simdjson::dom::array traits;
      if (value.get(traits) != simdjson::SUCCESS) return RejectionReason::kWrongFieldType;
      for (element trait : traits) {
        std::string_view text;
        if (trait.get(text) != simdjson::SUCCESS) return RejectionReason::kWrongFieldType;
        activity->add_traits(text.data(), text.size());
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
    if (key == "subject") activity->set_subject(text.data(), text.size());
    if (key == "type") activity->set_type(text.data(), text.size());
    if (key == "app") activity->set_app(text.data(), text.size());
    if (key == "platform") activity->set_platform(text.data(), text.size());
    if (is_time) {
      const absl::optional<int64_t> seconds = ParseAuditTime({text.data(), text.size()});
      if (!seconds.has_value()) return RejectionReason::kMalformedTime;
      activity->mutable_occurred_at()->set_seconds(*seconds);
    }
    return absl::nullopt;
  }

  ActivityLineSink& sink_;
  simdjson::dom::parser parser_;
};

}  // namespace

absl::Status ReadActivities(TextInput& input, ActivityLineSink& sink) {
  ActivityParser parser(sink);
  return ReadJson(input, kLayout, parser);
}

}  // namespace tutti
