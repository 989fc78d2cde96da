#include "common/scoring/score_views.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_words.h"
#include "common/scoring/table_breakdown.h"
#include "common/window/window.h"
#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

// What a caller does who has the words: every word comes from them alone.
class WordFiller {
 public:
  explicit WordFiller(const score::v1::Catalog& words) : words_(words) {}

  void Fill(score::v1::Score& score) const {
    const Day end_day = *ParseDay(score.end_day());
    score.set_start_day(FormatDay(end_day - 27));
    score.set_notice(NoticeOf(score.generated_data()));
    for (score::v1::CategoryScore& category : *score.mutable_categories()) {
      for (const score::v1::CategoryWords& words : words_.categories()) {
        if (words.category() != category.category()) continue;
        category.set_display_name(words.display_name());
        category.set_description(words.description());
        category.set_state_reason(ReasonOf(category, words, score.headcount()));
      }
      if (category.has_change()) {
        category.mutable_change()->set_since_end_day(FormatDay(end_day - 28));
      }
    }
    for (score::v1::MeasureValue& measure : *score.mutable_measures()) Fill(score, measure);
  }

  void Fill(score::v1::Table& table) const {
    const std::vector<std::string> parts = absl::StrSplit(table.name(), '/');
    for (const score::v1::TableWords& words : words_.tables()) {
      if (words.table() != parts.back()) continue;
      table.set_display_name(words.display_name());
      table.set_description(words.description());
      table.set_subjects(words.subjects());
      table.set_share_words(words.share_words());
      for (const std::string& id : table.unmeasured_feature_ids()) {
        for (const score::v1::FeatureWords& feature : words.features()) {
          if (feature.feature() == id) table.add_unmeasured_features(feature.display_name());
        }
      }
      for (score::v1::TableRow& row : *table.mutable_rows()) Fill(words, row);
      table.set_state_reason(ReasonOf(table, words, table.headcount()));
    }
    table.set_notice(NoticeOf(table.generated_data()));
  }

 private:
  void Fill(const score::v1::Score& score, score::v1::MeasureValue& measure) const {
    for (const score::v1::MeasureWords& words : words_.measures()) {
      if (words.measure() != measure.measure()) continue;
      measure.set_display_name(words.display_name());
      measure.set_sentence(words.sentence());
      measure.set_category(words.category());
      measure.set_unit(words.unit());
      measure.set_numerator_words(words.numerator_words());
      measure.set_denominator_words(words.denominator_words());
      measure.set_raise_words(words.raise_words());
      measure.set_state_reason(ReasonOf(measure, words, score.headcount()));
    }
  }

  static void Fill(const score::v1::TableWords& table, score::v1::TableRow& row) {
    int named = 0;
    for (const score::v1::RowWords& words : table.rows()) {
      if (words.kind() != row.kind() ||
          !std::equal(words.features().begin(), words.features().end(), row.features().begin(),
                      row.features().end())) {
        continue;
      }
      row.set_display_name(words.display_name());
      ++named;
    }
    EXPECT_EQ(named, 1) << row.DebugString();
  }

  std::string NoticeOf(bool generated_data) const {
    return generated_data ? words_.generated_data_notice() : words_.notice();
  }

  template <typename Part, typename Words>
  std::string ReasonOf(const Part& part, const Words& words, int64_t headcount) const {
    std::vector<std::pair<std::string, std::string>> places = {
        {"{headcount}", absl::StrCat(headcount)},
        {"{missing}", part.state_reason_subject()},
        {"{sources}", absl::StrJoin(words.sources(), ", ")}};
    for (const score::v1::KindWords& kind : words_.kinds()) {
      if (kind.kind() != part.state_reason_subject()) continue;
      places.emplace_back("{plural}", kind.plural());
      places.emplace_back("{min_headcount}", absl::StrCat(kind.min_headcount()));
    }
    for (const score::v1::CategoryWords& category : words_.categories()) {
      if (category.category() != part.state_reason_subject()) continue;
      places.emplace_back("{display_name}", category.display_name());
    }
    for (const score::v1::StateReasonWords& reason : words_.state_reasons()) {
      if (reason.reason() == part.state_reason_code()) {
        return absl::StrReplaceAll(reason.words(), places);
      }
    }
    return "";
  }

