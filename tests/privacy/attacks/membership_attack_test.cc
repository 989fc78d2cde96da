// Attacks 6, 7 and 9: somebody has a dump of the store, knows every id and the
// algorithm, and wants to know of a person whether they did something.

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "common/identity/subject_id.h"
#include "common/keyring/keyring_operations.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"

namespace tutti {
namespace {

std::string PersonId(int64_t person) { return absl::StrCat("person", person, "@acme.example"); }

Digest DigestOf(const KeySnapshot& keys, const std::string& id) {
  Digester::Session session = keys.digester().NewSession();
  return session.Compute(DigestScope("person", "acme"), std::get<SubjectId>(SubjectId::Parse(id)));
}

// The area under the curve of a guess by one bit: P[hit | active] against
// P[hit | idle].
struct Guess {
  double hits_active = 0;
  double hits_idle = 0;
  double active = 0;
  double idle = 0;
  void Add(bool is_active, bool hit) {
    (is_active ? active : idle) += 1;
    if (hit) (is_active ? hits_active : hits_idle) += 1;
  }
  double true_rate() const { return hits_active / active; }
  double false_rate() const { return hits_idle / idle; }
  double auc() const { return 0.5 + (true_rate() - false_rate()) / 2; }
  double three_sigma() const {
    const double p = (hits_active + hits_idle) / (active + idle);
    return 3 * std::sqrt(p * (1 - p) * (1 / active + 1 / idle)) / 2;
  }
};

class MembershipAttack : public testing::Test {
 protected:
  static constexpr int64_t kPeople = 10'000;

  MembershipAttack() : suite_(ShippedCatalog(), kLastDay), active_(kPeople) {
    suite_.Create("acme", kPeople, kFirstDay);
    std::mt19937 engine(5);
    std::vector<ingest::v1::Activity> activities;
    for (int64_t person = 0; person < kPeople; ++person) {
      active_[static_cast<size_t>(person)] = engine() % 2 == 0;
      if (active_[static_cast<size_t>(person)]) {
        activities.push_back(ActivityFor(ShippedCatalog(), table(), 0, PersonId(person), kLastDay));
      }
    }
    suite_.Ingest("acme", activities);
    // The dump: every position that was ever set in the window's bitmap.
    for (const auto& merge : suite_.merges) {
      for (const auto& delta : merge.deltas()) {
        if (delta.window_kind() != keyring::v1::WINDOW_KIND_REACH ||
            delta.end_day() != FormatDay(kLastDay)) {
          continue;
        }
        kept_ = uint32_t{1} << delta.kept_slots_log2();
        positions_.insert(positions_.end(), delta.positions().begin(), delta.positions().end());
      }
    }
    std::sort(positions_.begin(), positions_.end());
  }

  static const CatalogTable& table() {
    const auto& kind =
        ShippedCatalog().kinds()[static_cast<size_t>(ShippedCatalog().FindKind("person"))];
    return ShippedCatalog().tables()[static_cast<size_t>(kind.reach_tables[0])];
  }

  // Looks every person up under the keys.
  Guess Attack(const KeySnapshot& keys) {
    SlotHash hash;
    EXPECT_TRUE(keys.Find("acme", {WindowKind::kReach, kLastDay}, hash));
    Guess guess;
    for (int64_t person = 0; person < kPeople; ++person) {
      const uint64_t slot = hash.Hash(table().salt, DigestOf(keys, PersonId(person))) & (kept_ - 1);
      const uint32_t position = table().columns[0] * kept_ + static_cast<uint32_t>(slot);
      guess.Add(active_[static_cast<size_t>(person)],
                std::binary_search(positions_.begin(), positions_.end(), position));
    }
    return guess;
  }

