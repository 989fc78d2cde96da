#include "common/sources/input/json_framer.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/sources/input/lenient_json.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using Outcome = JsonObjectScanner::Outcome;

constexpr size_t kMaxRecordBytes = 16 << 20;
constexpr size_t kPadding = 64;
// What is broken, and trials that come to nothing, are read again: so many times all that was read,
// and this.
constexpr size_t kTimesReadAgain = 8;
constexpr size_t kFreelyReadAgain = 4 * kMaxRecordBytes;
constexpr size_t kMaxLevels = 1024;
// Of a text that holds an object; before it there may be white space, in escapes.
constexpr size_t kNearBeginning = 32;

bool EndsLine(char c) { return c == '\n' || c == '\r'; }

// Whether the lines that follow the beginning of an object are no more of it, but others.
bool IsOfOneLine(absl::string_view object) {
  const size_t end = object.find('\n');
  if (end == absl::string_view::npos || end + 1 == object.size()) return true;
  constexpr absl::string_view kGoesOn = " \t\r\n}]\"";
  return kGoesOn.find(object[end + 1]) == absl::string_view::npos;
}

}  // namespace

JsonFramer::JsonFramer(const JsonLayout& layout, JsonSink& sink)
    : layout_(layout), sink_(sink), scanner_(layout_) {}

absl::Status JsonFramer::Feed(absl::string_view piece) {
  buffer_.append(piece.data(), piece.size());
  buffer_.reserve(buffer_.size() + kPadding);
  RETURN_IF_ERROR(Drain());
  Compact();
  return absl::OkStatus();
}

absl::Status JsonFramer::Finish() {
  for (;;) {
    absl::Status status;
    switch (mode_) {
      case Mode::kRecord:
        status = BreakOff(RejectionReason::kMalformedJson, begin_ + 1);
        break;
      case Mode::kTrial:
        status = FailTrial();
        break;
      case Mode::kScalar:
        status = EndScalar();
        break;
      case Mode::kBetween:
        // A record was to follow.
        if (std::exchange(after_comma_, false) && !levels_.empty() && !was_lost_) {
          return sink_.OnRejected(RejectionReason::kMalformedJson);
        }
        return absl::OkStatus();
      case Mode::kDropped:
      case Mode::kLost:
        return absl::OkStatus();
    }
    if (status.ok()) status = Drain();
    if (!status.ok()) return status;
  }
}

absl::Status JsonFramer::Drain() {
  while (at_ < buffer_.size()) {
    if (scanner_.in_string() && (mode_ == Mode::kRecord || mode_ == Mode::kTrial)) {
      SkipString();
      if (at_ == buffer_.size()) break;
    }
    RETURN_IF_ERROR(Take(buffer_[at_]));
  }
  return absl::OkStatus();
}

// Most of a record is in its strings.
void JsonFramer::SkipString() {
  const size_t end = std::min(buffer_.size(), begin_ + kMaxRecordBytes);
  if (at_ >= end) return;
  at_ += scanner_.SkipString(absl::string_view(buffer_).substr(at_, end - at_));
}

absl::Status JsonFramer::Take(char c) {
  switch (mode_) {
    case Mode::kBetween:
      return Between(c);
    case Mode::kScalar:
      return Scalar(c);
    case Mode::kRecord:
      return Record(c);
    case Mode::kDropped:
      Drop(c);
      return absl::OkStatus();
    case Mode::kLost:
      return Lost(c);
    case Mode::kTrial:
      return Trial(c);
  }
  return absl::InternalError("a framer of JSON is in no mode");
}

void JsonFramer::Begin(Mode mode) {
  since_ = Since::kElsewhere;
  mode_ = mode;
  begin_ = at_;
  scanner_.BeginObject(mode == Mode::kRecord && levels_.empty() && !lost_page_ ? nullptr : &last_);
}

