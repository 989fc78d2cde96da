// Attacks 1 and 15: two worlds that differ by one person's whole activity. All that
// anybody else did is known to the attacker, who weighs every published number by
// what the person would change in it: the best linear statistic. Everything runs
// through ingest's and aggregate's own classes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "tests/doubles/broken_noise.h"
#include "tests/doubles/seeded_random_words.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/privacy/attacks/with_levels.h"
#include "tests/privacy/audit/two_worlds.h"

namespace tutti {
namespace {

using aggregate::v1::MergeDeltasRequest;
using publication::v1::Publication;

// Which windows the target's 28 days touch.
struct Setting {
  const char* name;
  int64_t headcount;
  Day first_day;
  size_t records;
  // What the attack must come to, of the claim. At 20,000 people half of all slots are
  // kept, so about half of the target's are.
  double least;
};

const Setting kFourWeekly = {"one four-weekly record", 120, kFirstDay, 1, 0.9};
const Setting kWeekly = {"four weekly records", 300, kFirstDay - int64_t{21}, 4, 0.9};
const Setting kDaily = {"28 daily records", 20'000, kFirstDay - int64_t{27}, 28, 0.5};

constexpr char kTarget[] = "target@acme.example";

// Every published number with its noise, by its place.
std::map<std::string, std::pair<double, double>> NumbersOf(
    const std::vector<Publication>& records) {
  std::map<std::string, std::pair<double, double>> numbers;
  for (const Publication& record : records) {
    for (const auto& kind : record.kinds()) {
      for (const auto& table : kind.tables()) {
        for (int i = 0; i < table.cells_size(); ++i) {
          numbers[absl::StrCat(record.end_day(), " ", table.table(), " ", i)] = {
              table.cells(i), static_cast<double>(table.sigma_squared())};
        }
      }
      for (const auto& habit : kind.habits()) {
        numbers[absl::StrCat(record.end_day(), " ", habit.table())] = {
            habit.sum(), static_cast<double>(habit.sigma_squared())};
      }
    }
  }
  return numbers;
}

// The place of a record's first habit of people, and how many numbers are drawn before it.
std::pair<std::string, int> FirstHabit(const Publication& record) {
  int before = 0;
  for (const auto& kind : record.kinds()) {
    for (const auto& table : kind.tables()) before += table.cells_size();
    if (kind.kind() == "person" && kind.habits_size() > 0) {
      return {absl::StrCat(record.end_day(), " ", kind.habits(0).table()), before};
    }
    before += kind.habits_size();
  }
  ADD_FAILURE() << "no habit of people";
  return {};
}

double RhoOf(const std::vector<Publication>& records) {
  double rho = 0;
  for (const Publication& record : records) {
    for (const auto& kind : record.kinds()) {
      if (kind.kind() == "person") rho += 1e-9 * static_cast<double>(kind.nano_rho());
    }
  }
  return rho;
}

using Matrix = std::vector<std::vector<double>>;

Matrix CovarianceOf(const std::vector<std::vector<double>>& drawn,
                    const std::vector<double>& mean) {
  Matrix covariance(mean.size(), std::vector<double>(mean.size()));
  for (const std::vector<double>& one : drawn) {
    for (size_t i = 0; i < mean.size(); ++i) {
      for (size_t j = 0; j < mean.size(); ++j) {
        covariance[i][j] +=
            (one[i] - mean[i]) * (one[j] - mean[j]) / static_cast<double>(drawn.size() - 1);
      }
    }
  }
  return covariance;
}

// x' A^-1 x of a positive definite A, by elimination.
double InverseQuadratic(Matrix a, std::vector<double> x) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_GT(a[i][i], 0) << "number " << i << " follows from those before it";
    sum += x[i] * x[i] / a[i][i];
    for (size_t row = i + 1; row < x.size(); ++row) {
      const double factor = a[row][i] / a[i][i];
      for (size_t column = i; column < x.size(); ++column) a[row][column] -= factor * a[i][column];
      x[row] -= factor * x[i];
    }
  }
  return sum;
}

// Both worlds, ready to be closed as often as one likes.
class TwoWorlds {
 public:
  // In the world with the target, `identifiers` of it do everything.
  explicit TwoWorlds(int identifiers, const Setting& setting = kFourWeekly)
      : setting_(setting), suite_(MakeSuite()) {
    for (const bool present : {false, true}) {
      const std::string world = present ? "with" : "without";
      // The same bits for the others: slots follow from the key and the id of the
      // organisation, so one organisation serves both worlds.
      suite_->merges.clear();
      if (!present) suite_->Create("acme", setting_.headcount, setting_.first_day);
      for (int other = 0; other < 9 && !present; ++other) {
        suite_->Ingest("acme", Everything(absl::StrCat("other", other, "@acme.example")));
      }
      for (int i = 0; i < identifiers && present; ++i) {
        suite_->Ingest("acme", Everything(absl::StrCat(i, kTarget)));
      }
      auto& merges = present ? with_ : without_;
      merges = without_;
      merges.insert(merges.end(), suite_->merges.begin(), suite_->merges.end());
    }
    const auto zero = [] { return std::make_unique<ZeroNoise>(); };
    const std::vector<Publication> absent = Close(false, zero);
    const std::vector<Publication> present = Close(true, zero);
    claim_ = std::sqrt(2 * RhoOf(absent));
    records_ = absent.size();
    std::tie(habit_, draws_before_habit_) = FirstHabit(absent.at(0));
    step_ = absent.at(0).step_days();
    const auto before = NumbersOf(absent);
    for (const auto& [place, number] : NumbersOf(present)) {
      const double change = number.first - before.at(place).first;
      if (change != 0) changes_[place] = change;
      signal_ += change * change / number.second;
    }
  }

