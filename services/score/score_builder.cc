#include "services/score/score_builder.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/estimate/consistent.h"
#include "common/estimate/predicate_terms.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using publication::v1::Publication;
using score::v1::Estimate;
using score::v1::Score;

constexpr char kNotice[] =
    "These figures measure how an organisation adopts its tools. They say nothing about any "
    "person.";
constexpr char kGeneratedNotice[] =
    "This organisation and all of its activity are made up. These figures measure how an "
    "organisation adopts its tools. They say nothing about any person.";

Estimate ToEstimate(const Figure& figure, score::v1::Bound bound) {
  Estimate estimate;
  estimate.set_value(figure.value);
  estimate.set_margin(figure.margin());
  estimate.set_bound(bound);
  return estimate;
}

score::v1::CategoryScore BuildCategory(const catalog::v1::Category& category,
                                       const ShownFigure& points) {
  score::v1::CategoryScore out;
  out.set_category(category.id());
  out.set_display_name(category.display_name());
  out.set_description(category.description());
  out.set_state(points.state);
  out.set_state_reason(points.reason);
  if (points.measured()) *out.mutable_points() = ToEstimate(points.figure, points.bound);
  return out;
}

score::v1::MeasureValue BuildMeasure(const Measures& measures,
                                     const catalog::v1::Measure& measure) {
  score::v1::MeasureValue out;
  out.set_measure(measure.id());
  out.set_display_name(measure.display_name());
  out.set_sentence(measure.sentence());
  out.set_category(measure.category());
  out.set_numerator_words(measure.numerator_words());
  out.set_denominator_words(measure.denominator_words());
  out.set_raise_words(measure.raise_words());
  out.set_unit(measure.has_count() ? score::v1::UNIT_SUBJECTS : score::v1::UNIT_PERCENT);
  const ShownFigure shown = measures.Measure(measure);
  out.set_state(shown.state);
  out.set_state_reason(shown.reason);
  if (shown.measured()) {
    *out.mutable_value() =
        ToEstimate(measure.has_count() ? shown.figure : shown.figure.Times(100), shown.bound);
  }
  return out;
}

// Sums categories: their tables, hence their errors, are independent.
void SetTotal(const std::vector<ShownFigure>& points, Score& score) {
  Figure total;
  int measured = 0;
  score.set_state(score::v1::FIGURE_STATE_NOT_MEASURED);
  for (const ShownFigure& category : points) {
    if (category.state == score::v1::FIGURE_STATE_NOT_MEASURED) continue;
    ++measured;
    if (!category.measured()) {
      score.set_state(category.state);
      continue;
    }
    total.value += category.figure.value;
    total.deviation = std::hypot(total.deviation, category.figure.deviation);
    total.bias += category.figure.bias;
  }
  score.set_possible_points(100 * measured);
  const bool shown =
      measured > 0 && std::all_of(points.begin(), points.end(), [](const ShownFigure& category) {
        return category.measured() || category.state == score::v1::FIGURE_STATE_NOT_MEASURED;
      });
  if (!shown) return;
  score.set_state(score::v1::FIGURE_STATE_MEASURED);
  *score.mutable_points() = ToEstimate(total, score::v1::BOUND_UNSPECIFIED);
  *score.mutable_percent() = ToEstimate(total.Times(1.0 / measured), score::v1::BOUND_UNSPECIFIED);
}

void SetChange(const std::string& since, const Estimate& before, const Estimate& after,
               score::v1::Change& change) {
  change.set_since_end_day(since);
  const double difference = after.value() - before.value();
  const double margin = std::hypot(after.margin(), before.margin());
  change.mutable_difference()->set_value(difference);
  change.mutable_difference()->set_margin(margin);
  change.set_beyond_noise(std::abs(difference) > margin);
}

std::string RowName(const CatalogTable& table, size_t mask, bool exactly) {
  std::vector<std::string> names;
  for (int i = 0; i < table.feature_count(); ++i) {
    if (((mask >> i) & 1U) != 0) names.push_back(table.proto->features(i).display_name());
  }
  if (!exactly) return absl::StrCat(names.size() > 1 ? "any of: " : "", absl::StrJoin(names, ", "));
  return absl::StrCat(absl::StrJoin(names, " and "), table.feature_count() > 1 ? " only" : "");
}

