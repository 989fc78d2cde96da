#include "common/sources/input/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/files/write_file.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

std::string Folder() {
  const char* named = getenv("TMPDIR");
  return named == nullptr || *named == '\0' ? "/tmp" : named;
}

absl::Status CannotKeep(int error) {
  return absl::FailedPreconditionError(
      absl::StrCat("it can be read only once, and its copy cannot be kept in ",
                   absl::Utf8SafeCHexEscape(Folder()), ": ", strerror(error),
                   ". Let TMPDIR name a folder with room for it, or name a file"));
}

class CopyingSource final : public ByteSource {
 public:
  CopyingSource(std::unique_ptr<ByteSource> source, std::shared_ptr<Spool> spool)
      : source_(std::move(source)), spool_(std::move(spool)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    absl::StatusOr<size_t> count = source_->Read(buffer, capacity);
    if (!count.ok()) return count;
    RETURN_IF_ERROR(spool_->Append({buffer, *count}));
    return count;
  }
  uint64_t size() const override { return source_->size(); }
  uint64_t position() const override { return source_->position(); }
  bool repeatable() const override { return source_->repeatable(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::shared_ptr<Spool> spool_;
};

}  // namespace

Spool::~Spool() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::unique_ptr<ByteSource> Spool::Copying(std::unique_ptr<ByteSource> source,
                                           std::shared_ptr<Spool> spool) {
  if (spool == nullptr) return source;
  return std::make_unique<CopyingSource>(std::move(source), std::move(spool));
}

absl::Status Spool::Keep() {
  // Not every file system makes files without a name.
  descriptor_ = open(Folder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {
    std::string name = absl::StrCat(Folder(), "/tutti-import-XXXXXX");
    descriptor_ = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) return CannotKeep(errno);
    unlink(name.c_str());
  }
  state_ = State::kInFile;
  const std::string begun = std::exchange(memory_, std::string());
  return Append(begun);
}

void Spool::Forget() {
  state_ = State::kForgotten;
  std::string().swap(memory_);
}

absl::Status Spool::Append(absl::string_view bytes) {
  if (state_ == State::kForgotten) return absl::OkStatus();
  if (state_ == State::kInMemory) {
    memory_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  if (!WriteAll(descriptor_, bytes)) return CannotKeep(errno);
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ByteSource>> Spool::Open() const {
  const int reader = fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (reader < 0 || lseek(reader, 0, SEEK_SET) < 0) {
    if (reader >= 0) close(reader);
    return absl::InternalError(
        absl::StrCat("the copy of the input cannot be read: ", strerror(errno)));
  }
  return MakeFileSource(reader, size_);
}

}  // namespace tutti
