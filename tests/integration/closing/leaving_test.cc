// An organisation that pauses or is erased while another replica still believes in it.

#include <algorithm>
#include <set>

#include "tests/integration/closing/closing_test.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;
using ::testing::Each;

class LeavingTest : public ClosingTest {
 protected:
  // Makes an organisation that has begun no window, which both replicas know.
  void SetUp() override {
    ClosingTest::SetUp();
    Create("leaver");
    stale_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                             stores_->publications(), stores_->history(), *catalog_,
                                             clock_);
    ASSERT_TRUE(stale_->repository.ReadCached({"leaver"}).front().ok());
    deltas_ = DeltasOf("leaver");
  }

  // Merges deltas of both organisations at the other replica. The outcomes of the leaver's
  // are all alike.
  DeltaOutcome MergeAtTheOther() {
    EXPECT_TRUE((*stale_->repository.ReadCached({"leaver"}).front())->TakesActivity())
        << "the control";
    DeltaMerger merger(stale_->repository, stores_->counters(), *catalog_, clock_);
    aggregate::v1::MergeDeltasRequest request = deltas_;
    const aggregate::v1::MergeDeltasRequest stays = DeltasOf("acme");
    EXPECT_GT(stays.deltas_size(), 0);
    request.MergeFrom(stays);
    const auto outcomes = merger.Merge(request);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    if (!outcomes.ok()) return aggregate::v1::DELTA_OUTCOME_UNSPECIFIED;
    const auto end = outcomes->begin() + deltas_.deltas_size();
    EXPECT_THAT(std::vector<DeltaOutcome>(end, outcomes->end()),
                Each(aggregate::v1::DELTA_OUTCOME_MERGED));
    EXPECT_EQ(std::set<DeltaOutcome>(outcomes->begin(), end).size(), 1U);
    return outcomes->front();
  }

  std::set<std::string> Keys() {
    const auto keys = AsStrings(inspector_->Call({"KEYS", "{leaver}:*"}));
    EXPECT_TRUE(keys.ok()) << keys.status();
    return {keys->begin(), keys->end()};
  }

  std::unique_ptr<Organizations> stale_;
  aggregate::v1::MergeDeltasRequest deltas_;
};

// Mutation: NotFound, from a change of what was erased, is the whole call's error.
TEST_F(LeavingTest, AnErasedOrganisationIsRefusedAlone) {
  ASSERT_TRUE(organizations_->lifecycle.Erase("leaver").ok());
  const std::set<std::string> before = Keys();
  EXPECT_EQ(MergeAtTheOther(), aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE);
  EXPECT_EQ(Keys(), before);
}

// Mutation: a window begins by what was judged of a stale profile.
TEST_F(LeavingTest, APausedOrganisationIsRefusedAloneAndBeginsNoWindow) {
  ASSERT_TRUE(organizations_->lifecycle.Pause("leaver").ok());
  const std::set<std::string> before = Keys();
  EXPECT_EQ(MergeAtTheOther(), aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE);
  EXPECT_EQ(Keys(), before);
  EXPECT_TRUE((*organizations_->repository.Read("leaver"))->begun().empty());
}

// Mutation: as above; to look only at whether it takes activity again.
TEST_F(LeavingTest, AnOrganisationThatResumedBeginsNoWindowOfBefore) {
  ASSERT_TRUE(organizations_->lifecycle.Pause("leaver").ok());
  ASSERT_TRUE(organizations_->lifecycle.Resume("leaver").ok());
  const std::set<std::string> before = Keys();
  EXPECT_EQ(MergeAtTheOther(), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  EXPECT_EQ(Keys(), before);
  EXPECT_TRUE((*organizations_->repository.Read("leaver"))->begun().empty());
}

}  // namespace
}  // namespace tutti
