// Attacks 6, 7 and 9: somebody has a dump of the store, knows every id and the
// algorithm, and wants to know of a person whether they did something.

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "common/identity/subject_id.h"
#include "common/keyring/keyring_operations.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/order_of_writes.h"

namespace tutti {
namespace {

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

// A guess by a number of hits, each a little evidence: how far the area under its curve
// is from a half, in standard errors (Mann and Whitney's U, corrected for ties).
class RankedGuess {
 public:
  void Add(bool is_active, size_t hits) { ++(is_active ? active_ : idle_)[hits]; }
  double errors_from_half() const {
    double active = 0;
    double idle = 0;
    for (const auto& [hits, people] : active_) active += people;
    for (const auto& [hits, people] : idle_) idle += people;
    std::set<size_t> values;
    for (const auto& [hits, people] : active_) values.insert(hits);
    for (const auto& [hits, people] : idle_) values.insert(hits);
    double below = 0;
    double wins = 0;
    double ties = 0;
    for (const size_t value : values) {
      const double a = At(active_, value);
      const double i = At(idle_, value);
      wins += a * (below + i / 2);
      below += i;
      ties += std::pow(a + i, 3) - (a + i);
    }
    const double n = active + idle;
    const double variance = active * idle / 12 * (n + 1 - ties / (n * (n - 1)));
    return std::abs(wins - active * idle / 2) / std::sqrt(variance);
  }

 private:
  using People = std::map<size_t, double>;  // by hits
  static double At(const People& people, size_t hits) {
    const auto found = people.find(hits);
    return found == people.end() ? 0 : found->second;
  }
  People active_;
  People idle_;
};

// Rotates, and replaces the keys that the rotation made by ones that follow from a seed:
// what the attack comes to is the same every time.
absl::Status RotateBySeed(absl::Time now, ScrubbedKeyring& keyring) {
  std::set<std::string> before;
  for (const auto& key : keyring.message().keys()) before.insert(key.id());
  absl::Status rotated =
      RotateKeyring(now, absl::Hours(48), keyring, OverdueKeys::kDestroy).status();
  std::mt19937 engine(29);
  for (auto& key : *keyring.mutable_message().mutable_keys()) {
    if (before.count(key.id()) != 0) continue;
    for (char& byte : *key.mutable_key()) byte = static_cast<char>(engine() & 0xFFU);
  }
  return rotated;
}

// Every position that was ever set in a window's bitmap.
struct Bits {
  std::vector<uint32_t> positions;
  uint32_t kept = 0;
};

class MembershipAttack : public testing::Test {
 protected:
  static constexpr int64_t kPeople = 10'000;
  // In every window that ends from here to kLastDay, and in none that ends later.
  static constexpr int kEarlier = 21;

  MembershipAttack() : suite_(ShippedCatalog(), kLastDay), active_(kPeople) {
    suite_.Create("acme", kPeople, kFirstDay - int64_t{kEarlier});
    std::mt19937 engine(5);
    std::vector<ingest::v1::Activity> activities;
    for (int64_t person = 0; person < kPeople; ++person) {
      active_[static_cast<size_t>(person)] = engine() % 2 == 0;
      if (!active_[static_cast<size_t>(person)]) continue;
      for (const Day day : {kLastDay - int64_t{kEarlier}, kLastDay}) {
        activities.push_back(ActivityFor(ShippedCatalog(), FirstTable(), 0, PersonId(person), day));
      }
    }
    suite_.Ingest("acme", activities);
    for (const auto& merge : suite_.merges) {
      for (const auto& delta : merge.deltas()) {
        const auto kind = delta.window_kind() == window::v1::WINDOW_KIND_REACH ? WindowKind::kReach
                                                                               : WindowKind::kDay;
        Bits& bits = dump_[{kind, *ParseDay(delta.end_day())}];
        bits.kept = uint32_t{1} << delta.kept_slots_log2();
        bits.positions.insert(bits.positions.end(), delta.positions().begin(),
                              delta.positions().end());
      }
    }
    for (auto& [window, bits] : dump_) std::sort(bits.positions.begin(), bits.positions.end());
  }

  // The table of a window to look people up in: one that their activity is in.
  static const CatalogTable& TableIn(Window window, const Bits& bits) {
    if (window.kind == WindowKind::kReach) return FirstTable();
    for (const int index : PersonKind().habit_tables) {
      const CatalogTable& habit = ShippedCatalog().table(index);
      const auto first = std::lower_bound(bits.positions.begin(), bits.positions.end(),
                                          habit.columns[0] * bits.kept);
      if (first != bits.positions.end() && *first < (habit.columns[0] + 1) * bits.kept)
        return habit;
    }
    ADD_FAILURE() << "nothing is in " << FormatDay(window.end_day);
    return FirstTable();
  }

  std::vector<Digest> DigestsOfAll(const KeySnapshot& keys) const {
    std::vector<Digest> digests;
    digests.reserve(kPeople);
    for (int64_t person = 0; person < kPeople; ++person) {
      digests.push_back(DigestOf(keys, PersonId(person)));
    }
    return digests;
  }

