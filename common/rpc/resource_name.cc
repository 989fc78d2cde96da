#include "common/rpc/resource_name.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/organization/organization_id.h"
#include "common/rpc/error_details.h"

namespace tutti {
namespace {

bool IsLowerOrDigit(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsTableId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 &&
         std::all_of(id.begin(), id.end(), [](char c) { return IsLowerOrDigit(c) || c == '_'; });
}

absl::StatusOr<ScoreName> ParseParts(const std::vector<absl::string_view>& parts, size_t size,
                                     const char* pattern) {
  const absl::Status malformed = WithFieldViolation(
      absl::InvalidArgumentError(absl::StrCat("name: ", pattern)), "name", pattern);
  if (parts.size() != size || parts[0] != "organizations" || !IsOrganizationId(parts[1]) ||
      parts[2] != "scores" || (size == 6 && (parts[4] != "tables" || !IsTableId(parts[5])))) {
    return malformed;
  }
  ScoreName name;
  name.organization = std::string(parts[1]);
  if (size == 6) name.table = std::string(parts[5]);
  if (parts[3] != "latest") {
    const absl::StatusOr<Day> day = ParseDay(parts[3]);
    if (!day.ok()) return malformed;
    name.end_day = *day;
  }
  return name;
}

}  // namespace

absl::StatusOr<std::string> ParseOrganizationName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != "organizations" || !IsOrganizationId(parts[1])) {
    constexpr char kWhat[] =
        "must be \"organizations/\" and an id of a-z, 0-9 and -, at most 63 characters";
    return WithFieldViolation(
        absl::InvalidArgumentError(absl::StrCat("organization name: ", kWhat)), "name", kWhat);
  }
  return std::string(parts[1]);
}

std::string FormatOrganizationName(absl::string_view id) {
  return absl::StrCat("organizations/", id);
}

std::string FormatScoreName(absl::string_view organization, Day end_day) {
  return absl::StrCat(FormatOrganizationName(organization), "/scores/", FormatDay(end_day));
}

absl::StatusOr<ScoreName> ParseScoreName(absl::string_view name) {
  return ParseParts(absl::StrSplit(name, '/'), 4,
                    "must be organizations/{organization}/scores/{YYYY-MM-DD or latest}");
}

absl::StatusOr<ScoreName> ParseTableName(absl::string_view name) {
  return ParseParts(
      absl::StrSplit(name, '/'), 6,
      "must be organizations/{organization}/scores/{YYYY-MM-DD or latest}/tables/{table}");
}

}  // namespace tutti
