#include "common/sources/day_order.h"

#include <algorithm>

#include "common/status/status_macros.h"

namespace tutti {

absl::Status DayOrderFinder::Add(Row row) {
  for (const size_t column : columns_) {
    const DayOrder shown = DayOrderOf(row[column]);
    if (shown == DayOrder::kUnknown || shown == order_) continue;
    order_ = order_ == DayOrder::kUnknown ? shown : DayOrder::kBoth;
  }
  if (order_ != DayOrder::kUnknown) {
    RETURN_IF_ERROR(Release());
  }
  const bool waits = order_ == DayOrder::kUnknown && !gave_up_ &&
                     std::any_of(columns_.begin(), columns_.end(),
                                 [row](size_t column) { return NeedsDayOrder(row[column]); });
  if (!waits) return take_(row, order_);
  held_.emplace_back(row.begin(), row.end());
  for (const std::string& cell : held_.back()) held_bytes_ += sizeof(std::string) + cell.size();
  gave_up_ = held_bytes_ > kMaxHeldBytes;
  return gave_up_ ? Release() : absl::OkStatus();
}

absl::Status DayOrderFinder::Finish() {
  RETURN_IF_ERROR(Release());
  order_ = DayOrder::kUnknown;
  gave_up_ = false;
  return absl::OkStatus();
}

absl::Status DayOrderFinder::Release() {
  const std::vector<std::vector<std::string>> held = std::move(held_);
  held_.clear();
  held_bytes_ = 0;
  for (const std::vector<std::string>& cells : held) {
    const std::vector<absl::string_view> row(cells.begin(), cells.end());
    RETURN_IF_ERROR(take_(row, order_));
  }
  return absl::OkStatus();
}

}  // namespace tutti
