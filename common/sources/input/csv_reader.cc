#include "common/sources/input/csv_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/sources/input/csv_header.h"
#include "common/sources/input/csv_row_assembler.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kMaxFieldBytes = 16 << 20;

using OnRow = CsvRowAssembler::OnRow;
using OnRejected = CsvRowAssembler::OnRejected;

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

// Cuts text into rows and fields, wherever its pieces are cut. Of a row that goes over several
// lines, because a quote is open, all lines but the first are kept: when the quote turns out to be
// broken, they are read again, as rows of their own.
class RowCutter {
 public:
  RowCutter(char separator, CsvRowAssembler& assembler, TextInput& input, OnRejected on_rejected)
      : separator_(separator), assembler_(assembler), input_(input), on_rejected_(on_rejected) {}

  absl::Status Take(absl::string_view text) {
    buffer_.append(text.data(), text.size());
    RETURN_IF_ERROR(Scan());
    Compact();
    return absl::OkStatus();
  }

  absl::Status Finish() {
    while (state_ != State::kBegin || fields_ > 0) {
      if (state_ == State::kQuoted) {
        broken_ = true;
      } else {
        if (state_ == State::kBegin) BeginField(State::kPlain, at_);
        EndField();
        EndRow(/*is_cut=*/true);
      }
      if (broken_) BreakOff();
      RETURN_IF_ERROR(Scan());
    }
    return absl::OkStatus();
  }

 private:
  enum class State {
    kBegin,   // before a field
    kPlain,   // in a field without quotes
    kQuoted,  // in quotes
    kQuote,   // after a quote in them: the end, half of a doubled one, or a stray one
  };
  static constexpr size_t kNowhere = std::string::npos;
  // So many lines in quotes, one after the other and each with as many fields as the header, are
  // rows that a broken quote has swallowed.
  static constexpr int kRowsInQuotes = 4;
  // What broken quotes make to be read again: so many times all that was read, and this. Beyond it
  // no quote is open at a line's end.
  static constexpr size_t kTimesReadAgain = 4;
  static constexpr size_t kFreelyReadAgain = 4 * kMaxFieldBytes;
  static constexpr size_t kFieldsOfRow = 3;

  absl::Status Scan() {
    while (at_ < buffer_.size() && status_.ok()) {
      if (next_line_ != kNowhere && at_ - next_line_ >= kMaxFieldBytes) {
        broken_ = true;
      } else if (IsTooLong()) {
        DropField();
      } else {
        Step(buffer_[at_]);
      }
      if (broken_) BreakOff();
    }
    return status_;
  }

  // Takes the next character, or says what it begins.
  void Step(char c) {
    switch (state_) {
      case State::kBegin:
        if (c == '"') {
          BeginField(State::kQuoted, ++at_);
        } else if ((c == ' ' || c == '\t') && c != separator_) {
          ++at_;
        } else {
          BeginField(State::kPlain, at_);
        }
        return;
      case State::kPlain:
        if (c == separator_ || IsLineEnd(c)) return EndFieldBefore(c);
        return TakeUntil([this](char next) { return next == separator_ || IsLineEnd(next); });
      case State::kQuoted:
        if (c == '"') {
          state_ = State::kQuote;
          quote_ = at_++;
        } else if (next_line_ != kNowhere || IsLineEnd(c)) {
          TakeOverLines(c);
        } else {
          TakeUntil([](char next) { return next == '"' || IsLineEnd(next); });
        }
        return;
      case State::kQuote:
        return AfterQuote(c);
    }
  }

  void BeginField(State state, size_t begin) {
    state_ = state;
    field_begin_ = begin;
    escapes_ = 0;
    rows_in_quotes_ = 0;
  }

  bool IsTooLong() const {
    return (state_ == State::kPlain || state_ == State::kQuoted) &&
           at_ > field_begin_ + escapes_ + kMaxFieldBytes;
  }

  // Takes characters of a field that say nothing.
  template <typename IsEnd>
  void TakeUntil(IsEnd is_end) {
    size_t limit = field_begin_ + escapes_ + kMaxFieldBytes + 1;
    if (next_line_ != kNowhere) limit = std::min(limit, next_line_ + kMaxFieldBytes);
    limit = std::min(limit, buffer_.size());
    do {
      ++at_;
    } while (at_ < limit && !is_end(buffer_[at_]));
  }

