#include "services/cli/sample/sample_files.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "services/cli/sample/sample_items.h"
#include "services/cli/sample/truth.h"

namespace tutti {
namespace {

constexpr char kReadme[] =
    "Everything in this folder is generated. The organisation, its people, what they did\n"
    "and every name in it are made up; no record comes from a real log.\n"
    "\n"
    "audit.csv, audit.ndjson or activities.jsonl   what the made-up people did\n"
    "groups.txt    the addresses of their group mailboxes, for the importer\n"
    "truth.json    the exact numbers that a perfect observer would publish, to compare\n"
    "              estimates with (only when a catalogue was given)\n"
    "\n"
    "A real organisation has no truth.json: nobody may count people exactly.\n";

// A file that is written from start to end.
class OutputFile {
 public:
  explicit OutputFile(std::string path)
      : path_(std::move(path)), stream_(path_, std::ios::binary | std::ios::trunc) {}

  void Write(absl::string_view text) {
    stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  absl::Status Close() {
    stream_.close();
    if (stream_) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", path_, ": check the folder's permissions and free space"));
  }

 private:
  std::string path_;
  std::ofstream stream_;
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

AuditLogCounts WriteActivities(const SampleOrganization& organization, OutputFile& file) {
  AuditLogCounts counts;
  const auto write = [&](const ingest::v1::Activity& activity) {
    ++counts.activities;
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
    file.Write(line);
  };
  organization.ForEachActivity(write);
  ForEachItemActivity(organization,
                      [&](const ingest::v1::Activity& activity, int) { write(activity); });
  counts.records = counts.activities;
  return counts;
}

}  // namespace

absl::StatusOr<SampleFiles> WriteSample(const SampleOptions& options, const Catalog* catalog,
                                        const std::string& folder) {
  absl::StatusOr<SampleOrganization> organization = SampleOrganization::Create(options);
  if (!organization.ok()) return organization.status();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot make the folder ", folder, ": ", error.message()));
  }
  SampleFiles files;
  files.licensed_people = organization->licensed_people();
  const auto write = [&files, &folder](const char* name, const auto& fill) {
    files.paths.push_back((std::filesystem::path(folder) / name).string());
    OutputFile file(files.paths.back());
    fill(file);
    return file.Close();
  };
  const char* log = options.shape == SampleShape::kAuditCsv     ? "audit.csv"
                    : options.shape == SampleShape::kAuditLines ? "audit.ndjson"
                                                                : "activities.jsonl";
  absl::Status status = write(log, [&](OutputFile& file) {
    files.counts = options.shape == SampleShape::kAuditCsv ? WriteCsv(*organization, file)
                   : options.shape == SampleShape::kAuditLines
                       ? WriteLines(*organization, file)
                       : WriteActivities(*organization, file);
  });
  if (status.ok()) {
    status = write("groups.txt", [&](OutputFile& file) {
      for (const std::string& group : organization->GroupAddresses()) file.Write(group + "\n");
    });
  }
  if (status.ok() && catalog != nullptr) {
    status = write("truth.json", [&](OutputFile& file) {
      file.Write(TruthJson(*organization, *catalog, CountTruth(*organization, *catalog)));
    });
  }
  if (status.ok()) status = write("README.txt", [](OutputFile& file) { file.Write(kReadme); });
  if (!status.ok()) return status;
  return files;
}

}  // namespace tutti
