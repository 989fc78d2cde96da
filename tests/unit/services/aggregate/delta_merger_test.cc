#include "services/aggregate/delta_merger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "common/window/window_proto.h"
#include "services/aggregate/ingest_policy.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;

const std::string kKey(16, 'k');
const std::string kOtherKey(16, 'o');

// Something happens just before a window is begun; a part of it is away.
class InterruptedStore final : public MemoryStore {
 public:
  absl::StatusOr<VersionedOrganization> Read(const std::string& organization) override {
    if (away.count(organization) > 0) return absl::UnavailableError("away");
    if (organization == damaged) return absl::DataLossError("damaged");
    return MemoryStore::Read(organization);
  }
  absl::StatusOr<std::vector<MergeOutcome>> Merge(absl::Span<const BitmapDelta> deltas) override {
    ++merges;
    absl::StatusOr<std::vector<MergeOutcome>> outcomes = MemoryStore::Merge(deltas);
    for (size_t i = 0; i < deltas.size(); ++i) {
      if (away.count(deltas[i].id.organization) > 0) (*outcomes)[i] = MergeOutcome::kUnavailable;
    }
    return outcomes;
  }
  absl::StatusOr<VersionedHistory> ReadHistory() override {
    if (history_away) return absl::UnavailableError("away");
    return MemoryStore::ReadHistory();
  }
  absl::StatusOr<VersionedOrganization> Begin(const std::string& organization,
                                              const VersionedOrganization& old,
                                              const aggregate::v1::StoredOrganization& stored,
                                              const std::vector<NewBitmap>& bitmaps,
                                              std::set<Window>& guarded) override {
    if (interruption) std::exchange(interruption, nullptr)();
    return MemoryStore::Begin(organization, old, stored, bitmaps, guarded);
  }
  std::function<void()> interruption;
  std::set<std::string> away;  // organisations
  std::string damaged;         // an organisation
  bool history_away = false;
  int merges = 0;
};

class DeltaMergerTest : public testing::Test {
 protected:
  void SetUp() override {
    aggregate::v1::Organization wanted;
    wanted.set_headcount(300);
    wanted.set_first_day("2026-02-02");
    ASSERT_TRUE(organizations_.lifecycle.Create("acme", wanted, true).ok());
    window_ = {WindowKind::kReach, Day(2026, 3, 1)};
    const auto& kind = ShippedCatalog().kind(ShippedCatalog().FindKind("person"));
    shape_ = (*organizations_.repository.Read("acme"))->ShapeOf(kind, window_);
  }

  aggregate::v1::WindowDelta Delta(const std::string& key, uint32_t position) {
    aggregate::v1::WindowDelta delta;
    delta.set_organization("acme");
    SetWindow(window_, delta);
    delta.set_kind("person");
    delta.set_key_id(key);
    delta.set_kept_slots_log2(shape_.size.kept_log2);
    delta.add_positions(position);
    return delta;
  }

  DeltaOutcome Merge(const aggregate::v1::WindowDelta& delta) {
    aggregate::v1::MergeDeltasRequest request;
    *request.add_deltas() = delta;
    const auto outcomes = merger_.Merge(request);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? outcomes->at(0) : aggregate::v1::DELTA_OUTCOME_UNSPECIFIED;
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(2026, 3, 2, 12), absl::UTCTimeZone())};
  InterruptedStore store_;
  Organizations organizations_{store_, store_, store_, store_, ShippedCatalog(), clock_};
  DeltaMerger merger_{organizations_.repository, store_, ShippedCatalog(), clock_};
  Window window_;
  BitmapShape shape_;
};

// Mutation: taking the first delta's key without keeping it.
TEST_F(DeltaMergerTest, BindsAWindowToItsFirstKeyAndSpoilsItAtASecond) {
  EXPECT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_MERGED);
  EXPECT_EQ(Merge(Delta(kKey, 2)), aggregate::v1::DELTA_OUTCOME_MERGED);
  EXPECT_EQ(Merge(Delta(kOtherKey, 3)), aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH);
  const auto read = organizations_.repository.Read("acme");
  ASSERT_TRUE(read.ok());
  ASSERT_NE((*read)->FindBegun(window_), nullptr);
  EXPECT_TRUE((*read)->FindBegun(window_)->incomplete());
  EXPECT_EQ((*read)->FindBegun(window_)->key_id(), kKey);
  EXPECT_EQ(Merge(Delta(kKey, 4)), aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH);
}

