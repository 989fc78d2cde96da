#ifndef TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_
#define TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/window/day.h"

namespace tutti {

// Remembers, apart from the store of counters and never restored with it, which
// records were drawn: for each organisation and end day, the SHA-256 of the
// record. A window that the journal knows and the store does not have was lost
// with an old backup, and must not be drawn again. Thread-safe.
class PublicationJournal {
 public:
  virtual ~PublicationJournal() = default;

  // Returns when the entry is durable. AlreadyExists when the window has an entry
  // with another digest; entering the same again changes nothing.
  virtual absl::Status Record(const std::string& organization, Day end_day,
                              const std::string& record) = 0;

  // Whether the window has an entry.
  virtual absl::StatusOr<bool> Knows(const std::string& organization, Day end_day) = 0;
};

// Keeps the journal in one file of text, a line for each record, which several
// processes of one machine may share.
class FileJournal : public PublicationJournal {
 public:
  // Opens or makes the file (mode 0600). Errors name the file. DataLoss when it
  // has a line that makes no sense; a last line cut short by a crash is none.
  static absl::StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& path);
  ~FileJournal() override;

  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

  absl::Status Record(const std::string& organization, Day end_day,
                      const std::string& record) override;
  absl::StatusOr<bool> Knows(const std::string& organization, Day end_day) override;

 private:
  FileJournal(std::string path, int file) : path_(std::move(path)), file_(file) {}

  // Reads what was added since the last look, by whomever.
  absl::Status CatchUp();

  const std::string path_;
  const int file_;
  std::mutex mutex_;
  int64_t read_bytes_ = 0;                                      // guarded by mutex_
  std::map<std::pair<std::string, Day>, std::string> digests_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_
