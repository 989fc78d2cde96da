#include "common/sources/input/json_object_scanner.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/hash/hash.h"
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

void JsonBeginning::Add(const JsonLayout& layout, absl::string_view name) {
  const auto& members = layout.record_members;
  const auto found = std::find(members.begin(), members.end(), name);
  if (found != members.end()) record_members_ |= uint32_t{1} << ((found - members.begin()) % 32);
  if (count_ < kNames) names_[count_++] = absl::HashOf(name);
}

int JsonBeginning::record_members() const { return std::popcount(record_members_); }

size_t JsonBeginning::InCommon(const JsonBeginning& other) const {
  const size_t count = std::min(count_, other.count_);
  return std::equal(names_.begin(), names_.begin() + count, other.names_.begin()) ? count : 0;
}

void JsonObjectScanner::BeginObject(const JsonBeginning* last) {
  last_ = last;
  open_.clear();
  objects_.assign(1, Object());
  page_depth_ = 1;
  page_has_record_ = false;
  records_in_pages_ = 0;
  expected_ = Expected::kObject;
  taken_ = 0;
  string_at_ = kNowhere;
  in_string_ = escaped_ = in_word_ = is_name_ = false;
  name_.clear();
}

void JsonObjectScanner::BeginPageRest(size_t objects) {
  BeginObject(nullptr);
  open_.assign(objects, '{');
  page_depth_ = objects;
  expected_ = Expected::kCommaOrEnd;
}

JsonObjectScanner::Outcome JsonObjectScanner::Take(char c) {
  Outcome outcome = Outcome::kGoesOn;
  if (in_string_) {
    outcome = TakeInString(c);
  } else if (!in_word_ || !IsJsonWord(c)) {
    in_word_ = false;
    if (!IsJsonSpace(c)) {
      const size_t string_at = std::exchange(string_at_, kNowhere);
      outcome = TakeOutside(c);
      if (outcome == Outcome::kBroken) string_at_ = string_at;
    }
  }
  if (outcome != Outcome::kBroken && outcome != Outcome::kList) ++taken_;
  return outcome;
}

JsonObjectScanner::Outcome JsonObjectScanner::TakeOutside(char c) {
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
      return EndName();
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
  if (IsNameOfInterest() && name_.size() < kMaxName) {
    name_.append(text.data(), std::min(count, kMaxName - name_.size()));
  }
  taken_ += count;
  return count;
}

JsonObjectScanner::Outcome JsonObjectScanner::TakeInString(char c) {
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
    expected_ = is_name_ ? Expected::kColon : Expected::kCommaOrEnd;
    return Outcome::kGoesOn;
  }
  if (IsNameOfInterest() && name_.size() < kMaxName) name_.push_back(c);
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
  const bool of_page = IsInPage() && !page_has_record_ && beginning().record_members() == 0 &&
                       Contains(layout_.lists, name_);
  if (of_page && c == '[') return Outcome::kList;
  if (open_.size() == kMaxDepth) return Outcome::kBroken;
  if (of_page && page_depth_ < kMaxPageDepth) {
    ++page_depth_;
    page_begin_ = taken_;
  }
  const bool in_list = !open_.empty() && open_.back() == '[';
  open_.push_back(c);
  if (last_ != nullptr && in_list && c == '{') objects_.push_back({open_.size(), taken_, {}});
  expected_ = c == '{' ? Expected::kNameOrEnd : Expected::kValueOrEnd;
  return Outcome::kGoesOn;
}

JsonObjectScanner::Outcome JsonObjectScanner::Close(char c) {
  if (open_.back() != (c == '}' ? '{' : '[')) return Outcome::kBroken;
  if (objects_.size() > 1 && objects_.back().depth == open_.size()) objects_.pop_back();
  if (IsInPage() && page_depth_ > 1) {
    --page_depth_;
    if (std::exchange(page_has_record_, false)) {
      ++records_in_pages_;
      record_begin_ = page_begin_;
      record_end_ = taken_ + 1;
    }
  }
  open_.pop_back();
  expected_ = Expected::kCommaOrEnd;
  if (!open_.empty()) return Outcome::kGoesOn;
  objects_.front().beginning.Finish();
  return Outcome::kEnds;
}

void JsonObjectScanner::BeginString(bool is_name) {
  in_string_ = true;
  string_at_ = taken_;
  is_name_ = is_name;
  if (IsNameOfInterest()) name_.clear();
}

// A name is one once a colon follows.
JsonObjectScanner::Outcome JsonObjectScanner::EndName() {
  if (!IsInObjectOfInterest()) {
    page_has_record_ = page_has_record_ || (IsInPage() && Contains(layout_.record_members, name_));
    return Outcome::kGoesOn;
  }
  JsonBeginning& one = objects_.back().beginning;
  one.Add(layout_, name_);
  const bool is_inside = objects_.size() > 1;
  return is_inside && IsCertain(one, Last()) ? Outcome::kAnother : Outcome::kGoesOn;
}

absl::string_view JsonObjectScanner::RecordIn(absl::string_view object) const {
  if (records_in_pages_ != 1 || beginning().record_members() > 0) return object;
  return object.substr(record_begin_, record_end_ - record_begin_);
}

size_t JsonObjectScanner::CutOffBefore() const {
  const JsonBeginning& last = Last();
  return static_cast<size_t>(
      std::count_if(objects_.begin() + 1, objects_.end() - 1,
                    [&last](const Object& one) { return one.beginning.InCommon(last) > 1; }));
}

// Two members of records, or one and the names that the last record began with. One name says
// little: what is in a record may have an id, too.
bool JsonObjectScanner::IsCertain(const JsonBeginning& one, const JsonBeginning& last) {
  return one.record_members() > 1 ||
         (one.record_members() == 1 && last.size() > 1 && one.InCommon(last) == last.size());
}

}  // namespace tutti
