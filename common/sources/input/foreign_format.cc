#include "common/sources/input/foreign_format.h"

#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

using std::string_view_literals::operator""sv;

struct Magic {
  std::string_view bytes;
  absl::string_view means;
};

constexpr Magic kMagics[] = {
    {"\x1f\x8b"sv, "gzip data within gzip data: unpack it"},
    {"\x1f\x9d"sv, "a file that compress made: unpack it"},
    {"\xfd"
     "7zXZ\0"sv,
     "an xz file: unpack it, or name <(xzcat FILE)"},
    {"\x28\xb5\x2f\xfd"sv, "a zstd file: unpack it, or name <(zstdcat FILE)"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip file: unpack it, and name the files in it"},
    {"Rar!\x1a"sv, "a rar file: unpack it, and name the files in it"},
    {"%PDF-"sv, "a PDF document: export CSV or JSON"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv,
     "an old Excel workbook or another Office file: save it as CSV UTF-8"},
    {"SQLite format 3\0"sv, "an SQLite database: export CSV or JSON"},
};

// Whether a line is an object behind something else, as a program's log has it: "12:04:05 INFO
// {"Id":...}". What stands before it has no quotes, so that it is no part of an object.
bool IsObjectBehindText(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  const size_t object = line.find("{\"");
  return object != absl::string_view::npos && object > 0 && !absl::StartsWith(line, "[") &&
         absl::ascii_isspace(static_cast<unsigned char>(line[object - 1])) &&
         !absl::StrContains(line.substr(0, object), '"');
}

// Whether the first two lines are such; the last one may be cut off.
bool IsLogOfObjects(absl::string_view beginning) {
  const std::vector<absl::string_view> lines = absl::StrSplit(
      beginning, absl::MaxSplits(absl::ByAnyChar("\r\n"), 3), absl::SkipWhitespace());
  return !lines.empty() && IsObjectBehindText(lines[0]) &&
         (lines.size() == 1 || IsObjectBehindText(lines[1]));
}

}  // namespace

absl::string_view ForeignFormat(absl::string_view beginning) {
  if (absl::StartsWith(beginning, "PK\x03\x04") || absl::StartsWith(beginning, "PK\x05\x06")) {
    // What an Office file holds is named near its beginning.
    if (absl::StrContains(beginning, "[Content_Types].xml") ||
        absl::StrContains(beginning, "_rels/.rels") || absl::StrContains(beginning, "xl/")) {
      return "an Excel workbook (xlsx) or another Office file: save it as CSV UTF-8";
    }
    return "a zip file: unpack it, and name the files in it";
  }
  for (const Magic& magic : kMagics) {
    if (absl::StartsWith(beginning, {magic.bytes.data(), magic.bytes.size()})) return magic.means;
  }
  if (absl::StartsWith(beginning, "BZh") && absl::ClippedSubstr(beginning, 4, 6) == "1AY&SY") {
    return "a bzip2 file: unpack it, or name <(bzcat FILE)";
  }
  if (beginning.size() > 262 && beginning.substr(257, 5) == "ustar") {
    return "a tar file: unpack it, and name the files in it";
  }
  beginning = absl::StripLeadingAsciiWhitespace(absl::StripPrefix(beginning, "\xef\xbb\xbf"));
  if (IsLogOfObjects(beginning)) {
    return "JSON behind other text on each line: cut off what stands before it, as with "
           "sed 's/^[^{]*//'";
  }
  if (!absl::StartsWith(beginning, "<")) return "";
  for (absl::string_view mark : {"<html", "<!doctype html", "<head", "<body"}) {
    if (ContainsIgnoringCase(beginning, mark)) {
      return "an HTML page, as of an error or a sign-in: fetch the export again";
    }
  }
  return "XML or HTML: export CSV or JSON";
}

}  // namespace tutti
