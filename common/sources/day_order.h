#ifndef TUTTI_COMMON_SOURCES_DAY_ORDER_H_
#define TUTTI_COMMON_SOURCES_DAY_ORDER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/sources/input/audit_time.h"

namespace tutti {

// Finds out from all days of an input whether the day or the month stands first in those like
// "4/5/2026". Rows with such a day are held back until another one shows it ("24/11/2026"), or the
// input ends. Once an input has shown both orders, no such day of it is believed. Not thread-safe.
class DayOrderFinder {
 public:
  using Row = absl::Span<const absl::string_view>;
  // `columns`: those of a row that hold days. `take` gets each row, once, and the order that the
  // input has shown, kUnknown when it shows none; what it is given is valid during the call.
  DayOrderFinder(std::vector<size_t> columns, std::function<absl::Status(Row, DayOrder)> take)
      : columns_(std::move(columns)), take_(std::move(take)) {}

  // Another column that holds days, from the next row on.
  void Watch(size_t column) { columns_.push_back(column); }
  // Errors are those of `take`.
  absl::Status Add(Row row);
  // The input has ended, well or with an error: what is still held back is taken. The next one may
  // have another order.
  absl::Status Finish();

 private:
  // Of an input without order so much is held back; after that rows are taken without one.
  static constexpr size_t kMaxHeldBytes = size_t{64} << 20;

  absl::Status Release();

  std::vector<size_t> columns_;
  const std::function<absl::Status(Row, DayOrder)> take_;
  DayOrder order_ = DayOrder::kUnknown;
  std::vector<std::vector<std::string>> held_;
  size_t held_bytes_ = 0;
  bool gave_up_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_DAY_ORDER_H_
