#ifndef TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_
#define TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// How a source lays out its records in JSON.
struct JsonLayout {
  // The members of a page that may hold its records, or an object that holds them in turn.
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

// How an object begins, which tells objects of one sort from others: the names of its first
// members, in their order, and which of the members that records have it has.
class JsonBeginning {
 public:
  // Adds a member.
  void Add(const JsonLayout& layout, absl::string_view name);

  // How many names it is known by, of the first few.
  size_t size() const { return count_; }
  // Whether these are all that it ever will be.
  bool is_whole() const { return whole_ || count_ == kNames; }
  void Finish() { whole_ = true; }
  // How many members that records have.
  int record_members() const;
  // How many of the first names are those of the other one; 0 when one differs, as far as both go.
  size_t InCommon(const JsonBeginning& other) const;

 private:
  static constexpr size_t kNames = 3;

  std::array<size_t, kNames> names_ = {};  // hashes
  size_t count_ = 0;
  bool whole_ = false;
  uint32_t record_members_ = 0;  // a bit for each
};

// Follows the structure of one object, character by character. It knows where the object ends,
// and where it cannot go on: a bracket of the wrong sort, a value without a comma before it.
class JsonObjectScanner {
 public:
  enum class Outcome {
    kGoesOn,
    kEnds,     // with this character
    kList,     // this character opens the list of a page
    kAnother,  // goes on, and what is in a list inside turns out to begin as a record does
    kBroken,   // this character cannot stand here, or objects are nested too deeply
  };

  explicit JsonObjectScanner(const JsonLayout& layout) : layout_(layout) {}

  // Before the character that opens the object. `last` is how the last record began, and outlives
  // this; where it is not whole, this object is taken for one. Null: no records are looked for
  // inside.
  void BeginObject(const JsonBeginning* last);
  // Inside so many objects of a page, after the end of its list.
  void BeginPageRest(size_t objects);

  Outcome Take(char c);

  // Takes what the string holds; stops before a quote or a backslash. Returns how much.
  size_t SkipString(absl::string_view text);
  bool in_string() const { return in_string_; }

  const JsonBeginning& beginning() const { return objects_.front().beginning; }
  // After kEnds: of the text that was taken, the one record that the object holds in place of a
  // list, when it is a page; else all.
  absl::string_view RecordIn(absl::string_view object) const;
  // The brackets that are open.
  const std::string& open() const { return open_; }
  // How much of what was taken stands, when nothing can follow it: not a string at its end, which
  // may have lost its own end, and have found that of another.
  size_t sound_size() const { return std::min(string_at_, taken_); }

  // What begins as a record does: where, counted from the beginning of this object.
  size_t another() const { return objects_.back().at; }
  // How many of the objects that it is in begin as the last record did, without this one.
  size_t CutOffBefore() const;

  // Whether what begins so is a record, wherever it is.
  static bool IsCertain(const JsonBeginning& one, const JsonBeginning& last);

 private:
  enum class Expected { kObject, kNameOrEnd, kName, kColon, kValue, kValueOrEnd, kCommaOrEnd };
  // One whose names are of interest: the object itself, and those in lists in it that are open.
  struct Object {
    size_t depth = 1;
    size_t at = 0;
    JsonBeginning beginning;
  };

  static constexpr size_t kNowhere = ~size_t{0};
  static constexpr size_t kMaxPageDepth = 4;

  Outcome TakeOutside(char c);
  Outcome TakeInString(char c);
  Outcome Value(char c);
  Outcome Open(char c);
  Outcome Close(char c);
  Outcome EndName();
  const JsonBeginning& Last() const { return last_->is_whole() ? *last_ : beginning(); }
  void BeginString(bool is_name);
  bool IsInObjectOfInterest() const { return objects_.back().depth == open_.size(); }
  bool IsInPage() const { return open_.size() == page_depth_; }
  bool IsNameOfInterest() const { return is_name_ && (IsInObjectOfInterest() || IsInPage()); }

  const JsonLayout& layout_;
  const JsonBeginning* last_ = nullptr;
  std::string open_;
  std::vector<Object> objects_ = {Object()};
  // The object is one, and so is each of the first so many that are open in it, as far as is known.
  size_t page_depth_ = 1;
  bool page_has_record_ =
      false;  // the last of them, if not the first, has a member that records do
  size_t page_begin_ = 0;
  size_t records_in_pages_ = 0;
  size_t record_begin_ = 0;  // of those, the last one
  size_t record_end_ = 0;
  Expected expected_ = Expected::kObject;
  size_t taken_ = 0;             // characters
  size_t string_at_ = kNowhere;  // what is at the end
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_word_ = false;
  bool is_name_ = false;
  std::string name_;  // the last one of interest
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_JSON_OBJECT_SCANNER_H_
