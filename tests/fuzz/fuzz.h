#ifndef TUTTI_TESTS_FUZZ_FUZZ_H_
#define TUTTI_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

// Called by libFuzzer once for each input, which may be any bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace tutti {

// The invariants of a target. An input that breaks one is kept by libFuzzer.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

inline absl::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // NOLINT: bytes are text here
}

}  // namespace tutti

#endif  // TUTTI_TESTS_FUZZ_FUZZ_H_
