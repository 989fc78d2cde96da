#ifndef TUTTI_COMMON_STORAGE_JOURNAL_IDENTITY_STORE_H_
#define TUTTI_COMMON_STORAGE_JOURNAL_IDENTITY_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tutti {

// Keeps, beside the counters, which journal of publications is theirs. Thread-safe. Every
// method may return Unavailable.
class JournalIdentityStore {
 public:
  virtual ~JournalIdentityStore() = default;

  // The journal's identity; empty when none was ever stored.
  virtual absl::StatusOr<std::string> ReadJournal() = 0;

  // Stores `identity` if what is stored is `old` (empty: nothing) or `identity` itself; else
  // Aborted, and nothing is changed. Returns when that is durable, also when somebody else
  // had stored the same.
  virtual absl::Status ReplaceJournal(const std::string& old, const std::string& identity) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_JOURNAL_IDENTITY_STORE_H_