  std::vector<Publication> Close(bool present, const LocalSuite::MakeNoise& noise) {
    // The store keeps every record: a new one now and then bounds the memory.
    if (++runs_ % 10'000 == 0) suite_ = MakeSuite();
    const std::string id = absl::StrCat("world-", runs_);
    suite_->Repeat(present ? with_ : without_, id, setting_.headcount, setting_.first_day);
    return suite_->Close(id, noise);
  }

  // `more_weight`: numbers that have this many times less variance than they say, as who
  // reads the code knows.
  TwoWorldsAudit Attack(const LocalSuite::MakeNoise& noise, int64_t runs,
                        const std::map<std::string, double>& more_weight = {}) {
    return AuditTwoWorlds(
        [&](bool present) {
          const auto numbers = NumbersOf(Close(present, noise));
          double statistic = 0;
          for (const auto& [place, change] : changes_) {
            const auto& [value, sigma_squared] = numbers.at(place);
            const auto more = more_weight.find(place);
            const double weight = more == more_weight.end() ? 1 : more->second;
            statistic += weight * change * value / sigma_squared;
          }
          return statistic;
        },
        runs);
  }

  // The same by the level of the total, which follows from all of the records.
  TwoWorldsAudit AttackLevel(const LocalSuite::MakeNoise& noise, int64_t runs) {
    return AuditTwoWorlds(
        [&](bool present) {
          return ScoreWithLevels(Close(present, noise)).level().points().value();
        },
        runs);
  }

  // How far numbers that follow from the records tell the worlds apart: the distance of their means
  // by their own covariance, which is the most that any weighted sum of them comes to. Both worlds
  // have the same noise, so few closes tell the distance.
  double Separation(const std::function<std::vector<double>(const std::vector<Publication>&)>& of,
                    int64_t closes) {
    std::vector<std::vector<double>> drawn;
    std::vector<double> apart;
    std::vector<double> mean;
    for (int64_t seed = 0; seed < closes; ++seed) {
      // Each record has noise of its own.
      const auto noise = [next = static_cast<uint64_t>(seed) << 16]() mutable {
        return std::make_unique<SeededNoise>(next++);
      };
      drawn.push_back(of(Close(false, noise)));
      const std::vector<double> present = of(Close(true, noise));
      apart.resize(present.size());
      mean.resize(present.size());
      for (size_t i = 0; i < present.size(); ++i) {
        apart[i] += (present[i] - drawn.back()[i]) / static_cast<double>(closes);
        mean[i] += drawn.back()[i] / static_cast<double>(closes);
      }
    }
    return std::sqrt(InverseQuadratic(CovarianceOf(drawn, mean), apart));
  }

  // What the attacker of attack 15 sums.
  double Statistic(const std::vector<Publication>& records) const {
    const auto numbers = NumbersOf(records);
    double statistic = 0;
    for (const auto& [place, change] : changes_) {
      const auto& [value, sigma_squared] = numbers.at(place);
      statistic += change * value / sigma_squared;
    }
    return statistic;
  }

  double claim() const { return claim_; }               // sqrt(2 rho)
  double signal() const { return std::sqrt(signal_); }  // what the attacker has, exactly
  size_t changed_numbers() const { return changes_.size(); }
  size_t records() const { return records_; }
  const std::string& habit() const { return habit_; }
  int draws_before_habit() const { return draws_before_habit_; }
  uint64_t step() const { return step_; }

 private:
  static std::unique_ptr<LocalSuite> MakeSuite() {
    return std::make_unique<LocalSuite>(ShippedCatalog(), kLastDay);
  }

  const Setting setting_;
  std::unique_ptr<LocalSuite> suite_;
  std::vector<MergeDeltasRequest> without_;
  std::vector<MergeDeltasRequest> with_;
  std::map<std::string, double> changes_;
  double signal_ = 0;
  double claim_ = 0;
  size_t records_ = 0;
  std::string habit_;
  int draws_before_habit_ = 0;
  uint64_t step_ = 0;
  int runs_ = 0;
};

std::unique_ptr<NoiseSource> Kernel() { return std::make_unique<KernelNoise>(); }

// A broken mechanism over sound noise that follows from a seed.
template <typename Broken>
class Seeded final : public NoiseSource {
 public:
  explicit Seeded(uint64_t seed) : sound_(seed) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    return broken_.Draw(sigma_squared);
  }

