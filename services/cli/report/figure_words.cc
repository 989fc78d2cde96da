#include "services/cli/report/figure_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/window/cadence.h"

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

// The levels of a score.
std::vector<const score::v1::Level*> LevelsOf(const score::v1::Score& score) {
  std::vector<const score::v1::Level*> levels;
  if (score.has_level()) levels.push_back(&score.level());
  for (const auto& category : score.categories()) {
    if (category.has_level()) levels.push_back(&category.level());
  }
  return levels;
}

// Of some levels, those that are what windows say together: the others are of one window alone.
std::vector<const score::v1::Level*> Together(const std::vector<const score::v1::Level*>& levels) {
  std::vector<const score::v1::Level*> together;
  std::copy_if(levels.begin(), levels.end(), std::back_inserter(together),
               [](const score::v1::Level* level) { return !level->of_window_alone(); });
  return together;
}

// "up to 17 windows of 28 days", or without "up to" where all are of as many.
std::string WindowsWords(const std::vector<const score::v1::Level*>& levels) {
  int least = levels.front()->windows();
  int most = least;
  for (const score::v1::Level* level : levels) {
    least = std::min(least, level->windows());
    most = std::max(most, level->windows());
  }
  return absl::StrCat(least < most ? "up to " : "", most, " windows of 28 days");
}

// Which figures of a score are what windows say together, as the subject and verb of a sentence.
const char* WhichAreLevels(const score::v1::Score& score) {
  const auto is_level = [](const auto& scored) {
    return scored.has_level() && !scored.level().of_window_alone();
  };
  const bool every =
      std::all_of(score.categories().begin(), score.categories().end(),
                  [&](const auto& category) { return !IsShown(category) || is_level(category); });
  if (every && is_level(score)) return "The score and its categories are levels";
  if (every && !IsShown(score)) return "The categories are levels";
  return "The figures that have “this window alone” beside them are levels";
}

std::string HeldWords(const score::v1::Score& score) {
  const std::string since = HeldSince(score.level(), score.end_day());
  return since.empty()
             ? ""
             : absl::StrCat(" The score has held its level since the 28 days to ", since, ".");
}

// Who is counted: those entitled to a product, or everybody.
std::string CountedWords(const std::string& product) {
  return product.empty() ? "people" : absl::StrCat("people entitled to ", product);
}

constexpr char kNothingMeasured[] = "No category is measured: the reasons stand beside each.";
constexpr char kSupposing[] = "supposing that adoption moves slowly and jumps seldom";
constexpr char kNotSmaller[] = "for earlier windows are not expected to make the margin smaller";

// The ids of the categories that keep the total of this window alone from being shown.
std::set<std::string> MissingAlone(const score::v1::Score& score) {
  return {score.missing_categories().begin(), score.missing_categories().end()};
}

// The names of some categories, in the order of the score.
std::string NamesOf(const score::v1::Score& score, const std::set<std::string>& ids) {
  std::vector<std::string> names;
  for (const auto& category : score.categories()) {
    if (ids.count(category.category()) != 0) names.push_back(category.display_name());
  }
  return absl::StrJoin(names, ", ");
}

// From when on levels of these categories make a total; empty where one of them never has any.
std::string TotalStartWords(const score::v1::Score& score, const std::set<std::string>& ids) {
  std::string from;
  for (const auto& category : score.categories()) {
    if (ids.count(category.category()) == 0) continue;
    if (category.level_from_end_day().empty()) return "";
    // Days in ISO 8601 sort as text.
    from = std::max(from, category.level_from_end_day());
  }
  return from.empty() ? ""
                      : absl::StrCat(" With earlier windows it is shown from about ", from, " on.");
}

std::string NeedsEvery(const std::string& what) {
  return absl::StrCat("It needs every category that is measured; ", what, ".");
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
  // A bound has its margin in it.
  if (estimate.bound() != score::v1::BOUND_UNSPECIFIED) {
    return absl::StrCat(BoundWords(estimate.bound()), value);
  }
  return absl::StrFormat("%s ± %.*f", value, decimals, estimate.margin());
}

std::string FormatQuantity(const Quantity& quantity) {
  const int decimals = quantity.unit == FigureUnit::kSubjects ? 0 : 1;
  const std::string number = quantity.exact ? absl::StrFormat("%.0f", quantity.estimate.value())
                                            : FormatEstimate(quantity.estimate, decimals);
  return absl::StrCat(number, quantity.words.empty() ? "" : " ", quantity.words);
}

