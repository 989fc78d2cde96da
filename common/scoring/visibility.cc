#include "common/scoring/visibility.h"

#include <algorithm>

#include "common/scoring/category_points.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_margins.h"

namespace tutti {
namespace {

using score::v1::FigureState;

Shown NotMeasured() {
  return {score::v1::FIGURE_STATE_NOT_MEASURED, {score::v1::STATE_REASON_NO_SOURCE, ""}};
}

Shown TooUncertain() {
  return {score::v1::FIGURE_STATE_WITHHELD, {score::v1::STATE_REASON_MARGIN_TOO_WIDE, ""}};
}

}  // namespace

Visibility::Visibility(const Catalog& catalog, const PublicTerms& terms,
                       const publication::v1::Publication& publication)
    : catalog_(catalog),
      terms_(terms),
      sources_(publication.sources().begin(), publication.sources().end()) {
  for (const publication::v1::KindRecord& record : publication.kinds()) {
    if (record.state() == publication::v1::KIND_STATE_COMPLETE) continue;
    incomplete_kinds_.insert(catalog.FindKind(record.kind()));
  }
}

bool Visibility::HasSource(const Sources& sources) const {
  return std::any_of(sources.begin(), sources.end(),
                     [&](const std::string& source) { return sources_.count(source) != 0; });
}

bool Visibility::HasSource(const catalog::v1::Measure& measure) const {
  if (!measure.sources().empty()) return HasSource(measure.sources());
  const catalog::v1::Category* const category = catalog_.FindCategory(measure.category());
  return category == nullptr || HasSource(category->sources());
}

Shown Visibility::OfTables(const std::vector<int>& tables) const {
  for (const int table : tables) {
    const int kind = catalog_.tables()[static_cast<size_t>(table)].kind;
    if (incomplete_kinds_.count(kind) != 0) {
      return {score::v1::FIGURE_STATE_INCOMPLETE, {score::v1::STATE_REASON_INCOMPLETE, ""}};
    }
    if (!terms_.kinds[static_cast<size_t>(kind)].has_value()) {
      return {score::v1::FIGURE_STATE_WITHHELD,
              {score::v1::STATE_REASON_HEADCOUNT_TOO_SMALL,
               catalog_.kinds()[static_cast<size_t>(kind)].proto->id()}};
    }
  }
  return {};
}

Shown Visibility::OfCategory(const catalog::v1::Category& category) const {
  if (!HasSource(category.sources())) return NotMeasured();
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(TablesOf(catalog_, formulas, category));
  if (shown.measured() && !IsShown(catalog_, terms_, category)) return TooUncertain();
  return shown;
}

Shown Visibility::OfMeasure(const catalog::v1::Measure& measure) const {
  if (!HasSource(measure)) return NotMeasured();
  const MeasureFormulas formulas(catalog_, terms_);
  Shown shown = OfTables(formulas.TablesOf(measure));
  if (shown.measured() && !IsShown(catalog_, terms_, measure)) return TooUncertain();
  return shown;
}

unsigned Visibility::UnfedFeatures(int table) const {
  const catalog::v1::Table& proto = *catalog_.tables()[static_cast<size_t>(table)].proto;
  unsigned named = 0;
  unsigned fed = 0;
  for (const catalog::v1::Measure& measure : catalog_.proto().measures()) {
    const catalog::v1::Predicate& counted =
        measure.has_share() ? measure.share().numerator() : measure.count();
    if (counted.table() != proto.id() || counted.any_of().features_size() != 1) continue;
    for (int i = 0; i < proto.features_size(); ++i) {
      if (proto.features(i).id() != counted.any_of().features(0)) continue;
      named |= 1U << i;
      if (HasSource(measure)) fed |= 1U << i;
    }
  }
  return named & ~fed;
}

Shown Visibility::OfTable(int table) const {
  // A table has no sources of its own: it has those of the measures and the
  // practices that read it.
  const MeasureFormulas formulas(catalog_, terms_);
  bool is_read = false;
  bool has_source = false;
  const auto reads = [&](const std::vector<int>& tables, bool connected) {
    if (std::count(tables.begin(), tables.end(), table) == 0) return;
    is_read = true;
    has_source |= connected;
  };
  for (const catalog::v1::Measure& measure : catalog_.proto().measures()) {
    reads(formulas.TablesOf(measure), HasSource(measure));
  }
  for (const catalog::v1::Category& category : catalog_.proto().categories()) {
    if (!category.has_practices()) continue;
    reads(TablesOf(catalog_, formulas, category), HasSource(category.sources()));
  }
  if (is_read && !has_source) return NotMeasured();
  Shown shown = OfTables({table});
  if (shown.measured() && !IsTableShown(catalog_, terms_, table)) return TooUncertain();
  return shown;
}

}  // namespace tutti
