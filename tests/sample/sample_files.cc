#include "tests/sample/sample_files.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/files/write_file.h"
#include "common/status/status_macros.h"
#include "tests/sample/google_reports.h"
#include "tests/sample/sample_items.h"
#include "tests/sample/telemetry.h"
#include "tests/sample/told.h"
#include "tests/sample/truth.h"
#include "tests/sample/usage_reports.h"

namespace tutti {
namespace {

constexpr char kReadme[] =
    "Everything in this folder is generated. The organisation, its people, what they did\n"
    "and every name in it are made up; no record comes from a real log.\n"
    "\n"
    "audit.csv, audit.ndjson, activities.jsonl, remaining.jsonl, usage, google\n"
    "              what the made-up people did, as different sources tell it\n"
    "telemetry.csv, telemetry.jsonl\n"
    "              how their made-up devices did\n"
    "groups.txt    the addresses of their group mailboxes, for the importer\n"
    "truth.json    the exact numbers that a perfect observer of these files would publish,\n"
    "              to compare estimates with (only when a catalogue was given)\n"
    "\n"
    "A real organisation has no truth.json: nobody may count people exactly.\n";

// A file that is written from start to end.
class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)) {
    const absl::StatusOr<int> file = OpenForWriting(path_, Writing::kAnew, 0644);
    opened_ = file.status();
    if (file.ok() && (stream_ = fdopen(*file, "wb")) == nullptr) close(*file);
  }
  ~OutputFile() {
    if (stream_ != nullptr) std::fclose(stream_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void Write(absl::string_view text) {
    if (stream_ != nullptr) std::fwrite(text.data(), 1, text.size(), stream_);
  }
  absl::Status Close() {
    if (!opened_.ok()) {
      return absl::Status(opened_.code(), absl::StrCat("--out: ", opened_.message()));
    }
    const bool written = stream_ != nullptr && std::ferror(stream_) == 0;
    const bool closed = stream_ != nullptr && std::fclose(stream_) == 0;
    stream_ = nullptr;
    if (written && closed) return absl::OkStatus();
    return absl::PermissionDeniedError(absl::StrCat(
        "--out: cannot write ", path_, ": check the folder's permissions and free space"));
  }

 private:
  const std::string path_;
  absl::Status opened_;
  std::FILE* stream_ = nullptr;
};

// "5/18/2021 9:13:33 PM", as exports from the United States write it.
std::string CsvTime(int64_t seconds) {
  const absl::CivilSecond time =
      absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
  const int hour = time.hour() % 12 == 0 ? 12 : time.hour() % 12;
  const auto two = [](int n) { return absl::StrCat(n < 10 ? "0" : "", n); };
  return absl::StrCat(time.month(), "/", time.day(), "/", time.year(), " ", hour, ":",
                      two(time.minute()), ":", two(time.second()),
                      time.hour() < 12 ? " AM" : " PM");
}

AuditLogCounts WriteCsv(const SampleOrganization& organization, OutputFile& file) {
  file.Write(
      "\"RecordType\",\"CreationDate\",\"UserIds\",\"Operations\",\"AuditData\",\"ResultIndex\","
      "\"ResultCount\",\"Identity\",\"IsValid\",\"ObjectState\"\r\n");
  constexpr int64_t kPage = 5000;
  int64_t row_number = 0;
  return TellAuditLog(organization, [&](const AuditRow& row, bool again) {
    const std::string json =
        absl::StrReplaceAll(again ? ReorderedJson(row.json) : row.json, {{"\"", "\"\""}});
    file.Write(absl::StrCat("\"", row.record_type, "\",\"", CsvTime(row.created), "\",\"", row.user,
                            "\",\"", row.operation, "\",\"", json, "\",\"",
                            row_number++ % kPage + 1, "\",\"", kPage, "\",\"", row.id,
                            "\",\"True\",\"Unchanged\"\r\n"));
  });
}

AuditLogCounts WriteLines(const SampleOrganization& organization, OutputFile& file) {
  return TellAuditLog(organization, [&file](const AuditRow& row, bool again) {
    file.Write(absl::StrCat(again ? ReorderedJson(row.json) : row.json, "\n"));
  });
}

std::string ActivityLine(const ingest::v1::Activity& activity) {
  std::string line =
      absl::StrCat(R"({"subject":")", activity.subject(), R"(","type":")", activity.type(),
                   R"(","occurredAt":")", AuditTime(activity.occurred_at().seconds()), R"(Z")");
  if (!activity.app().empty()) absl::StrAppend(&line, R"(,"app":")", activity.app(), "\"");
  if (!activity.platform().empty()) {
    absl::StrAppend(&line, R"(,"platform":")", activity.platform(), "\"");
  }
  for (int i = 0; i < activity.traits_size(); ++i) {
    absl::StrAppend(&line, i == 0 ? R"(,"traits":[")" : R"(",")", activity.traits(i));
  }
  absl::StrAppend(&line, activity.traits_size() > 0 ? "\"]}\n" : "}\n");
  return line;
}

AuditLogCounts WriteActivities(const SampleOrganization& organization, OutputFile& file) {
  AuditLogCounts counts;
  const auto write = [&](const ingest::v1::Activity& activity) {
    ++counts.activities;
    file.Write(ActivityLine(activity));
  };
  organization.ForEachActivity(write);
  ForEachItemActivity(organization,
                      [&](const ingest::v1::Activity& activity, int) { write(activity); });
  counts.records = counts.activities;
  return counts;
}

