#include "services/aggregate/publication_journal.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

std::string Sha256(const std::string& record) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(record.data()), record.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

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

}  // namespace

absl::StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return FileError(path, "open");
  std::unique_ptr<FileJournal> journal(new FileJournal(path, file));
  const std::lock_guard<std::mutex> lock(journal->mutex_);
  const FileLock file_lock(file, LOCK_SH);
  if (!file_lock.held()) return FileError(path, "lock");
  if (absl::Status read = journal->CatchUp(); !read.ok()) return read;
  return journal;
}

FileJournal::~FileJournal() { close(file_); }

absl::Status FileJournal::CatchUp() {
  std::string added;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t n = pread(file_, buffer.data(), buffer.size(),
                            static_cast<off_t>(read_bytes_ + static_cast<int64_t>(added.size())));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(path_, "read");
    if (n == 0) break;
    added.append(buffer.data(), static_cast<size_t>(n));
  }
  size_t begin = 0;
  for (size_t end = added.find('\n'); end != std::string::npos; end = added.find('\n', begin)) {
    const std::string line = added.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    const absl::StatusOr<Day> day = ParseDay(parts.size() == 3 ? parts[1] : "");
    if (!day.ok() || parts[2].size() != 2 * SHA256_DIGEST_LENGTH) {
      return absl::DataLossError(absl::StrCat("journal ", path_,
                                              ": has a line that is not \"organisation day "
                                              "digest\"; restore the file, do not delete it"));
    }
    digests_.emplace(std::make_pair(parts[0], *day), parts[2]);
  }
  read_bytes_ += static_cast<int64_t>(begin);
  return absl::OkStatus();
}

absl::Status FileJournal::Record(const std::string& organization, Day end_day,
                                 const std::string& record) {
  const std::string digest = Sha256(record);
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_EX);
  if (!file_lock.held()) return FileError(path_, "lock");
  if (absl::Status read = CatchUp(); !read.ok()) return read;
  const auto found = digests_.find({organization, end_day});
  if (found != digests_.end()) {
    if (found->second == digest) return absl::OkStatus();
    return absl::AlreadyExistsError("the journal knows another record of this window");
  }
  // A line that a crash cut short was never acknowledged: it goes.
  if (ftruncate(file_, static_cast<off_t>(read_bytes_)) != 0) return FileError(path_, "truncate");
  const std::string line = absl::StrCat(organization, " ", FormatDay(end_day), " ", digest, "\n");
  if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      fdatasync(file_) != 0) {
    return FileError(path_, "write");
  }
  return CatchUp();
}

absl::StatusOr<bool> FileJournal::Knows(const std::string& organization, Day end_day) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const FileLock file_lock(file_, LOCK_SH);
  if (!file_lock.held()) return FileError(path_, "lock");
  if (absl::Status read = CatchUp(); !read.ok()) return read;
  return digests_.count({organization, end_day}) != 0;
}

}  // namespace tutti
