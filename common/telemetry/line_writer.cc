#include "common/telemetry/line_writer.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace tutti {
namespace {

constexpr int kPatienceMs = 100;

// A pipe that is said to be writable takes as much without waiting: poll(2), pipe(7).
constexpr size_t kAtOnce = 4096;

}  // namespace

bool LineWriter::IsWritable() {
  pollfd polled{descriptor_, POLLOUT, 0};
  int found = 0;
  do {
    found = poll(&polled, 1, stalled_ ? 0 : kPatienceMs);
  } while (found < 0 && errno == EINTR);
  stalled_ = found <= 0;
  return !stalled_;
}

bool LineWriter::WriteWhole(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (!IsWritable()) return false;
    const size_t size = std::min(bytes.size(), kAtOnce);
    ssize_t written = -1;
    if (is_socket_) {
      written = send(descriptor_, bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
      is_socket_ = written >= 0 || errno != ENOTSOCK;
    }
    if (!is_socket_) written = write(descriptor_, bytes.data(), size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    torn_ = true;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  torn_ = false;
  return true;
}

bool LineWriter::Write(absl::string_view line) {
  return (!torn_ || WriteWhole("\n")) && WriteWhole(line);
}

}  // namespace tutti
