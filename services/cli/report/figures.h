#ifndef TUTTI_SERVICES_CLI_REPORT_FIGURES_H_
#define TUTTI_SERVICES_CLI_REPORT_FIGURES_H_

#include <optional>
#include <string>
#include <vector>

#include "tutti/score/v1/score.pb.h"

namespace tutti {

// What an estimate counts.
enum class FigureUnit { kPoints, kPercent, kSubjects };

// An estimate with its unit.
struct Quantity {
  FigureUnit unit = FigureUnit::kPoints;
  score::v1::Estimate estimate;
  bool exact = false;  // a whole number without a margin, as a benchmark is
  std::string words;   // the unit for people: "points of 900", "%", "people"
};

// One figure, whatever it is of: a line of text, of CSV and of a Markdown table.
struct FigureRow {
  // What it is: total, trend, category, measure, row (of a table), recommendation,
  // peers, peers_total, peers_category.
  std::string figure;
  std::string id;
  std::string name;
  std::string start_day;  // ISO 8601, included; may be empty
  std::string end_day;    // ISO 8601, included
  score::v1::FigureState state = score::v1::FIGURE_STATE_MEASURED;
  std::string reason;                // why it is not shown, or how it was measured
  std::vector<Quantity> quantities;  // the same figure in one or two units
  double full = 0;                   // what a bar of the first goes up to; 0: no bar
  std::optional<score::v1::Change> change;
  FigureUnit change_unit = FigureUnit::kPoints;
  // The same change in percent, of a figure that has both units: what people are shown.
  std::optional<score::v1::Change> change_in_percent;
  // Where quantities are of a level with earlier windows: the same quantities of this window
  // alone, or why those are not shown, in full and in a few words; and what is said of the level.
  // The change is then the level's, if it has one, and that of the windows alone stands beside it.
  std::vector<Quantity> alone;
  std::optional<score::v1::Change> alone_change;
  std::optional<score::v1::Change> alone_change_in_percent;
  score::v1::FigureState alone_state = score::v1::FIGURE_STATE_MEASURED;
  std::string alone_reason;
  std::string alone_brief;
  // That the quantities were computed from; or, where they are of the window alone although it has
  // a level, for earlier windows would not make them more exact, that its changes are of.
  int windows = 1;
  bool of_window_alone = false;
  bool may_be_changing = false;
  std::string holding_since;  // ISO 8601; may be empty
  std::string text;           // a sentence on it, or what to do
  std::string numerator;
  std::string denominator;  // what a share is of
  std::string raised_by;
};

// Figures that belong together.
struct FigureSection {
  std::string heading;     // may be empty
  std::string name_title;  // heads the column of names
  std::vector<FigureRow> rows;
  bool with_words = false;  // sentences stand below the rows
  // Text is short: one quantity a row, by what the shares are of, and below the rows with figures
  // those without, by reason.
  bool brief = false;
};

// An answer as figures: what text, CSV and Markdown are made from.
struct Figures {
  std::string organization;  // its id
  std::string title;
  std::vector<std::string> lead;  // lines above the figures
  bool generated = false;         // the activity was made up
  std::vector<FigureSection> sections;
  std::vector<std::string> notes;  // paragraphs below them
};

// One score; every measure with its words when asked for.
Figures FiguresOf(const score::v1::Score& score, bool with_measures);

inline bool Measured(score::v1::FigureState state) {
  return state == score::v1::FIGURE_STATE_MEASURED;
}

// Whether points are shown: those of one window alone, or where these are withheld, the level's.
template <typename Scored>
bool IsShown(const Scored& scored) {
  return Measured(scored.state()) || scored.has_level();
}

// What leads where a level may stand beside a figure of one window alone.
template <typename Scored>
const score::v1::Estimate& LeadingPoints(const Scored& scored) {
  return scored.has_level() ? scored.level().points() : scored.points();
}
template <typename Scored>
const score::v1::Change& LeadingChange(const Scored& scored) {
  return scored.has_level() ? scored.level().change() : scored.change();
}

// A change in points of `possible_points`, in percentage points.
score::v1::Change InPercent(score::v1::Change change, int possible_points);

const score::v1::Estimate& LeadingPercent(const score::v1::Score& score);
const score::v1::Change& LeadingTrend(const score::v1::Score& score);

// Scores over time, given newest first, oldest first in the figures: their totals, and how
// they changed, in percent; or with `every_figure` in points and percent, and every category.
Figures HistoryFigures(const score::v1::ListScoresResponse& response, bool every_figure);

// One table.
Figures FiguresOf(const score::v1::Table& table);

// Which tables there are: for each the row that counts any of its features.
Figures FiguresOf(const score::v1::ListTablesResponse& response);

// What the organisation can do. `score` is of the same window and names the measures.
Figures FiguresOf(const score::v1::ListRecommendationsResponse& response,
                  const score::v1::Score& score);

// The organisation beside its peers. `score` is of the same window.
Figures FiguresOf(const score::v1::GetBenchmarkResponse& response, const score::v1::Score& score);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_FIGURES_H_