 private:
  SeededNoise sound_;
  Broken broken_{sound_};
};

// Sound noise, but one draw of a record has what a step of one day would ask for.
class ForgottenStepNoise final : public NoiseSource {
 public:
  ForgottenStepNoise(uint64_t seed, int forgotten, uint64_t step)
      : sound_(seed), forgotten_(forgotten), step_(step) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    const bool forget = drawn_++ == forgotten_;
    return sound_.Draw(forget ? std::max<uint64_t>(sigma_squared / (step_ * step_), 1)
                              : sigma_squared);
  }

 private:
  SeededNoise sound_;
  const int forgotten_;
  const uint64_t step_;
  int drawn_ = 0;
};

// Mutation: a table's sensitivity that is planned too small, a second slot for a person
// in a table, a habit whose step is forgotten.
TEST(TwoWorldsAttack, TheTargetChangesNoMoreThanTheBudgetPaysFor) {
  for (const Setting& setting : {kFourWeekly, kWeekly, kDaily}) {
    TwoWorlds worlds(1, setting);
    ReportAttack(15, absl::StrFormat("a person who does everything changes %d published numbers in "
                                     "%s; exact mu %.4f, claimed sqrt(2 rho) = %.4f",
                                     worlds.changed_numbers(), setting.name, worlds.signal(),
                                     worlds.claim()));
    EXPECT_EQ(worlds.records(), setting.records);
    EXPECT_GT(worlds.changed_numbers(), 20u * setting.records);
    EXPECT_LE(worlds.signal(), worlds.claim() + 1e-9);
    EXPECT_GT(worlds.signal(), setting.least * worlds.claim())
        << "budget is wasted, or the attack is weak";
  }
  TwoWorlds control(2);
  EXPECT_GT(control.signal(), 1.5 * control.claim()) << "two identifiers must be seen";
}

TEST(TwoWorldsAttack, NobodyTellsTheWorldsApartBetterThanClaimed) {
  TwoWorlds worlds(1);
  const int64_t runs = Longer(1'000, 200'000);
  const TwoWorldsAudit audit = worlds.Attack(Kernel, runs);
  ReportAttack(1, absl::StrFormat("%d runs a side: mu >= %.3f, claimed %.3f", runs,
                                  audit.mu_lower_bound, worlds.claim()));
  EXPECT_LE(audit.mu_lower_bound, worlds.claim());
  EXPECT_GT(audit.mu_lower_bound, 0) << "the attack is too weak to prove anything";
}

// What the attack above would need thousands of closes to see, from a few: the noise of every
// published number, which is known because nothing else differs between the records.
struct NoiseSeen {
  double variance = 0;        // of all numbers, as a part of what they claim
  double least_of_one = 1;    // the least such part of any one number
  double neighbours = 0;      // correlation of a number with the next one of its record
  double windows = 0;         // correlation with the same number a window later
  double standard_error = 0;  // of all but the least
};

