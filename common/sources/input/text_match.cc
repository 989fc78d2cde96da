#include "common/sources/input/text_match.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace tutti {
namespace {

char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); });
}

}  // namespace

bool ContainsIgnoringCase(absl::string_view text, absl::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end() ||
         lower.empty();
}

bool StartsIgnoringCase(absl::string_view text, absl::string_view lower) {
  return absl::StartsWithIgnoreCase(text, lower);
}

absl::string_view StripSpaces(absl::string_view text) {
  // No-break, figure, thin, zero-width, left-to-right, right-to-left, narrow no-break and
  // ideographic spaces and marks; the byte order mark.
  static constexpr absl::string_view kSpaces[] = {"\xc2\xa0",     "\xe2\x80\x87", "\xe2\x80\x89",
                                                  "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f",
                                                  "\xe2\x80\xaf", "\xe3\x80\x80", "\xef\xbb\xbf"};
  for (bool more = true; more;) {
    text = absl::StripAsciiWhitespace(text);
    more = std::any_of(std::begin(kSpaces), std::end(kSpaces), [&text](absl::string_view space) {
      return absl::ConsumePrefix(&text, space) || absl::ConsumeSuffix(&text, space);
    });
  }
  return text;
}

std::string PlainName(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) plain.push_back(absl::ascii_tolower(byte));
  }
  return plain;
}

std::string CaseFolded(absl::string_view name) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const normalizer =
      IsAscii(name) ? nullptr : icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (normalizer == nullptr) return absl::AsciiStrToLower(name);
  std::string folded;
  icu::StringByteSink<std::string> sink(&folded);
  normalizer->normalizeUTF8(0, icu::StringPiece(name.data(), static_cast<int32_t>(name.size())),
                            sink, nullptr, error);
  return U_SUCCESS(error) ? folded : absl::AsciiStrToLower(name);
}

uint64_t Fingerprint(std::initializer_list<absl::string_view> parts) {
  thread_local std::string joined;
  joined.clear();
  for (absl::string_view part : parts) {
    if (IsAscii(part)) {
      const auto end = joined.insert(joined.end(), part.begin(), part.end());
      std::transform(end, joined.end(), end, Lower);
    } else {
      joined += CaseFolded(part);
    }
    joined.push_back('\0');
  }
  const uint64_t hash = absl::Hash<absl::string_view>()(joined);
  std::fill(joined.begin(), joined.end(), '\0');
  return hash;
}

}  // namespace tutti