  // A character in quotes, of a row over several lines.
  void TakeOverLines(char c) {
    ++at_;
    if (c == '\n') ++line_ends_;
    if (!IsLineEnd(c)) {
      line_fields_ = std::max(line_fields_, size_t{1}) + (c == separator_ ? 1 : 0);
      return;
    }
    if (next_line_ == kNowhere) {
      next_line_ = at_;
      first_line_end_ = c;
      broken_ = read_again_ > kFreelyReadAgain + kTimesReadAgain * (forgotten_ + at_);
    } else if (line_fields_ > 0) {
      const bool is_row =
          line_fields_ >= kFieldsOfRow && line_fields_ == assembler_.header_fields();
      rows_in_quotes_ = is_row ? rows_in_quotes_ + 1 : 0;
      broken_ = rows_in_quotes_ >= kRowsInQuotes;
    }
    line_fields_ = 0;
  }

  void AfterQuote(char c) {
    if (c == '"' && at_ == quote_ + 1) {
      state_ = State::kQuoted;
      ++escapes_;
      ++at_;
    } else if (c == separator_ || IsLineEnd(c)) {
      EndFieldBefore(c);
    } else if ((c == ' ' || c == '\t') && at_ - quote_ < kMaxFieldBytes) {
      ++at_;
    } else if (next_line_ != kNowhere) {
      broken_ = true;
    } else {
      // A stray quote in a line stands for itself.
      state_ = State::kQuoted;
    }
  }

  void EndFieldBefore(char c) {
    EndField();
    if (c != separator_) EndRow(/*is_cut=*/false);
    if (broken_) return;
    ++at_;
    if (c == separator_) return;
    line_ += line_ends_ + (c == '\n' ? 1 : 0);
    BeginRow();
  }

  void EndField() {
    ++fields_;
    // Over several lines there are never more than there are columns.
    const size_t columns = assembler_.header_fields();
    broken_ = next_line_ != kNowhere && columns > 0 && fields_ > columns;
    const bool quoted = state_ == State::kQuote;
    state_ = State::kBegin;
    if (broken_ || dropped_) return;
    const size_t end = quoted ? quote_ : at_;
    absl::string_view value = absl::string_view(buffer_).substr(field_begin_, end - field_begin_);
    if (!quoted) value = absl::StripTrailingAsciiWhitespace(value);
    is_blank_ = is_blank_ && !quoted && value.empty();
    quoted_ = quoted;
    if (escapes_ > 0) {
      unescaped_ = absl::StrReplaceAll(value, {{"\"\"", "\""}});
      value = unescaped_;
    }
    assembler_.Field(value);
  }

  // A line without anything, or with nothing but separators, is no row. One of several lines has
  // all of its fields.
  void EndRow(bool is_cut) {
    const size_t columns = assembler_.header_fields();
    broken_ = broken_ || (next_line_ != kNowhere && columns > 0 && fields_ != columns);
    if (broken_) return;
    if (dropped_ || is_blank_) {
      assembler_.AbandonRow();
    } else if (IsQuotedWhole()) {
      ReadInQuotes();
    } else if (IsPartedOtherwise()) {
      assembler_.AbandonRow();
      status_ = on_rejected_(RejectionReason::kOtherSeparator);
    } else {
      status_ = assembler_.EndRow(is_cut);
    }
    fields_ = 0;
  }

  // Whether the row that ends is one field in quotes, and they are around all of its fields: so a
  // spreadsheet writes lines that it has not parted.
  bool IsQuotedWhole() const {
    return !in_quotes_ && fields_ == 1 && quoted_ && next_line_ == kNowhere &&
           assembler_.header_fields() != 1 &&
           InQuotes().find(separator_) != absl::string_view::npos;
  }
  absl::string_view InQuotes() const {
    return absl::string_view(buffer_).substr(field_begin_, quote_ - field_begin_);
  }

  void ReadInQuotes() {
    const std::string row = absl::StrReplaceAll(InQuotes(), {{"\"\"", "\""}});
    assembler_.AbandonRow();
    RowCutter fields(separator_, assembler_, input_, on_rejected_);
    fields.in_quotes_ = true;
    fields.line_ = line_;
    status_ = fields.Take(row);
    status_.Update(fields.Finish());
  }

