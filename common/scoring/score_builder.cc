#include "common/scoring/score_builder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/scoring/category_points.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/published_counts.h"
#include "common/scoring/visibility.h"
#include "common/status/status_macros.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using publication::v1::Publication;
using score::v1::CategoryScore;
using score::v1::MeasureValue;
using score::v1::Score;

constexpr double kPercent = 100;

// What the parts of a score are made from.
struct Inputs {
  const Catalog& catalog;
  const PublicTerms& terms;
  const MeasureFormulas& formulas;
  const Visibility& visibility;
  const PublishedCounts& counts;
};

// Says in a category or a measure whether it is shown, and why not.
template <typename Part>
void SetState(const Catalog& catalog, const Shown& shown, int64_t headcount, Part& part) {
  part.set_state(shown.state);
  part.set_state_reason(StateReasonText(catalog, shown.reason, headcount));
  part.set_state_reason_code(shown.reason.code);
  part.set_state_reason_subject(shown.reason.subject);
}

void AddCategory(const Inputs& in, const catalog::v1::Category& category, ScoredPublication& out) {
  CategoryScore& score = *out.score.add_categories();
  score.set_category(category.id());
  score.set_display_name(category.display_name());
  score.set_description(category.description());
  const Shown shown = in.visibility.OfCategory(category);
  SetState(in.catalog, shown, out.score.headcount(), score);
  if (shown.reason.code == score::v1::STATE_REASON_MARGIN_TOO_WIDE) {
    score.set_level_from_windows(
        RecordsUntilShown(in.catalog, in.terms, out.score.cadence(), category));
  }
  if (!shown.measured()) return;
  const Figure points = MeasuredPoints(in.catalog, in.formulas, category, in.counts);
  *score.mutable_points() = ToEstimate(points, kCategoryPoints);
  out.categories[category.id()] = points;
}

// Puts a category that stands in where the one that it stands in for is not
// measured.
void Substitute(const Catalog& catalog, ScoredPublication& out) {
  for (CategoryScore& score : *out.score.mutable_categories()) {
    if (score.state() != score::v1::FIGURE_STATE_NOT_MEASURED) continue;
    for (const CategoryScore& other : out.score.categories()) {
      const catalog::v1::Category& category = *catalog.FindCategory(other.category());
      if (category.substitutes() != score.category() ||
          other.state() == score::v1::FIGURE_STATE_NOT_MEASURED) {
        continue;
      }
      score.set_state(other.state());
      score.set_state_reason(other.state_reason());
      score.set_state_reason_code(other.state_reason_code());
      score.set_state_reason_subject(other.state_reason_subject());
      score.set_level_from_windows(other.level_from_windows());
      score.set_measured_by(other.category());
      out.substitutes[score.category()] = other.category();
      const auto points = out.categories.find(other.category());
      if (points == out.categories.end()) break;
      SetState(catalog,
               {other.state(), {score::v1::STATE_REASON_SUBSTITUTED, other.category(), {}}},
               out.score.headcount(), score);
      *score.mutable_points() = other.points();
      const Figure figure = points->second;
      out.categories[score.category()] = figure;
      break;
    }
  }
}

void AddTotal(const Catalog& catalog, ScoredPublication& out) {
  Score& score = out.score;
  Figure total;
  int counted = 0;
  score.set_state(score::v1::FIGURE_STATE_NOT_MEASURED);
  for (const CategoryScore& category : score.categories()) {
    if (!CountsInTotal(catalog, category)) continue;
    ++counted;
    if (category.state() != score::v1::FIGURE_STATE_MEASURED) {
      score.add_missing_categories(category.category());
      if (score.state() != score::v1::FIGURE_STATE_INCOMPLETE) score.set_state(category.state());
      continue;
    }
    Add(out.categories.at(category.category()), total);
    if (score.state() == score::v1::FIGURE_STATE_NOT_MEASURED) {
      score.set_state(score::v1::FIGURE_STATE_MEASURED);
    }
  }
  if (score.state() != score::v1::FIGURE_STATE_MEASURED) return;
  score.set_possible_points(static_cast<int>(kCategoryPoints) * counted);
  const auto possible = static_cast<double>(score.possible_points());
  *score.mutable_points() = ToEstimate(total, possible);
  *score.mutable_percent() = ToEstimate(Scaled(total, kPercent / possible), kPercent);
  out.total = total;
}