  const score::v1::Catalog& words_;
};

class ScoreViewsTest : public ::testing::Test {
 protected:
  publication::v1::Publication Record(int64_t headcount, window::v1::Cadence cadence) {
    Activity activity;
    activity.tables = {{"modes", {0, headcount / 4, 0, headcount / 2}}};
    return Publish(*catalog_, headcount, cadence, activity, simulator_, /*noise=*/false);
  }

  // Records that have, together, every reason there is.
  std::vector<publication::v1::Publication> Records() {
    std::vector<publication::v1::Publication> records = {Record(20'000, CADENCE_WEEKLY),
                                                         Record(5000, CADENCE_WEEKLY),
                                                         Record(60, CADENCE_FOUR_WEEKLY)};
    for (const catalog::v1::Category& category : catalog_->proto().categories()) {
      for (const std::string& source : category.sources()) records.back().add_sources(source);
    }
    records.push_back(records[0]);
    records.back().set_generated_data(true);
    for (auto& kind : *records.back().mutable_kinds()) {
      kind.set_state(publication::v1::KIND_STATE_INCOMPLETE);
    }
    // What stands in for another category, and nothing else, has a source.
    for (const catalog::v1::Category& category : catalog_->proto().categories()) {
      if (category.substitutes().empty()) continue;
      records.push_back(records[0]);
      *records.back().mutable_sources() = category.sources();
    }
    records.push_back(records[0]);
    records.back().clear_sources();
    records.back().add_sources("m365_usage_report");
    records.push_back(records[0]);
    records.back().clear_sources();
    records.back().add_sources("activities");
    publication::v1::Publication& declared = records.back();
    declared.add_source_contents()->set_source("activities");
    declared.mutable_source_contents(0)->add_types()->set_type("mail.sent");
    return records;
  }

  score::v1::Score Scored(const publication::v1::Publication& record) {
    auto scored = ScorePublication(*catalog_, record);
    EXPECT_TRUE(scored.ok()) << scored.status();
    publication::v1::Publication before = record;
    before.set_end_day(FormatDay(*ParseDay(record.end_day()) - 28));
    AddChanges(*ScorePublication(*catalog_, before), *scored);
    before.set_end_day(FormatDay(*ParseDay(record.end_day()) - 182));
    AddTrend(*ScorePublication(*catalog_, before), *scored);
    return scored->score;
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  const score::v1::Catalog words_ = WordsOf(*catalog_);
  const WordFiller filler_{words_};
  SlotSimulator simulator_{61};
};

// Mutation: a word, or a reason, that the catalogue does not have or has otherwise.
TEST_F(ScoreViewsTest, ScoresHaveEveryWordInTheCatalogue) {
  std::set<score::v1::StateReason> reasons;
  for (const publication::v1::Publication& record : Records()) {
    const score::v1::Score full = Scored(record);
    for (const auto& category : full.categories()) reasons.insert(category.state_reason_code());
    for (const auto& measure : full.measures()) reasons.insert(measure.state_reason_code());

    score::v1::Score basic = full;
    ReduceToBasic(basic);
    EXPECT_EQ(basic.catalog_fingerprint(), words_.fingerprint());
    filler_.Fill(basic);
    score::v1::Score without_measures = full;
    without_measures.clear_measures();
    EXPECT_EQ(basic.DebugString(), without_measures.DebugString());

    score::v1::Score measures = full;
    for (auto& measure : *measures.mutable_measures()) {
      const score::v1::MeasureValue figures = measure;
      measure.Clear();
      measure.set_measure(figures.measure());
      measure.set_state(figures.state());
      measure.set_state_reason_code(figures.state_reason_code());
      measure.set_state_reason_subject(figures.state_reason_subject());
      if (figures.has_value()) *measure.mutable_value() = figures.value();
    }
    filler_.Fill(measures);
    EXPECT_EQ(measures.DebugString(), full.DebugString());
  }
  for (int code = score::v1::StateReason_MIN; code <= score::v1::StateReason_MAX; ++code) {
    const auto reason = static_cast<score::v1::StateReason>(code);
    EXPECT_EQ(reasons.count(reason), 1U) << score::v1::StateReason_Name(reason);
  }
}

TEST_F(ScoreViewsTest, TablesHaveEveryWordInTheCatalogue) {
  std::set<score::v1::StateReason> reasons;
  int unmeasured = 0;
  for (const publication::v1::Publication& record : Records()) {
    for (int i = 0; i < static_cast<int>(catalog_->tables().size()); ++i) {
      auto full = BreakDown(*catalog_, record, i);
      ASSERT_TRUE(full.ok()) << full.status();
      full->set_name(absl::StrCat("organizations/acme/scores/2026-11-22/tables/",
                                  catalog_->proto().tables(i).id()));
      reasons.insert(full->state_reason_code());
      unmeasured += full->unmeasured_features_size();
      score::v1::Table basic = *full;
      ReduceToBasic(basic);
      EXPECT_LT(basic.ByteSizeLong(), 1500U) << basic.name();
      filler_.Fill(basic);
      EXPECT_EQ(basic.DebugString(), full->DebugString());
    }
  }
  EXPECT_GT(unmeasured, 0);
  for (int code = score::v1::StateReason_MIN; code <= score::v1::StateReason_MAX; ++code) {
    const auto reason = static_cast<score::v1::StateReason>(code);
    // Nothing stands in for a table.
    EXPECT_EQ(reasons.count(reason), reason == score::v1::STATE_REASON_SUBSTITUTED ? 0U : 1U)
        << score::v1::StateReason_Name(reason);
  }
}

// Mutation: names of categories, days or measures that stay.
TEST_F(ScoreViewsTest, ABasicScoreHasLessThanAKilobyte) {
  score::v1::Score widest = Scored(Record(20'000, CADENCE_WEEKLY));
  // The longest that every part can be.
  widest.set_name(absl::StrCat("organizations/", std::string(63, 'a'), "/scores/2026-11-22"));
  widest.set_headcount(10'000'000);
  widest.set_generated_data(true);
  const auto fill = [](score::v1::Estimate& estimate) {
    estimate.set_value(100.0 / 3);
    estimate.set_margin(10.0 / 3);
    estimate.set_bound(score::v1::BOUND_AT_LEAST);
  };
  fill(*widest.mutable_points());
  fill(*widest.mutable_percent());
  for (score::v1::Change* change : {widest.mutable_change(), widest.mutable_trend_180_days()}) {
    change->set_since_end_day("2026-10-25");
    change->set_beyond_noise(true);
    fill(*change->mutable_difference());
  }
  widest.set_most_room_category("content_collaboration");
  for (score::v1::CategoryScore& category : *widest.mutable_categories()) {
    category.set_state(score::v1::FIGURE_STATE_MEASURED);
    fill(*category.mutable_points());
    category.mutable_change()->set_since_end_day("2026-10-25");
    category.mutable_change()->set_beyond_noise(true);
    fill(*category.mutable_change()->mutable_difference());
  }
  score::v1::GetScoreResponse response;
  *response.mutable_score() = std::move(widest);
  EXPECT_GT(response.ByteSizeLong(), 20'000U);
  ReduceToBasic(*response.mutable_score());
  EXPECT_EQ(response.score().categories_size(), catalog_->proto().categories_size());
  EXPECT_LT(response.ByteSizeLong(), 1024U);
}

}  // namespace
}  // namespace tutti
