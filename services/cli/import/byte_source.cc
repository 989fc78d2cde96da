#include "services/cli/import/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kPeekBytes = 64 << 10;

class FileSource : public ByteSource {
 public:
  FileSource(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
  ~FileSource() override {
    if (owned_) close(descriptor_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    for (;;) {
      const ssize_t count = read(descriptor_, buffer, capacity);
      if (count >= 0) return static_cast<size_t>(count);
      if (errno == EINTR) continue;
      return absl::InternalError(absl::StrCat("the input cannot be read: ", strerror(errno)));
    }
  }
  uint64_t size() const override { return size_; }
  bool repeatable() const override { return repeatable_; }
  void set_size(uint64_t size) { size_ = size; }
  void set_repeatable(bool repeatable) { repeatable_ = repeatable; }

 private:
  int descriptor_;
  bool owned_;
  uint64_t size_ = 0;
  bool repeatable_ = true;
};

class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    const size_t count = std::min(capacity, bytes_.size() - offset_);
    memcpy(buffer, bytes_.data() + offset_, count);
    offset_ += count;
    return count;
  }
  uint64_t size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t offset_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenSource(const std::string& path) {
  if (path == "-") {
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
  if (S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder: name the files in it"));
  }
  struct statfs system = {};
  if (S_ISFIFO(status.st_mode) && fstatfs(descriptor, &system) == 0 &&
      system.f_type == PIPEFS_MAGIC && fcntl(descriptor, F_SETFL, 0) == 0) {
    source->set_repeatable(false);
    return source;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is ", S_ISFIFO(status.st_mode) ? "a named pipe" : "a device",
                   ": name a file, or send it to standard input and name -"));
}

std::unique_ptr<ByteSource> MakeStringSource(std::string bytes) {
  return std::make_unique<StringSource>(std::move(bytes));
}

TextInput::TextInput(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

absl::StatusOr<absl::string_view> TextInput::Peek() {
  if (given_) {
    text_.clear();
    given_ = false;
  }
  while (!ended_ && text_.size() < kPeekBytes) {
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
  return absl::string_view(text_).substr(0, kPeekBytes);
}

absl::StatusOr<absl::string_view> TextInput::Next() {
  if (given_) {
    text_.clear();
    given_ = false;
  }
  while (!ended_ && text_.empty()) {
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
  given_ = true;
  return absl::string_view(text_);
}

absl::Status TextInput::Fill() {
  std::string& target = encoding_ == Encoding::kUtf8 ? text_ : raw_;
  const size_t old_size = target.size();
  target.resize(old_size + kReadBytes);
  absl::StatusOr<size_t> count = source_->Read(target.data() + old_size, kReadBytes);
  target.resize(old_size + (count.ok() ? *count : 0));
  if (!count.ok()) return count.status();
  bytes_read_ += *count;
  ended_ = *count == 0;
  if (encoding_ == Encoding::kUnknown && (raw_.size() >= 4 || ended_)) DetectEncoding();
  if (encoding_ == Encoding::kUtf16Little || encoding_ == Encoding::kUtf16Big) ConvertUtf16();
  return absl::OkStatus();
}

void TextInput::DetectEncoding() {
  const absl::string_view raw = raw_;
  if (absl::StartsWith(raw, "\xff\xfe")) {
    encoding_ = Encoding::kUtf16Little;
    raw_.erase(0, 2);
  } else if (absl::StartsWith(raw, "\xfe\xff")) {
    encoding_ = Encoding::kUtf16Big;
    raw_.erase(0, 2);
  } else if (raw.size() >= 4 && raw[0] != 0 && raw[1] == 0 && raw[2] != 0 && raw[3] == 0) {
    encoding_ = Encoding::kUtf16Little;
  } else if (raw.size() >= 4 && raw[0] == 0 && raw[1] != 0 && raw[2] == 0 && raw[3] != 0) {
    encoding_ = Encoding::kUtf16Big;
  } else {
    encoding_ = Encoding::kUtf8;
    if (absl::StartsWith(raw, "\xef\xbb\xbf")) raw_.erase(0, 3);
    text_ += raw_;
    raw_.clear();
  }
}

void TextInput::ConvertUtf16() {
  const size_t low = encoding_ == Encoding::kUtf16Little ? 0 : 1;
  size_t at = 0;
  for (; at + 1 < raw_.size(); at += 2) {
    const uint32_t unit = static_cast<unsigned char>(raw_[at + low]) |
                          static_cast<uint32_t>(static_cast<unsigned char>(raw_[at + 1 - low]))
                              << 8;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (high_surrogate_ != 0) {
      if (is_low) {
        AppendUtf8(0x10000 + ((high_surrogate_ - 0xd800) << 10) + (unit - 0xdc00));
        high_surrogate_ = 0;
        continue;
      }
      AppendUtf8(0xfffd);
      high_surrogate_ = 0;
    }
    if (is_high) {
      high_surrogate_ = unit;
    } else {
      AppendUtf8(is_low ? 0xfffd : unit);
    }
  }
  raw_.erase(0, at);
  if (ended_ && (high_surrogate_ != 0 || !raw_.empty())) {
    AppendUtf8(0xfffd);
    high_surrogate_ = 0;
    raw_.clear();
  }
}

void TextInput::AppendUtf8(uint32_t code_point) {
  const auto append = [this](uint32_t byte) { text_.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xc0 | code_point >> 6);
    append(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    append(0xe0 | code_point >> 12);
    append(0x80 | ((code_point >> 6) & 0x3f));
    append(0x80 | (code_point & 0x3f));
  } else {
    append(0xf0 | code_point >> 18);
    append(0x80 | ((code_point >> 12) & 0x3f));
    append(0x80 | ((code_point >> 6) & 0x3f));
    append(0x80 | (code_point & 0x3f));
  }
}

}  // namespace tutti
