#ifndef TUTTI_COMMON_RPC_RESOURCE_NAME_H_
#define TUTTI_COMMON_RPC_RESOURCE_NAME_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/window/day.h"

namespace tutti {

// Parses "organizations/{organization}" to its id. InvalidArgument otherwise; the
// text is not repeated.
absl::StatusOr<std::string> ParseOrganizationName(absl::string_view name);

// "organizations/{organization}".
std::string FormatOrganizationName(absl::string_view id);

// "organizations/{organization}/scores/{end_day}".
std::string FormatScoreName(absl::string_view organization, Day end_day);

// A score, and perhaps one of its tables.
struct ScoreName {
  std::string organization;
  std::optional<Day> end_day;  // absent: the latest
  std::string table;           // empty in a score's name
};

// Parses "organizations/{organization}/scores/{end_day}", where the end day may be
// "latest". InvalidArgument otherwise.
absl::StatusOr<ScoreName> ParseScoreName(absl::string_view name);

// Parses "organizations/{organization}/scores/{end_day}/tables/{table}".
absl::StatusOr<ScoreName> ParseTableName(absl::string_view name);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_RESOURCE_NAME_H_
