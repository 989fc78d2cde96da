#ifndef TUTTI_COMMON_SOURCES_INPUT_CSV_READER_H_
#define TUTTI_COMMON_SOURCES_INPUT_CSV_READER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/sources/input/csv_header.h"
#include "common/sources/input/rejection_reason.h"
#include "common/sources/input/text_input.h"

namespace tutti {

// What a CSV file has to have.
struct CsvLayout {
  CsvColumns columns;
  size_t required = 0;            // the first so many must be there
  absl::string_view advice = {};  // what to do when one is not, after "and"
  // What stands in a column shows that it is the right one, so that a row may have more fields than
  // the header.
  bool is_self_evident = false;
  // The columns of what follows a header, the first one or one that comes again, in which the
  // required ones are. Without it they are `columns` always. They are valid until the next header.
  std::function<CsvColumns(const std::vector<std::string>& header)> columns_of = {};
};

// Reads a CSV file with a header: RFC 4180 with CRLF or LF, doubled quotes and line ends inside
// quotes. Commas, semicolons, tabs or bars part the columns, or what a first line "sep=;" says:
// whichever finds the most of them in the header. Columns are found by their header, in any order,
// whatever the case; beyond the 10,000th none is looked for. Lines "#TYPE ..." and lines of nothing
// but separators are skipped. A line in quotes as a whole, as a spreadsheet writes what it has not
// parted, is read as what they hold. A
// header that comes again, as where files were appended, is no row: what follows is read by it. A
// file without a line has no rows.
//
// `on_row` gets the values in the order of the layout's columns, empty where the row or the file
// has none. The views are valid during the call, and at least 64 bytes after the end of each may be
// read. `on_rejected` is told of each row with a field longer than 16 MiB, of each that is one
// field with the columns of another separator in it, of each with something in more fields than the
// header has, so that nobody knows which is which, of a last row without an end that has fewer, and
// of each that a broken quote costs; reading goes on after it, and after a broken quote with the
// next line, however late that shows. A quote is broken when the quotes of a row over several lines
// do not end where a field does, when such a row has not as many fields as the header, or a field
// longer than 16 MiB, or so much after its first line, when four lines in quotes have as many, one
// after the other, or when the input ends in it; its line is noted in `input`. Lines are read again
// for that, but the time of reading grows with the input's size alone: where nearly every quote is
// broken, no row goes over several lines.
//
// InvalidArgument names the missing columns and says what to do. An error of `on_row` or
// `on_rejected` ends the reading.
absl::Status ReadCsv(TextInput& input, const CsvLayout& layout,
                     absl::FunctionRef<absl::Status(absl::Span<const absl::string_view>)> on_row,
                     absl::FunctionRef<absl::Status(RejectionReason)> on_rejected);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_CSV_READER_H_