absl::Status JsonFramer::Between(char c) {
  const Since since = since_;
  if (!IsJsonSpace(c)) after_comma_ = c == ',';
  if (c == ',' || EndsLine(c)) {
    if (since == Since::kRecord) since_ = Since::kSeparator;
  } else if (!IsJsonSpace(c) && c != '"' && !IsJsonWord(c)) {
    since_ = Since::kElsewhere;
  }
  if (c == '{') {
    Begin(Mode::kRecord);
    return absl::OkStatus();
  }
  if (c == '[' && levels_.size() < kMaxLevels) {
    levels_.emplace_back();
    ++at_;
    return absl::OkStatus();
  }
  if (c == ']' && levels_.empty() && was_lost_) {
    // The end of a list whose beginning was lost; the rest of its page may follow.
    levels_.push_back({1, true});
  }
  if (c == ']' && !levels_.empty()) {
    if (const size_t objects = levels_.back().page_objects; objects > 0) {
      mode_ = Mode::kDropped;
      line_start_ = false;
      scanner_.BeginPageRest(objects);
    }
    levels_.pop_back();
    ++at_;
    return absl::OkStatus();
  }
  // Of something broken a bracket may be left, which nothing is in.
  if (c == ']' || c == ',' || IsJsonSpace(c) || (c == '}' && was_lost_)) {
    ++at_;
    return absl::OkStatus();
  }
  if (since == Since::kRecord || (since == Since::kSeparator && c == '}')) {
    LoseRest();
    return absl::OkStatus();
  }
  if (c == '"' || IsJsonWord(c)) {
    mode_ = Mode::kScalar;
    begin_ = at_++;
    in_string_ = is_text_ = c == '"';
    escaped_ = complete_ = false;
    return absl::OkStatus();
  }
  begin_ = at_;
  return BreakOff(RejectionReason::kNotAnObject, at_ + 1);
}

// A text, a number or a word that ends where a value may end is one value that is no record;
// any other is a piece of something broken.
absl::Status JsonFramer::Scalar(char c) {
  if (is_text_ && at_ - begin_ >= kMaxRecordBytes) is_text_ = false;
  if (in_string_) {
    ++at_;
    if (EndsLine(c)) {
      begin_ = at_;
      return BreakOff(RejectionReason::kMalformedJson, at_);
    }
    if (c == '"' && !escaped_) {
      in_string_ = false;
      complete_ = true;
      text_end_ = at_ - begin_;
    }
    escaped_ = c == '\\' && !escaped_;
    return absl::OkStatus();
  }
  if (!complete_ && IsJsonWord(c)) {
    ++at_;
    return absl::OkStatus();
  }
  complete_ = true;
  if (IsJsonSpace(c) && !EndsLine(c)) {
    ++at_;
    return absl::OkStatus();
  }
  if (EndsLine(c) || c == ',' || c == ']' || c == '{' || c == '[') {
    since_ = Since::kElsewhere;
    return EndScalar();
  }
  begin_ = at_;
  if (c == ':' && since_ == Since::kSeparator) {
    LoseRest();
    return absl::OkStatus();
  }
  return BreakOff(RejectionReason::kMalformedJson, at_);
}

// A text may hold records, as PowerShell writes a list of them that were texts already.
absl::Status JsonFramer::EndScalar() {
  mode_ = Mode::kBetween;
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  std::string_view held;
  const absl::string_view text =
      absl::string_view(buffer_).substr(begin_, is_text_ && complete_ ? text_end_ : 0);
  const bool is_text = text.substr(0, kNearBeginning).find_first_of("{[") != text.npos &&
                       ParseLenient(parser, text, /*padded=*/false, &value) &&
                       value.get(held) == simdjson::SUCCESS;
  return ReadText(is_text ? absl::string_view(held.data(), held.size()) : "");
}

// What is broken in a text costs all of it: it is one piece.
absl::Status JsonFramer::ReadText(absl::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || !absl::StrContains("{[\"", text[0])) {
    return sink_.OnRejected(RejectionReason::kNotAnObject);
  }
  if (!ParseLenient(parser, text, /*padded=*/false, &value)) {
    return sink_.OnRejected(RejectionReason::kMalformedJson);
  }
  JsonFramer inner(layout_, sink_);
  RETURN_IF_ERROR(inner.Feed(text));
  return inner.Finish();
}

