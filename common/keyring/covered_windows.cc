#include "common/keyring/covered_windows.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "common/window/window_proto.h"

namespace tutti {

using keyring::v1::CoveredRange;

CoveredWindows::CoveredWindows(const keyring::v1::Keyring& keyring) {
  for (const auto* ranges : {&keyring.shared(), &keyring.extensions()}) {
    for (const CoveredRange& range : *ranges) {
      const absl::StatusOr<Day> first = ParseDay(range.first_end_day());
      const absl::StatusOr<Day> last = ParseDay(range.last_end_day());
      if (!first.ok() || !last.ok()) continue;
      if (range.window_kind() == window::v1::WINDOW_KIND_REACH) {
        of_[range.organization()].push_back({WindowKind::kReach, *first, *last});
      } else if (range.window_kind() == window::v1::WINDOW_KIND_DAY) {
        of_[range.organization()].push_back({WindowKind::kDay, *first, *last});
      }
    }
  }
}

bool CoveredWindows::Contains(Window window, absl::string_view organization) const {
  const auto shared = of_.find("");
  if (shared != of_.end() && AnyContains(shared->second, window)) return true;
  if (organization.empty()) return false;
  const auto own = of_.find(organization);
  return own != of_.end() && AnyContains(own->second, window);
}

bool CoveredWindows::AnyContains(const std::vector<Range>& ranges, Window window) {
  return std::any_of(ranges.begin(), ranges.end(), [window](const Range& range) {
    return range.kind == window.kind && range.first <= window.end_day &&
           window.end_day <= range.last;
  });
}

}  // namespace tutti
