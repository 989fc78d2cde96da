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
// input ends. Not thread-safe.
class DayOrderFinder {
 public:
  using Row = absl::Span<const absl::string_view>;
  // `columns`: those of a row that hold days. `take` gets each row, once, and the order, which is
  // kUnknown when the input shows none; what it is given is valid during the call.
  DayOrderFinder(std::vector<size_t> columns, std::function<absl::Status(Row, DayOrder)> take)
      : columns_(std::move(columns)), take_(std::move(take)) {}

  // Errors are those of `take`.
  absl::Status Add(Row row);
  // The input has ended; the next one may have another order.
  absl::Status Finish();

 private:
  // Of an input without order so much is held back; after that none is looked for.
  static constexpr size_t kMaxHeldBytes = size_t{64} << 20;

  absl::Status Release();

  const std::vector<size_t> columns_;
  const std::function<absl::Status(Row, DayOrder)> take_;
  DayOrder order_ = DayOrder::kUnknown;
  std::vector<std::vector<std::string>> held_;
  size_t held_bytes_ = 0;
  bool gave_up_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_DAY_ORDER_H_
