#include "common/sources/input/csv_header.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tutti {
namespace {

constexpr absl::string_view kMark = "\xef\xbb\xbf";
constexpr absl::string_view kNoBreakSpace = "\xc2\xa0";

absl::string_view WithoutQuotes(absl::string_view cell) {
  return absl::StripSuffix(absl::StripPrefix(cell, "\""), "\"");
}

// What "sep=;" says, or 0.
char SeparatorOf(absl::string_view line) {
  line = WithoutQuotes(ColumnName(line));
  // A tab may have been stripped as white space.
  if (absl::EqualsIgnoreCase(line, "sep=")) return '\t';
  return line.size() == 5 && absl::StartsWithIgnoreCase(line, "sep=") ? line[4] : '\0';
}

// The lines of a file up to its header, which is the last of them.
std::vector<absl::string_view> LinesToHeader(absl::string_view beginning) {
  std::vector<absl::string_view> lines;
  for (const absl::string_view line : absl::StrSplit(beginning, absl::ByAnyChar("\r\n"))) {
    const bool is_blank = ColumnName(line).find_first_not_of(kCsvSeparators) == line.npos;
    if (is_blank) continue;
    lines.push_back(line);
    if (!PrecedesHeader(line)) break;
  }
  return lines;
}

// The names in a line, without their quotes.
std::vector<std::string> NamesIn(absl::string_view line, char separator) {
  std::vector<std::string> names;
  for (const absl::string_view cell : absl::StrSplit(ColumnName(line), separator)) {
    names.emplace_back(ColumnName(WithoutQuotes(cell)));
  }
  return names;
}

}  // namespace

absl::string_view ColumnName(absl::string_view cell) {
  while (absl::ConsumePrefix(&cell, kNoBreakSpace) || absl::ConsumeSuffix(&cell, kNoBreakSpace)) {
  }
  if (absl::ConsumePrefix(&cell, kMark) && absl::ConsumePrefix(&cell, "\"")) {
    cell = absl::StripSuffix(cell, "\"");
  }
  return absl::StripAsciiWhitespace(cell);
}

bool IsTypeLine(absl::string_view line) {
  return absl::StartsWithIgnoreCase(WithoutQuotes(ColumnName(line)), "#TYPE");
}

bool PrecedesHeader(absl::string_view line) {
  return IsTypeLine(line) || SeparatorOf(line) != '\0';
}

ColumnPlaces FindColumns(const std::vector<std::string>& header, CsvColumns columns,
                         size_t required) {
  ColumnPlaces places;
  places.slots.assign(header.size(), ColumnPlaces::kUnwanted);
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

char FindSeparator(absl::string_view beginning, CsvColumns columns) {
  std::string separators(kCsvSeparators);
  char best = separators.front();
  size_t most = 0;
  for (const absl::string_view line : LinesToHeader(beginning)) {
    if (const char said = SeparatorOf(line); said != '\0') {
      separators.insert(separators.begin(), said);
      best = said;
      continue;
    }
    for (const char separator : separators) {
      const size_t found = FindColumns(NamesIn(line, separator), columns, 0).found;
      if (found <= most) continue;
      most = found;
      best = separator;
    }
  }
  return best;
}

absl::string_view CsvHeader(absl::string_view beginning) {
  const std::vector<absl::string_view> lines = LinesToHeader(beginning);
  return lines.empty() || PrecedesHeader(lines.back()) ? absl::string_view() : lines.back();
}

std::vector<std::string> CsvNames(absl::string_view header) {
  const auto count = [header](char separator) {
    return std::count(header.begin(), header.end(), separator);
  };
  const char separator =
      *std::max_element(kCsvSeparators.begin(), kCsvSeparators.end(),
                        [&count](char one, char other) { return count(one) < count(other); });
  return NamesIn(header, separator);
}

}  // namespace tutti
