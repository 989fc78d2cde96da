#include "common/sources/input/text_match.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace tutti {
namespace {

char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

}  // namespace

bool ContainsIgnoringCase(absl::string_view text, absl::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end() ||
         lower.empty();
}

bool StartsIgnoringCase(absl::string_view text, absl::string_view lower) {
  return absl::StartsWithIgnoreCase(text, lower);
}

uint64_t Fingerprint(std::initializer_list<absl::string_view> parts) {
  thread_local std::string joined;
  joined.clear();
  for (absl::string_view part : parts) {
    const size_t begin = joined.size();
    joined.append(part.data(), part.size());
    std::transform(joined.begin() + static_cast<std::ptrdiff_t>(begin), joined.end(),
                   joined.begin() + static_cast<std::ptrdiff_t>(begin), Lower);
    joined.push_back('\0');
  }
  const uint64_t hash = absl::Hash<absl::string_view>()(joined);
  std::fill(joined.begin(), joined.end(), '\0');
  return hash;
}

}  // namespace tutti
