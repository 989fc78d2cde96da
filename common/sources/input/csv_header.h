#ifndef TUTTI_COMMON_SOURCES_INPUT_CSV_HEADER_H_
#define TUTTI_COMMON_SOURCES_INPUT_CSV_HEADER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// For each wanted column the names that it may have.
using CsvColumns = absl::Span<const std::vector<std::string>>;

// What may part the columns, unless a file says otherwise.
inline constexpr absl::string_view kCsvSeparators = ",;\t|";

// The line of a CSV file that begins so which names its columns: after blank lines, "sep=;" and
// "#TYPE ...".
absl::string_view CsvHeader(absl::string_view beginning);

// The names in such a line, parted by what parts most.
std::vector<std::string> CsvNames(absl::string_view header);

// A name as a header has it, without the spaces of a spreadsheet. Where a mark stands before a
// quote, the quote has done nothing.
absl::string_view ColumnName(absl::string_view cell);

// Whether a line, or the first cell of one, is "#TYPE ...", as PowerShell writes it.
bool IsTypeLine(absl::string_view line);

// Whether a line is one of those before a header. Its first cell is enough: of "sep=;" it is
// "sep=".
bool PrecedesHeader(absl::string_view line);

// Where each of the wanted columns is in a header.
struct ColumnPlaces {
  static constexpr int kUnwanted = -1;

  std::vector<int> slots;  // position in the file -> position among the wanted, or kUnwanted
  size_t found = 0;
  std::vector<std::string> missing;  // of the required
};

// `required`: the first so many of the columns must be there.
ColumnPlaces FindColumns(const std::vector<std::string>& header, CsvColumns columns,
                         size_t required);

// What parts the columns: what finds the most of those wanted, and of several what the file says.
char FindSeparator(absl::string_view beginning, CsvColumns columns);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_CSV_HEADER_H_