  LocalSuite suite_;
  std::vector<bool> active_;
  std::vector<uint32_t> positions_;
  uint32_t kept_ = 0;
};

TEST_F(MembershipAttack, ADumpAloneSaysNothing) {
  // Everything is known but the keys: the attacker tries ones of their own.
  LocalSuite other(ShippedCatalog(), kLastDay, /*seed=*/99);
  other.Create("acme", kPeople, kFirstDay);
  const Guess guess = Attack(*other.keys().snapshot());
  ReportAttack(6, absl::StrFormat("AUC %.4f without the key, 0.5 +- %.4f expected", guess.auc(),
                                  guess.three_sigma()));
  EXPECT_NEAR(guess.auc(), 0.5, guess.three_sigma());
}

TEST_F(MembershipAttack, WithTheKeyringSucceedsInOpenWindowsAsStatedAndInNoClosedOne) {
  // The control of the attack above, and what the statement admits.
  const Guess guess = Attack(*suite_.keys().snapshot());
  const double expected = 1 - std::exp(-guess.active / kept_);
  ReportAttack(7, absl::StrFormat("with the key: %.4f of the active are found; false positives "
                                  "%.4f, 1 - e^(-N/V) = %.4f; nothing is left of closed windows",
                                  guess.true_rate(), guess.false_rate(), expected));
  EXPECT_EQ(guess.true_rate(), 1);
  EXPECT_NEAR(guess.false_rate(), expected, 3 * std::sqrt(expected / guess.idle));
  EXPECT_LE(guess.false_rate(), 0.12);

  suite_.Close("acme", [] { return std::make_unique<ZeroNoise>(); });
  for (const Window window : {Window{WindowKind::kReach, kLastDay}, {WindowKind::kDay, kLastDay}}) {
    EXPECT_TRUE(absl::IsNotFound(suite_.store().ReadSealed({"acme", window, "person"}).status()));
  }
}

TEST(LinkingAttack, SlotsOfAPersonHaveNothingToDoWithEachOther) {
  const int n = static_cast<int>(Longer(100'000, 1'000'000));
  LocalSuite suite(ShippedCatalog(), kLastDay);
  const std::shared_ptr<const KeySnapshot> keys = suite.keys().snapshot();
  std::vector<SlotHash> hashes(2);
  const Day end_day = absl::NextWeekday(kLastDay, absl::Weekday::sunday);
  ASSERT_TRUE(keys->Find("acme", {WindowKind::kReach, end_day}, hashes[0]));
  ASSERT_TRUE(keys->Find("acme", {WindowKind::kReach, end_day + 7}, hashes[1]));
  const auto& tables = ShippedCatalog().tables();
  std::vector<std::vector<double>> slots(4, std::vector<double>(static_cast<size_t>(n)));
  for (int i = 0; i < n; ++i) {
    const Digest digest = DigestOf(*keys, PersonId(i));
    for (size_t pair = 0; pair < 4; ++pair) {
      slots[pair][static_cast<size_t>(i)] =
          static_cast<double>(hashes[pair / 2].Hash(tables[pair % 2].salt, digest) & 0xFFFFU);
    }
  }
  const auto correlation = [n](const std::vector<double>& a, const std::vector<double>& b) {
    const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
    const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      ab += (a[i] - mean_a) * (b[i] - mean_b);
      aa += (a[i] - mean_a) * (a[i] - mean_a);
      bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return ab / std::sqrt(aa * bb);
  };
  double largest = 0;
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = 0; b < a; ++b) {
      largest = std::max(largest, std::abs(correlation(slots[a], slots[b])));
    }
  }
  // Keys follow from a seed, so this comes out the same every time. Six pairs.
  const double limit = 3.5 / std::sqrt(n);
  ReportAttack(9, absl::StrFormat("largest |r| of slots over 6 pairs of tables and windows %.5f, "
                                  "limit %.5f, n = %d",
                                  largest, limit, n));
  EXPECT_LT(largest, limit);
  std::vector<double> linked = slots[0];
  for (size_t i = 0; i < linked.size(); ++i) linked[i] += 20 * slots[1][i];
  EXPECT_GT(std::abs(correlation(linked, slots[1])), limit) << "the control must be detected";
}

TEST(LinkingAttack, TheOrderOfWritesSaysNothingOfTheOrderOfEvents) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", 400, kFirstDay);
  const CatalogTable& table = ShippedCatalog().tables()[0];
  std::vector<ingest::v1::Activity> activities;
  activities.reserve(20);
  for (int person = 0; person < 20; ++person) {
    activities.push_back(ActivityFor(ShippedCatalog(), table, 0, PersonId(person), kLastDay));
  }
  suite.Ingest("acme", activities);
  const std::vector<aggregate::v1::MergeDeltasRequest> forth = suite.merges;
  // The same people in another order give the same writes, byte by byte.
  LocalSuite again(ShippedCatalog(), kLastDay);
  again.Create("acme", 400, kFirstDay);
  std::reverse(activities.begin(), activities.end());
  again.Ingest("acme", activities);
  ASSERT_EQ(forth.size(), again.merges.size());
  size_t positions = 0;
  for (size_t i = 0; i < forth.size(); ++i) {
    ASSERT_EQ(forth[i].deltas_size(), again.merges[i].deltas_size());
    for (int d = 0; d < forth[i].deltas_size(); ++d) {
      const auto& one = forth[i].deltas(d).positions();
      const auto& other = again.merges[i].deltas(d).positions();
      EXPECT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end()));
      EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
      positions += static_cast<size_t>(one.size());
    }
  }
  EXPECT_GT(positions, 20u);
  ReportAttack(9, absl::StrCat("a flush of 20 people writes the same ", positions,
                               " positions in whatever order they came"));
}

}  // namespace
}  // namespace tutti