// Shares in a tail show the tail's bound, and nothing that is computed from them.
void SetRowValues(const Figure& count, double population, double tail_margin,
                  score::v1::TableRow& row) {
  Figure shown = count;
  score::v1::Bound bound = score::v1::BOUND_UNSPECIFIED;
  if (shown.value > kTail * population) {
    shown = {kTail * population, tail_margin, 0};
    bound = score::v1::BOUND_AT_LEAST;
  } else if (shown.value < (1 - kTail) * population) {
    shown = {(1 - kTail) * population, tail_margin, 0};
    bound = score::v1::BOUND_AT_MOST;
  }
  *row.mutable_subjects() = ToEstimate(shown, bound);
  *row.mutable_share() = ToEstimate(shown.Times(100 / population), bound);
}

}  // namespace

Score BuildScore(const Catalog& catalog, const Publication& record) {
  const Measures measures(catalog, record);
  Score score;
  score.set_name(
      absl::StrCat("organizations/", record.organization(), "/scores/", record.end_day()));
  if (const absl::StatusOr<Day> end_day = ParseDay(record.end_day()); end_day.ok()) {
    score.set_start_day(FormatDay(*end_day - (kReachDays - 1)));
  }
  score.set_end_day(record.end_day());
  score.set_headcount(record.headcount());
  score.set_cadence(record.cadence());
  score.set_generated_data(record.generated_data());
  score.set_notice(record.generated_data() ? kGeneratedNotice : kNotice);
  std::vector<ShownFigure> points;
  double most_room = -1;
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    // A stand-in counts only where what it stands in for has no source.
    if (!category.substitutes().empty() &&
        measures.HasSource(*catalog.FindCategory(category.substitutes()))) {
      continue;
    }
    points.push_back(measures.Points(category));
    *score.add_categories() = BuildCategory(category, points.back());
    if (points.back().measured() && 100 - points.back().figure.value > most_room) {
      most_room = 100 - points.back().figure.value;
      score.set_most_room_category(category.id());
    }
  }
  SetTotal(points, score);
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    *score.add_measures() = BuildMeasure(measures, measure);
  }
  return score;
}

void AddChanges(const Score& earlier, Score& score) {
  const bool comparable = score.state() == score::v1::FIGURE_STATE_MEASURED &&
                          earlier.state() == score::v1::FIGURE_STATE_MEASURED &&
                          score.possible_points() == earlier.possible_points();
  if (comparable) {
    SetChange(earlier.end_day(), earlier.points(), score.points(), *score.mutable_change());
  }
  for (score::v1::CategoryScore& category : *score.mutable_categories()) {
    for (const score::v1::CategoryScore& before : earlier.categories()) {
      if (before.category() == category.category() &&
          before.state() == score::v1::FIGURE_STATE_MEASURED &&
          category.state() == score::v1::FIGURE_STATE_MEASURED) {
        SetChange(earlier.end_day(), before.points(), category.points(),
                  *category.mutable_change());
      }
    }
  }
}

void AddTrend(const Score& earlier, Score& score) {
  if (score.state() == score::v1::FIGURE_STATE_MEASURED &&
      earlier.state() == score::v1::FIGURE_STATE_MEASURED) {
    SetChange(earlier.end_day(), earlier.percent(), score.percent(),
              *score.mutable_trend_180_days());
  }
}