absl::Status JsonFramer::Record(char c) {
  if (at_ - begin_ >= kMaxRecordBytes) {
    mode_ = Mode::kDropped;
    line_start_ = false;
    return sink_.OnRejected(RejectionReason::kTooLarge);
  }
  switch (scanner_.Take(c)) {
    case Outcome::kGoesOn:
      ++at_;
      return absl::OkStatus();
    case Outcome::kEnds:
      ++at_;
      mode_ = Mode::kBetween;
      return Emit();
    case Outcome::kList:
      EnterList();
      return absl::OkStatus();
    case Outcome::kAnother:
      return FindAnother();
    case Outcome::kBroken:
      break;
  }
  return BreakOff(RejectionReason::kMalformedJson, begin_ + 1);
}

// What is in a list of the object is the next record: the object was cut off, and so was each
// that the record is in.
absl::Status JsonFramer::FindAnother() {
  const bool in_trial = mode_ == Mode::kTrial;
  if (!MayReadAgain() || (!in_trial && !MayBeRecord())) {
    ++at_;
    return absl::OkStatus();
  }
  const size_t broken = scanner_.CutOffBefore() + (!in_trial || IsOneMore() ? 1 : 0);
  if (!last_.is_whole()) last_ = scanner_.beginning();
  ReadAgain(begin_ + scanner_.another());
  mode_ = Mode::kBetween;
  was_lost_ = true;
  for (size_t i = 0; i < broken; ++i) {
    RETURN_IF_ERROR(sink_.OnRejected(RejectionReason::kMalformedJson));
  }
  return absl::OkStatus();
}

// Whether what stands where a record does begins as one, as far as it goes.
bool JsonFramer::MayBeRecord() const {
  const JsonBeginning& one = scanner_.beginning();
  return one.record_members() > 0 || (last_.record_members() > 0 && one.InCommon(last_) > 0);
}

// No record is lost with it: where it cannot go on, or a line in a string of it begins as a
// record does, records are looked for from there.
void JsonFramer::Drop(char c) {
  const bool line_start = BeginsLine(c);
  const bool of_another = line_start && c == '{' && scanner_.in_string();
  switch (of_another ? Outcome::kBroken : scanner_.Take(c)) {
    case Outcome::kGoesOn:
    case Outcome::kAnother:
      ++at_;
      break;
    case Outcome::kEnds:
      ++at_;
      mode_ = Mode::kBetween;
      break;
    case Outcome::kList:
      EnterList();
      break;
    case Outcome::kBroken:
      Lose(at_);
      line_start_ = line_start;
      break;
  }
}

// Whether a character is the first of its line. A mark does not move what begins it.
bool JsonFramer::BeginsLine(char c) {
  const bool begins = line_start_;
  const bool is_mark = IsJsonSpace(c) && c != ' ' && c != '\t';
  line_start_ = EndsLine(c) || (begins && is_mark);
  return begins;
}

absl::Status JsonFramer::Lost(char c) {
  const bool line_start = BeginsLine(c);
  if (IsJsonSpace(c)) {
    ++at_;
    return absl::OkStatus();
  }
  const char before = std::exchange(before_, c);
  if (line_start && (c == '{' || c == '[')) {
    lost_page_ = lost_page_ || !levels_.empty();
    levels_.clear();
    mode_ = Mode::kBetween;
    return absl::OkStatus();
  }
  if (std::exchange(closed_, false) && (c == ',' || c == ']')) {
    mode_ = Mode::kBetween;
    return absl::OkStatus();
  }
  if (c == '{' && MayReadAgain()) {
    Begin(Mode::kTrial);
    is_value_ = before == ':';
    return absl::OkStatus();
  }
  if (forgotten_ + at_ >= sound_end_) closed_ = Closes(c);
  ++at_;
  const bool another = line_start && in_lines_ && c != ']' && c != '}' && c != ',';
  return another ? sink_.OnRejected(RejectionReason::kNotAnObject) : absl::OkStatus();
}

