#ifndef TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_
#define TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// How a source lays out its records in JSON.
struct JsonLayout {
  // The members of a page that may hold its records.
  absl::Span<const absl::string_view> lists;
  // Members that a record has at its top, one of these at least, and a page or a part of a
  // record has not.
  absl::Span<const absl::string_view> record_members;
};

// White space of JSON, and the bytes of a byte order mark: files are appended to others with
// theirs.
bool IsJsonSpace(char c);
// What numbers and words are made of.
bool IsJsonWord(char c);

// Follows the structure of one object, character by character. It knows where the object ends,
// and where it cannot go on: a bracket of the wrong sort, a value without a comma before it.
class JsonObjectScanner {
 public:
  enum class Outcome {
    kGoesOn,
    kEnds,    // with this character
    kList,    // this character opens the list of a page
    kBroken,  // this character cannot stand here, or objects are nested too deeply
  };

  explicit JsonObjectScanner(const JsonLayout& layout) : layout_(layout) {}

  // Before the character that opens the object.
  void BeginObject();
  // Inside a page, after the end of its list.
  void BeginPageRest();

  Outcome Take(char c);

  // Takes what the string holds; stops before a quote or a backslash. Returns how much.
  size_t SkipString(absl::string_view text);
  bool in_string() const { return in_string_; }

  // Whether it has a member that records have.
  bool is_record() const { return is_record_; }
  // The name of the first member; empty before its end.
  const std::string& first_member() const { return first_member_; }

 private:
  enum class Expected { kObject, kNameOrEnd, kName, kColon, kValue, kValueOrEnd, kCommaOrEnd };

  Outcome TakeInString(char c);
  Outcome Value(char c);
  Outcome Open(char c);
  Outcome Close(char c);
  void BeginString(bool is_name);
  void EndName();

  const JsonLayout& layout_;
  std::string open_;  // the brackets that are
  Expected expected_ = Expected::kObject;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_word_ = false;
  bool is_name_ = false;
  std::string name_;  // of the member at the top
  bool has_first_ = false;
  std::string first_member_;
  bool is_record_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_
