#include "common/sources/input/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kMaxFieldBytes = 16 << 20;
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kPadding = 64;
// libcsv gets so much at a time that a field which is too long is noticed.
constexpr size_t kPieceBytes = 64 << 10;
constexpr int kUnwanted = -1;
constexpr absl::string_view kMark = "\xef\xbb\xbf";
constexpr absl::string_view kNoBreakSpace = "\xc2\xa0";
constexpr absl::string_view kSeparators = ",;\t|";

using Columns = absl::Span<const std::vector<std::string>>;
using OnRow = absl::FunctionRef<absl::Status(absl::Span<const absl::string_view>)>;
using OnRejected = absl::FunctionRef<absl::Status(RejectionReason)>;

// A name as a header has it, without the spaces of a spreadsheet. Where a mark stands before a
// quote, the quote has done nothing.
absl::string_view Name(absl::string_view cell) {
  while (absl::ConsumePrefix(&cell, kNoBreakSpace) || absl::ConsumeSuffix(&cell, kNoBreakSpace)) {
  }
  if (absl::ConsumePrefix(&cell, kMark) && absl::ConsumePrefix(&cell, "\"")) {
    cell = absl::StripSuffix(cell, "\"");
  }
  return absl::StripAsciiWhitespace(cell);
}

bool IsTypeLine(absl::string_view line) {
  return absl::StartsWithIgnoreCase(absl::StripPrefix(Name(line), "\""), "#TYPE");
}

// What "sep=;" says, or 0.
char SeparatorOf(absl::string_view line) {
  line = absl::StripSuffix(absl::StripPrefix(Name(line), "\""), "\"");
  // A tab may have been stripped as white space.
  if (absl::EqualsIgnoreCase(line, "sep=")) return '\t';
  return line.size() == 5 && absl::StartsWithIgnoreCase(line, "sep=") ? line[4] : '\0';
}

// Parted by what it says, the first cell of such a line is without it.
bool IsSeparatorLine(absl::string_view cell) { return SeparatorOf(cell) != '\0'; }

// The lines of a file up to its header, which is the last of them.
std::vector<absl::string_view> LinesToHeader(absl::string_view beginning) {
  std::vector<absl::string_view> lines;
  for (const absl::string_view line : absl::StrSplit(beginning, absl::ByAnyChar("\r\n"))) {
    if (Name(line).empty()) continue;
    lines.push_back(line);
    if (!IsTypeLine(line) && SeparatorOf(line) == '\0') break;
  }
  return lines;
}

// Where each of the wanted columns is in a header.
struct Places {
  std::vector<int> slots;  // position in the file -> position among the wanted
  size_t found = 0;
  std::vector<std::string> missing;  // of the required
};

Places FindColumns(const std::vector<std::string>& header, Columns columns, size_t required) {
  Places places;
  places.slots.assign(header.size(), kUnwanted);
  for (size_t wanted = 0; wanted < columns.size(); ++wanted) {
    bool found = false;
    for (const std::string& name : columns[wanted]) {
      for (size_t i = 0; i < header.size() && !found; ++i) {
        if (!absl::EqualsIgnoreCase(header[i], name)) continue;
        places.slots[i] = static_cast<int>(wanted);
        found = true;
      }
      if (found) break;
    }
    if (found) ++places.found;
    if (!found && wanted < required) places.missing.push_back(columns[wanted].front());
  }
  return places;
}

// What parts the columns: what the file says, or else what finds the most of those wanted.
char FindSeparator(absl::string_view beginning, Columns columns, size_t required) {
  char best = kSeparators[0];
  size_t most = 0;
  for (const absl::string_view line : LinesToHeader(beginning)) {
    if (const char said = SeparatorOf(line); said != '\0') return said;
    for (const char separator : kSeparators) {
      std::vector<std::string> header;
      for (const absl::string_view cell : absl::StrSplit(Name(line), separator)) {
        const absl::string_view name = absl::StripSuffix(absl::StripPrefix(cell, "\""), "\"");
        header.emplace_back(Name(name));
      }
      const size_t found = FindColumns(header, columns, required).found;
      if (found <= most) continue;
      most = found;
      best = separator;
    }
  }
  return best;
}

