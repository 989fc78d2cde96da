#ifndef TUTTI_COMMON_IDENTITY_SUBJECT_ID_H_
#define TUTTI_COMMON_IDENTITY_SUBJECT_ID_H_

#include <array>
#include <cstddef>
#include <iosfwd>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti {

// Says why a text is not an identifier. Carries nothing of the text.
enum class SubjectFault {
  kMissing,    // empty, or nothing but white space and invisible characters
  kTooLong,    // more than 512 bytes after trimming
  kMalformed,  // not valid UTF-8, or has control characters
};

// The identifier of a person, a device or an item, between parsing and digest:
// the only object that holds one outside of the request itself.
//
// It can be moved and digested (by Digester), and nothing else: it cannot be
// copied, compared, hashed, streamed, formatted or read. Its memory is zeroed when
// it is moved from and when it is destroyed. Thread-compatible.
//
// Normalisation: trims Unicode White_Space at both ends, applies Unicode
// NFKC_Casefold (NFKC and the default case fold, closed under each other, without
// default-ignorable characters such as the zero-width space; UAX #44), trims once
// more. "JoniS@x ", "jonis@x" and "ｊonis@x" are one identifier.
class SubjectId {
 public:
  static constexpr size_t kMaxBytes = 512;

  // The text must be valid UTF-8 of 1 to kMaxBytes bytes after trimming, without
  // control characters (Unicode category Cc) inside. ASCII takes a short cut
  // without ICU and without allocation.
  static std::variant<SubjectId, SubjectFault> Parse(absl::string_view raw);

  SubjectId(SubjectId&& other) noexcept;
  SubjectId& operator=(SubjectId&& other) noexcept;
  SubjectId(const SubjectId&) = delete;
  SubjectId& operator=(const SubjectId&) = delete;
  ~SubjectId() { Zero(); }

  friend bool operator==(const SubjectId&, const SubjectId&) = delete;
  friend bool operator<(const SubjectId&, const SubjectId&) = delete;
  friend std::ostream& operator<<(std::ostream&, const SubjectId&) = delete;

 private:
  friend class Digester;

  SubjectId() = default;
  static std::variant<SubjectId, SubjectFault> ParseAscii(absl::string_view text);
  static std::variant<SubjectId, SubjectFault> ParseUnicode(absl::string_view text);

  absl::string_view normalised() const {
    return size_ <= kInlineBytes ? absl::string_view(inline_.data(), size_)
                                 : absl::string_view(long_.data(), size_);
  }
  // Makes room for `size` bytes and returns where they go.
  char* Resize(size_t size);
  void Zero() noexcept;

  static constexpr size_t kInlineBytes = 64;
  size_t size_ = 0;
  std::array<char, kInlineBytes> inline_ = {};  // holds the text when it fits
  std::vector<char> long_;                      // else this does
};

}  // namespace tutti

#endif  // TUTTI_COMMON_IDENTITY_SUBJECT_ID_H_
