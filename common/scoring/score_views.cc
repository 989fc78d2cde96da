#include "common/scoring/score_views.h"

namespace tutti {

void ReduceToBasic(score::v1::Score& score) {
  score.clear_start_day();
  score.clear_measures();
  score.clear_notice();
  for (score::v1::CategoryScore& category : *score.mutable_categories()) {
    category.clear_display_name();
    category.clear_description();
    category.clear_state_reason();
    if (category.has_change()) category.mutable_change()->clear_since_end_day();
    if (category.level().has_change()) {
      category.mutable_level()->mutable_change()->clear_since_end_day();
    }
  }
}

void ReduceToBasic(score::v1::Table& table) {
  table.clear_display_name();
  table.clear_description();
  table.clear_subjects();
  table.clear_state_reason();
  table.clear_share_words();
  table.clear_unmeasured_features();
  table.clear_notice();
  for (score::v1::TableRow& row : *table.mutable_rows()) row.clear_display_name();
}

}  // namespace tutti