// Puts libcsv's callbacks together to rows of the wanted columns.
class RowAssembler {
 public:
  RowAssembler(Columns columns, size_t required, OnRow on_row)
      : columns_(columns),
        required_(required),
        on_row_(on_row),
        values_(columns.size()),
        views_(columns.size()) {
    for (const auto& names : columns) {
      for (const std::string& name : names) names_.insert(absl::AsciiStrToLower(name));
    }
  }

  void Field(absl::string_view value) {
    const size_t index = field_++;
    // A row that begins with a column's name may be a header.
    if (index == 0) maybe_header_ = !header_done_ || BeginsHeader(value);
    if (maybe_header_) header_.emplace_back(Name(value.substr(0, kMaxNameBytes)));
    if (!header_done_ || index >= slots_.size() || slots_[index] == kUnwanted) return;
    values_[static_cast<size_t>(slots_[index])].assign(value.data(), value.size());
  }

  void EndRow() {
    if (status_.ok()) status_ = TakeRow();
    AbandonRow();
  }

  void AbandonRow() {
    field_ = 0;
    header_.clear();
    for (std::string& value : values_) value.clear();
  }

  const absl::Status& status() const { return status_; }

 private:
  bool BeginsHeader(absl::string_view value) const {
    if (value.size() > kMaxNameBytes) return false;
    return IsTypeLine(value) || IsSeparatorLine(value) ||
           names_.contains(absl::AsciiStrToLower(Name(value)));
  }

  absl::Status TakeRow() {
    if (maybe_header_) {
      if (IsTypeLine(header_[0]) || IsSeparatorLine(header_[0])) return absl::OkStatus();
      Places places = FindColumns(header_, columns_, required_);
      if (places.missing.empty()) {
        slots_ = std::move(places.slots);
        for (const std::string& name : header_) names_.insert(absl::AsciiStrToLower(name));
        header_done_ = true;
        return absl::OkStatus();
      }
      if (!header_done_) return Missing(places.missing);
    }
    for (size_t i = 0; i < values_.size(); ++i) {
      const size_t size = values_[i].size();
      values_[i].reserve(size + kPadding);
      views_[i] = absl::string_view(values_[i].data(), size);
    }
    return on_row_(views_);
  }

  static absl::Status Missing(const std::vector<std::string>& missing) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the CSV file lacks ", missing.size() == 1 ? "the column " : "the columns ",
        absl::StrJoin(missing, ", "),
        ": leave the header in, in English, and give --format what the file is (an audit log is "
        "exported with Search-UnifiedAuditLog | Export-Csv, or from the audit search "
        "of the Purview portal)"));
  }

  Columns columns_;
  size_t required_;
  OnRow on_row_;
  absl::flat_hash_set<std::string> names_;  // in lower case, of columns
  std::vector<std::string> header_;         // of a row that may be one
  bool header_done_ = false;
  bool maybe_header_ = false;
  std::vector<int> slots_;
  size_t field_ = 0;
  std::vector<std::string> values_;
  std::vector<absl::string_view> views_;
  absl::Status status_;
};

void OnFieldEnd(void* data, size_t size, void* assembler) {
  static_cast<RowAssembler*>(assembler)->Field(
      data == nullptr ? absl::string_view()
                      : absl::string_view(static_cast<const char*>(data), size));
}

void OnRowEnd(int, void* assembler) { static_cast<RowAssembler*>(assembler)->EndRow(); }

// libcsv's parser, initialised and freed.
class CsvParser {
 public:
  explicit CsvParser(char separator) : separator_(separator) { Init(); }
  ~CsvParser() { csv_free(&parser_); }
  CsvParser(const CsvParser&) = delete;
  CsvParser& operator=(const CsvParser&) = delete;

