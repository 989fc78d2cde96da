#include "common/privacy/random_words.h"

#include <string.h>
#include <sys/random.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace tutti {

RandomWords::~RandomWords() { explicit_bzero(buffer_.data(), sizeof(buffer_)); }

bool RandomWords::Refill() {
  if (!status_.ok()) return false;
  status_ = Fill(absl::MakeSpan(buffer_));
  if (!status_.ok()) {
    explicit_bzero(buffer_.data(), sizeof(buffer_));
    return false;
  }
  next_ = 0;
  return true;
}

absl::Status KernelRandomWords::Fill(absl::Span<uint64_t> words) {
  unsigned char* to = reinterpret_cast<unsigned char*>(words.data());
  size_t missing = words.size() * sizeof(uint64_t);
  while (missing > 0) {
    const ssize_t got = getrandom(to, missing, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return absl::InternalError(absl::StrCat("the kernel's random generator failed (errno ", errno,
                                              "): nothing can be drawn"));
    }
    to += got;
    missing -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace tutti
