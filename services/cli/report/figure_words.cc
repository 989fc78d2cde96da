#include "services/cli/report/figure_words.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

const char* BoundWords(score::v1::Bound bound) {
  switch (bound) {
    case score::v1::BOUND_AT_LEAST:
      return "at least ";
    case score::v1::BOUND_AT_MOST:
      return "at most ";
    default:
      return "";
  }
}

}  // namespace

double WithoutMinusZero(double value, int decimals) {
  return std::abs(value) < 0.5 * std::pow(10, -decimals) ? 0.0 : value;
}

std::string FormatEstimate(const score::v1::Estimate& estimate, int decimals) {
  const std::string value =
      absl::StrFormat("%.*f", decimals, WithoutMinusZero(estimate.value(), decimals));
  const bool bound = estimate.bound() != score::v1::BOUND_UNSPECIFIED;
  const std::string margin = absl::StrFormat("%.*f", decimals, estimate.margin());
  if (bound && margin == absl::StrFormat("%.*f", decimals, 0.0)) {
    return absl::StrCat(BoundWords(estimate.bound()), value);
  }
  return absl::StrCat(BoundWords(estimate.bound()), value, " ± ", margin);
}

std::string FormatQuantity(const Quantity& quantity) {
  const int decimals = quantity.unit == FigureUnit::kSubjects ? 0 : 1;
  const std::string number = quantity.exact ? absl::StrFormat("%.0f", quantity.estimate.value())
                                            : FormatEstimate(quantity.estimate, decimals);
  return absl::StrCat(number, quantity.words.empty() ? "" : " ", quantity.words);
}

std::string FormatChange(const score::v1::Change& change, const std::string& unit) {
  if (change.since_end_day().empty()) return "";
  return absl::StrFormat("%s%+.1f ± %.1f%s%s, %s", BoundWords(change.difference().bound()),
                         WithoutMinusZero(change.difference().value(), 1),
                         change.difference().margin(), unit.empty() ? "" : " ", unit,
                         change.beyond_noise() ? "more than noise" : "within noise");
}

std::string LevelWords(const score::v1::Level& level) {
  return absl::StrCat(
      "Figures are levels, computed from ", level.windows(),
      " windows: they assume that adoption moves slowly and jumps seldom. What this window says "
      "alone stands beside them");
}

std::string LevelWords(const FigureRow& row) {
  if (row.alone.empty() && !row.alone_withheld) return "";
  return absl::StrCat(row.may_be_changing ? "may be changing; " : "", "this window alone ",
                      row.alone_withheld ? "withheld" : FormatQuantity(row.alone.back()));
}

std::string LevelStartWords(const score::v1::CategoryScore& category) {
  return absl::StrCat("With earlier windows it is shown from record ",
                      category.level_from_windows(), " of a series on.");
}

std::string ThresholdWords(const score::v1::CategoryThreshold& threshold) {
  std::string words =
      absl::StrCat(threshold.headcount_with_level(), " people with earlier windows, ",
                   threshold.headcount(), " in one alone");
  if (threshold.from_record() > 1) {
    absl::StrAppend(&words, "; here from record ", threshold.from_record(), " on");
  } else if (threshold.from_record() == 1) {
    absl::StrAppend(&words, "; here from the first record on");
  }
  return words;
}

std::string StateWord(score::v1::FigureState state) {
  switch (state) {
    case score::v1::FIGURE_STATE_WITHHELD:
      return "withheld";
    case score::v1::FIGURE_STATE_NOT_MEASURED:
      return "not measured";
    case score::v1::FIGURE_STATE_INCOMPLETE:
      return "incomplete";
    default:
      return "";
  }
}

std::string OrganizationOf(const std::string& resource_name) {
  const std::vector<std::string> parts = absl::StrSplit(resource_name, '/');
  return parts.size() > 1 ? parts[1] : "";
}

std::string LastPartOf(const std::string& resource_name) {
  return resource_name.substr(resource_name.rfind('/') + 1);
}

}  // namespace tutti
