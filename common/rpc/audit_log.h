#ifndef TUTTI_COMMON_RPC_AUDIT_LOG_H_
#define TUTTI_COMMON_RPC_AUDIT_LOG_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"

namespace tutti {

// A file with one line of JSON for each call that ended. Not for health and reflection, nor
// for what ingest calls with success: the times of deltas would tell when something
// was done for the first time. A line has
//
//   time           when it ended, RFC 3339, UTC, milliseconds
//   method         "/package.Service/Method"; "unknown" for one that is not served
//   caller         the certificate's URI; "token", or "token:" and its claim client_id
//                  (of A-Z a-z 0-9 . _ : / -, at most 64 characters); "anybody" in plain
//                  text; "nobody" when there was no identity that counts
//   organizations  ids that the request named, also those that were refused; at most 16
//   code           as in gRPC: "OK", "PERMISSION_DENIED", ...; "CANCELLED" when the
//                  caller did not wait for the end
//   calls          only where a line stands for several: calls that were refused before any
//                  method get one line a second for each method, caller and code
//
// Never what was sent or answered, and never a person: a token's subject is not in it.
// Readable by this process's user alone; opened anew when it was moved away. Lines that
// cannot be written are counted, also in the service's log, and calls go on. Thread-safe.
class AuditLog {
 public:
  // The error of OpenForWriting when the file cannot be opened: it is a regular one.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(std::string path);
  ~AuditLog();

  // Who makes a call, and for which organisation; until it ends.
  void NoteCaller(const grpc::ServerContextBase* context, absl::string_view caller);
  void NoteOrganization(const grpc::ServerContextBase* context, absl::string_view organization);

  // A call that came to no method. As `method` and `caller`, one of a bounded number of
  // texts.
  void NoteRefused(absl::string_view method, absl::string_view caller, absl::StatusCode code);

  // A call is over that gets no line.
  void Forget(const grpc::ServerContextBase* context);

  // A call that came to a method is over.
  void End(const grpc::ServerContextBase* context, absl::string_view method, grpc::StatusCode code);

  // Call it every second.
  void Tick();

  // How many lines could not be written.
  uint64_t lost_lines() const { return all_lost_; }

 private:
  struct Note {
    std::string caller = "nobody";
    std::set<std::string> organizations;
  };

  explicit AuditLog(std::string path) : path_(std::move(path)) {}
  absl::Status Reopen();
  void Write(absl::string_view method, const Note& note, absl::StatusCode code, int64_t calls = 1);

  const std::string path_;
  std::atomic<uint64_t> all_lost_ = 0;
  std::mutex mutex_;
  // Guarded by mutex_:
  int file_ = -1;
  int64_t lost_ = 0;   // since the log was told
  bool torn_ = false;  // the last line was not written to its end
  // (method, caller, code) of calls since the last tick.
  std::map<std::tuple<std::string, std::string, absl::StatusCode>, int64_t> refused_;
  absl::flat_hash_map<const grpc::ServerContextBase*, Note> notes_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_AUDIT_LOG_H_