// Whether this closes what was broken, in which a bracket may lack its end, or be of the wrong
// sort. In a line nothing follows it.
bool JsonFramer::Closes(char c) {
  if (open_.empty() || in_lines_) return false;
  if ((c == '{' || c == '[') && open_.size() < kMaxLevels) open_.push_back(c);
  if (c != '}' && c != ']') return false;
  const size_t of_its_sort = open_.rfind(c == '}' ? '{' : '[');
  open_.resize(of_its_sort != std::string::npos ? of_its_sort : open_.size() - 1);
  return open_.empty() && c == '}';
}

absl::Status JsonFramer::Trial(char c) {
  if (at_ - begin_ >= kMaxRecordBytes) return FailTrial();
  switch (scanner_.Take(c)) {
    case Outcome::kGoesOn:
      ++at_;
      return absl::OkStatus();
    case Outcome::kEnds:
      ++at_;
      before_ = '}';
      line_start_ = false;
      mode_ = IsRecord() && !in_lines_ ? Mode::kBetween : Mode::kLost;
      return IsRecord() ? Emit() : absl::OkStatus();
    case Outcome::kList:
      // In a record, PowerShell writes lists so: {"value":["x"],"Count":1}.
      if (is_value_ || forgotten_ + begin_ < sound_end_) break;
      levels_.clear();
      EnterList();
      return absl::OkStatus();
    case Outcome::kAnother:
      return FindAnother();
    case Outcome::kBroken:
      break;
  }
  return FailTrial();
}

// Whether what was tried, and is whole, is a record. In what is broken there may be objects that
// look like one.
bool JsonFramer::IsRecord() const {
  const JsonBeginning& one = scanner_.beginning();
  const size_t in_common = one.InCommon(last_);
  // The object may have been cut off behind a colon.
  if (is_value_) return one.record_members() > 0 && in_common > 0 && in_common == last_.size();
  if (forgotten_ + begin_ < sound_end_) return JsonObjectScanner::IsCertain(one, last_);
  return one.record_members() > 0 || in_common > 0;
}

// Whether what was tried, and is broken, was a record.
bool JsonFramer::IsOneMore() const {
  const JsonBeginning& one = scanner_.beginning();
  const size_t least = forgotten_ + begin_ < sound_end_ ? 2 : 1;
  return !is_value_ && (one.record_members() > 1 || one.InCommon(last_) >= least);
}

absl::Status JsonFramer::FailTrial() {
  const bool one_more = IsOneMore();
  if (one_more) {
    NoteBrokenRecord();
  } else if (forgotten_ + begin_ >= sound_end_ && !open_.empty()) {
    NoteBreak(/*inside=*/true);
  }
  mode_ = Mode::kLost;
  before_ = '{';
  closed_ = line_start_ = false;
  ReadAgain(begin_ + 1);
  return one_more ? sink_.OnRejected(RejectionReason::kMalformedJson) : absl::OkStatus();
}

void JsonFramer::NoteBrokenRecord() {
  NoteBreak(/*inside=*/false);
  const JsonBeginning& one = scanner_.beginning();
  if (!last_.is_whole() && (one.record_members() > 0 || !levels_.empty())) last_ = one;
}

// What was read as an object ends here, where it cannot; inside of what was broken, or after it.
void JsonFramer::NoteBreak(bool inside) {
  sound_end_ = forgotten_ + begin_ + scanner_.sound_size();
  if (!inside) open_.clear();
  open_ += scanner_.open();
  if (open_.size() > kMaxLevels) open_.clear();
}

absl::Status JsonFramer::BreakOff(RejectionReason reason, size_t go_on_at) {
  const absl::string_view broken = absl::string_view(buffer_).substr(begin_, at_ - begin_);
  in_lines_ = levels_.empty() && IsOfOneLine(broken);
  const bool is_object = mode_ == Mode::kRecord;
  Lose(go_on_at);
  if (is_object) NoteBrokenRecord();
  return sink_.OnRejected(reason);
}

