#include "common/sources/checked_time.h"

#include <algorithm>

namespace tutti {
namespace {

constexpr int64_t kFirstSeconds = 946857600;  // 2000-01-03T00:00:00Z
constexpr int64_t kClockSkewSeconds = 300;
constexpr int64_t kNoonSeconds = int64_t{12} * 3600;
constexpr int64_t kEasternmostSeconds = int64_t{14} * 3600;

}  // namespace

bool TimeRange::Holds(int64_t seconds) const {
  return seconds >= kFirstSeconds && seconds <= now_ + kClockSkewSeconds;
}

CheckedTime TimeRange::Instant(absl::string_view text) const {
  const absl::optional<int64_t> seconds = ParseAuditTime(text);
  if (!seconds.has_value()) return {};
  if (!Holds(*seconds)) return {{}, RejectionReason::kTimeOutOfRange};
  return {seconds};
}

CheckedTime TimeRange::Day(absl::string_view text, DayOrder order) const {
  const absl::optional<int64_t> midnight = ParseReportDay(text, order);
  if (!midnight.has_value()) {
    const bool two_ways = NeedsDayOrder(text);
    const bool ambiguous =
        (order == DayOrder::kUnknown && two_ways) ||
        (order == DayOrder::kBoth && (two_ways || DayOrderOf(text) != DayOrder::kUnknown));
    return {{}, ambiguous ? RejectionReason::kAmbiguousDay : RejectionReason::kMalformedTime};
  }
  if (*midnight < kFirstSeconds || *midnight - kEasternmostSeconds > now_) {
    return {{}, RejectionReason::kTimeOutOfRange};
  }
  return {std::min(*midnight + kNoonSeconds, now_)};
}

}  // namespace tutti
