#include "common/upload/customer_choice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kListed = 10;
constexpr size_t kMaxIdBytes = 20;

// An id as Google makes them ("C03az79cb"); anything else in its place may be a name.
std::string Shown(const std::string& id) {
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  const bool plain = id.size() <= kMaxIdBytes && id.front() == 'C' &&
                     std::any_of(id.begin(), id.end(), is_digit) &&
                     std::all_of(id.begin(), id.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c));
                     });
  return plain ? id : "(not an id)";
}

}  // namespace

void CustomerChoice::Survey(absl::string_view customer) {
  ++surveyed_;
  if (!customer.empty()) found_.emplace(customer);
}

absl::Status CustomerChoice::Check() const {
  if (!asked_.empty()) {
    if (surveyed_ == 0 || found_.count(asked_) > 0) return absl::OkStatus();
    return absl::OutOfRangeError(absl::StrCat(
        "--customer: none of the ", surveyed_, " records is of that customer: they are of ",
        found_.size(), found_.size() == 1 ? " other. " : " others. ",
        "Give the customerId that stands in the records"));
  }
  if (found_.size() < 2) return absl::OkStatus();
  std::vector<std::string> listed;
  for (const std::string& id : found_) {
    if (listed.size() < kListed) listed.push_back(Shown(id));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the input holds records of ", found_.size(), " customers (", absl::StrJoin(listed, ", "),
      found_.size() > kListed ? ", ..." : "", "): name the one that is meant with --customer"));
}

absl::StatusOr<bool> CustomerChoice::Wants(absl::string_view customer) {
  if (!asked_.empty()) {
    Survey(customer);
    return customer == asked_;
  }
  if (customer.empty() || found_.count(std::string(customer)) > 0) return true;
  Survey(customer);
  RETURN_IF_ERROR(Check());
  return true;
}

}  // namespace tutti
