#include "common/scoring/visibility.h"

#include <utility>

#include "common/scoring/category_points.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_margins.h"

namespace tutti {
namespace {

using Ids = google::protobuf::RepeatedPtrField<std::string>;
using score::v1::FigureState;

// `missing` as DeclaredSources says it.
Shown NotMeasured(std::optional<std::string> missing, Ids sources) {
  const auto code = missing.has_value() ? score::v1::STATE_REASON_NOT_DECLARED
                                        : score::v1::STATE_REASON_NO_SOURCE;
  return {score::v1::FIGURE_STATE_NOT_MEASURED,
          {code, std::move(missing).value_or(""), std::move(sources)}};
}

Shown TooUncertain() {
  return {score::v1::FIGURE_STATE_WITHHELD, {score::v1::STATE_REASON_MARGIN_TOO_WIDE, "", {}}};
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
    const int kind = catalog_.table(table).kind;
    if (incomplete_kinds_.count(kind) != 0) {
      return {score::v1::FIGURE_STATE_INCOMPLETE, {score::v1::STATE_REASON_INCOMPLETE, "", {}}};
    }
    if (!terms_.kinds[static_cast<size_t>(kind)].has_value()) {
      return {score::v1::FIGURE_STATE_WITHHELD,
              {score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL, catalog_.kind(kind).proto->id(), {}}};
    }
  }
  return {};
}

Shown Visibility::OfCategory(const catalog::v1::Category& category) const {
  if (!sources_.Feeds(category)) return NotMeasured(sources_.Missing(category), category.sources());
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(TablesOf(catalog_, formulas, category));
  if (shown.measured() && !IsShown(catalog_, terms_, category)) return TooUncertain();
  return shown;
}

Shown Visibility::OfMeasure(const catalog::v1::Measure& measure) const {
  if (!sources_.Feeds(measure)) {
    const Ids* const sources = SourcesOf(catalog_, measure);
    return NotMeasured(sources_.Missing(measure), sources == nullptr ? Ids() : *sources);
  }
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(formulas.TablesOf(measure));
  if (shown.measured() && !IsShown(catalog_, terms_, measure)) return TooUncertain();
  return shown;
}

Shown Visibility::OfTable(int table) const {
  if (!sources_.FeedsTable(table)) {
    return NotMeasured(sources_.MissingIn(table), SourcesOfTable(catalog_, table));
  }
  Shown shown = OfTables({table});
  if (shown.measured() && !IsTableShown(catalog_, terms_, table)) return TooUncertain();
  return shown;
}

}  // namespace tutti
