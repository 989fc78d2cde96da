#include "tests/sample/audit_row.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tutti {

std::string AuditTime(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

void AuditJson::Name(absl::string_view name) {
  if (json_.size() > 1) json_.push_back(',');
  absl::StrAppend(&json_, "\"", name, "\":");
}

AuditJson& AuditJson::Text(absl::string_view name, absl::string_view value) {
  Name(name);
  json_.push_back('"');
  for (char c : value) {
    if (c == '"' || c == '\\') json_.push_back('\\');
    json_.push_back(c);
  }
  json_.push_back('"');
  return *this;
}

AuditJson& AuditJson::Number(absl::string_view name, int64_t value) {
  Name(name);
  absl::StrAppend(&json_, value);
  return *this;
}

AuditJson& AuditJson::Raw(absl::string_view name, absl::string_view json) {
  Name(name);
  absl::StrAppend(&json_, json);
  return *this;
}

std::string AuditJson::Take() {
  std::string json = std::move(json_);
  json.push_back('}');
  json_.assign(1, '{');
  return json;
}

std::string ReorderedJson(absl::string_view json) {
  // The first member is a text without a comma: the time.
  const size_t comma = json.find(',');
  if (comma == absl::string_view::npos) return std::string(json);
  const absl::string_view first = json.substr(1, comma - 1);
  const absl::string_view rest = json.substr(comma + 1, json.size() - comma - 2);
  return absl::StrCat("{", rest, ",", first, "}");
}

}  // namespace tutti
