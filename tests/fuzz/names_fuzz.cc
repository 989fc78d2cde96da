// Names of resources and days: what is taken is written back letter for letter.

#include <string>

#include "absl/strings/str_cat.h"
#include "common/organization/organization_id.h"
#include "common/rpc/resource_name.h"
#include "common/window/day.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {
namespace {

std::string NameOf(const ScoreName& name) {
  return absl::StrCat("organizations/", name.organization, "/scores/",
                      name.end_day.has_value() ? FormatDay(*name.end_day) : "latest");
}

void ReadNames(absl::string_view text) {
  if (const auto day = ParseDay(text); day.ok()) {
    Require(FormatDay(*day) == text, "a day is written as it is read");
  }
  if (const auto id = ParseOrganizationName(text); id.ok()) {
    Require(absl::StrCat("organizations/", *id) == text && IsOrganizationId(*id),
            "an organisation's name is its id's");
  }
  if (const auto score = ParseScoreName(text); score.ok()) {
    Require(NameOf(*score) == text && score->table.empty(), "a score's name is written as it is");
  }
  if (const auto table = ParseTableName(text); table.ok()) {
    Require(absl::StrCat(NameOf(*table), "/tables/", table->table) == text,
            "a table's name is written as it is");
  }
  if (!IsOrganizationId(text)) return;
  const std::string organization = absl::StrCat("organizations/", text);
  Require(ParseOrganizationName(organization).ok(), "an id names an organisation");
  Require(ParseScoreName(absl::StrCat(organization, "/scores/2026-11-22")).ok(), "and a score");
  Require(!ParseScoreName(organization).ok() && !ParseOrganizationName(text).ok(), "and only so");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::ReadNames(tutti::Text(data, size));
  return 0;
}
