#include "common/sources/registry.h"

#include <algorithm>
#include <utility>

#include "common/sources/activities/activities_reader.h"
#include "common/sources/google/google_reports.h"
#include "common/sources/input/csv_header.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/m365_audit/audit_reader.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/sources/telemetry/device_telemetry.h"

namespace tutti {

const SourceRegistry& ShippedSources() {
  // In the order in which they are asked whether an input is theirs.
  static const auto& sources = *new SourceRegistry(
      {
          &GoogleReports(),
          &UsageReports(),
          &AuditLogs(),
          &TuttiActivities(),
          &DeviceTelemetry(),
      },
      AuditLogs());
  return sources;
}

namespace {

// Looks at records until a source knows one.
class RecognizingSink final : public JsonSink {
 public:
  explicit RecognizingSink(const std::vector<const Source*>& sources) : sources_(sources) {}

  absl::Status OnJson(absl::string_view json) override {
    for (const Source* source : sources_) {
      if (!source->Recognizes({json, /*json=*/true, /*whole=*/true})) continue;
      found_ = source;
      return absl::CancelledError("it is known");
    }
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason /*reason*/) override { return absl::OkStatus(); }

  const Source* found() const { return found_; }

 private:
  const std::vector<const Source*>& sources_;
  const Source* found_ = nullptr;
};

}  // namespace

SourceRegistry::SourceRegistry(std::vector<const Source*> sources, const Source& otherwise)
    : sources_(std::move(sources)), otherwise_(otherwise) {}

const Source* SourceRegistry::Find(absl::string_view name) const {
  for (const Source* source : sources_) {
    if (source->name() == name) return source;
    const std::vector<absl::string_view> aliases = source->aliases();
    if (std::find(aliases.begin(), aliases.end(), name) != aliases.end()) return source;
  }
  return nullptr;
}

const Source* SourceRegistry::Recognizing(const Beginning& beginning) const {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const Source* source) {
    return source->Recognizes(beginning);
  });
  return found == sources_.end() ? nullptr : *found;
}

const Source* SourceRegistry::DetectJson(absl::string_view beginning) const {
  // Pages and records of any source.
  std::vector<absl::string_view> lists;
  std::vector<absl::string_view> members;
  for (const Source* source : sources_) {
    const JsonLayout* layout = source->json();
    if (layout == nullptr) continue;
    lists.insert(lists.end(), layout->lists.begin(), layout->lists.end());
    members.insert(members.end(), layout->record_members.begin(), layout->record_members.end());
  }
  const JsonLayout layout = {lists, members};
  RecognizingSink records(sources_);
  JsonFramer framer(layout, records);
  framer.Feed(beginning).IgnoreError();
  if (records.found() != nullptr) return records.found();
  // No record is whole: it may be long.
  return Recognizing({beginning, /*json=*/true, /*whole=*/false});
}

const Source* SourceRegistry::Detect(absl::string_view beginning) const {
  if (IsJson(beginning)) return DetectJson(beginning);
  const absl::string_view header = CsvHeader(beginning);
  return header.empty() ? nullptr : Recognizing({header, /*json=*/false, /*whole=*/true});
}

}  // namespace tutti