score::v1::Table BuildTable(const Catalog& catalog, const Publication& record, int table) {
  const CatalogTable& compiled = catalog.tables()[static_cast<size_t>(table)];
  const catalog::v1::SubjectKind& kind = *catalog.kinds()[static_cast<size_t>(compiled.kind)].proto;
  const Measures measures(catalog, record);
  score::v1::Table out;
  out.set_name(absl::StrCat("organizations/", record.organization(), "/scores/", record.end_day(),
                            "/tables/", compiled.proto->id()));
  out.set_display_name(compiled.proto->display_name());
  out.set_description(compiled.proto->description());
  out.set_subjects(kind.plural());
  const UnionCounts* counts = measures.Counts(table);
  if (counts == nullptr) {
    out.set_state(score::v1::FIGURE_STATE_INCOMPLETE);
    out.set_state_reason("the record does not have this table");
    return out;
  }
  const bool people = kind.expected_per_100_people() == 100;
  const double population =
      static_cast<double>(record.headcount()) * kind.expected_per_100_people() / 100;
  out.set_share_words(people ? "everybody in the organisation"
                             : absl::StrCat("the number of ", kind.plural(), " expected"));

  // The widest row decides whether any is shown, from public figures alone.
  catalog::v1::Measure planned;
  planned.mutable_share()->set_entitled_product("");
  planned.mutable_share()->mutable_numerator()->set_table(compiled.proto->id());
  planned.mutable_share()->mutable_numerator()->set_exactly(1);
  const std::optional<Figure> half = measures.publics().PlannedMeasure(planned, 0.5);
  const double factor = people ? 1 : 100.0 / kind.expected_per_100_people();
  if (!half.has_value() || 100 * factor * half->margin() > kWidestMargin) {
    out.set_state(score::v1::FIGURE_STATE_WITHHELD);
    out.set_state_reason("at this headcount its margins would be above 15 points");
    return out;
  }
  out.set_state(score::v1::FIGURE_STATE_MEASURED);

  const size_t patterns = size_t{1} << compiled.feature_count();
  std::vector<Figure> exact(patterns);
  std::vector<double> values;
  for (size_t pattern = 1; pattern < patterns; ++pattern) {
    std::vector<bool> selected(patterns, false);
    selected[pattern] = true;
    exact[pattern] = counts->Sum(UnionCoefficients(selected));
    values.push_back(exact[pattern].value);
  }
  std::vector<double> all(patterns, 0);
  all[patterns - 1] = 1;
  const Figure total = counts->Sum(all);
  const std::vector<double> parts =
      ConsistentParts(values, std::clamp(total.value, 0.0, population));
  const double tail_margin = half->deviation * static_cast<double>(record.headcount());
  for (size_t mask = 1; mask < patterns; ++mask) {
    if (compiled.feature_count() == 1) break;
    score::v1::TableRow& row = *out.add_rows();
    row.set_kind(score::v1::ROW_KIND_EXACTLY);
    row.set_display_name(RowName(compiled, mask, true));
    for (int i = 0; i < compiled.feature_count(); ++i) {
      if (((mask >> i) & 1U) != 0) row.add_features(compiled.proto->features(i).id());
    }
    SetRowValues({parts[mask - 1], exact[mask].deviation, exact[mask].bias}, population,
                 tail_margin, row);
  }
  for (size_t mask = 1; mask < patterns; ++mask) {
    // Each feature by itself, and all together.
    if (std::popcount(mask) != 1 && mask != patterns - 1) continue;
    score::v1::TableRow& row = *out.add_rows();
    row.set_kind(score::v1::ROW_KIND_ANY);
    row.set_display_name(RowName(compiled, mask, false));
    double sum = 0;
    for (size_t pattern = 1; pattern < patterns; ++pattern) {
      if ((pattern & mask) != 0) sum += parts[pattern - 1];
    }
    for (int i = 0; i < compiled.feature_count(); ++i) {
      if (((mask >> i) & 1U) != 0) row.add_features(compiled.proto->features(i).id());
    }
    std::vector<double> one(patterns, 0);
    one[mask] = 1;
    SetRowValues({sum, counts->Sum(one).deviation, 0}, population, tail_margin, row);
  }
  return out;
}

std::vector<score::v1::Recommendation> BuildRecommendations(const Catalog& catalog,
                                                            const Publication& record) {
  const Measures measures(catalog, record);
  std::vector<std::pair<double, score::v1::Recommendation>> found;
  for (const catalog::v1::RecommendedAction& action : catalog.proto().actions()) {
    const ShownFigure shown = measures.Measure(*catalog.FindMeasure(action.measure()));
    const double threshold = action.below_permille() / 1000.0;
    if (!shown.measured() || shown.figure.value + shown.figure.margin() >= threshold) continue;
    score::v1::Recommendation recommendation;
    recommendation.set_action(action.id());
    recommendation.set_title(action.title());
    recommendation.set_text(action.text());
    recommendation.set_measure(action.measure());
    *recommendation.mutable_value() = ToEstimate(shown.figure.Times(100), shown.bound);
    found.emplace_back(threshold - shown.figure.value, std::move(recommendation));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<score::v1::Recommendation> recommendations;
  for (auto& [room, recommendation] : found) recommendations.push_back(std::move(recommendation));
  return recommendations;
}

}  // namespace tutti