NoiseSeen LookAtNoise(TwoWorlds& worlds, const LocalSuite::MakeNoise& noise, int64_t closes) {
  const auto zero = [] { return std::make_unique<ZeroNoise>(); };
  const auto exact = NumbersOf(worlds.Close(false, zero));
  std::map<std::string, double> squares;  // by the number's place in any window
  NoiseSeen seen;
  double count = 0;
  for (int64_t i = 0; i < closes; ++i) {
    std::map<std::string, double> earlier;  // by place: of the window before
    double before = 0;
    for (const auto& [place, number] : NumbersOf(worlds.Close(false, noise))) {
      const auto& [value, sigma_squared] = number;
      const double drawn = (value - exact.at(place).first) / std::sqrt(sigma_squared);
      const std::string any_window = place.substr(place.find(' '));
      squares[any_window] += drawn * drawn;
      seen.variance += drawn * drawn;
      seen.neighbours += drawn * before;
      seen.windows += drawn * std::exchange(earlier[any_window], drawn);
      before = drawn;
      ++count;
    }
  }
  const double of_one = count / static_cast<double>(squares.size());
  for (const auto& [place, sum] : squares) {
    seen.least_of_one = std::min(seen.least_of_one, sum / of_one);
  }
  seen.variance /= count;
  seen.neighbours /= count;
  seen.windows /= count;
  seen.standard_error = std::sqrt(2 / count);
  return seen;
}

// Every draw is given twice.
class RepeatedNoise final : public NoiseSource {
 public:
  explicit RepeatedNoise(NoiseSource& sound) : sound_(sound) {}

  absl::StatusOr<int64_t> Draw(uint64_t sigma_squared) override {
    if (draws_++ % 2 == 0) last_ = sound_.Draw(sigma_squared);
    return last_;
  }

 private:
  NoiseSource& sound_;
  int64_t draws_ = 0;
  absl::StatusOr<int64_t> last_ = 0;
};

