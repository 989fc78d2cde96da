#include "services/aggregate/publication_journal.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/files/write_file.h"
#include "common/organization/organization_id.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"

namespace tutti {
namespace {

constexpr char kFirstWord[] = "tutti-journal ";
constexpr char kBoundLine[] = "bound";
constexpr char kDigits[] = "0123456789abcdef";
constexpr size_t kIdentityBytes = 16;
constexpr char kChecksumMark[] = " ~";
constexpr size_t kChecksumBytes = 8;
constexpr size_t kFirstLineBytes = sizeof(kFirstWord) - 1 + 2 * kIdentityBytes + 1;

absl::Status FileError(const std::string& path, absl::string_view what) {
  return absl::ErrnoToStatus(errno, absl::StrCat("journal ", path, ": cannot ", what));
}

// Holds the lock that the processes sharing the file agree on.
class FileLock {
 public:
  FileLock(int file, int mode) : file_(file), held_(flock(file, mode) == 0) {}
  ~FileLock() {
    if (held_) flock(file_, LOCK_UN);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  const int file_;
  const bool held_;
};

// What is in a file from a byte on: everything, or no more than `most` bytes.
absl::StatusOr<std::string> ReadFrom(const std::string& path, int file, int64_t begin,
                                     size_t most = std::string::npos) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t n = pread(file, buffer.data(), std::min(buffer.size(), most - text.size()),
                            static_cast<off_t>(begin + static_cast<int64_t>(text.size())));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(path, "read");
    if (n == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
}

// Writes a line at its place and returns when it is durable. One that is there already is
// written nevertheless: after a sync that failed the kernel takes for written what is in its
// memory alone, and has told nobody who opened the file since. For the same reason a sync that
// fails now ends the process: trying again would be answered with success. A line that is cut
// short has no end, so it is none, and the error is returned.
absl::Status WriteLine(const std::string& path, int file, int64_t begin, const std::string& line) {
  if (pwrite(file, line.data(), line.size(), static_cast<off_t>(begin)) !=
      static_cast<ssize_t>(line.size())) {
    return FileError(path, "write");
  }
  if (fdatasync(file) == 0) return absl::OkStatus();
  LogError("journal_not_durable",
           {{"problem", FileError(path, "synchronise").ToString()},
            {"action", "check the disk, and the journal after it, before aggregate is restarted"}});
  std::_Exit(EXIT_FAILURE);
}

// The same at the end of a file that is `size` bytes long but for what a crash cut short: that
// was never acknowledged, and goes.
absl::Status AppendLine(const std::string& path, int file, int64_t size, const std::string& line) {
  if (ftruncate(file, static_cast<off_t>(size)) != 0) return FileError(path, "truncate");
  return WriteLine(path, file, size, line);
}

// Makes the file's name durable: a journal that was made and is gone after a power cut would
// be made anew.
absl::Status SyncFolder(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const int folder =
      open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return FileError(path, "open the folder of");
  const bool synced = fsync(folder) == 0;
  absl::Status status = synced ? absl::OkStatus() : FileError(path, "write the folder of");
  close(folder);
  return status;
}

// A line but the first.
struct Line {
  std::string organization;
  Day end_day;
  JournalEntry entry;
  bool checked = true;  // as in Known
};

// The last word of a line, of all that stands before it: " ~" and sixteen digits. A flipped bit
// would make a window that was published one that was not.
std::string ChecksumOf(absl::string_view text) {
  std::string sum(kChecksumBytes, '\0');
  std::array<unsigned char, crypto_generichash_BYTES_MIN> whole{};
  crypto_generichash(whole.data(), whole.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  std::copy_n(whole.begin(), kChecksumBytes, sum.begin());
  return absl::StrCat(kChecksumMark, absl::BytesToHexString(sum));
}

std::string FormatLine(const std::string& organization, Day end_day, const JournalEntry& entry,
                       bool checked = true) {
  const std::string text =
      absl::StrCat(organization, " ", FormatDay(end_day), " ", FormatJournalEntry(entry));
  return absl::StrCat(text, checked ? ChecksumOf(text) : "", "\n");
}

// Without its end. What it takes, FormatLine gives back byte for byte.
absl::StatusOr<Line> ParseLine(absl::string_view text) {
  const size_t mark = text.find(kChecksumMark);
  const bool checked = mark != absl::string_view::npos;
  if (checked && text.substr(mark) != ChecksumOf(text.substr(0, mark))) {
    return absl::InvalidArgumentError("a wrong checksum");
  }
  text = text.substr(0, mark);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 2));
  if (parts.size() != 3 || !IsOrganizationId(parts[0])) {
    return absl::InvalidArgumentError("not a line of a journal");
  }
  ASSIGN_OR_RETURN(const Day end_day, ParseDay(parts[1]));
  ASSIGN_OR_RETURN(JournalEntry entry, ParseJournalEntry(parts[2]));
  return Line{parts[0], end_day, std::move(entry), checked};
}

// Whether a text is, or was going to be, the first line.
bool BeginsFirstLine(absl::string_view text) {
  const absl::string_view word(kFirstWord);
  if (text.size() <= word.size()) return absl::StartsWith(word, text);
  if (!absl::StartsWith(text, word) || text.size() > kFirstLineBytes) return false;
  const absl::string_view digits = text.substr(word.size());
  const size_t end = digits.find_first_not_of(kDigits);
  return end == absl::string_view::npos ||
         (end == 2 * kIdentityBytes && digits.substr(end) == "\n");
}

}  // namespace

bool IsJournalIdentity(absl::string_view text) {
  return text.size() == 2 * kIdentityBytes && text.find_first_not_of(kDigits) == text.npos;
}

std::string NewJournalIdentity() {
  std::string bytes(kIdentityBytes, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return absl::BytesToHexString(bytes);
}

absl::StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& path,
                                                               bool begins) {
  const absl::StatusOr<int> opened = OpenForWriting(path, Writing::kUpdate);
  if (!opened.ok()) return opened.status();
  const int file = *opened;
  std::unique_ptr<FileJournal> journal(new FileJournal(path, file));
  const std::lock_guard<std::mutex> lock(journal->mutex_);
  const FileLock file_lock(file, LOCK_EX);
  if (!file_lock.held()) return FileError(path, "lock");
  RETURN_IF_ERROR(journal->Identify(begins));
  RETURN_IF_ERROR(journal->CatchUp());
  return journal;
}

FileJournal::~FileJournal() { close(file_); }

bool FileJournal::IsBegun(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::symlink_status(path, error);
  // Reading a pipe could wait for ever; Open says what is wrong with it.
  if (!std::filesystem::is_regular_file(status)) return std::filesystem::exists(status);
  std::ifstream file(path, std::ios::binary);
  std::string text(kFirstLineBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text.size() == kFirstLineBytes || !BeginsFirstLine(text);
}

absl::Status FileJournal::Identify(bool begins) {
  ASSIGN_OR_RETURN(std::string text, ReadFrom(path_, file_, 0, kFirstLineBytes));
  std::string line = std::move(text);
  if (!BeginsFirstLine(line)) {
    return absl::DataLossError(
        absl::StrCat("journal ", path_,
                     ": does not begin as a journal does; restore the file, or name "
                     "another in --journal"));
  }
  if (!begins && line.size() < kFirstLineBytes) {
    return absl::UnavailableError(absl::StrCat("journal ", path_, ": is being begun: try again"));
  }
  if (begins) {
    if (line.size() < kFirstLineBytes) {
      line = absl::StrCat(kFirstWord, NewJournalIdentity(), "\n");
      RETURN_IF_ERROR(AppendLine(path_, file_, 0, line));
    } else {
      // Whoever made the file may have been stopped before it was durable.
      RETURN_IF_ERROR(WriteLine(path_, file_, 0, line));
    }
    RETURN_IF_ERROR(SyncFolder(path_));
  }
  identity_ = line.substr(sizeof(kFirstWord) - 1, 2 * kIdentityBytes);
  read_bytes_ = kFirstLineBytes;
  return absl::OkStatus();
}

absl::Status FileJournal::Take(const std::string& line) {
  if (line == kBoundLine) {
    bound_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<Line> parsed = ParseLine(line);
  if (parsed.ok() &&
      entries_[parsed->organization]
          .emplace(parsed->end_day, Known{std::move(parsed->entry), read_bytes_, parsed->checked})
          .second) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("journal ", path_,
                   ": has a line that is not \"organisation day digest kind=cost ...\", or "
                   "of which the checksum is wrong, or a second one of some window; restore the "
                   "file, do not delete it"));
}

absl::Status FileJournal::CheckFile() const {
  struct stat open_file = {};
  struct stat named = {};
  // First: another thread may be adding to the file.
  const int64_t read_bytes = read_bytes_;
  // What is written into a file that nobody finds again is not remembered.
  if (fstat(file_, &open_file) != 0 || stat(path_.c_str(), &named) != 0 ||
      open_file.st_dev != named.st_dev || open_file.st_ino != named.st_ino ||
      open_file.st_size < read_bytes) {
    return absl::DataLossError(absl::StrCat(
        "journal ", path_,
        ": was deleted, replaced or cut short while it was open: nothing is published. Put this "
        "very file back, or a copy of it and restart"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileJournal::Identity() {
  RETURN_IF_ERROR(CheckFile());
  ASSIGN_OR_RETURN(const std::string line, ReadFrom(path_, file_, 0, kFirstLineBytes));
  if (line != absl::StrCat(kFirstWord, identity_, "\n")) {
    return absl::DataLossError(absl::StrCat(
        "journal ", path_,
        ": another was written over it while it was open: nothing is published. Put the store's "
        "journal back and restart"));
  }
  return identity_;
}

absl::Status FileJournal::CatchUp() {
  RETURN_IF_ERROR(CheckFile());
  ASSIGN_OR_RETURN(const std::string added, ReadFrom(path_, file_, read_bytes_));
  size_t begin = 0;
  for (size_t end = added.find('\n'); end != std::string::npos; end = added.find('\n', begin)) {
    RETURN_IF_ERROR(Take(added.substr(begin, end - begin)));
    read_bytes_ += static_cast<int64_t>(end + 1 - begin);
    begin = end + 1;
  }
  return absl::OkStatus();
}

absl::Status FileJournal::Record(const std::string& organization, Day end_day,
                                 const std::string& record, const Costs& nano_rho) {
  const JournalEntry entry = JournalEntryOf(record, nano_rho);
  const std::string line = FormatLine(organization, end_day, entry);
  // A line that cannot be read would end all reading.
  if (!ParseLine(absl::StripSuffix(line, "\n")).ok())
    return absl::InvalidArgumentError("not an entry of a journal");
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_EX);
  if (!file_lock.held()) return FileError(path_, "lock");
  RETURN_IF_ERROR(CatchUp());
  const std::map<Day, Known>& known = entries_[organization];
  if (const auto found = known.find(end_day); found != known.end()) {
    if (found->second.entry.digest != entry.digest) {
      return absl::AlreadyExistsError("the journal knows another record of this window");
    }
    // The entry that stands there is written: what it cost was said the first time.
    return WriteLine(path_, file_, found->second.begin,
                     FormatLine(organization, end_day, found->second.entry, found->second.checked));
  }
  absl::Status written = AppendLine(path_, file_, read_bytes_, line);
  return written.ok() ? CatchUp() : written;
}

absl::StatusOr<bool> FileJournal::WasBound() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_SH);
  if (!file_lock.held()) return FileError(path_, "lock");
  RETURN_IF_ERROR(CatchUp());
  return bound_ || !entries_.empty();
}

absl::Status FileJournal::NoteBound() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_EX);
  if (!file_lock.held()) return FileError(path_, "lock");
  RETURN_IF_ERROR(CatchUp());
  if (bound_) return absl::OkStatus();
  RETURN_IF_ERROR(AppendLine(path_, file_, read_bytes_, absl::StrCat(kBoundLine, "\n")));
  return CatchUp();
}

absl::StatusOr<std::map<Day, Costs>> FileJournal::Read(const std::string& organization) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_SH);
  if (!file_lock.held()) return FileError(path_, "lock");
  RETURN_IF_ERROR(CatchUp());
  std::map<Day, Costs> costs;
  if (const auto found = entries_.find(organization); found != entries_.end()) {
    for (const auto& [day, known] : found->second) costs.emplace(day, known.entry.nano_rho);
  }
  return costs;
}

}  // namespace tutti
