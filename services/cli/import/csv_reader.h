#ifndef TUTTI_SERVICES_CLI_IMPORT_CSV_READER_H_
#define TUTTI_SERVICES_CLI_IMPORT_CSV_READER_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/cli/import/byte_source.h"

namespace tutti {

// Reads a CSV file with a header: RFC 4180 with CRLF or LF, doubled quotes and
// line ends inside quotes (libcsv does the splitting). Columns are found by their
// header, in any order, whatever the case. A first line "#TYPE ..." is skipped.
//
// `columns` lists for each wanted column the names that it may have, the first
// `required` of them must be present; `on_row` gets the values in the order of
// `columns`, empty where the row or the file has none. The views are valid during
// the call, and at least 64 bytes after the end of each may be read.
//
// InvalidArgument names the missing columns and says what to do. ResourceExhausted
// when one field is longer than 16 MiB (a quote that is never closed). An error of
// `on_row` ends the reading.
absl::Status ReadCsv(TextInput& input, absl::Span<const std::vector<std::string>> columns,
                     size_t required,
                     absl::FunctionRef<absl::Status(absl::Span<const absl::string_view>)> on_row);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_CSV_READER_H_
