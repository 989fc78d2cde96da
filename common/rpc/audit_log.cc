#include "common/rpc/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/files/write_file.h"
#include "common/organization/organization_id.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"

namespace tutti {
namespace {

constexpr size_t kMostOrganizations = 16;

// Takes away what a full disk let be written of a line, unless somebody else has written since.
bool TakeBack(int file, ssize_t written) {
  const off_t end = lseek(file, 0, SEEK_CUR);
  struct stat status = {};
  return end >= written && fstat(file, &status) == 0 && status.st_size == end &&
         ftruncate(file, end - written) == 0;
}

// Whether the last line of what was there before has no end.
bool EndsTorn(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return false;
  struct stat status = {};
  char last = '\n';
  const bool known = fstat(file, &status) == 0 && status.st_size > 0 &&
                     pread(file, &last, 1, status.st_size - 1) == 1;
  close(file);
  return known && last != '\n';
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(std::string path) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(path)));
  const std::lock_guard lock(log->mutex_);
  RETURN_IF_ERROR(log->Reopen());
  return log;
}

AuditLog::~AuditLog() {
  if (file_ >= 0) close(file_);
}

absl::Status AuditLog::Reopen() {
  ASSIGN_OR_RETURN(const int file, OpenForWriting(path_, Writing::kAppend));
  if (file_ >= 0) close(file_);
  file_ = file;
  torn_ = EndsTorn(path_);
  return absl::OkStatus();
}

void AuditLog::NoteCaller(const grpc::ServerContextBase* context, absl::string_view caller) {
  const std::lock_guard lock(mutex_);
  notes_[context].caller = std::string(caller);
}

void AuditLog::NoteOrganization(const grpc::ServerContextBase* context,
                                absl::string_view organization) {
  // Whoever names an organisation may put anything there.
  if (!IsOrganizationId(organization)) return;
  const std::lock_guard lock(mutex_);
  std::set<std::string>& organizations = notes_[context].organizations;
  if (organizations.size() < kMostOrganizations) organizations.emplace(organization);
}

void AuditLog::Forget(const grpc::ServerContextBase* context) {
  const std::lock_guard lock(mutex_);
  notes_.erase(context);
}

void AuditLog::End(const grpc::ServerContextBase* context, absl::string_view method,
                   grpc::StatusCode code) {
  const std::lock_guard lock(mutex_);
  Note note;
  if (const auto found = notes_.find(context); found != notes_.end()) {
    note = std::move(found->second);
    notes_.erase(found);
  }
  Write(method, note, static_cast<absl::StatusCode>(code));
}

void AuditLog::NoteRefused(absl::string_view method, absl::string_view caller,
                           absl::StatusCode code) {
  const std::lock_guard lock(mutex_);
  ++refused_[{std::string(method), std::string(caller), code}];
}

void AuditLog::Write(absl::string_view method, const Note& note, absl::StatusCode code,
                     int64_t calls) {
  nlohmann::ordered_json fields{
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"method", std::string(method)},
      {"caller", note.caller},
      {"organizations", note.organizations},
      {"code", absl::StatusCodeToString(code)}};
  if (calls > 1) fields["calls"] = calls;
  // One write: lines of replicas that share a file do not mix.
  const std::string line = absl::StrCat(
      torn_ ? "\n" : "",
      fields.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace), "\n");
  const ssize_t written = write(file_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    torn_ = false;
  } else {
    if (written > 0) torn_ |= !TakeBack(file_, written);
    ++lost_;
    ++all_lost_;
  }
}

void AuditLog::Tick() {
  const std::lock_guard lock(mutex_);
  struct stat of_path = {};
  struct stat of_file = {};
  if (lstat(path_.c_str(), &of_path) != 0 || fstat(file_, &of_file) != 0 ||
      of_path.st_ino != of_file.st_ino || of_path.st_dev != of_file.st_dev) {
    if (const absl::Status opened = Reopen(); !opened.ok()) {
      LogError("the audit log cannot be opened", {{"problem", std::string(opened.message())}});
    }
  }
  for (const auto& [call, calls] : refused_) {
    const auto& [method, caller, code] = call;
    Write(method, {caller, {}}, code, calls);
  }
  refused_.clear();
  if (lost_ > 0) LogError("lines of the audit log were lost", {{"lines", absl::StrCat(lost_)}});
  lost_ = 0;
}

}  // namespace tutti
