#include "common/sources/input/foreign_format.h"

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/sources/input/byte_source.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_input.h"
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

// What a service answered in place of records: one object, all of it, that is none.
absl::string_view ForeignAnswer(absl::string_view text) {
  static const auto& of_errors = *new absl::flat_hash_set<std::string>{
      "error",       "errors",        "message",   "code",           "status",
      "statuscode",  "details",       "detail",    "title",          "type",
      "instance",    "path",          "timestamp", "date",           "requestid",
      "request-id",  "innererror",    "fault",     "reason",         "error_description",
      "error_codes", "error_uri",     "trace_id",  "correlation_id", "client-request-id",
      "traceid",     "correlationid", "success",   "odata.error",    "messages"};
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  simdjson::dom::object members;
  if (!ParseLenient(parser, text, /*padded=*/false, &value) ||
      value.get(members) != simdjson::SUCCESS) {
    return "";
  }
  if (members["access_token"].error() == simdjson::SUCCESS) {
    return "an answer to a sign-in, with a token that nobody else may see: delete it, fetch the "
           "records with the token, and name the file of those";
  }
  bool all = true;
  bool says_what = false;
  for (const auto [key, held] : members) {
    const std::string name = absl::AsciiStrToLower(absl::string_view(key.data(), key.size()));
    all = all && of_errors.contains(name);
    says_what = says_what || name == "error" || name == "errors" || name == "message" ||
                name == "detail" || name == "fault" || name == "error_description" ||
                name == "odata.error" || name == "messages";
  }
  if (!all || !says_what) return "";
  return "the error that a service answered, not records: read what it says, correct the request "
         "or the rights of who asks, and fetch the export again";
}

// Whether it is a query, or a page of them: they say what they filter, where records say what was
// done.
bool IsQuery(absl::string_view text) {
  const auto filters = [text](size_t depth) {
    const std::vector<std::string> names = MemberNames(text, depth);
    return absl::c_any_of(names, [](absl::string_view name) {
      return absl::EqualsIgnoreCase(name, "filterStartDateTime");
    });
  };
  return filters(1) || (absl::c_linear_search(MemberNames(text, 1), "value") && filters(2));
}

// What text is that begins so, in whatever encoding it was.
absl::string_view ForeignText(absl::string_view text, bool is_all) {
  if (absl::StartsWith(text, "{")) {
    if (IsQuery(text)) {
      return "a query of the audit log, not its records: when its status is succeeded, fetch "
             "security/auditLog/queries/ID/records, all pages";
    }
    if (is_all) {
      const absl::string_view answer = ForeignAnswer(text);
      if (!answer.empty()) return answer;
    }
  }
  if (IsLogOfObjects(text)) {
    return "JSON behind other text on each line: cut off what stands before it, as with "
           "sed 's/^[^{]*//'";
  }
  if (!absl::StartsWith(text, "<")) return "";
  for (absl::string_view mark : {"<html", "<!doctype html", "<head", "<body"}) {
    if (ContainsIgnoringCase(text, mark)) {
      return "an HTML page, as of an error or a sign-in: fetch the export again";
    }
  }
  return "XML or HTML: export CSV or JSON";
}

}  // namespace

absl::string_view ForeignFormat(absl::string_view beginning) {
  if (absl::StartsWith(beginning, "PK\x03\x04") || absl::StartsWith(beginning, "PK\x05\x06")) {
    // What an Office file holds is named near its beginning.
    if (absl::StrContains(beginning, "[Content_Types].xml") ||
        absl::StrContains(beginning, "_rels/.rels") || absl::StrContains(beginning, "xl/") ||
        absl::StrContains(beginning, "docProps/")) {
      return "an Excel workbook (xlsx) or another Office file: save it as CSV UTF-8";
    }
    if (absl::StrContains(beginning, "mimetypeapplication/vnd.oasis.opendocument")) {
      return "an OpenDocument spreadsheet (ods) or another such document: save it as CSV UTF-8";
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
  TextInput input(std::make_unique<MemorySource>(beginning));
  const absl::StatusOr<absl::string_view> text = input.Peek();
  if (!text.ok()) return "";
  return ForeignText(absl::StripLeadingAsciiWhitespace(*text),
                     /*is_all=*/beginning.size() < kForeignFormatBytes);
}

}  // namespace tutti
