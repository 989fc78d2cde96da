#ifndef TUTTI_COMMON_UPLOAD_CUSTOMER_CHOICE_H_
#define TUTTI_COMMON_UPLOAD_CUSTOMER_CHOICE_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Which customer's rows an import takes: the one that was asked for, or the only one there is.
// Customers are never mixed. Not thread-safe.
class CustomerChoice {
 public:
  // `asked`: a customer's id, or empty.
  explicit CustomerChoice(std::string asked) : asked_(std::move(asked)) {}

  // Notes the customer of a row, before any is taken, and counts it; a row may be without one.
  void Survey(absl::string_view customer);

  // FailedPrecondition when there are several and none was asked for: it names up to ten and
  // says what to do. OutOfRange, with numbers, when none of the rows is of the one that was asked
  // for.
  absl::Status Check() const;

  // Whether a row of this customer is wanted, after Survey() of those that could be looked at
  // beforehand; the error of Check() when it is one too many.
  absl::StatusOr<bool> Wants(absl::string_view customer);

  const std::string& asked() const { return asked_; }

 private:
  std::string asked_;
  int64_t surveyed_ = 0;
  std::set<std::string> found_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_CUSTOMER_CHOICE_H_
