#ifndef TUTTI_SERVICES_AGGREGATE_STORE_VERDICT_H_
#define TUTTI_SERVICES_AGGREGATE_STORE_VERDICT_H_

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace tutti {

// What readiness found last: whether the store may be told and asked anything at all. One that
// may forget what it is told, or is another than it was, must not acknowledge activity, be written
// a record or a keyring, nor say that there is no such organisation. Thread-safe.
class StoreVerdict {
 public:
  // What does not pass by itself makes the store unfit, until it is OK. Unavailable leaves what was
  // known: each call finds out for itself whether it is answered.
  void Set(const absl::Status& status) {
    if (absl::IsUnavailable(status)) return;
    fit_ = status.ok();
    known_ = true;
  }

  // Whether anything was found yet; until then the store may hang.
  bool known() const { return known_; }

  // Which processes the store was found to be, as a text that says nothing else.
  void NoteServers(std::string servers) {
    const std::lock_guard<std::mutex> lock(mutex_);
    servers_ = std::move(servers);
  }
  std::string servers() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return servers_;
  }

  // Unavailable while the store is not fit, or was not found fit yet.
  absl::Status Check() const {
    if (fit_) return absl::OkStatus();
    return absl::UnavailableError(
        "the store cannot be used now; the log of the service that is not ready says why");
  }

 private:
  std::atomic<bool> fit_ = false;
  std::atomic<bool> known_ = false;
  mutable std::mutex mutex_;
  std::string servers_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_STORE_VERDICT_H_
