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

// A bound has its margin in it.
std::string MarginWords(const score::v1::Estimate& estimate, int decimals) {
  return estimate.bound() == score::v1::BOUND_UNSPECIFIED
             ? absl::StrFormat(" ± %.*f", decimals, estimate.margin())
             : "";
}

// The level that says from how many windows the figures of a score are: the total's, or where it
// has none, any category's.
const score::v1::Level* AnyLevel(const score::v1::Score& score) {
  if (score.has_level()) return &score.level();
  for (const auto& category : score.categories()) {
    if (category.has_level()) return &category.level();
  }
  return nullptr;
}

std::string CadenceWord(window::v1::Cadence cadence) {
  switch (cadence) {
    case window::v1::CADENCE_DAILY:
      return "daily";
    case window::v1::CADENCE_WEEKLY:
      return "weekly";
    default:
      return "four-weekly";
  }
}

// Whether this organisation sees the category, and from when on.
std::string ShownHereWords(const score::v1::CategoryThreshold& threshold) {
  if (threshold.state() == score::v1::FIGURE_STATE_NOT_MEASURED) {
    return "not measured here: no connected source gives it";
  }
  if (threshold.state() == score::v1::FIGURE_STATE_WITHHELD) {
    return absl::StrCat("never here, with ", threshold.people(),
                        threshold.entitled_product().empty() ? " people" : " entitled");
  }
  const std::string record = threshold.from_record() == 1
                                 ? "the first record"
                                 : absl::StrCat("record ", threshold.from_record());
  const std::string& day = threshold.from_end_day();
  return absl::StrCat("here from ", record, " on",
                      day.empty() ? "" : absl::StrCat(", the one to about ", day));
}

}  // namespace

double WithoutMinusZero(double value, int decimals) {
  return std::abs(value) < 0.5 * std::pow(10, -decimals) ? 0.0 : value;
}

double ShownValue(const score::v1::Estimate& estimate) {
  switch (estimate.bound()) {
    case score::v1::BOUND_AT_LEAST:
      return estimate.value() - estimate.margin();
    case score::v1::BOUND_AT_MOST:
      return estimate.value() + estimate.margin();
    default:
      return estimate.value();
  }
}

std::string FormatEstimate(const score::v1::Estimate& estimate, int decimals) {
  const std::string value =
      absl::StrFormat("%.*f", decimals, WithoutMinusZero(ShownValue(estimate), decimals));
  return absl::StrCat(BoundWords(estimate.bound()), value, MarginWords(estimate, decimals));
}

std::string FormatQuantity(const Quantity& quantity) {
  const int decimals = quantity.unit == FigureUnit::kSubjects ? 0 : 1;
  const std::string number = quantity.exact ? absl::StrFormat("%.0f", quantity.estimate.value())
                                            : FormatEstimate(quantity.estimate, decimals);
  return absl::StrCat(number, quantity.words.empty() ? "" : " ", quantity.words);
}

std::string FormatChange(const score::v1::Change& change, const std::string& unit) {
  if (change.since_end_day().empty()) return "";
  return absl::StrFormat("%s%+.1f%s%s%s, %s", BoundWords(change.difference().bound()),
                         WithoutMinusZero(ShownValue(change.difference()), 1),
                         MarginWords(change.difference(), 1), unit.empty() ? "" : " ", unit,
                         change.beyond_noise() ? "more than noise" : "within noise");
}

std::string ChangeWords(const FigureRow& row) {
  if (!row.change.has_value()) return "";
  const bool percent = row.change_in_percent.has_value() || row.change_unit == FigureUnit::kPercent;
  return FormatChange(row.change_in_percent.value_or(*row.change),
                      percent ? "percentage points" : "points");
}

std::string HeldSince(const score::v1::Level& level, const std::string& end_day) {
  // Days in ISO 8601 sort as text.
  return level.holding_since_end_day() < end_day ? level.holding_since_end_day() : "";
}

std::string LevelNote(const score::v1::Score& score) {
  const score::v1::Level* const level = AnyLevel(score);
  if (level == nullptr) return "";
  std::string note = absl::StrCat(
      "The score and its categories are levels: what ", level->windows(),
      " windows of 28 days say together, supposing that adoption moves slowly and jumps seldom. "
      "What this window says alone stands beside them; measures and breakdowns are of it alone.");
  const std::string since = HeldSince(score.level(), score.end_day());
  if (!since.empty()) {
    absl::StrAppend(&note, " The score has held its level since the 28 days to ", since, ".");
  }
  return note;
}

std::string LevelWords(const FigureRow& row) {
  if (row.alone.empty() && Measured(row.alone_state)) return "";
  return absl::StrCat(row.may_be_changing ? "may be changing; " : "", "this window alone ",
                      Measured(row.alone_state) ? FormatQuantity(row.alone.back())
                                                : AbsentWords(row.alone_state, row.alone_brief));
}

std::string CountWords(const FigureRow& row) {
  if (row.numerator.empty()) {
    return row.denominator.empty() ? "" : absl::StrCat("The share is of ", row.denominator, ".");
  }
  return absl::StrCat("Counts ", row.numerator, row.denominator.empty() ? "" : ", of ",
                      row.denominator, ".");
}

std::string LevelStartWords(const score::v1::CategoryScore& category) {
  const std::string& day = category.level_from_end_day();
  return absl::StrCat("With earlier windows it is shown from record ",
                      category.level_from_windows(), " of a series on",
                      day.empty() ? "." : absl::StrCat(", the one to about ", day, "."));
}

std::string ThresholdWords(const score::v1::CategoryThreshold& threshold) {
  const auto size = [&](int64_t people, window::v1::Cadence cadence) {
    if (people == 0) return std::string("at no size");
    const std::string& product = threshold.entitled_product();
    return absl::StrCat(people, product.empty() ? " people" : " people entitled to ", product, " (",
                        CadenceWord(cadence), ")");
  };
  return absl::StrCat(size(threshold.headcount_with_level(), threshold.cadence_with_level()),
                      " with earlier windows, ", size(threshold.headcount(), threshold.cadence()),
                      " in one alone; ", ShownHereWords(threshold));
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

std::string ShortReason(score::v1::StateReason code, const std::string& reason) {
  switch (code) {
    case score::v1::STATE_REASON_NO_SOURCE:
      return "no connected source gives it";
    case score::v1::STATE_REASON_NOT_DECLARED:
      return "no connected source is declared to give it";
    case score::v1::STATE_REASON_MARGIN_TOO_WIDE:
      return "too uncertain at this size";
    case score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL:
      return "too few people to count it";
    case score::v1::STATE_REASON_INCOMPLETE:
      return "something was lost while it was counted";
    default:
      return reason;
  }
}

std::string AbsentWords(score::v1::FigureState state, const std::string& reason) {
  return absl::StrCat(StateWord(state), reason.empty() ? "" : ": ", reason);
}

std::string OrganizationOf(const std::string& resource_name) {
  const std::vector<std::string> parts = absl::StrSplit(resource_name, '/');
  return parts.size() > 1 ? parts[1] : "";
}

std::string LastPartOf(const std::string& resource_name) {
  return resource_name.substr(resource_name.rfind('/') + 1);
}

}  // namespace tutti