  // Whether the row that ends is one field, and another separator would part it as the header is.
  bool IsPartedOtherwise() const {
    const size_t columns = assembler_.header_fields();
    if (fields_ > 1 || columns < 2) return false;
    const absl::string_view row =
        absl::string_view(buffer_).substr(field_begin_, at_ - field_begin_);
    // JSON has commas of its own.
    if (absl::StartsWith(row, "{") || IsTypeLine(row)) return false;
    return std::any_of(kCsvSeparators.begin(), kCsvSeparators.end(), [&](char other) {
      return other != separator_ &&
             static_cast<size_t>(std::count(row.begin(), row.end(), other)) >= columns - 1;
    });
  }

  void BeginRow() {
    state_ = State::kBegin;
    fields_ = 0;
    next_line_ = kNowhere;
    line_ends_ = 0;
    line_fields_ = 0;
    rows_in_quotes_ = 0;
    dropped_ = false;
    is_blank_ = true;
  }

  // A quote of the row is broken. It costs the row's first line; reading goes on after that.
  void BreakOff() {
    broken_ = false;
    assembler_.AbandonRow();
    if (!dropped_) {
      input_.NoteBrokenLine(line_);
      status_ = on_rejected_(RejectionReason::kBrokenQuote);
    }
    const size_t end = std::exchange(at_, next_line_ == kNowhere ? buffer_.size() : next_line_);
    read_again_ += end - at_;
    if (first_line_end_ == '\n') ++line_;
    BeginRow();
  }

  // The field is too long, which costs its row.
  void DropField() {
    broken_ = next_line_ != kNowhere;
    if (broken_) return;
    field_begin_ = at_;
    escapes_ = 0;
    if (std::exchange(dropped_, true)) return;
    assembler_.AbandonRow();
    status_ = on_rejected_(RejectionReason::kTooLarge);
  }

  // Forgets what is read and will not be read again.
  void Compact() {
    const size_t done = std::min(state_ == State::kBegin ? at_ : field_begin_, next_line_);
    buffer_.erase(0, done);
    forgotten_ += done;
    at_ -= done;
    field_begin_ -= std::min(field_begin_, done);
    quote_ -= std::min(quote_, done);
    if (next_line_ != kNowhere) next_line_ -= done;
  }

  const char separator_;
  CsvRowAssembler& assembler_;
  TextInput& input_;
  OnRejected on_rejected_;
  absl::Status status_;
  std::string buffer_;
  std::string unescaped_;
  size_t at_ = 0;          // the next character to be taken
  size_t forgotten_ = 0;   // bytes before the buffer
  size_t read_again_ = 0;  // characters, in all

  // Of the field.
  State state_ = State::kBegin;
  size_t field_begin_ = 0;  // after its quote
  size_t quote_ = 0;        // the last one
  size_t escapes_ = 0;      // quotes that are doubled

  // Of the row.
  int64_t line_ = 1;             // in which it begins
  size_t fields_ = 0;            // that have ended
  bool is_blank_ = true;         // they are nothing
  bool quoted_ = false;          // the last of them
  bool in_quotes_ = false;       // the row is what another's quotes held
  bool dropped_ = false;         // it is rejected already
  bool broken_ = false;          // a quote of it is
  size_t next_line_ = kNowhere;  // over several lines: where its second begins
  char first_line_end_ = '\n';   // before that
  int64_t line_ends_ = 0;        // in quotes
  size_t line_fields_ = 0;       // of a line in quotes, were it a row
  int rows_in_quotes_ = 0;
};

}  // namespace

absl::Status ReadCsv(TextInput& input, const CsvLayout& layout, OnRow on_row,
                     OnRejected on_rejected) {
  ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
  CsvRowAssembler assembler(layout, on_row, on_rejected);
  RowCutter rows(FindSeparator(beginning, layout.columns), assembler, input, on_rejected);
  for (;;) {
    ASSIGN_OR_RETURN(const absl::string_view chunk, input.Next());
    if (chunk.empty()) return rows.Finish();
    RETURN_IF_ERROR(rows.Take(chunk));
  }
}

}  // namespace tutti