TEST_F(DeltaMergerTest, RefusesWhatDoesNotFitTheWindow) {
  EXPECT_EQ(Merge(Delta(kKey, shape_.bits())), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  EXPECT_EQ(Merge(Delta("", 1)), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  aggregate::v1::WindowDelta delta = Delta(kKey, 1);
  delta.set_kept_slots_log2(shape_.size.kept_log2 + 1);
  EXPECT_EQ(Merge(delta), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  delta = Delta(kKey, 1);
  delta.set_kind("no-such-kind");
  EXPECT_EQ(Merge(delta), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  delta = Delta(kKey, 1);
  delta.set_end_day("2026-02-28");  // off the grid
  EXPECT_EQ(Merge(delta), aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  delta = Delta(kKey, 1);
  delta.set_organization("none");
  EXPECT_EQ(Merge(delta), aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE);
  EXPECT_EQ((*organizations_.repository.Read("acme"))->FindBegun(window_), nullptr)
      << "a refused delta began the window";
}

TEST_F(DeltaMergerTest, AnswersForEachDeltaByItself) {
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta("", 1);
  *request.add_deltas() = Delta(kKey, 1);
  *request.add_deltas() = Delta(kOtherKey, 2);
  const auto outcomes = merger_.Merge(request);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0], aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH);
  // Two keys in one call: neither is trusted.
  EXPECT_EQ((*outcomes)[1], aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH);
  EXPECT_EQ((*outcomes)[2], aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH);
}

TEST_F(DeltaMergerTest, IsLateOnceTheWindowIsClosed) {
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  EXPECT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_MERGED);
  clock_.Advance(absl::Hours(24 * 3));
  EXPECT_EQ(Merge(Delta(kKey, 2)), aggregate::v1::DELTA_OUTCOME_LATE);
}

// Mutation: no look before the bits are written.
TEST_F(DeltaMergerTest, WritesNothingForACallerWhoIsGone) {
  ASSERT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_MERGED);
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta(kKey, 2);
  const int before = store_.merges;
  // At each look: before it is judged, and before it is written.
  for (int looks = 0; looks < 2; ++looks) {
    int left = looks;
    const auto outcomes = merger_.Merge(request, [&left] { return left-- == 0; });
    EXPECT_EQ(outcomes.status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(store_.merges, before);
  EXPECT_TRUE(merger_.Merge(request).ok());
  EXPECT_EQ(store_.merges, before + 1) << "the control";
}

// Mutation: late from the close on, so that the time which the merge of a flush takes, and
// with it how much of it was new, decides what becomes of what came just before.
TEST_F(DeltaMergerTest, MergesWhatWasTakenBeforeTheCloseAsLongAsALeaseLasts) {
  ASSERT_TRUE(organizations_.lifecycle.FinishBackfill("acme").ok());
  ASSERT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_MERGED);
  const absl::Time close = (*organizations_.repository.Read("acme"))->schedule().CloseTime(window_);
  clock_.Advance(close - clock_.Now());
  EXPECT_EQ(Merge(Delta(kKey, 2)), aggregate::v1::DELTA_OUTCOME_MERGED);
  clock_.Advance(WindowTiming().policy_lease - absl::Milliseconds(1));
  EXPECT_EQ(Merge(Delta(kKey, 3)), aggregate::v1::DELTA_OUTCOME_MERGED);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Merge(Delta(kKey, 4)), aggregate::v1::DELTA_OUTCOME_LATE);
}

// Mutation: a change that was made to an older profile is not judged again.
TEST_F(DeltaMergerTest, BeginsNoWindowWhenTheOrganisationPausesMeanwhile) {
  store_.interruption = [this] {
    Organizations other(store_, store_, store_, store_, ShippedCatalog(), clock_);
    ASSERT_TRUE(other.lifecycle.Pause("acme").ok());
  };
  EXPECT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE);
  EXPECT_EQ(store_.interruption, nullptr) << "the control";
  EXPECT_EQ((*organizations_.repository.Read("acme"))->FindBegun(window_), nullptr);
}