std::string FormatChange(const score::v1::Change& change, const std::string& unit) {
  if (change.since_end_day().empty()) return "";
  return absl::StrFormat("%+.1f ± %.1f%s%s, %s", WithoutMinusZero(change.difference().value(), 1),
                         change.difference().margin(), unit.empty() ? "" : " ", unit,
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
  const std::vector<const score::v1::Level*> levels = LevelsOf(score);
  if (levels.empty()) return "";
  const std::vector<const score::v1::Level*> together = Together(levels);
  if (together.empty()) {
    return absl::StrCat("Every figure is of this window alone, ", kNotSmaller,
                        ". Changes and marks are of levels: what ", WindowsWords(levels),
                        " say together, ", kSupposing, ".", HeldWords(score));
  }
  return absl::StrCat(
      WhichAreLevels(score), ": what ", WindowsWords(together), " say together, ", kSupposing,
      ". What this window says alone, or why that is not shown, stands beside "
      "them; measures and breakdowns are of it alone.",
      together.size() < levels.size() ? absl::StrCat(" So are other figures, ", kNotSmaller, ".")
                                      : "",
      HeldWords(score));
}

std::string HistoryLevelNote(const score::v1::ListScoresResponse& response) {
  std::vector<const score::v1::Level*> levels;
  for (const score::v1::Score& score : response.scores()) {
    const std::vector<const score::v1::Level*> more = LevelsOf(score);
    levels.insert(levels.end(), more.begin(), more.end());
  }
  if (levels.empty()) return "";
  const std::vector<const score::v1::Level*> together = Together(levels);
  const std::string held = HeldWords(response.scores(0));
  if (together.empty()) {
    return absl::StrCat("Every figure is of one window alone, ", kNotSmaller,
                        ". Changes and marks are of levels: what a window and those before it, ",
                        WindowsWords(levels), ", say together, ", kSupposing, ".", held);
  }
  return absl::StrCat(
      "Where “this window alone” stands beside a figure, the figure is a level: "
      "what that window and those before it, ",
      WindowsWords(together), ", say together, ", kSupposing, ".",
      together.size() < levels.size()
          ? absl::StrCat(" Other figures are of one window alone, ", kNotSmaller, ".")
          : "",
      held);
}

std::string LevelWords(const FigureRow& row) {
  const bool beside = !row.of_window_alone && (!row.alone.empty() || !Measured(row.alone_state));
  std::vector<std::string> words;
  if (row.may_be_changing) words.emplace_back("may be changing");
  if (beside) {
    words.push_back(
        absl::StrCat("this window alone ", Measured(row.alone_state)
                                               ? FormatQuantity(row.alone.back())
                                               : AbsentWords(row.alone_state, row.alone_brief)));
  }
  return absl::StrJoin(words, "; ");
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
                      day.empty() ? "." : absl::StrCat(": the 28 days to about ", day, "."));
}

std::string PeopleWords(int64_t people, const std::string& product, window::v1::Cadence cadence) {
  if (people == 0) return "at no size";
  return absl::StrCat(people, " ", CountedWords(product), " (", CadenceWord(cadence), ")");
}

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
                      day.empty() ? ""
                                  : absl::StrCat(", the one to about ", day,
                                                 threshold.from_record() == 1
                                                     ? ""
                                                     : " if no window is missing or incomplete"));
}

std::string ThresholdWords(const score::v1::CategoryThreshold& threshold) {
  const std::string here = ShownHereWords(threshold);
  if (threshold.headcount_with_level() == 0) return absl::StrCat("at no size; ", here);
  const std::string with_level =
      absl::StrCat(threshold.headcount_with_level(), " ",
                   CountedWords(threshold.entitled_product()), " with earlier windows, ");
  const auto published = [](window::v1::Cadence cadence) {
    return absl::StrCat("published ", CadenceWord(cadence));
  };
  const std::string at_that_size = published(threshold.cadence_with_level());
  if (threshold.headcount() == 0) {
    return absl::StrCat(with_level, at_that_size, "; at no size in one window alone; ", here);
  }
  const std::string alone = absl::StrCat(threshold.headcount(), " in one window alone, ",
                                         published(threshold.cadence()), "; ", here);
  return threshold.cadence() == threshold.cadence_with_level()
             ? absl::StrCat(with_level, alone)
             : absl::StrCat(with_level, at_that_size, " at that size; ", alone);
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

std::string AloneTotalReason(const score::v1::Score& score) {
  if (score.state() == score::v1::FIGURE_STATE_NOT_MEASURED) return kNothingMeasured;
  return NeedsEvery(absl::StrCat("not shown: ", NamesOf(score, MissingAlone(score))));
}

std::string TotalReason(const score::v1::Score& score) {
  if (score.state() == score::v1::FIGURE_STATE_NOT_MEASURED) return kNothingMeasured;
  const std::set<std::string> alone = MissingAlone(score);
  const std::set<std::string> with_level(score.level_missing_categories().begin(),
                                         score.level_missing_categories().end());
  std::set<std::string> both;
  std::set_intersection(alone.begin(), alone.end(), with_level.begin(), with_level.end(),
                        std::inserter(both, both.end()));
  // Without those that show nothing at all, there would be a total of one of the two kinds.
  if (!both.empty() && (both == alone || both == with_level)) {
    return absl::StrCat(NeedsEvery(absl::StrCat("not shown: ", NamesOf(score, both))),
                        TotalStartWords(score, with_level));
  }
  return NeedsEvery(absl::StrCat(
      "this window alone lacks ", NamesOf(score, alone),
      with_level.empty()
          ? ", and the windows that have them all are too few for a level"
          : absl::StrCat(", and levels with earlier windows lack ", NamesOf(score, with_level))));
}

}  // namespace tutti
