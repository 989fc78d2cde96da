#ifndef TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_
#define TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/window/day.h"
#include "services/aggregate/journal_entry.h"

namespace tutti {

// Remembers, apart from the store of counters and never restored with it, which
// records were drawn: for each organisation and end day, the SHA-256 of the
// record and what it cost. A window that the journal knows and the store does not
// have was lost with an old backup: it must not be drawn again, and costs what the
// journal says. Thread-safe.
class PublicationJournal {
 public:
  virtual ~PublicationJournal() = default;

  // 32 hexadecimal digits that no other journal has.
  virtual absl::StatusOr<std::string> Identity() = 0;

  // Whether some store was ever noted to have this journal, or a record was.
  virtual absl::StatusOr<bool> WasBound() = 0;
  // Returns when it is durable that a store has this journal.
  virtual absl::Status NoteBound() = 0;

  // Returns when the entry is durable. AlreadyExists when the window has an entry
  // with another digest; entering the same again changes nothing. `nano_rho` names
  // at least one kind.
  virtual absl::Status Record(const std::string& organization, Day end_day,
                              const std::string& record, const Costs& nano_rho) = 0;

  // The windows of an organisation that have an entry, and what each cost.
  virtual absl::StatusOr<std::map<Day, Costs>> Read(const std::string& organization) = 0;
};

// Whether a text is as PublicationJournal::Identity says.
bool IsJournalIdentity(absl::string_view text);

// Makes one, at random.
std::string NewJournalIdentity();

// Keeps the journal in one file of text, which several processes of one machine may
// share: in the first line "tutti-journal" and its identity, then a line for each record,
// "organisation day ", its JournalEntry and a checksum of all this, which lines of earlier editions
// lack, and a line "bound" once a store has it. When the disk
// fails to make a line durable the process ends, with a line in the log: nothing that is asked of
// that disk later says whether it has the line.
class FileJournal : public PublicationJournal {
 public:
  // Opens or makes the file (mode 0600). Errors name the file. DataLoss when it
  // has a line that makes no sense, or a wrong checksum; a last line cut short by a crash is none.
  // `begins`: else its first line, which IsBegun has seen, is read and not made durable once more.
  static absl::StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& path,
                                                           bool begins = true);
  // Whether there is a file with a whole first line, or one that cannot become a journal.
  static bool IsBegun(const std::string& path);
  ~FileJournal() override;

  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

  // DataLoss while the file that was opened is not at its path any more, or cut short.
  absl::StatusOr<std::string> Identity() override;
  absl::StatusOr<bool> WasBound() override;
  absl::Status NoteBound() override;
  absl::Status Record(const std::string& organization, Day end_day, const std::string& record,
                      const Costs& nano_rho) override;
  absl::StatusOr<std::map<Day, Costs>> Read(const std::string& organization) override;

 private:
  struct Known {
    JournalEntry entry;
    int64_t begin = 0;    // of its line in the file
    bool checked = true;  // whether that has a checksum
  };

  FileJournal(std::string path, int file) : path_(std::move(path)), file_(file) {}

  // Reads the first line; writes it where there is none. The file is locked.
  absl::Status Identify(bool begins);
  // Whether the file is the one that was opened, and has all that was read.
  absl::Status CheckFile() const;
  // Reads what was added since the last look, by whomever.
  absl::Status CatchUp();
  // Takes in the line that begins where reading has come to.
  absl::Status Take(const std::string& line);

  const std::string path_;
  const int file_;
  std::string identity_;  // is what Open found
  std::mutex mutex_;      // held while a disk writes: who asks for the identity does not take it
  std::atomic<int64_t> read_bytes_ = 0;                  // changed under mutex_
  bool bound_ = false;                                   // guarded by mutex_
  std::map<std::string, std::map<Day, Known>> entries_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_PUBLICATION_JOURNAL_H_
