#include "services/cli/import/csv_reader.h"

#include <csv.h>

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tutti {
namespace {

constexpr size_t kMaxFieldBytes = 16 << 20;
constexpr size_t kPadding = 64;
constexpr int kUnwanted = -1;

using OnRow = absl::FunctionRef<absl::Status(absl::Span<const absl::string_view>)>;

// Puts libcsv's callbacks together to rows of the wanted columns.
class RowAssembler {
 public:
  RowAssembler(absl::Span<const std::vector<std::string>> columns, size_t required, OnRow on_row)
      : columns_(columns),
        required_(required),
        on_row_(on_row),
        values_(columns.size()),
        views_(columns.size()) {}

  void Field(absl::string_view value) {
    const size_t index = field_++;
    if (!header_done_) {
      header_.emplace_back(absl::StripAsciiWhitespace(value));
      return;
    }
    if (index >= slots_.size() || slots_[index] == kUnwanted) return;
    values_[static_cast<size_t>(slots_[index])].assign(value.data(), value.size());
  }

  void EndRow() {
    field_ = 0;
    if (!status_.ok()) return;
    if (!header_done_) {
      if (!header_.empty() && absl::StartsWith(header_[0], "#TYPE")) {
        header_.clear();
        return;
      }
      status_ = TakeHeader();
      header_done_ = true;
      return;
    }
    for (size_t i = 0; i < values_.size(); ++i) {
      const size_t size = values_[i].size();
      values_[i].reserve(size + kPadding);
      views_[i] = absl::string_view(values_[i].data(), size);
    }
    status_ = on_row_(views_);
    for (std::string& value : values_) value.clear();
  }

  bool header_done() const { return header_done_; }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status TakeHeader() {
    slots_.assign(header_.size(), kUnwanted);
    std::vector<std::string> missing;
    for (size_t wanted = 0; wanted < columns_.size(); ++wanted) {
      bool found = false;
      for (const std::string& name : columns_[wanted]) {
        for (size_t i = 0; i < header_.size() && !found; ++i) {
          if (!absl::EqualsIgnoreCase(header_[i], name)) continue;
          slots_[i] = static_cast<int>(wanted);
          found = true;
        }
        if (found) break;
      }
      if (!found && wanted < required_) missing.push_back(columns_[wanted].front());
    }
    if (missing.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the CSV file lacks ", missing.size() == 1 ? "the column " : "the columns ",
                     absl::StrJoin(missing, ", "),
                     ": leave the header in, and give --format what the file is (an audit log is "
                     "exported with Search-UnifiedAuditLog | Export-Csv, or from the audit search "
                     "of the Purview portal)"));
  }

  absl::Span<const std::vector<std::string>> columns_;
  size_t required_;
  OnRow on_row_;
  std::vector<std::string> header_;
  bool header_done_ = false;
  std::vector<int> slots_;  // position in the file -> position in columns_
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
  CsvParser() : ok_(csv_init(&parser_, 0) == 0) { csv_set_blk_size(&parser_, 64 << 10); }
  ~CsvParser() { csv_free(&parser_); }
  CsvParser(const CsvParser&) = delete;
  CsvParser& operator=(const CsvParser&) = delete;
  bool ok() const { return ok_; }
  csv_parser* get() { return &parser_; }

 private:
  csv_parser parser_ = {};
  bool ok_;
};

}  // namespace

absl::Status ReadCsv(TextInput& input, absl::Span<const std::vector<std::string>> columns,
                     size_t required, OnRow on_row) {
  CsvParser parser;
  if (!parser.ok()) return absl::ResourceExhaustedError("no memory for the CSV reader");
  RowAssembler assembler(columns, required, on_row);
  for (;;) {
    absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) break;
    if (csv_parse(parser.get(), chunk->data(), chunk->size(), OnFieldEnd, OnRowEnd, &assembler) !=
        chunk->size()) {
      return absl::InternalError(
          absl::StrCat("the CSV reader failed: ", csv_strerror(csv_error(parser.get()))));
    }
    if (!assembler.status().ok()) return assembler.status();
    if (csv_get_buffer_size(parser.get()) > kMaxFieldBytes) {
      return absl::ResourceExhaustedError(
          "a field of the CSV file is longer than 16 MiB: a quote is probably never closed");
    }
  }
  if (csv_fini(parser.get(), OnFieldEnd, OnRowEnd, &assembler) != 0) {
    return absl::InternalError("the CSV reader failed at the end of the file");
  }
  if (!assembler.status().ok()) return assembler.status();
  if (!assembler.header_done()) {
    return absl::InvalidArgumentError("the CSV file is empty: it has no header");
  }
  return absl::OkStatus();
}

}  // namespace tutti
