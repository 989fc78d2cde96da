#include "common/identity/subject_id.h"

#include <sodium.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace tutti {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// The bytes of a word that are less than n (n in 1..128), as high bits. Exact for
// words of ASCII.
constexpr uint64_t BytesBelow(uint64_t word, uint64_t n) {
  return ~((word | kHighBits) - kOnes * n) & kHighBits;
}

// Lower-cases eight ASCII bytes at once.
constexpr uint64_t LowerAscii(uint64_t word) {
  const uint64_t upper = BytesBelow(word, 'Z' + 1) & ~BytesBelow(word, 'A');
  return word | (upper >> 2);  // 0x80 >> 2 is 0x20, the bit that lower-cases
}

constexpr bool HasControlAscii(uint64_t word) {
  return (BytesBelow(word, 0x20) | (BytesBelow(word ^ (kOnes * 0x7f), 1))) != 0;
}

// Calls visit(offset, word, bytes) for every eight bytes of the text; the last word
// is filled up with letters that are neither upper case nor a control.
template <typename Visit>
void ForEachWord(absl::string_view text, Visit visit) {
  size_t i = 0;
  uint64_t word = 0;
  for (; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    visit(i, word, sizeof(word));
  }
  if (i == text.size()) return;
  word = kOnes * 'x';
  std::memcpy(&word, text.data() + i, text.size() - i);
  visit(i, word, text.size() - i);
}

bool IsAscii(absl::string_view text) {
  uint64_t all = 0;
  ForEachWord(text, [&all](size_t, uint64_t word, size_t) { all |= word; });
  return (all & kHighBits) == 0;
}

absl::string_view TrimAscii(absl::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// ICU's macros convert between integer types without a cast.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"

// Decodes the character at `at` and moves behind it; negative when malformed.
UChar32 NextCharacter(absl::string_view text, int32_t& at) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  UChar32 character = 0;
  U8_NEXT(bytes, at, size, character);
  return character;
}

// Decodes the character before `at` and moves to its first byte; negative when
// malformed.
UChar32 PreviousCharacter(absl::string_view text, int32_t& at) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 character = 0;
  U8_PREV(bytes, 0, at, character);
  return character;
}

#pragma GCC diagnostic pop

// Trims what is well formed; malformed ends stay, for the caller to find.
absl::string_view TrimUnicode(absl::string_view text) {
  int32_t first = 0;
  const int32_t size = static_cast<int32_t>(text.size());
  while (first < size) {
    int32_t next = first;
    const UChar32 character = NextCharacter(text, next);
    if (character < 0 || !u_isUWhiteSpace(character)) break;
    first = next;
  }
  int32_t last = size;
  while (last > first) {
    int32_t previous = last;
    const UChar32 character = PreviousCharacter(text, previous);
    if (character < 0 || !u_isUWhiteSpace(character)) break;
    last = previous;
  }
  return text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first));
}

bool IsCleanUtf8(absl::string_view text) {
  for (int32_t at = 0; at < static_cast<int32_t>(text.size());) {
    const UChar32 character = NextCharacter(text, at);
    if (character < 0 || u_charType(character) == U_CONTROL_CHAR) return false;
  }
  return true;
}

// Collects ICU's output in memory that is zeroed.
class ZeroedSink final : public icu::ByteSink {
 public:
  ~ZeroedSink() override { sodium_memzero(bytes_.data(), bytes_.size()); }
  void Append(const char* bytes, int32_t n) override {
    const size_t size = bytes_.size();
    if (size + static_cast<size_t>(n) > bytes_.capacity()) Grow(size + static_cast<size_t>(n));
    bytes_.insert(bytes_.end(), bytes, bytes + n);
  }
  absl::string_view text() const { return {bytes_.data(), bytes_.size()}; }

 private:
  void Grow(size_t size) {
    std::vector<char> larger;
    larger.reserve(2 * size);
    larger.assign(bytes_.begin(), bytes_.end());
    bytes_.swap(larger);
    sodium_memzero(larger.data(), larger.size());
  }

  std::vector<char> bytes_;
};

}  // namespace

std::variant<SubjectId, SubjectFault> SubjectId::Parse(absl::string_view raw) {
  return IsAscii(raw) ? ParseAscii(TrimAscii(raw)) : ParseUnicode(raw);
}

std::variant<SubjectId, SubjectFault> SubjectId::ParseAscii(absl::string_view text) {
  if (text.empty()) return SubjectFault::kMissing;
  if (text.size() > kMaxBytes) return SubjectFault::kTooLong;
  SubjectId id;
  char* const to = id.Resize(text.size());
  bool has_control = false;
  ForEachWord(text, [to, &has_control](size_t offset, uint64_t word, size_t bytes) {
    has_control |= HasControlAscii(word);
    const uint64_t lower = LowerAscii(word);
    std::memcpy(to + offset, &lower, bytes);
  });
  if (has_control) return SubjectFault::kMalformed;
  return std::variant<SubjectId, SubjectFault>(std::move(id));
}

std::variant<SubjectId, SubjectFault> SubjectId::ParseUnicode(absl::string_view text) {
  // No message is larger, and ICU counts bytes in 32 bits.
  constexpr size_t kUntrimmedLimit = 16 << 20;
  if (text.size() > kUntrimmedLimit) return SubjectFault::kTooLong;
  text = TrimUnicode(text);
  if (text.empty()) return SubjectFault::kMissing;
  if (text.size() > kMaxBytes) return SubjectFault::kTooLong;
  if (!IsCleanUtf8(text)) return SubjectFault::kMalformed;

  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return SubjectFault::kMalformed;
  ZeroedSink sink;
  normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())),
                            sink, nullptr, error);
  if (U_FAILURE(error)) return SubjectFault::kMalformed;
  const absl::string_view normalised = TrimUnicode(sink.text());
  if (normalised.empty()) return SubjectFault::kMissing;
  SubjectId id;
  std::memcpy(id.Resize(normalised.size()), normalised.data(), normalised.size());
  return std::variant<SubjectId, SubjectFault>(std::move(id));
}

SubjectId::SubjectId(SubjectId&& other) noexcept { *this = std::move(other); }

SubjectId& SubjectId::operator=(SubjectId&& other) noexcept {
  if (this == &other) return *this;
  Zero();
  size_ = other.size_;
  if (size_ <= kInlineBytes) {
    std::memcpy(inline_.data(), other.inline_.data(), size_);
  } else {
    long_ = std::move(other.long_);
  }
  other.Zero();
  return *this;
}

char* SubjectId::Resize(size_t size) {
  size_ = size;
  if (size <= kInlineBytes) return inline_.data();
  long_.resize(size);
  return long_.data();
}

void SubjectId::Zero() noexcept {
  if (size_ == 0) return;
  if (size_ <= kInlineBytes) {
    sodium_memzero(inline_.data(), size_);
  } else if (!long_.empty()) {
    sodium_memzero(long_.data(), long_.size());
  }
  size_ = 0;
}

}  // namespace tutti
