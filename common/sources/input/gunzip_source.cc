#include "common/sources/input/gunzip_source.h"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header

class GunzipSource final : public ByteSource {
 public:
  explicit GunzipSource(std::unique_ptr<ByteSource> compressed)
      : compressed_(std::move(compressed)),
        buffer_(kReadBytes, '\0'),
        ready_(inflateInit2(&stream_, kGzipWindow) == Z_OK) {}
  ~GunzipSource() override { inflateEnd(&stream_); }
  GunzipSource(const GunzipSource&) = delete;
  GunzipSource& operator=(const GunzipSource&) = delete;

  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    if (!ready_) return absl::ResourceExhaustedError("no memory to unpack the gzip data");
    capacity = std::min<size_t>(capacity, std::numeric_limits<uInt>::max());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned.
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(capacity);
    while (stream_.avail_out == capacity && !ended_) {
      RETURN_IF_ERROR(Step());
    }
    return capacity - stream_.avail_out;
  }
  uint64_t size() const override { return compressed_->size(); }
  uint64_t position() const override { return compressed_->position(); }
  bool repeatable() const override { return compressed_->repeatable(); }
  bool unpacked() const override { return true; }

 private:
  absl::Status Step() {
    if (stream_.avail_in == 0) {
      ASSIGN_OR_RETURN(size_t count, compressed_->Read(buffer_.data(), buffer_.size()));
      if (count == 0) {
        if (in_member_) return absl::DataLossError("the gzip data is cut off: fetch it again");
        ended_ = true;
        return absl::OkStatus();
      }
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned.
      stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_in = static_cast<uInt>(count);
    }
    if (!in_member_) {
      // Some writers fill the last block of a tape with zeros.
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in == 0) return absl::OkStatus();
      inflateReset(&stream_);
      in_member_ = true;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      in_member_ = false;
      return absl::OkStatus();
    }
    if (result == Z_OK || result == Z_BUF_ERROR) return absl::OkStatus();
    if (result == Z_MEM_ERROR) {
      return absl::ResourceExhaustedError("no memory to unpack the gzip data");
    }
    return absl::DataLossError("the gzip data is damaged: fetch it again");
  }

  std::unique_ptr<ByteSource> compressed_;
  std::string buffer_;
  z_stream stream_ = {};
  bool ready_;
  bool in_member_ = true;
  bool ended_ = false;
};

}  // namespace

bool IsGzip(absl::string_view beginning) { return absl::StartsWith(beginning, "\x1f\x8b\x08"); }

std::unique_ptr<ByteSource> MakeGunzipSource(std::unique_ptr<ByteSource> compressed) {
  return std::make_unique<GunzipSource>(std::move(compressed));
}

}  // namespace tutti
