#include "common/sources/input/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr int kWriterPatienceMs = 20'000;
constexpr int kWriterStepMs = 50;
constexpr size_t kReadBytes = 64 << 10;

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
  ~FileSource() override {
    if (owned_) close(descriptor_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  // Waits until somebody has opened the pipe to write: a pipe without a writer would end at once.
  // Whether somebody has. It was opened without waiting, so reading tells; what is read is kept.
  bool AwaitWriter() {
    head_.resize(kReadBytes);
    ssize_t count = 0;
    pollfd pipe = {descriptor_, POLLIN, 0};
    bool ended = false;
    for (int waited = 0; count == 0 && !ended && waited < kWriterPatienceMs;
         waited += kWriterStepMs) {
      pipe.revents = 0;
      poll(&pipe, 1, waited == 0 ? 0 : kWriterStepMs);
      count = read(descriptor_, head_.data(), head_.size());
      // Whoever wrote has gone, or nothing was written.
      ended = (pipe.revents & POLLHUP) != 0;
    }
    const bool reads_later = count < 0 && (errno == EAGAIN || errno == EINTR);
    head_.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return count > 0 || reads_later || ended;
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    if (!head_.empty()) {
      const size_t count = head_.copy(buffer, capacity);
      head_.erase(0, count);
      position_ += count;
      return count;
    }
    for (;;) {
      const ssize_t count = read(descriptor_, buffer, capacity);
      if (count >= 0) {
        position_ += static_cast<uint64_t>(count);
        return static_cast<size_t>(count);
      }
      if (errno == EINTR) continue;
      return absl::InternalError(absl::StrCat("the input cannot be read: ", strerror(errno)));
    }
  }
  uint64_t size() const override { return size_; }
  uint64_t position() const override { return position_; }
  bool repeatable() const override { return repeatable_; }
  void set_size(uint64_t size) { size_ = size; }
  void set_repeatable(bool repeatable) { repeatable_ = repeatable; }

 private:
  int descriptor_;
  bool owned_;
  uint64_t size_ = 0;
  uint64_t position_ = 0;
  bool repeatable_ = true;
  std::string head_;  // read already
};

// Whether it is what has no bytes.
bool IsNothing(const struct stat& status) {
  struct stat nothing = {};
  return S_ISCHR(status.st_mode) && stat("/dev/null", &nothing) == 0 && S_ISCHR(nothing.st_mode) &&
         nothing.st_rdev == status.st_rdev;
}

absl::string_view KindOf(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "a folder: name the files in it";
  if (S_ISSOCK(status.st_mode)) return "a socket: send it to standard input, and name -";
  return "a device: name a file, or send it to standard input and name -";
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenSource(const std::string& path) {
  if (path == "-" || path == "/dev/stdin") {
    auto source = std::make_unique<FileSource>(STDIN_FILENO, false);
    source->set_repeatable(false);
    return source;
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) {
    const int error = errno;
    const std::string message = absl::StrCat(path, " cannot be opened: ", strerror(error));
    if (error == ENOENT) return absl::NotFoundError(message);
    if (error == EACCES) return absl::PermissionDeniedError(message);
    return absl::InvalidArgumentError(message);
  }
  auto source = std::make_unique<FileSource>(descriptor, true);
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read: ", strerror(errno)));
  }
  if (S_ISREG(status.st_mode)) {
    source->set_size(static_cast<uint64_t>(status.st_size));
    return source;
  }
  if (IsNothing(status)) return source;
  if (!S_ISFIFO(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is ", KindOf(status)));
  }
  if (!source->AwaitWriter()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is a pipe that nobody has opened to write for ", kWriterPatienceMs / 1000,
        " seconds: start what writes it first, or name a file"));
  }
  if (fcntl(descriptor, F_SETFL, 0) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read: ", strerror(errno)));
  }
  source->set_repeatable(false);
  return source;
}

std::unique_ptr<ByteSource> MakeFileSource(int descriptor, uint64_t size) {
  auto source = std::make_unique<FileSource>(descriptor, true);
  source->set_size(size);
  return source;
}

absl::StatusOr<absl::string_view> PeekedSource::Peek(size_t size) {
  while (head_.size() < size) {
    const size_t old_size = head_.size();
    head_.resize(old_size + kReadBytes);
    const absl::StatusOr<size_t> count = source_->Read(head_.data() + old_size, kReadBytes);
    head_.resize(old_size + (count.ok() ? *count : 0));
    if (!count.ok()) return count.status();
    if (*count == 0) break;
  }
  return absl::string_view(head_).substr(0, size);
}

absl::StatusOr<size_t> PeekedSource::Read(char* buffer, size_t capacity) {
  if (given_ == head_.size()) return source_->Read(buffer, capacity);
  const size_t count = std::min(capacity, head_.size() - given_);
  memcpy(buffer, head_.data() + given_, count);
  given_ += count;
  if (given_ == head_.size()) std::string().swap(head_);
  if (head_.empty()) given_ = 0;
  return count;
}

}  // namespace tutti