void AddMeasure(const Inputs& in, const catalog::v1::Measure& measure, Score& out) {
  MeasureValue& value = *out.add_measures();
  value.set_measure(measure.id());
  value.set_display_name(measure.display_name());
  value.set_sentence(measure.sentence());
  value.set_category(measure.category());
  value.set_numerator_words(measure.numerator_words());
  value.set_denominator_words(measure.denominator_words());
  value.set_raise_words(measure.raise_words());
  value.set_unit(UnitOf(measure));
  const Shown shown = in.visibility.OfMeasure(measure);
  SetState(in.catalog, shown, out.headcount(), value);
  if (!shown.measured()) return;
  const Figure figure = in.formulas.Measured(measure, in.counts);
  if (measure.has_count()) {
    const int table = in.catalog.FindTable(measure.count().table());
    *value.mutable_value() = ToEstimate(figure, ExpectedSubjects(in.catalog, in.terms, table));
  } else {
    *value.mutable_value() = ToEstimate(Scaled(figure, kPercent), kPercent);
  }
}

}  // namespace

score::v1::Unit UnitOf(const catalog::v1::Measure& measure) {
  return measure.has_count() ? score::v1::UNIT_SUBJECTS : score::v1::UNIT_PERCENT;
}

std::string NoticeFor(bool generated_data) {
  const char* const measures =
      "This measures how an organisation adopts its tools, never a person: it says nothing about "
      "what any one of its people did or how well they work.";
  if (!generated_data) return measures;
  return absl::StrCat("The activity was made up: nobody did any of this. ", measures);
}

bool IsCountedBy(const Catalog& catalog, const Publication& publication) {
  if (!publication.counting_fingerprint().empty()) {
    return publication.counting_fingerprint() == catalog.counting_fingerprint();
  }
  const auto& alike = catalog.proto().counted_alike();
  return publication.catalog_fingerprint() == catalog.fingerprint() ||
         std::find(alike.begin(), alike.end(), publication.catalog_fingerprint()) != alike.end();
}

bool CountsInTotal(const Catalog& catalog, const CategoryScore& category) {
  return category.state() != score::v1::FIGURE_STATE_NOT_MEASURED &&
         catalog.FindCategory(category.category())->substitutes().empty();
}

void SetMostRoom(const Catalog& catalog, score::v1::Score& score) {
  score.clear_most_room_category();
  double least = kCategoryPoints;
  for (const CategoryScore& category : score.categories()) {
    const score::v1::Estimate& estimate =
        category.has_level() ? category.level().points() : category.points();
    const double points = estimate.value();
    // Of 50 with 50 to either side nothing is known.
    const bool unknown = 2 * estimate.margin() >= kCategoryPoints;
    if (unknown ||
        (category.state() != score::v1::FIGURE_STATE_MEASURED && !category.has_level()) ||
        !CountsInTotal(catalog, category) || points >= least) {
      continue;
    }
    least = points;
    score.set_most_room_category(category.category());
  }
}

absl::StatusOr<ScoredPublication> ScorePublication(const Catalog& catalog,
                                                   const Publication& publication) {
  const absl::StatusOr<Day> end_day = ParseDay(publication.end_day());
  if (!end_day.ok()) return absl::DataLossError("a published record has no end day");
  ASSIGN_OR_RETURN(const PublishedCounts counts, ReadCounts(catalog, publication));
  const PublicTerms terms = TermsOf(catalog, publication);
  const MeasureFormulas formulas(catalog, terms);
  const Visibility visibility(catalog, terms, publication);
  const Inputs in{catalog, terms, formulas, visibility, counts};

  ScoredPublication out;
  out.score.set_name(
      absl::StrCat("organizations/", publication.organization(), "/scores/", FormatDay(*end_day)));
  out.score.set_start_day(FormatDay(Window{WindowKind::kReach, *end_day}.first_day()));
  out.score.set_end_day(FormatDay(*end_day));
  out.score.set_headcount(publication.headcount());
  out.score.set_cadence(publication.cadence());
  out.score.set_generated_data(publication.generated_data());
  out.score.set_notice(NoticeFor(publication.generated_data()));
  out.score.set_catalog_fingerprint(catalog.fingerprint());
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    AddCategory(in, category, out);
  }
  Substitute(catalog, out);
  AddTotal(catalog, out);
  SetMostRoom(catalog, out.score);
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    AddMeasure(in, measure, out.score);
  }
  return out;
}

}  // namespace tutti
