#include "common/sources/input/json_object_scanner.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tutti {
namespace {

// A parser takes 1,024; what is nested more deeply is no record.
constexpr size_t kMaxDepth = 1024;
constexpr size_t kMaxName = 128;

bool Contains(absl::Span<const absl::string_view> names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool IsJsonSpace(char c) {
  switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case '\x1e':  // between the records of RFC 7464
    case '\xef':
    case '\xbb':
    case '\xbf':
      return true;
    default:
      return false;
  }
}

bool IsJsonWord(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '.' ||
         c == '_';
}

void JsonObjectScanner::BeginObject() {
  open_.clear();
  expected_ = Expected::kObject;
  in_string_ = escaped_ = in_word_ = has_first_ = is_record_ = false;
  name_.clear();
  first_member_.clear();
}

void JsonObjectScanner::BeginPageRest() {
  BeginObject();
  open_.push_back('{');
  expected_ = Expected::kCommaOrEnd;
}

JsonObjectScanner::Outcome JsonObjectScanner::Take(char c) {
  if (in_string_) return TakeInString(c);
  if (in_word_ && IsJsonWord(c)) return Outcome::kGoesOn;
  in_word_ = false;
  if (IsJsonSpace(c)) return Outcome::kGoesOn;
  switch (expected_) {
    case Expected::kObject:
      return c == '{' ? Open(c) : Outcome::kBroken;
    case Expected::kNameOrEnd:
    case Expected::kName:
      if (c == '}' && expected_ == Expected::kNameOrEnd) return Close(c);
      if (c != '"') return Outcome::kBroken;
      BeginString(true);
      return Outcome::kGoesOn;
    case Expected::kColon:
      if (c != ':') return Outcome::kBroken;
      expected_ = Expected::kValue;
      return Outcome::kGoesOn;
    case Expected::kValue:
      return Value(c);
    case Expected::kValueOrEnd:
      return c == ']' ? Close(c) : Value(c);
    case Expected::kCommaOrEnd:
      if (c == '}' || c == ']') return Close(c);
      if (c != ',') return Outcome::kBroken;
      expected_ = open_.back() == '{' ? Expected::kName : Expected::kValue;
      return Outcome::kGoesOn;
  }
  return Outcome::kBroken;
}

size_t JsonObjectScanner::SkipString(absl::string_view text) {
  if (!in_string_ || escaped_) return 0;
  size_t count = 0;
  while (count < text.size() && text[count] != '"' && text[count] != '\\') ++count;
  if (is_name_ && open_.size() == 1 && name_.size() < kMaxName) {
    name_.append(text.data(), std::min(count, kMaxName - name_.size()));
  }
  return count;
}

JsonObjectScanner::Outcome JsonObjectScanner::TakeInString(char c) {
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
    if (!is_name_) {
      expected_ = Expected::kCommaOrEnd;
      return Outcome::kGoesOn;
    }
    expected_ = Expected::kColon;
    if (open_.size() == 1) EndName();
    return Outcome::kGoesOn;
  }
  if (is_name_ && open_.size() == 1 && name_.size() < kMaxName) name_.push_back(c);
  return Outcome::kGoesOn;
}

JsonObjectScanner::Outcome JsonObjectScanner::Value(char c) {
  if (c == '"') {
    BeginString(false);
    return Outcome::kGoesOn;
  }
  if (c == '{' || c == '[') return Open(c);
  if (!IsJsonWord(c)) return Outcome::kBroken;
  in_word_ = true;
  expected_ = Expected::kCommaOrEnd;
  return Outcome::kGoesOn;
}

JsonObjectScanner::Outcome JsonObjectScanner::Open(char c) {
  if (c == '[' && open_.size() == 1 && !is_record_ && Contains(layout_.lists, name_)) {
    return Outcome::kList;
  }
  if (open_.size() == kMaxDepth) return Outcome::kBroken;
  open_.push_back(c);
  expected_ = c == '{' ? Expected::kNameOrEnd : Expected::kValueOrEnd;
  return Outcome::kGoesOn;
}

JsonObjectScanner::Outcome JsonObjectScanner::Close(char c) {
  if (open_.back() != (c == '}' ? '{' : '[')) return Outcome::kBroken;
  open_.pop_back();
  expected_ = Expected::kCommaOrEnd;
  return open_.empty() ? Outcome::kEnds : Outcome::kGoesOn;
}

void JsonObjectScanner::BeginString(bool is_name) {
  in_string_ = true;
  is_name_ = is_name;
  if (is_name && open_.size() == 1) name_.clear();
}

void JsonObjectScanner::EndName() {
  if (Contains(layout_.record_members, name_)) is_record_ = true;
  if (has_first_) return;
  has_first_ = true;
  first_member_ = name_;
}

}  // namespace tutti
