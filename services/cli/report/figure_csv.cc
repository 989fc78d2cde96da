#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/text/plain_text.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figure_words.h"

namespace tutti {
namespace {

constexpr char kHeader[] =
    "organization,start_day,end_day,figure,id,name,points,margin_points,possible_points,percent,"
    "margin_percent,subjects,margin_subjects,bound,state,reason,change_points,"
    "change_margin_points,change_percent,change_margin_percent,change_beyond_noise,"
    "change_since_day,generated_data,text,numerator,denominator,raised_by,"
    "notice,windows,may_be_changing,holding_since_day,points_alone,margin_points_alone,"
    "percent_alone,margin_percent_alone,bound_alone,state_alone,reason_alone,of_window_alone,"
    "change_points_alone,change_margin_points_alone,change_percent_alone,"
    "change_margin_percent_alone,change_beyond_noise_alone,change_since_day_alone\r\n";

std::string Number(double value) { return absl::StrFormat("%.4f", WithoutMinusZero(value, 4)); }

// Whether a spreadsheet runs such a cell. Some take the wide forms of the signs for the same,
// and leave spaces out.
bool IsFormula(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  for (const char* sign : {"=", "+", "-", "@", "＝", "＋", "－", "＠"}) {
    if (absl::StartsWith(text, sign)) return true;
  }
  return false;
}

// A cell of text.
std::string Field(const std::string& given) {
  std::string text = PlainText(given);
  if (IsFormula(text)) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string BoundWord(score::v1::Bound bound) {
  switch (bound) {
    case score::v1::BOUND_AT_LEAST:
      return "at least";
    case score::v1::BOUND_AT_MOST:
      return "at most";
    default:
      return "";
  }
}

// A value and its margin, as two fields; empty ones when there is none of the unit.
std::string Pair(const std::vector<Quantity>& quantities, FigureUnit unit) {
  for (const Quantity& quantity : quantities) {
    if (quantity.unit != unit) continue;
    return absl::StrCat(Number(quantity.estimate.value()), ",",
                        quantity.exact ? "" : Number(quantity.estimate.margin()));
  }
  return ",";
}

std::string ChangePair(const std::optional<score::v1::Change>& change) {
  if (!change.has_value()) return ",";
  const score::v1::Estimate& difference = change->difference();
  return absl::StrCat(Number(difference.value()), ",", Number(difference.margin()));
}

// A change of which `own` is in the row's unit, as six fields.
std::string ChangeFields(const FigureRow& row, const std::optional<score::v1::Change>& own,
                         const std::optional<score::v1::Change>& in_percent) {
  const bool points = row.change_unit == FigureUnit::kPoints;
  std::string out = absl::StrCat(ChangePair(points ? own : std::nullopt), ",",
                                 ChangePair(points ? in_percent : own), ",");
  if (!own.has_value()) return out + ",";
  return absl::StrCat(out, own->beyond_noise() ? "true" : "false", ",",
                      Field(own->since_end_day()));
}

std::string PossiblePoints(const FigureRow& row) {
  for (const Quantity& quantity : row.quantities) {
    if (quantity.unit == FigureUnit::kPoints) return absl::StrCat(row.full);
  }
  return "";
}

std::string State(score::v1::FigureState state) {
  const std::string word = StateWord(state);
  return word.empty() ? "measured" : word;
}

// The bound of the first of some quantities, which all have the same.
std::string Bound(const std::vector<Quantity>& quantities) {
  return quantities.empty() ? "" : BoundWord(quantities[0].estimate.bound());
}

std::string Record(const Figures& figures, const FigureRow& row) {
  // Nothing is said of what is not there.
  const bool told = !row.quantities.empty() || row.change.has_value();
  const auto word = [told](bool holds) { return !told ? "" : holds ? "true" : "false"; };
  const bool beside_level = !row.alone.empty() || !Measured(row.alone_state);
  std::vector<std::string> fields = {
      Field(figures.organization),
      Field(row.start_day),
      Field(row.end_day),
      Field(row.figure),
      Field(row.id),
      Field(row.name),
      Pair(row.quantities, FigureUnit::kPoints),
      PossiblePoints(row),
      Pair(row.quantities, FigureUnit::kPercent),
      Pair(row.quantities, FigureUnit::kSubjects),
      Bound(row.quantities),
      State(row.state),
      Field(row.reason),
      ChangeFields(row, row.change, row.change_in_percent),
      figures.generated ? "true" : "false",
      Field(row.text),
      Field(row.numerator),
      Field(row.denominator),
      Field(row.raised_by),
      Field(kWhatItIs),
      told ? absl::StrCat(row.windows) : "",
      word(row.may_be_changing),
      Field(row.holding_since),
      Pair(row.alone, FigureUnit::kPoints),
      Pair(row.alone, FigureUnit::kPercent),
      Bound(row.alone),
      beside_level ? State(row.alone_state) : "",
      Field(row.alone_reason),
      word(row.of_window_alone),
      ChangeFields(row, row.alone_change, row.alone_change_in_percent)};
  return absl::StrCat(absl::StrJoin(fields, ","), "\r\n");
}

}  // namespace

std::string RenderCsv(const Figures& figures) {
  std::string out = kHeader;
  for (const FigureSection& section : figures.sections) {
    for (const FigureRow& row : section.rows) absl::StrAppend(&out, Record(figures, row));
  }
  return out;
}

}  // namespace tutti
