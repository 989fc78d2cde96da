#include "common/scoring/score_words.h"

#include "common/feeding/figure_inputs.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/state_reasons.h"
#include "common/scoring/table_breakdown.h"

namespace tutti {
namespace {

void AddMeasure(const Catalog& catalog, const catalog::v1::Measure& measure,
                score::v1::MeasureWords& words) {
  words.set_measure(measure.id());
  words.set_display_name(measure.display_name());
  words.set_sentence(measure.sentence());
  words.set_category(measure.category());
  words.set_unit(UnitOf(measure));
  words.set_numerator_words(measure.numerator_words());
  words.set_denominator_words(measure.denominator_words());
  words.set_raise_words(measure.raise_words());
  if (const auto* sources = SourcesOf(catalog, measure); sources != nullptr) {
    *words.mutable_sources() = *sources;
  }
}

void AddRow(const Catalog& catalog, int table, unsigned features, bool exactly,
            score::v1::TableWords& words) {
  const catalog::v1::Table& proto = *catalog.table(table).proto;
  score::v1::RowWords& row = *words.add_rows();
  for (int i = 0; i < proto.features_size(); ++i) {
    if ((features >> i & 1U) != 0) row.add_features(proto.features(i).id());
  }
  row.set_kind(exactly ? score::v1::ROW_KIND_EXACTLY : score::v1::ROW_KIND_ANY);
  row.set_display_name(RowName(catalog, table, features, exactly));
}

void AddTable(const Catalog& catalog, int table, score::v1::TableWords& words) {
  const CatalogTable& compiled = catalog.table(table);
  const catalog::v1::Table& proto = *compiled.proto;
  words.set_table(proto.id());
  words.set_display_name(proto.display_name());
  words.set_description(proto.description());
  words.set_subjects(catalog.kind(compiled.kind).proto->plural());
  words.set_share_words(ShareWords(catalog, table));
  *words.mutable_sources() = SourcesOfTable(catalog, table);
  for (const catalog::v1::Feature& feature : proto.features()) {
    score::v1::FeatureWords& one = *words.add_features();
    one.set_feature(feature.id());
    one.set_display_name(feature.display_name());
  }
  const unsigned patterns = 1U << proto.features_size();
  // A table of one feature has no combinations.
  for (unsigned features = 1; features < patterns && patterns > 2; ++features) {
    AddRow(catalog, table, features, true, words);
  }
  // A total is of the features that some source gives: any of them.
  for (unsigned features = 1; features < patterns; ++features) {
    AddRow(catalog, table, features, false, words);
  }
}

}  // namespace

score::v1::Catalog WordsOf(const Catalog& catalog) {
  score::v1::Catalog words;
  words.set_fingerprint(catalog.fingerprint());
  words.set_version(catalog.proto().version());
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    score::v1::CategoryWords& one = *words.add_categories();
    one.set_category(category.id());
    one.set_display_name(category.display_name());
    one.set_description(category.description());
    *one.mutable_sources() = category.sources();
  }
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    AddMeasure(catalog, measure, *words.add_measures());
  }
  for (size_t i = 0; i < catalog.tables().size(); ++i) {
    AddTable(catalog, static_cast<int>(i), *words.add_tables());
  }
  for (const catalog::v1::SubjectKind& kind : catalog.proto().kinds()) {
    score::v1::KindWords& one = *words.add_kinds();
    one.set_kind(kind.id());
    one.set_plural(kind.plural());
    one.set_min_headcount(kind.min_headcount());
  }
  for (int code = score::v1::StateReason_MIN; code <= score::v1::StateReason_MAX; ++code) {
    const auto reason = static_cast<score::v1::StateReason>(code);
    if (StateReasonTemplate(reason).empty()) continue;
    score::v1::StateReasonWords& one = *words.add_state_reasons();
    one.set_reason(reason);
    one.set_words(StateReasonTemplate(reason));
  }
  words.set_notice(NoticeFor(false));
  words.set_generated_data_notice(NoticeFor(true));
  return words;
}

}  // namespace tutti