// Mutations: what is away is the whole call's error, when it is read or when it is written; an
// error of all is told as an outcome.
TEST_F(DeltaMergerTest, MergesWhatIsThereWhileAPartOfTheStoreIsAway) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(300);
  wanted.set_first_day("2026-02-02");
  ASSERT_TRUE(organizations_.lifecycle.Create("stays", wanted, true).ok());
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta(kKey, 1);
  *request.add_deltas() = Delta(kKey, 1);
  request.mutable_deltas(1)->set_organization("stays");
  ASSERT_TRUE(merger_.Merge(request).ok());
  store_.away = {"acme"};
  for (const bool known : {true, false}) {
    if (!known) clock_.Advance(OrganizationCache::kMaxAge);
    const auto outcomes = merger_.Merge(request);
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ((*outcomes)[0], aggregate::v1::DELTA_OUTCOME_UNAVAILABLE) << known;
    EXPECT_EQ((*outcomes)[1], aggregate::v1::DELTA_OUTCOME_MERGED) << known;
  }
  store_.away = {"acme", "stays"};
  EXPECT_TRUE(absl::IsUnavailable(merger_.Merge(request).status()));
}

// Mutations: it is told as what passes by itself, or not at all.
TEST_F(DeltaMergerTest, SaysWhatDoesNotPassByItself) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(300);
  wanted.set_first_day("2026-02-02");
  ASSERT_TRUE(organizations_.lifecycle.Create("stays", wanted, true).ok());
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta(kKey, 1);
  *request.add_deltas() = Delta(kKey, 1);
  request.mutable_deltas(1)->set_organization("stays");
  store_.damaged = "stays";
  testing::internal::CaptureStderr();
  const auto outcomes = merger_.Merge(request);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("damaged"));
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0], aggregate::v1::DELTA_OUTCOME_MERGED);
  EXPECT_EQ((*outcomes)[1], aggregate::v1::DELTA_OUTCOME_UNAVAILABLE);
  store_.away = {"acme"};
  clock_.Advance(OrganizationCache::kMaxAge);
  EXPECT_EQ(merger_.Merge(request).status().code(), absl::StatusCode::kDataLoss);
}

// It is on one node, whatever the organisations are on. Mutations: nothing is merged without it;
// what is merged, however long it is away.
TEST_F(DeltaMergerTest, MergesForAMinuteWithoutTheHistoryOfKeyrings) {
  ASSERT_EQ(Merge(Delta(kKey, 1)), aggregate::v1::DELTA_OUTCOME_MERGED);
  store_.history_away = true;
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(Merge(Delta(kKey, 2)), aggregate::v1::DELTA_OUTCOME_MERGED);
  EXPECT_TRUE(absl::IsUnavailable(organizations_.repository.Read("acme").status()))
      << "who closes windows reads it";
  clock_.Advance(absl::Seconds(31));
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta(kKey, 3);
  EXPECT_TRUE(absl::IsUnavailable(merger_.Merge(request).status()));
}

// Mutation: NotFound of what was erased meanwhile is the whole call's error.
TEST_F(DeltaMergerTest, RefusesWhatIsErasedMeanwhileAndMergesTheRest) {
  aggregate::v1::Organization wanted;
  wanted.set_headcount(300);
  wanted.set_first_day("2026-02-02");
  ASSERT_TRUE(organizations_.lifecycle.Create("stays", wanted, true).ok());
  store_.interruption = [this] {
    Organizations other(store_, store_, store_, store_, ShippedCatalog(), clock_);
    ASSERT_TRUE(other.lifecycle.Erase("acme").ok());
  };
  aggregate::v1::MergeDeltasRequest request;
  *request.add_deltas() = Delta(kKey, 1);
  *request.add_deltas() = Delta(kKey, 1);
  request.mutable_deltas(1)->set_organization("stays");
  const auto outcomes = merger_.Merge(request);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0], aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE);
  EXPECT_EQ((*outcomes)[1], aggregate::v1::DELTA_OUTCOME_MERGED);
}

}  // namespace
}  // namespace tutti