  // Whether each person's slot in a window's bits is set, under a key.
  std::vector<bool> LookUp(Window window, const SlotHash& key,
                           const std::vector<Digest>& digests) const {
    const Bits& bits = dump_.at(window);
    const CatalogTable& table = TableIn(window, bits);
    std::vector<bool> hits;
    hits.reserve(digests.size());
    for (const Digest& digest : digests) {
      const uint64_t slot = key.Hash(table.salt, digest) & (bits.kept - 1);
      const uint32_t position = table.columns[0] * bits.kept + static_cast<uint32_t>(slot);
      hits.push_back(std::binary_search(bits.positions.begin(), bits.positions.end(), position));
    }
    return hits;
  }

  Guess GuessBy(const std::vector<bool>& hits) const {
    Guess guess;
    for (size_t person = 0; person < hits.size(); ++person)
      guess.Add(active_[person], hits[person]);
    return guess;
  }

  // Under the window's own key.
  Guess Attack(Window window, const KeySnapshot& keys) const {
    SlotHash key;
    EXPECT_TRUE(keys.Find("acme", window, key));
    return GuessBy(LookUp(window, key, DigestsOfAll(keys)));
  }

  LocalSuite suite_;
  std::vector<bool> active_;
  std::map<Window, Bits> dump_;
};

// Mutation: slots that follow from the id alone, or under a key that others can make.
TEST_F(MembershipAttack, ADumpAloneSaysNothing) {
  // Everything is known but the keys: the attacker tries ones of their own.
  LocalSuite other(ShippedCatalog(), kLastDay, /*seed=*/99);
  other.Create("acme", kPeople, kFirstDay);
  const Guess guess = Attack({WindowKind::kReach, kLastDay}, *other.keys().snapshot());
  ReportAttack(6, absl::StrFormat("AUC %.4f without the key, 0.5 +- %.4f expected", guess.auc(),
                                  guess.three_sigma()));
  EXPECT_NEAR(guess.auc(), 0.5, guess.three_sigma());
}

TEST_F(MembershipAttack, WithTheKeyringSucceedsInOpenWindowsAsStated) {
  // The control of the attack above, and what the statement admits.
  const Window window{WindowKind::kReach, kLastDay};
  const Guess guess = Attack(window, *suite_.keys().snapshot());
  const double expected = 1 - std::exp(-guess.active / dump_.at(window).kept);
  ReportAttack(7, absl::StrFormat("with the key: %.4f of the active are found; false positives "
                                  "%.4f, 1 - e^(-N/V) = %.4f",
                                  guess.true_rate(), guess.false_rate(), expected));
  EXPECT_EQ(guess.true_rate(), 1);
  EXPECT_NEAR(guess.false_rate(), expected, 3 * std::sqrt(expected / guess.idle));
  EXPECT_LE(guess.false_rate(), 0.12);
}

// Somebody has kept a dump from when the windows were open, and has today's keyring:
// the identity key, and the keys of all windows that are open or to come. Mutation: a
// rotation that keeps the keys of closed windows, or keys that follow from one another.
TEST_F(MembershipAttack, TodaysKeyringSaysNothingOfClosedWindows) {
  const std::shared_ptr<const KeySnapshot> before = suite_.keys().snapshot();
  suite_.Close("acme", [] { return std::make_unique<ZeroNoise>(); });
  suite_.clock().Advance(absl::Hours(24 * 5));
  ASSERT_TRUE(KeyringFile(suite_.keyring_path())
                  .Update([&](ScrubbedKeyring& keyring) {
                    ForgetExtension("acme", keyring);
                    return RotateBySeed(suite_.clock().Now(), keyring);
                  })
                  .ok());
  ASSERT_TRUE(suite_.keys().ReloadIfChanged().ok());
  const std::shared_ptr<const KeySnapshot> today = suite_.keys().snapshot();
  const std::vector<Digest> digests = DigestsOfAll(*today);
  std::vector<SlotHash> keys;
  for (const WindowKind kind : {WindowKind::kReach, WindowKind::kDay}) {
    for (Day day = kFirstDay - int64_t{kEarlier}; day < kLastDay + 60; ++day) {
      SlotHash key;
      if (today->Find("acme", {kind, day}, key)) keys.push_back(key);
    }
  }
  EXPECT_GT(keys.size(), 2U * kKeyDaysAhead);

  int closed = 0;
  int guesses = 0;
  double farthest = 0;  // in standard errors
  double auc = 0.5;     // where it is
  double window_farthest = 0;
  for (const auto& [window, bits] : dump_) {
    if (window.end_day > kLastDay) continue;
    ++closed;
    SlotHash gone;
    EXPECT_FALSE(today->Find("acme", window, gone)) << FormatDay(window.end_day);
    EXPECT_TRUE(absl::IsNotFound(suite_.store().ReadSealed({"acme", window, "person"}).status()));
    // No key is the window's, and none says more than another: all of them together are
    // what the attacker has.
    std::vector<size_t> hits_of_all(digests.size(), 0);
    for (const SlotHash& key : keys) {
      const std::vector<bool> hits = LookUp(window, key, digests);
      for (size_t person = 0; person < hits.size(); ++person) {
        if (hits[person]) ++hits_of_all[person];
      }
      const Guess guess = GuessBy(hits);
      ++guesses;
      const double errors = 3 * std::abs(guess.auc() - 0.5) / guess.three_sigma();
      if (errors > farthest) {
        farthest = errors;
        auc = guess.auc();
      }
    }
    RankedGuess ranked;
    for (size_t person = 0; person < digests.size(); ++person) {
      ranked.Add(active_[person], hits_of_all[person]);
    }
    EXPECT_LT(ranked.errors_from_half(), 3) << FormatDay(window.end_day);
    window_farthest = std::max(window_farthest, ranked.errors_from_half());
    EXPECT_EQ(Attack(window, *before).true_rate(), 1) << "the control";
  }
  EXPECT_EQ(closed, 6);  // four reach windows, two days
  ReportAttack(7, absl::StrFormat("with all of today's %d keys and an old dump of %d closed "
                                  "windows: AUC at most %.1f SE from 0.5 in each; of %d guesses "
                                  "by one key the farthest is %.4f, %.1f SE",
                                  keys.size(), closed, window_farthest, guesses, auc, farthest));
  // This is as likely by chance among 480 guesses as 3 SE are for one: 1 - (1 - 0.0027)^(1/480).
  EXPECT_EQ(guesses, 480);
  EXPECT_LT(farthest, 4.55);
  EXPECT_EQ(Attack({WindowKind::kReach, kLastDay + 7}, *today).true_rate(), 1) << "an open window";
}

// Mutation: one hash for all tables of a window, or one key for several windows.
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
  // Keys follow from a seed, so this comes out the same every time: of each of six pairs.
  const double limit = 3 / std::sqrt(n);
  ReportAttack(9, absl::StrFormat("largest |r| of slots over 6 pairs of tables and windows %.5f, "
                                  "limit %.5f, n = %d",
                                  largest, limit, n));
  EXPECT_LT(largest, limit);
  std::vector<double> linked = slots[0];
  for (size_t i = 0; i < linked.size(); ++i) linked[i] += 20 * slots[1][i];
  EXPECT_GT(std::abs(correlation(linked, slots[1])), limit) << "the control must be detected";
}

// Mutation: a flush that is written in the order in which it came.
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

TEST(LinkingAttack, TheOrderOfWritesIsUncorrelatedWithTheOrderOfEvents) {
  const int flushes = static_cast<int>(Longer(100'000, 1'000'000)) / OrderOfWrites::kFlush;
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", 3'000, kFirstDay);
  const std::shared_ptr<const KeySnapshot> keys = suite.keys().snapshot();
  SlotHash key;
  ASSERT_TRUE(keys->Find("acme", {WindowKind::kReach, kLastDay}, key));
  const CatalogTable& table = FirstTable();
  OrderOfWrites sorted;
  OrderOfWrites leaky;
  int64_t next = 0;
  for (int flush = 0; flush < flushes; ++flush) {
    std::vector<ingest::v1::Activity> activities;
    std::vector<Digest> digests;
    for (int i = 0; i < OrderOfWrites::kFlush; ++i, ++next) {
      activities.push_back(ActivityFor(ShippedCatalog(), table, 0, PersonId(next), kLastDay));
      digests.push_back(DigestOf(*keys, PersonId(next)));
    }
    suite.merges.clear();
    suite.Ingest("acme", activities);
    for (const auto& merge : suite.merges) {
      for (const auto& delta : merge.deltas()) {
        if (delta.window_kind() != window::v1::WINDOW_KIND_REACH ||
            delta.end_day() != FormatDay(kLastDay)) {
          continue;
        }
        const uint32_t kept = uint32_t{1} << delta.kept_slots_log2();
        std::vector<uint32_t> slots;
        slots.reserve(digests.size());
        for (const Digest& digest : digests) {
          slots.push_back(static_cast<uint32_t>(key.Hash(table.salt, digest) & (kept - 1)));
        }
        std::vector<uint32_t> written;
        for (const uint32_t position : delta.positions()) {
          if (position / kept == table.columns[0]) written.push_back(position % kept);
        }
        sorted.Add(slots, written);
        // The control: one flush in ten is written as it came.
        leaky.Add(slots, flush % 10 == 0 ? slots : written);
      }
    }
  }
  EXPECT_GT(sorted.n(), flushes * OrderOfWrites::kFlush * 9 / 10);
  ReportAttack(9, absl::StrFormat("rank correlation of events and writes %.5f, limit %.5f, n = %d "
                                  "in flushes of %d; with one flush in ten unsorted %.5f",
                                  sorted.correlation(), sorted.limit(), sorted.n(),
                                  OrderOfWrites::kFlush, leaky.correlation()));
  EXPECT_LT(std::abs(sorted.correlation()), sorted.limit());
  EXPECT_GT(leaky.correlation(), leaky.limit()) << "the control must be detected";
}

}  // namespace
}  // namespace tutti
