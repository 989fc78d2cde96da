// What sources are declared to give decides what is shown of a record, and nothing else.

#include "common/scoring/score_builder.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/integration/closing/closing_test.h"

namespace tutti {
namespace {

class DeclarationTest : public ClosingTest {
 protected:
  // An organisation of this name, with what "acme" has in its counters, closed with the same
  // draws; its record.
  publication::v1::Publication Close(const std::string& organization,
                                     const std::vector<std::string>& types) {
    aggregate::v1::Organization wanted;
    wanted.set_headcount(kHeadcount);
    wanted.set_first_day(FormatDay(kFirstDay));
    wanted.add_sources("activities");
    if (!types.empty()) {
      aggregate::v1::SourceContents& contents = *wanted.add_source_contents();
      contents.set_source("activities");
      for (const std::string& type : types) contents.add_types()->set_type(type);
    }
    EXPECT_TRUE(organizations_->lifecycle.Create(organization, wanted, /*backfill=*/true).ok());
    clock_.Advance(-absl::Hours(24 * 4));
    Fill(organization);
    EXPECT_TRUE(organizations_->lifecycle.FinishBackfill(organization).ok());
    clock_.Advance(absl::Hours(24 * 4));
    const auto journal = FileJournal::Open(folder_ / journal_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    JournalBinding binding(PartsWith(**journal));
    CloserParts parts = PartsWith(binding, [](CloseStep) {});
    parts.make_noise = [] { return std::make_unique<SeededNoise>(7); };
    EXPECT_TRUE(WindowCloser(parts).CloseDue(organization).ok());
    const auto bytes = stores_->publications().Read(organization, absl::MakeConstSpan(&kEndDay, 1));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    publication::v1::Publication record;
    EXPECT_TRUE(bytes.ok() && record.ParseFromString(bytes->front()));
    return record;
  }

  std::vector<score::v1::FigureState> States(const publication::v1::Publication& record) {
    const auto scored = ScorePublication(*catalog_, record);
    EXPECT_TRUE(scored.ok()) << scored.status();
    std::vector<score::v1::FigureState> states;
    for (const auto& category : scored->score.categories()) states.push_back(category.state());
    return states;
  }
};

// Mutations: tables that are not drawn, or a record that is not, where nothing is declared to
// feed them; noise that is drawn in another order.
TEST_F(DeclarationTest, ChangesNeitherCountsNorNoiseNorWhatTheyCost) {
  const publication::v1::Publication all = Close("all", {});
  ASSERT_GT(all.kinds_size(), 0);
  // Mail and chat feed one category; reading files feeds none.
  for (const std::vector<std::string>& types :
       std::vector<std::vector<std::string>>{{"mail.sent", "chat.sent"}, {"file.read"}}) {
    publication::v1::Publication declared = Close(types.front().substr(0, 4), types);
    EXPECT_EQ(declared.source_contents_size(), 1);
    EXPECT_NE(States(declared), States(all));
    declared.clear_source_contents();
    declared.set_organization(all.organization());
    EXPECT_EQ(declared.DebugString(), all.DebugString());
    const auto costs = stores_->publications().ReadLedger(types.front().substr(0, 4));
    const auto costs_of_all = stores_->publications().ReadLedger("all");
    ASSERT_TRUE(costs.ok() && costs_of_all.ok());
    EXPECT_EQ(*costs, *costs_of_all);
  }
}

}  // namespace
}  // namespace tutti