  // Forgets the row that was begun.
  void Reset() {
    csv_free(&parser_);
    Init();
  }
  absl::Status Parse(absl::string_view text, RowAssembler& assembler) {
    if (!ok_) return absl::ResourceExhaustedError("no memory for the CSV reader");
    if (csv_parse(&parser_, text.data(), text.size(), OnFieldEnd, OnRowEnd, &assembler) !=
        text.size()) {
      return absl::InternalError(
          absl::StrCat("the CSV reader failed: ", csv_strerror(csv_error(&parser_))));
    }
    return assembler.status();
  }
  absl::Status Finish(RowAssembler& assembler) {
    if (csv_fini(&parser_, OnFieldEnd, OnRowEnd, &assembler) != 0) {
      return absl::InternalError("the CSV reader failed at the end of the file");
    }
    return assembler.status();
  }
  // Bytes of the field that is being read.
  size_t field_bytes() const { return parser_.entry_pos; }
  bool quoted() const { return parser_.quoted != 0; }

 private:
  void Init() {
    parser_ = {};
    ok_ = csv_init(&parser_, 0) == 0;
    csv_set_blk_size(&parser_, kPieceBytes);
    csv_set_delim(&parser_, static_cast<unsigned char>(separator_));
  }

  csv_parser parser_ = {};
  char separator_;
  bool ok_ = false;
};

// Feeds a parser, and skips the rows that it should not hold.
class RowReader {
 public:
  RowReader(char separator, RowAssembler& assembler, OnRejected on_rejected)
      : parser_(separator), assembler_(assembler), on_rejected_(on_rejected) {}

  absl::Status Take(absl::string_view text) {
    while (!text.empty()) {
      if (skipping_) {
        text.remove_prefix(Skip(text));
        continue;
      }
      const size_t room = kMaxFieldBytes + 1 - std::min(parser_.field_bytes(), kMaxFieldBytes);
      const absl::string_view piece = text.substr(0, std::min(room, kPieceBytes));
      text.remove_prefix(piece.size());
      RETURN_IF_ERROR(parser_.Parse(piece, assembler_));
      // After a quote the field may have ended; after anything else it is known whether the
      // quotes are open.
      const char last = piece.back();
      if (parser_.field_bytes() <= kMaxFieldBytes || last == '"' || last == ' ' || last == '\t') {
        continue;
      }
      skipping_ = true;
      in_quotes_ = parser_.quoted();
      parser_.Reset();
      assembler_.AbandonRow();
      RETURN_IF_ERROR(on_rejected_(RejectionReason::kTooLarge));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() { return skipping_ ? absl::OkStatus() : parser_.Finish(assembler_); }

 private:
  // Up to the end of the row. Returns how much of the text belongs to it.
  size_t Skip(absl::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') in_quotes_ = !in_quotes_;
      if (in_quotes_ || (text[i] != '\n' && text[i] != '\r')) continue;
      skipping_ = false;
      return i + 1;
    }
    return text.size();
  }

  CsvParser parser_;
  RowAssembler& assembler_;
  OnRejected on_rejected_;
  bool skipping_ = false;
  bool in_quotes_ = false;
};

}  // namespace

absl::string_view CsvHeader(absl::string_view beginning) {
  const std::vector<absl::string_view> lines = LinesToHeader(beginning);
  return lines.empty() ? absl::string_view() : lines.back();
}

absl::Status ReadCsv(TextInput& input, Columns columns, size_t required, OnRow on_row,
                     OnRejected on_rejected) {
  ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
  RowAssembler assembler(columns, required, on_row);
  RowReader reader(FindSeparator(beginning, columns, required), assembler, on_rejected);
  for (;;) {
    ASSIGN_OR_RETURN(const absl::string_view chunk, input.Next());
    if (chunk.empty()) return reader.Finish();
    RETURN_IF_ERROR(reader.Take(chunk));
  }
}

}  // namespace tutti
