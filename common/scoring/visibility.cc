#include "common/scoring/visibility.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/scoring/category_points.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_margins.h"

namespace tutti {
namespace {

using score::v1::FigureState;

Shown NotMeasured(std::string why) {
  return {score::v1::FIGURE_STATE_NOT_MEASURED, std::move(why)};
}

Shown TooUncertain(const PublicTerms& terms) {
  return {score::v1::FIGURE_STATE_WITHHELD,
          absl::StrCat("With ", terms.headcount, " people its 95% margin would be above ",
                       kWidestMarginShown,
                       " points, whatever they did: the noise that protects each of them is too "
                       "large for it.")};
}

}  // namespace

Visibility::Visibility(const Catalog& catalog, const PublicTerms& terms,
                       const publication::v1::Publication& publication)
    : catalog_(catalog),
      terms_(terms),
      sources_(catalog, publication.sources(), publication.source_contents()) {
  for (const publication::v1::KindRecord& record : publication.kinds()) {
    if (record.state() == publication::v1::KIND_STATE_COMPLETE) continue;
    incomplete_kinds_.insert(catalog.FindKind(record.kind()));
  }
}

Shown Visibility::OfTables(const std::vector<int>& tables) const {
  for (const int table : tables) {
    const int kind = catalog_.tables()[static_cast<size_t>(table)].kind;
    if (incomplete_kinds_.count(kind) != 0) {
      return {score::v1::FIGURE_STATE_INCOMPLETE,
              "Something was lost while it was counted, so this window has no figure."};
    }
    if (!terms_.kinds[static_cast<size_t>(kind)].has_value()) {
      const catalog::v1::SubjectKind& proto = *catalog_.kinds()[static_cast<size_t>(kind)].proto;
      return {score::v1::FIGURE_STATE_WITHHELD,
              absl::StrCat("Figures about ", proto.plural(), " are counted from a headcount of ",
                           proto.min_headcount(), " on.")};
    }
  }
  return {};
}

Shown Visibility::OfCategory(const catalog::v1::Category& category) const {
  if (!sources_.Feeds(category)) return NotMeasured(sources_.WhyNot(category));
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(TablesOf(catalog_, formulas, category));
  if (shown.measured() && !IsShown(catalog_, terms_, category)) return TooUncertain(terms_);
  return shown;
}

Shown Visibility::OfMeasure(const catalog::v1::Measure& measure) const {
  if (!sources_.Feeds(measure)) return NotMeasured(sources_.WhyNot(measure));
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(formulas.TablesOf(measure));
  if (shown.measured() && !IsShown(catalog_, terms_, measure)) return TooUncertain(terms_);
  return shown;
}

Shown Visibility::OfTable(int table) const {
  if (!sources_.FeedsTable(table)) return NotMeasured(sources_.WhyNotTable(table));
  Shown shown = OfTables({table});
  if (shown.measured() && !IsTableShown(catalog_, terms_, table)) return TooUncertain(terms_);
  return shown;
}

}  // namespace tutti