// Mutations: a quarter or half of the variance, of all numbers or of one table's; noise that two
// numbers of a record share, or two records.
TEST(TwoWorldsAttack, EveryNumberHasNoiseOfItsOwnAndAsMuchAsItClaims) {
  TwoWorlds worlds(1, kWeekly);
  uint64_t seed = 0;
  const NoiseSeen sound = LookAtNoise(
      worlds, [&] { return std::make_unique<SeededNoise>(seed++); }, Longer(75, 2'500));
  EXPECT_NEAR(sound.variance, 1, 5 * sound.standard_error);
  EXPECT_NEAR(sound.neighbours, 0, 5 * sound.standard_error);
  EXPECT_NEAR(sound.windows, 0, 5 * sound.standard_error);
  EXPECT_GT(sound.least_of_one, 0.6) << "one number";
  constexpr int64_t kControls = 8;
  const NoiseSeen quartered = LookAtNoise(
      worlds, [&] { return std::make_unique<Seeded<QuarteredNoise>>(seed++); }, kControls);
  const NoiseSeen averaged = LookAtNoise(
      worlds, [&] { return std::make_unique<Seeded<AveragedNoise>>(seed++); }, kControls);
  const NoiseSeen repeated = LookAtNoise(
      worlds, [&] { return std::make_unique<Seeded<RepeatedNoise>>(seed++); }, kControls);
  const NoiseSeen same = LookAtNoise(
      worlds, [&] { return std::make_unique<SeededNoise>(seed); }, kControls);
  const double allowed = 5 * averaged.standard_error;
  EXPECT_LT(quartered.variance, 1 - allowed);
  EXPECT_LT(averaged.variance, 1 - allowed) << "drawn twice and averaged";
  EXPECT_GT(repeated.neighbours, allowed) << "drawn once for two numbers";
  EXPECT_GT(same.windows, allowed) << "drawn once for two records";
  ReportAttack(1, absl::StrFormat("the noise of the numbers of records: %.3f of the variance that "
                                  "they claim, the least of one number %.2f, correlation with the "
                                  "next number %.4f, with the next window %.4f (standard errors "
                                  "%.4f); the controls %.2f, %.2f, %.2f and %.2f",
                                  sound.variance, sound.least_of_one, sound.neighbours,
                                  sound.windows, sound.standard_error, quartered.variance,
                                  averaged.variance, repeated.neighbours, same.windows));
}

// A level is computed from records that are paid for.
TEST(TwoWorldsAttack, NobodyTellsTheWorldsApartByALevel) {
  TwoWorlds worlds(1, kWeekly);
  EXPECT_TRUE(ScoreWithLevels(worlds.Close(true, Kernel)).has_level());
  const int64_t runs = Longer(300, 20'000);
  const TwoWorldsAudit audit = worlds.AttackLevel(Kernel, runs);
  ReportAttack(1, absl::StrFormat("by the level of the total, %d runs a side: mu >= %.3f, claimed "
                                  "%.3f",
                                  runs, audit.mu_lower_bound, worlds.claim()));
  EXPECT_LE(audit.mu_lower_bound, worlds.claim());
}

// Attack 15, of who reads levels and not windows. Mutation: levels of anything but the records.
TEST(TwoWorldsAttack, LevelsTellNoMoreThanTheRecordsThatTheyAreOf) {
  TwoWorlds worlds(1, kWeekly);
  const int64_t closes = Longer(100, 2'000);
  const double by_windows = worlds.Separation(
      [&](const auto& records) { return std::vector<double>{worlds.Statistic(records)}; }, closes);
  // The total is their sum.
  const double by_levels = worlds.Separation(
      [](const auto& records) {
        std::vector<double> levels;
        const score::v1::Score score = ScoreWithLevels(records);
        for (const auto& category : score.categories()) {
          if (category.has_level()) levels.push_back(category.level().points().value());
        }
        return levels;
      },
      closes);
  ReportAttack(15, absl::StrFormat("four weekly records: mu %.3f by their numbers, %.3f by all the "
                                   "levels that follow from them; claimed %.3f",
                                   by_windows, by_levels, worlds.claim()));
  EXPECT_NEAR(by_windows, worlds.signal(),
              4 * worlds.signal() / std::sqrt(2 * static_cast<double>(closes)));
  EXPECT_LE(by_levels, worlds.signal());
  EXPECT_GT(by_levels, 0) << "the attack is too weak to prove anything";
}

// The controls of the attack above. They are seeded, so that they are caught in every run
// or in none. The short form has one that few closes tell.
TEST(TwoWorldsAttack, WouldCatchAForgottenStep) {
  uint64_t seed = 0;
  TwoWorlds worlds(1);
  const uint64_t step = worlds.step();
  const TwoWorldsAudit forgotten = worlds.Attack(
      [&] {
        return std::make_unique<ForgottenStepNoise>(seed++, worlds.draws_before_habit(), step);
      },
      Longer(150, 1'000), {{worlds.habit(), static_cast<double>(step * step)}});
  ReportAttack(1, absl::StrFormat("control, of %.3f claimed: a step forgotten %.3f", worlds.claim(),
                                  forgotten.mu_lower_bound));
  EXPECT_GT(forgotten.mu_lower_bound, worlds.claim());
}

TEST(TwoWorldsAttack, WouldCatchABrokenMechanism) {
  if (Longer(0, 1) == 0) GTEST_SKIP() << "the long form alone: tests/privacy/run --long";
  uint64_t seed = 0;
  TwoWorlds worlds(1);
  const TwoWorldsAudit quartered =
      worlds.Attack([&] { return std::make_unique<Seeded<QuarteredNoise>>(seed++); }, 1'000);
  EXPECT_GT(quartered.mu_lower_bound, worlds.claim()) << "a quarter of the variance";
  const TwoWorldsAudit averaged =
      worlds.Attack([&] { return std::make_unique<Seeded<AveragedNoise>>(seed++); }, 5'000);
  EXPECT_GT(averaged.mu_lower_bound, worlds.claim()) << "drawn twice and averaged";
  TwoWorlds two_slots(2);
  const TwoWorldsAudit twice =
      two_slots.Attack([&] { return std::make_unique<SeededNoise>(seed++); }, 1'000);
  EXPECT_GT(twice.mu_lower_bound, two_slots.claim()) << "two identifiers for one person";
  ReportAttack(1,
               absl::StrFormat("controls, of %.3f claimed: a quarter of the variance %.3f, drawn "
                               "twice and averaged %.3f, two identifiers %.3f",
                               worlds.claim(), quartered.mu_lower_bound, averaged.mu_lower_bound,
                               twice.mu_lower_bound));
}

}  // namespace
}  // namespace tutti
