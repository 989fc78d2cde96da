#include "common/sources/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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
          &AuditLogs(),
          &TuttiActivities(),
          // A person's column alone says least: others have one, too.
          &DeviceTelemetry(),
          &UsageReports(),
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

// Whether anything was found that is to be read or rejected.
class NotingSink final : public JsonSink {
 public:
  absl::Status OnJson(absl::string_view /*json*/) override { return Note(); }
  absl::Status OnRejected(RejectionReason /*reason*/) override { return Note(); }

  bool found() const { return found_; }

 private:
  absl::Status Note() {
    found_ = true;
    return absl::CancelledError("there is something");
  }

  bool found_ = false;
};

SourceRegistry::SourceRegistry(std::vector<const Source*> sources, const Source& otherwise)
    : sources_(std::move(sources)), otherwise_(otherwise) {
  for (const Source* source : sources_) {
    const JsonLayout* layout = source->json();
    if (layout == nullptr) continue;
    lists_.insert(lists_.end(), layout->lists.begin(), layout->lists.end());
    members_.insert(members_.end(), layout->record_members.begin(), layout->record_members.end());
  }
}

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
  RecognizingSink records(sources_);
  const JsonLayout layout = {lists_, members_};
  JsonFramer framer(layout, records);
  framer.Feed(beginning).IgnoreError();
  // A text has ended, where it has, without anything behind it.
  const bool is_text = absl::StartsWith(absl::StripLeadingAsciiWhitespace(beginning), "\"");
  if (records.found() == nullptr && is_text) framer.Finish().IgnoreError();
  if (records.found() != nullptr) return records.found();
  // No record is whole: it may be long.
  return Recognizing({beginning, /*json=*/true, /*whole=*/false});
}

bool SourceRegistry::HoldsNothing(absl::string_view beginning) const {
  if (!IsJson(beginning)) return CsvHeader(beginning).empty();
  NotingSink records;
  const JsonLayout layout = {lists_, members_};
  JsonFramer framer(layout, records);
  framer.Feed(beginning).IgnoreError();
  if (!records.found()) framer.Finish().IgnoreError();
  return !records.found();
}

const Source* SourceRegistry::Detect(absl::string_view beginning) const {
  if (IsJson(beginning)) return DetectJson(beginning);
  const absl::string_view header = CsvHeader(beginning);
  return header.empty() ? nullptr : Recognizing({header, /*json=*/false, /*whole=*/true});
}

}  // namespace tutti