// What follows a record cannot stand here, but in the record: a bracket too many has ended it, and
// it counts already.
void JsonFramer::LoseRest() {
  in_lines_ = levels_.empty() && record_is_line_;
  Lose(at_);
  line_start_ = false;
}

void JsonFramer::Lose(size_t go_on_at) {
  if (go_on_at > at_ || MayReadAgain()) ReadAgain(go_on_at);
  before_ = at_ > 0 ? buffer_[at_ - 1] : dropped_;
  line_start_ = EndsLine(before_);
  was_lost_ = true;
  closed_ = false;
  sound_end_ = 0;
  open_.clear();
  mode_ = Mode::kLost;
}

bool JsonFramer::MayReadAgain() const {
  return read_again_ <= kFreelyReadAgain + kTimesReadAgain * (forgotten_ + at_);
}

void JsonFramer::ReadAgain(size_t from) {
  if (from < at_) read_again_ += at_ - from;
  at_ = from;
}

absl::Status JsonFramer::Emit() {
  const JsonBeginning& one = scanner_.beginning();
  const absl::string_view object = absl::string_view(buffer_).substr(begin_, at_ - begin_);
  const absl::string_view record = scanner_.RecordIn(object);
  if (one.record_members() == 0 && record.size() == object.size()) {
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    const bool is_json = ParseLenient(parser, object, /*padded=*/true, &value);
    if (is_json && MayBePage() && IsEmptyPage(value)) return absl::OkStatus();
    const absl::string_view text = is_json ? TextOfPage(value) : "";
    if (!text.empty()) return ReadText(text);
  }
  (levels_.empty() ? has_record_ : levels_.back().has_record) = true;
  if (mode_ == Mode::kBetween) since_ = Since::kRecord;
  record_is_line_ = !absl::StrContains(object, '\n');
  if (one.record_members() > 0 || last_.record_members() == 0) last_ = one;
  return sink_.OnJson(record);
}

// Whether an object that stands here may be a page without records.
bool JsonFramer::MayBePage() const {
  if (levels_.empty()) return !has_record_;
  return levels_.back().page_objects == 0 && !levels_.back().has_record;
}

// The text that a page holds in place of its list.
absl::string_view JsonFramer::TextOfPage(simdjson::dom::element page) const {
  for (const absl::string_view name : layout_.lists) {
    std::string_view held;
    if (page[std::string_view(name.data(), name.size())].get(held) != simdjson::SUCCESS) continue;
    const absl::string_view text = absl::StripAsciiWhitespace({held.data(), held.size()});
    if (absl::StartsWith(text, "{") || absl::StartsWith(text, "[{")) return text;
  }
  return "";
}

void JsonFramer::EnterList() {
  ++at_;
  levels_.push_back({std::max(scanner_.open().size(), size_t{1}), false});
  mode_ = Mode::kBetween;
}

// Drops what was dealt with, so that the buffer holds one record at most.
void JsonFramer::Compact() {
  const bool kept =
      mode_ == Mode::kRecord || mode_ == Mode::kTrial || (mode_ == Mode::kScalar && is_text_);
  const size_t dropped = kept ? begin_ : at_;
  if (dropped > 0) dropped_ = buffer_[dropped - 1];
  buffer_.erase(0, dropped);
  forgotten_ += dropped;
  at_ -= dropped;
  begin_ -= kept ? dropped : begin_;
}

absl::Status ReadJson(TextInput& input, const JsonLayout& layout, JsonSink& sink) {
  JsonFramer framer(layout, sink);
  for (;;) {
    ASSIGN_OR_RETURN(const absl::string_view chunk, input.Next());
    if (chunk.empty()) return framer.Finish();
    RETURN_IF_ERROR(framer.Feed(chunk));
  }
}

}  // namespace tutti