AuditLogCounts WriteRemaining(const SampleOrganization& organization, OutputFile& file) {
  AuditLogCounts counts;
  const auto write = [&](const ingest::v1::Activity& activity) {
    ++counts.activities;
    file.Write(ActivityLine(activity));
  };
  std::vector<ToldActivity> told;
  organization.ForEachEvent([&](const SampleEvent& event) {
    told.clear();
    AppendTold(event, SampleShape::kRemaining, told);
    for (const ToldActivity& one : told) write(organization.ToActivity(event.person, one));
  });
  ForEachItemActivity(organization, [&](const ingest::v1::Activity& activity, int) {
    // Devices are in the telemetry.
    if (!absl::StartsWith(activity.type(), "device.")) write(activity);
  });
  counts.records = counts.activities;
  return counts;
}

// Writes files into a folder, and keeps their names.
class FolderWriter {
 public:
  FolderWriter(std::filesystem::path folder, SampleFiles& files)
      : folder_(std::move(folder)), files_(files) {}

  static absl::Status MakeFolder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("--out: cannot make the folder ", folder.string(), ": ", error.message()));
  }

  template <typename Fill>
  absl::Status Write(absl::string_view name, const Fill& fill) {
    files_.paths.push_back((folder_ / std::string(name)).string());
    OutputFile file(files_.paths.back());
    fill(file);
    return file.Close();
  }

  absl::Status WriteInputs(const SampleOrganization& organization) {
    for (const SampleShape shape : organization.options().shapes) {
      RETURN_IF_ERROR(WriteShape(organization, shape));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status WriteShape(const SampleOrganization& organization, SampleShape shape) {
    switch (shape) {
      case SampleShape::kAuditCsv:
        return WriteInput("audit.csv", organization, WriteCsv);
      case SampleShape::kAuditLines:
        return WriteInput("audit.ndjson", organization, WriteLines);
      case SampleShape::kActivities:
        return WriteInput("activities.jsonl", organization, WriteActivities);
      case SampleShape::kUsageReports:
        return WriteReports("usage", organization, TellUsageReports);
      case SampleShape::kGoogleReports:
        return WriteReports("google", organization, TellGoogleReports);
      case SampleShape::kTelemetry:
        return WriteTelemetry(organization);
      case SampleShape::kRemaining:
        break;
    }
    return WriteInput("remaining.jsonl", organization, WriteRemaining);
  }

  void Count(const AuditLogCounts& counts) {
    files_.counts.records += counts.records;
    files_.counts.redelivered += counts.redelivered;
    files_.counts.activities += counts.activities;
  }

  template <typename Fill>
  absl::Status WriteInput(absl::string_view name, const SampleOrganization& organization,
                          const Fill& fill) {
    absl::Status status = Write(name, [&](OutputFile& file) { Count(fill(organization, file)); });
    files_.inputs.push_back(files_.paths.back());
    return status;
  }

  // Many files, in a folder of their own.
  template <typename Tell>
  absl::Status WriteReports(absl::string_view name, const SampleOrganization& organization,
                            const Tell& tell) {
    const std::filesystem::path folder = folder_ / std::string(name);
    RETURN_IF_ERROR(MakeFolder(folder));
    files_.paths.push_back(folder.string());
    ASSIGN_OR_RETURN(const AuditLogCounts counts,
                     tell(organization, [&](const std::string& file_name, const std::string& text) {
                       files_.inputs.push_back((folder / file_name).string());
                       OutputFile file(files_.inputs.back());
                       file.Write(text);
                       return file.Close();
                     }));
    Count(counts);
    return absl::OkStatus();
  }

  absl::Status WriteTelemetry(const SampleOrganization& organization) {
    files_.inputs.push_back((folder_ / "telemetry.csv").string());
    OutputFile csv(files_.inputs.back());
    files_.inputs.push_back((folder_ / "telemetry.jsonl").string());
    OutputFile lines(files_.inputs.back());
    Count(TellTelemetry(organization, [&](bool is_csv, absl::string_view text) {
      (is_csv ? csv : lines).Write(text);
    }));
    files_.paths.insert(files_.paths.end(), files_.inputs.end() - 2, files_.inputs.end());
    RETURN_IF_ERROR(csv.Close());
    return lines.Close();
  }

  const std::filesystem::path folder_;
  SampleFiles& files_;
};

}  // namespace

absl::StatusOr<SampleFiles> WriteSample(const SampleOptions& options, const Catalog* catalog,
                                        const std::string& folder) {
  ASSIGN_OR_RETURN(SampleOrganization organization, SampleOrganization::Create(options));
  RETURN_IF_ERROR(FolderWriter::MakeFolder(folder));
  SampleFiles files;
  files.licensed_people = organization.licensed_people();
  FolderWriter writer(folder, files);
  absl::Status status = writer.WriteInputs(organization);
  if (status.ok()) {
    status = writer.Write("groups.txt", [&](OutputFile& file) {
      for (const std::string& group : organization.GroupAddresses()) file.Write(group + "\n");
    });
  }
  if (status.ok() && catalog != nullptr) {
    status = writer.Write("truth.json", [&](OutputFile& file) {
      file.Write(TruthJson(organization, *catalog, CountTruth(organization, *catalog)));
    });
  }
  if (status.ok()) {
    status = writer.Write("README.txt", [](OutputFile& file) { file.Write(kReadme); });
  }
  if (!status.ok()) return status;
  return files;
}

}  // namespace tutti
