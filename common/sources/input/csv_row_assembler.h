#ifndef TUTTI_COMMON_SOURCES_INPUT_CSV_ROW_ASSEMBLER_H_
#define TUTTI_COMMON_SOURCES_INPUT_CSV_ROW_ASSEMBLER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/rejection_reason.h"

namespace tutti {

// Puts fields together to rows of the wanted columns, see ReadCsv. Not thread-safe.
class CsvRowAssembler {
 public:
  using OnRow = absl::FunctionRef<absl::Status(absl::Span<const absl::string_view>)>;
  using OnRejected = absl::FunctionRef<absl::Status(RejectionReason)>;

  // What these refer to must outlive the assembler.
  CsvRowAssembler(const CsvLayout& layout, OnRow on_row, OnRejected on_rejected);

  // The next field of a row.
  void Field(absl::string_view value);

  // `is_cut`: the input has ended before the row did. Errors are those of the callbacks, and
  // InvalidArgument when the first row is no header.
  absl::Status EndRow(bool is_cut);

  // The fields since the last row's end are none of a row.
  void AbandonRow();

  // 0 before the header.
  size_t header_fields() const { return slots_.size(); }

 private:
  bool has_header() const { return !slots_.empty(); }
  bool BeginsHeader(absl::string_view value) const;
  absl::Status TakeRow(bool is_cut);
  absl::Status Missing(const std::vector<std::string>& missing) const;

  const CsvLayout& layout_;
  OnRow on_row_;
  OnRejected on_rejected_;
  absl::flat_hash_set<std::string> names_;  // in lower case, of columns
  std::vector<std::string> header_;         // of a row that may be one
  bool maybe_header_ = false;
  std::vector<int> slots_;  // of the header; none before it
  size_t field_ = 0;
  bool is_too_wide_ = false;  // something stands in more fields than the header has
  std::vector<std::string> values_;
  std::vector<absl::string_view> views_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_CSV_ROW_ASSEMBLER_H_
