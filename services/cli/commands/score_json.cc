#include "services/cli/commands/score_json.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"

namespace tutti {
namespace {

// Moves the field that stands on the lines [first, last] of an object to before the line `to` of
// the same object. The last field of an object has no comma behind it.
void MoveField(std::vector<std::string>& lines, size_t to, size_t first, size_t last) {
  if (!absl::EndsWith(lines[last], ",")) {
    lines[last] += ',';
    lines[first - 1].pop_back();
  }
  const auto at = [&](size_t line) { return lines.begin() + static_cast<std::ptrdiff_t>(line); };
  std::rotate(at(to), at(first), at(last + 1));
}

}  // namespace

absl::StatusOr<std::string> ScoreJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    return absl::InternalError("the answer cannot be written as JSON");
  }
  // With whitespace, every field begins on a line of its own, behind as many spaces as it is deep.
  std::vector<std::string> lines = absl::StrSplit(json, '\n');
  for (size_t first = 0; first < lines.size(); ++first) {
    const size_t indent = lines[first].find_first_not_of(' ');
    if (indent == std::string::npos || lines[first].substr(indent) != "\"level\": {") continue;
    const std::string margin(indent, ' ');
    size_t last = first;
    while (!absl::StartsWith(lines[last], absl::StrCat(margin, "}"))) ++last;
    size_t state = first;
    while (state > 0 && !absl::StartsWith(lines[state], absl::StrCat(margin, "\"state\": "))) {
      --state;
    }
    if (state > 0) MoveField(lines, state, first, last);
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace tutti
