#include "services/aggregate/organization_profile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/feeding/source_declarations.h"
#include "common/window/schedule.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/aggregate_error.h"
#include "services/aggregate/first_score.h"
#include "services/aggregate/first_shown.h"

namespace tutti {

using aggregate::v1::Organization;

absl::Status ValidateProfile(const Organization& wanted, const Catalog& catalog) {
  if (wanted.headcount() < 1 || wanted.headcount() > kMaxHeadcount) {
    return FieldError("headcount", absl::StrCat("must be 1 to ", kMaxHeadcount));
  }
  if (wanted.display_name().size() > 200) {
    return FieldError("display_name", "must be at most 200 bytes");
  }
  if (wanted.region().size() > 64) return FieldError("region", "must be at most 64 bytes");
  if (wanted.industry().size() > 64) return FieldError("industry", "must be at most 64 bytes");
  if (!LoadZone(wanted.time_zone()).ok()) {
    return FieldError("time_zone", "must be an IANA time zone name, like \"Europe/Amsterdam\"");
  }
  if (!window::v1::Cadence_IsValid(wanted.cadence())) {
    return FieldError("cadence", "must be AUTO, DAILY, WEEKLY or FOUR_WEEKLY");
  }
  std::set<std::string> seen;
  for (const std::string& source : wanted.sources()) {
    const auto& known = catalog.proto().sources();
    if (std::none_of(known.begin(), known.end(),
                     [&](const catalog::v1::Source& s) { return s.id() == source; })) {
      return FieldError(
          "sources", absl::StrCat("must be ids of the catalogue's sources: ",
                                  absl::StrJoin(known, ", ", [](std::string* out, const auto& s) {
                                    absl::StrAppend(out, s.id());
                                  })));
    }
    if (!seen.insert(source).second) return FieldError("sources", "must not repeat");
  }
  if (absl::Status declared =
          CheckDeclarations(catalog, wanted.sources(), wanted.source_contents());
      !declared.ok()) {
    return FieldError("source_contents", std::string(declared.message()));
  }
  seen.clear();
  for (const aggregate::v1::Entitlement& entitlement : wanted.entitlements()) {
    if (entitlement.product().empty() || entitlement.product().size() > 64) {
      return FieldError("entitlements.product", "must be 1 to 64 bytes");
    }
    if (!seen.insert(entitlement.product()).second) {
      return FieldError("entitlements.product", "must not repeat");
    }
    if (entitlement.people() < 0 || entitlement.people() > wanted.headcount()) {
      return FieldError("entitlements.people", "must be 0 to headcount");
    }
  }
  return absl::OkStatus();
}

Organization DescribeOrganization(const Catalog& catalog, NeededSizes& sizes,
                                  const ScheduledOrganization& organization) {
  Organization described = organization.stored().organization();
  const FirstScore first = ExpectFirstScore(catalog, sizes, organization);
  if (first.expected.has_value()) {
    *described.mutable_first_score_expected() =
        google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
            absl::ToUnixMillis(*first.expected));
  }
  described.set_first_score_headcount(first.smallest_headcount);
  DescribeShown(catalog, sizes, organization, described);
  return described;
}

}  // namespace tutti
