#include "common/text/plain_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_format.h"

namespace tutti {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD

struct Range {
  uint32_t first;
  uint32_t last;  // included
};

// What is acted on rather than shown.
constexpr Range kActive[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C},  // the controls, and a mark
    {0x200B, 0x200B}, {0x200E, 0x200F},                    // no space, and marks
    {0x2028, 0x202E},                                      // separators, and overrides
    {0x2060, 0x206F},                                      // invisible, and isolates
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool IsActive(uint32_t code_point) {
  return std::any_of(std::begin(kActive), std::end(kActive), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

// A character at the head of a text.
struct Character {
  uint32_t code_point;
  size_t bytes;  // 0: the first byte begins no character of UTF-8
};

// UTF-8 as RFC 3629 has it: shortest forms alone, no surrogates, up to U+10FFFF.
Character Decode(absl::string_view text) {
  const auto byte = [text](size_t i) { return uint32_t{static_cast<unsigned char>(text[i])}; };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {0, 0};
  uint32_t code_point = first & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {0, 0};
    code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kLeast[bytes] || code_point > 0x10FFFF || surrogate) return {0, 0};
  return {code_point, bytes};
}

// Copies the text but for what is active and what is not UTF-8, for which `replace`, given the
// code point (U+FFFD for a byte that is none), appends something else.
template <typename Replace>
std::string Filter(absl::string_view text, const Replace& replace) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character next = Decode(text);
    if (next.bytes == 0) {
      replace(uint32_t{0xFFFD}, out);
    } else if (IsActive(next.code_point)) {
      replace(next.code_point, out);
    } else {
      out.append(text.data(), next.bytes);
    }
    text.remove_prefix(std::max<size_t>(next.bytes, 1));
  }
  return out;
}

bool IsSpace(uint32_t code_point) {
  return code_point == '\t' || code_point == '\n' || code_point == '\r';
}

}  // namespace

std::string PlainText(absl::string_view text) {
  return Filter(text, [](uint32_t code_point, std::string& out) {
    out += IsSpace(code_point) ? " " : kReplacement;
  });
}

std::string PlainLines(absl::string_view text) {
  return Filter(text, [](uint32_t code_point, std::string& out) {
    out += code_point == '\n' ? "\n" : IsSpace(code_point) ? " " : kReplacement;
  });
}

std::string PlainJson(absl::string_view json) {
  return Filter(json, [](uint32_t code_point, std::string& out) {
    if (code_point == '\n') {
      out += '\n';
    } else if (code_point < 0x10000) {
      absl::StrAppendFormat(&out, "\\u%04x", code_point);
    } else {
      const uint32_t rest = code_point - 0x10000;
      absl::StrAppendFormat(&out, "\\u%04x\\u%04x", 0xD800 + (rest >> 10U),
                            0xDC00 + (rest & 0x3FFU));
    }
  });
}

}  // namespace tutti
