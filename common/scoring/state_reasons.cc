#include "common/scoring/state_reasons.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/scoring/planned_margins.h"

namespace tutti {

std::string StateReasonTemplate(score::v1::StateReason code) {
  switch (code) {
    case score::v1::STATE_REASON_NO_SOURCE:
      return "No connected source gives it. What can: {sources}.";
    case score::v1::STATE_REASON_MARGIN_TOO_WIDE:
      // Nothing of how many there are: it may be those who are entitled that are few.
      return absl::StrCat("At this size the 95% margin that is planned for one window is above ",
                          kWidestMarginShown,
                          " points, whatever people did: the noise that protects each of them is "
                          "too large for it.");
    case score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL:
      return "Figures about {plural} are counted from a headcount of {min_headcount} on.";
    case score::v1::STATE_REASON_INCOMPLETE:
      return "Something was lost while it was counted, so this window has no figure.";
    case score::v1::STATE_REASON_SUBSTITUTED:
      return "Measured by {display_name}.";
    case score::v1::STATE_REASON_NOT_DECLARED:
      return "Its sources are not declared to give what it needs: {missing}. Once that is sent, "
             "declare it in the organisation's profile (source_contents). What can give it: "
             "{sources}.";
    default:
      return "";
  }
}

std::string StateReasonText(const Catalog& catalog, const StateReason& reason, int64_t headcount) {
  std::vector<std::pair<std::string, std::string>> places = {
      {"{headcount}", absl::StrCat(headcount)}};
  if (reason.code == score::v1::STATE_REASON_NOT_DECLARED) {
    places.emplace_back("{missing}", reason.subject);
  }
  if (!reason.sources.empty()) {
    places.emplace_back("{sources}", absl::StrJoin(reason.sources, ", "));
  }
  if (const int kind = catalog.FindKind(reason.subject); kind >= 0) {
    const catalog::v1::SubjectKind& proto = *catalog.kind(kind).proto;
    places.emplace_back("{plural}", proto.plural());
    places.emplace_back("{min_headcount}", absl::StrCat(proto.min_headcount()));
  }
  if (const auto* category = catalog.FindCategory(reason.subject); category != nullptr) {
    places.emplace_back("{display_name}", category->display_name());
  }
  return absl::StrReplaceAll(StateReasonTemplate(reason.code), places);
}

}  // namespace tutti
