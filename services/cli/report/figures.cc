#include "services/cli/report/figures.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/cli/report/figure_words.h"

namespace tutti {
namespace {

using score::v1::Score;

constexpr double kCategoryFull = 100;
constexpr double kPercentFull = 100;

constexpr char kTotalBrief[] = "a category in it is, too";

std::optional<score::v1::Change> ChangeOf(const score::v1::Change& change) {
  if (change.since_end_day().empty()) return std::nullopt;
  return change;
}

Quantity WholePercent(int value, FigureUnit unit, const char* words) {
  Quantity quantity;
  quantity.unit = unit;
  quantity.exact = true;
  quantity.words = words;
  quantity.estimate.set_value(value);
  return quantity;
}

FigureRow RowOf(const Score& score, const char* figure, const std::string& id,
                const std::string& name) {
  FigureRow row;
  row.figure = figure;
  row.id = id;
  row.name = name;
  row.start_day = score.start_day();
  row.end_day = score.end_day();
  return row;
}

// Says of a row what its level rests on.
void AddLevel(const score::v1::Level& level, FigureRow& row) {
  row.windows = level.windows();
  row.of_window_alone = level.of_window_alone();
  row.may_be_changing = level.may_be_changing();
  row.holding_since = level.holding_since_end_day();
}

// Says of a row that leads with a level why there is nothing of its window alone.
void WithholdAlone(score::v1::FigureState state, const std::string& reason,
                   const std::string& brief, FigureRow& row) {
  row.state = score::v1::FIGURE_STATE_MEASURED;
  row.reason.clear();
  row.alone_state = state;
  row.alone_reason = reason;
  row.alone_brief = brief;
}

// Peers are compared by what one window says alone.
void ShowAlone(FigureRow& row) {
  if (!Measured(row.alone_state)) {
    row.quantities.clear();
    row.state = std::exchange(row.alone_state, score::v1::FIGURE_STATE_MEASURED);
    row.reason = std::exchange(row.alone_reason, "");
  }
  if (!row.alone.empty()) row.quantities = std::exchange(row.alone, {});
  row.windows = 1;
  row.of_window_alone = false;
  row.may_be_changing = false;
  row.holding_since.clear();
  row.change.reset();
  row.change_in_percent.reset();
  row.alone_change.reset();
  row.alone_change_in_percent.reset();
}

FigureRow TotalRow(const Score& score) {
  FigureRow row = RowOf(score, "total", "total", "Adoption score");
  row.state = score.state();
  row.change = ChangeOf(LeadingChange(score));
  if (!IsShown(score)) {
    row.reason = TotalReason(score);
    return row;
  }
  if (row.change.has_value()) {
    row.change_in_percent = InPercent(*row.change, score.possible_points());
  }
  row.full = score.possible_points();
  const std::string words = absl::StrCat("points of ", score.possible_points());
  row.quantities = {{FigureUnit::kPoints, LeadingPoints(score), false, words},
                    {FigureUnit::kPercent, LeadingPercent(score), false, "%"}};
  if (!score.has_level()) return row;
  AddLevel(score.level(), row);
  row.alone_change = ChangeOf(score.change());
  if (row.alone_change.has_value()) {
    row.alone_change_in_percent = InPercent(*row.alone_change, score.possible_points());
  }
  if (!Measured(score.state())) {
    WithholdAlone(score.state(), AloneTotalReason(score), kTotalBrief, row);
    return row;
  }
  row.alone = {{FigureUnit::kPoints, score.points(), false, words},
               {FigureUnit::kPercent, score.percent(), false, "%"}};
  return row;
}

FigureRow TrendRow(const Score& score) {
  FigureRow row = RowOf(score, "trend", "trend_180_days", "Trend over 180 days, in percent");
  row.change = ChangeOf(LeadingTrend(score));
  if (score.has_level()) {
    row.windows = score.level().windows();
    row.alone_change = ChangeOf(score.trend_180_days());
  }
  row.change_unit = FigureUnit::kPercent;
  return row;
}

FigureRow CategoryRow(const Score& score, const score::v1::CategoryScore& category) {
  FigureRow row = RowOf(score, "category", category.category(), category.display_name());
  row.state = category.state();
  row.reason = category.state_reason();
  row.text = category.description();
  row.change = ChangeOf(LeadingChange(category));
  if (!IsShown(category)) {
    if (category.level_from_windows() > 0) {
      absl::StrAppend(&row.reason, " ", LevelStartWords(category));
    }
    return row;
  }
  row.full = kCategoryFull;
  row.quantities = {{FigureUnit::kPoints, LeadingPoints(category), false, ""}};
  if (!category.has_level()) return row;
  AddLevel(category.level(), row);
  row.alone_change = ChangeOf(category.change());
  if (!Measured(category.state())) {
    WithholdAlone(category.state(), category.state_reason(),
                  ShortReason(category.state_reason_code(), category.state_reason()), row);
    return row;
  }
  row.alone = {{FigureUnit::kPoints, category.points(), false, ""}};
  return row;
}

FigureRow MeasureRow(const Score& score, const score::v1::MeasureValue& measure) {
  FigureRow row = RowOf(score, "measure", measure.measure(), measure.display_name());
  row.state = measure.state();
  row.reason = measure.state_reason();
  row.text = measure.sentence();
  row.numerator = measure.numerator_words();
  row.denominator = measure.denominator_words();
  row.raised_by = measure.raise_words();
  if (!Measured(measure.state())) return row;
  const bool percent = measure.unit() == score::v1::UNIT_PERCENT;
  row.full = percent ? kPercentFull : 0;
  row.quantities = {{percent ? FigureUnit::kPercent : FigureUnit::kSubjects, measure.value(), false,
                     percent ? "%" : ""}};
  return row;
}

// The notice of an answer. That the activity was made up is said at its head.
std::string NoticeOf(const Score& score) {
  return score.generated_data() ? kWhatItIs : score.notice();
}

// Since when the changes of a score are; empty where nothing changed that is shown.
std::string ChangedSince(const Score& score) {
  std::string since = LeadingChange(score).since_end_day();
  for (const auto& category : score.categories()) {
    if (since.empty()) since = LeadingChange(category).since_end_day();
  }
  return since;
}

template <typename Categories>
bool AnyShown(const Categories& categories) {
  return std::any_of(categories.begin(), categories.end(),
                     [](const score::v1::CategoryScore& one) { return IsShown(one); });
}

// Windows that follow each other without a total, for the same reason, have one row.
void AddToHistory(FigureRow row, std::vector<FigureRow>& rows) {
  const bool alike = row.quantities.empty() && !rows.empty() && rows.back().quantities.empty() &&
                     rows.back().state == row.state && rows.back().reason == row.reason;
  if (!alike) {
    rows.push_back(std::move(row));
    return;
  }
  rows.back().end_day = row.end_day;
  rows.back().name = absl::StrCat(rows.back().name.substr(0, row.name.size()), " to ", row.name);
}

void AddLevelNotes(const std::string& note, std::vector<std::string>& notes) {
  if (note.empty()) return;
  notes.push_back(note);
  notes.emplace_back(kChangeOfLevels);
}

}  // namespace

score::v1::Change InPercent(score::v1::Change change, int possible_points) {
  if (possible_points <= 0) return change;
  score::v1::Estimate& difference = *change.mutable_difference();
  difference.set_value(difference.value() * kPercentFull / possible_points);
  difference.set_margin(difference.margin() * kPercentFull / possible_points);
  return change;
}

const score::v1::Estimate& LeadingPercent(const Score& score) {
  return score.has_level() ? score.level().percent() : score.percent();
}

const score::v1::Change& LeadingTrend(const Score& score) {
  return score.has_level() ? score.level().trend_180_days() : score.trend_180_days();
}

Figures FiguresOf(const Score& score, bool with_measures) {
  Figures out;
  out.organization = OrganizationOf(score.name());
  out.title = score.name();
  out.lead = {absl::StrCat(score.start_day(), " to ", score.end_day(), ", both included; ",
                           score.headcount(), " people")};
  out.generated = score.generated_data();
  FigureSection total;
  total.name_title = "Score";
  total.rows.push_back(TotalRow(score));
  if (!LeadingTrend(score).since_end_day().empty()) total.rows.push_back(TrendRow(score));
  FigureSection categories;
  categories.heading = "Categories, points of 100";
  categories.name_title = "Category";
  for (const auto& category : score.categories()) {
    categories.rows.push_back(CategoryRow(score, category));
    if (category.category() == score.most_room_category()) {
      out.notes.push_back(absl::StrCat("Most room to improve: ", category.display_name(), "."));
    }
  }
  out.sections = {std::move(total), std::move(categories)};
  if (const std::string since = ChangedSince(score); !since.empty()) {
    out.notes.push_back(absl::StrCat("Changes are against the 28 days to ", since,
                                     ", with the margin of the difference."));
  }
  AddLevelNotes(LevelNote(score), out.notes);
  if (with_measures) {
    FigureSection measures;
    measures.heading = "Measures, of this window alone";
    measures.name_title = "Measure";
    measures.with_words = true;
    for (const auto& measure : score.measures()) {
      measures.rows.push_back(MeasureRow(score, measure));
    }
    out.sections.push_back(std::move(measures));
  }
  out.notes.push_back(NoticeOf(score));
  return out;
}

Figures HistoryFigures(const score::v1::ListScoresResponse& response, bool every_figure) {
  Figures out;
  FigureSection section;
  section.name_title = "28 days to";
  for (auto score = response.scores().rbegin(); score != response.scores().rend(); ++score) {
    FigureRow total = TotalRow(*score);
    if (!every_figure && !total.quantities.empty()) {
      total.quantities.erase(total.quantities.begin());
      if (!total.alone.empty()) total.alone.erase(total.alone.begin());
      total.full = kPercentFull;
    }
    total.name = score->end_day();
    if (!every_figure) {
      AddToHistory(std::move(total), section.rows);
      continue;
    }
    section.rows.push_back(std::move(total));
    for (const auto& category : score->categories()) {
      section.rows.push_back(CategoryRow(*score, category));
    }
  }
  out.sections.push_back(std::move(section));
  if (response.scores().empty()) return out;
  const Score& newest = response.scores(0);
  out.organization = OrganizationOf(newest.name());
  out.title = absl::StrCat("Adoption score of ", out.organization, " over time");
  out.generated = newest.generated_data();
  if (!every_figure && !IsShown(newest) && AnyShown(newest.categories())) {
    out.notes.push_back(
        absl::StrCat("Categories that are shown have a history, too: it is in `tutti history ",
                     out.organization, " --format csv` and in the report."));
  }
  out.notes.emplace_back("Changes are against the 28 days that ended 28 days earlier.");
  AddLevelNotes(HistoryLevelNote(response), out.notes);
  out.notes.push_back(NoticeOf(newest));
  return out;
}

Figures FiguresOf(const score::v1::ListRecommendationsResponse& response, const Score& score) {
  Figures out;
  out.organization = OrganizationOf(score.name());
  out.title = absl::StrCat("What ", out.organization, " can do");
  out.lead = {"For the organisation; the figure that gives the reason stands beside."};
  out.generated = score.generated_data();
  FigureSection section;
  section.name_title = "Recommendation";
  section.with_words = true;
  for (const auto& item : response.recommendations()) {
    FigureRow row = RowOf(score, "recommendation", item.action(), item.title());
    row.full = kPercentFull;
    row.text = item.text();
    row.quantities = {{FigureUnit::kPercent, item.value(), false, "%"}};
    for (const auto& measure : score.measures()) {
      if (measure.measure() != item.measure()) continue;
      row.reason = measure.display_name();
      row.denominator = measure.denominator_words();
    }
    section.rows.push_back(std::move(row));
  }
  if (section.rows.empty()) out.lead = {"Nothing is recommended: no shown figure is low."};
  out.sections.push_back(std::move(section));
  out.notes = {NoticeOf(score)};
  return out;
}

Figures FiguresOf(const score::v1::GetBenchmarkResponse& response, const Score& score) {
  Figures out;
  out.organization = OrganizationOf(score.name());
  out.generated = score.generated_data();
  out.title = absl::StrCat(out.organization, " beside organisations like it");
  if (response.cohort().empty()) {
    out.lead = {"There are fewer than 10 organisations to compare with."};
    return out;
  }
  out.lead = {absl::StrCat("At least ", response.organizations(), " others: ", response.cohort(),
                           "; the 28 days to ", response.end_day())};
  FigureSection section;
  section.name_title = "Figure";
  section.rows.push_back(TotalRow(score));
  FigureRow& own = section.rows.back();
  ShowAlone(own);
  if (!Measured(own.state)) own.reason = AloneTotalReason(score);
  if (!own.quantities.empty()) own.quantities.erase(own.quantities.begin());
  own.full = kPercentFull;
  FigureRow peers = RowOf(score, "peers_total", "total", "  peers, mean");
  peers.full = kPercentFull;
  peers.quantities = {WholePercent(response.mean_percent(), FigureUnit::kPercent, "%")};
  section.rows.push_back(std::move(peers));
  for (const auto& category : score.categories()) {
    for (const auto& mean : response.categories()) {
      if (mean.category() != category.category()) continue;
      section.rows.push_back(CategoryRow(score, category));
      ShowAlone(section.rows.back());
      FigureRow row = RowOf(score, "peers_category", category.category(), "  peers, mean");
      row.full = kCategoryFull;
      row.quantities = {WholePercent(mean.mean_points(), FigureUnit::kPoints, "")};
      section.rows.push_back(std::move(row));
    }
  }
  out.sections.push_back(std::move(section));
  out.notes = {
      "Means are of published scores, in whole numbers. They protect people as those scores do; "
      "organisations only by the minimum of 10 and by rounding.",
      NoticeOf(score)};
  return out;
}

}  // namespace tutti
