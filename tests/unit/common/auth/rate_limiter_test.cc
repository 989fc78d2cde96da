#include "common/auth/rate_limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

int TakeAll(RateLimiter& limiter, const char* caller, absl::Time now) {
  int taken = 0;
  while (limiter.Take(caller, now) == absl::ZeroDuration()) ++taken;
  return taken;
}

TEST(RateLimiterTest, GivesABurstAndThenTheRate) {
  RateLimiter limiter({10});
  EXPECT_EQ(TakeAll(limiter, "a", At(0)), 20);
  EXPECT_EQ(TakeAll(limiter, "a", At(0.5)), 5);
  EXPECT_EQ(TakeAll(limiter, "a", At(100)), 20) << "no more than the burst is saved";
}

// Mutation: a burst of less than one call, which never fills.
TEST(RateLimiterTest, GivesOneCallNowAndThenHoweverLowTheRate) {
  RateLimiter limiter({0.1});
  EXPECT_EQ(limiter.Take("a", At(0)), absl::ZeroDuration());
  EXPECT_GE(limiter.Take("a", At(1)), absl::Seconds(9));
  EXPECT_EQ(limiter.Take("a", At(30)), absl::ZeroDuration());
}

TEST(RateLimiterTest, KeepsCallersApart) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  EXPECT_EQ(TakeAll(limiter, "b", At(0)), 20);
}

TEST(RateLimiterTest, GivesNothingForAClockThatGoesBack) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(100));
  EXPECT_EQ(TakeAll(limiter, "a", At(99)), 0);
  EXPECT_EQ(limiter.Take("a", At(100.1)), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a", At(100.1)), absl::ZeroDuration());
}

// Mutation: the bucket's time goes back with the clock, and is given once more.
TEST(RateLimiterTest, GivesNoTimeTwice) {
  RateLimiter limiter({10});
  ASSERT_EQ(limiter.Take("a", At(100)), absl::ZeroDuration());
  ASSERT_EQ(limiter.Take("a", At(99)), absl::ZeroDuration());
  EXPECT_EQ(TakeAll(limiter, "a", At(100)), 18);
}

TEST(RateLimiterTest, IsOffAtZero) {
  RateLimiter limiter({});
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(limiter.Take("a", At(0)), absl::ZeroDuration());
}

TEST(RateLimiterTest, ForgetsWhoDoesNotCallWhenThereAreTooMany) {
  RateLimiter limiter({1});
  for (size_t i = 0; i < RateLimiter::kMaxCallers; ++i) {
    ASSERT_EQ(limiter.Take(absl::StrCat(i), At(0)), absl::ZeroDuration());
  }
  EXPECT_GT(limiter.Take("one more", At(0)), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("one more", At(2)), absl::ZeroDuration());
}

// Mutation: nobody is let in when there are too many.
TEST(RateLimiterTest, LetsWhomItKnowsCallWhenThereAreTooMany) {
  RateLimiter limiter({1});
  for (size_t i = 0; i < RateLimiter::kMaxCallers; ++i) limiter.Take(absl::StrCat(i), At(0));
  ASSERT_GT(limiter.Take("one more", At(0)), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("0", At(0)), absl::ZeroDuration());
}

// Mutation: whoever could make all calls is forgotten, with the places that they were promised.
TEST(RateLimiterTest, ForgetsNobodyWhoHasAPlace) {
  RateLimiter limiter({1});
  ASSERT_EQ(TakeAll(limiter, "patient", At(0)), 2);
  ASSERT_EQ(limiter.Take("patient", At(0)), absl::Seconds(2)) << "the second place";
  for (size_t i = 1; i < RateLimiter::kMaxCallers; ++i) limiter.Take(absl::StrCat(i), At(0));
  ASSERT_EQ(limiter.Take("one more", At(2.2)), absl::ZeroDuration()) << "others are forgotten";
  EXPECT_EQ(limiter.Take("patient", At(2.2), 9), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("patient", At(2.2), 9), absl::ZeroDuration()) << "this is the patient's";
  EXPECT_EQ(limiter.Take("patient", At(2.2)), absl::ZeroDuration());
}

// Who has been refused is let in after the time that they were told, whoever comes first
// meanwhile. Mutation: nothing is kept for them.
TEST(RateLimiterTest, KeepsThePlaceThatItPromises) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  std::vector<absl::Duration> waits;
  for (uint64_t i = 1; i <= 5; ++i) waits.push_back(limiter.Take("a", At(0), i));
  for (uint64_t i = 1; i <= 5; ++i) {
    const absl::Duration wait = waits[i - 1];
    EXPECT_GE(wait, absl::Milliseconds(100 * i));
    EXPECT_LE(wait, absl::Milliseconds(250 * (i + 1)));
    // Somebody else, as often as they like, until the place is claimed.
    const absl::Time due = At(0) + wait;
    for (int j = 0; j < 20; ++j) limiter.Take("a", due + absl::Milliseconds(j), 100);
    EXPECT_EQ(limiter.Take("a", due + absl::Milliseconds(20), i), absl::ZeroDuration()) << i;
  }
}

TEST(RateLimiterTest, CountsWhatWasPromisedAsGone) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));  // the last of these is refused: one place
  limiter.Take("a", At(0), 1);
  const absl::Duration wait = limiter.Take("a", At(0), 1);
  ASSERT_GE(wait, absl::Milliseconds(300)) << "the third that is promised";
  EXPECT_GT(limiter.Take("a", At(0.1), 2), absl::ZeroDuration()) << "it would be missing later";
  EXPECT_EQ(limiter.Take("a", At(0.55), 3), absl::ZeroDuration()) << "5 calls, 3 or 4 promised";
}

// Mutations: no allowance for rounding, of calls or of times.
TEST(RateLimiterTest, LetsInWhoComesAfterJustTheTimeInNanoseconds) {
  for (const double rate : {3.0, 7.0, 11.0, 13.0}) {
    RateLimiter limiter({rate});
    TakeAll(limiter, "a", At(0));
    const absl::Duration wait = limiter.Take("a", At(0), 1);
    const absl::Time due = At(0) + absl::Floor(wait, absl::Nanoseconds(1));
    ASSERT_EQ(limiter.Take("a", due), absl::ZeroDuration()) << rate << ": the first place";
    EXPECT_EQ(limiter.Take("a", due, 1), absl::ZeroDuration()) << rate;
  }
}

// Mutation: a place that is claimed before its time.
TEST(RateLimiterTest, LetsNobodyInEarlyInAnothersPlace) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  ASSERT_EQ(limiter.Take("a", At(0), 1), absl::Milliseconds(200));
  EXPECT_GT(limiter.Take("a", At(0.1), 1), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a", At(0.1)), absl::ZeroDuration());
}

// Mutation: places in the order in which they were promised.
TEST(RateLimiterTest, KeepsAPlaceThatIsDueBeforeAnEarlierOne) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  const absl::Time later = At(0.000999) + limiter.Take("a", At(0.000999), 1);
  const absl::Time sooner = At(0.001) + limiter.Take("a", At(0.001), 2);
  ASSERT_LT(sooner, later);
  EXPECT_EQ(limiter.Take("a", sooner, 2), absl::ZeroDuration());
}

// Mutations: places without end; one more.
TEST(RateLimiterTest, PromisesOneCallerTwoSecondsCallsAtMost) {
  RateLimiter limiter({2});
  TakeAll(limiter, "a", At(0));
  for (uint64_t i = 1; i < 4; ++i) {
    EXPECT_EQ(limiter.Take("a", At(0), i), absl::Seconds(0.5 * static_cast<double>(i + 1)));
  }
  EXPECT_EQ(limiter.Take("a", At(0), 4), absl::Seconds(2.5));
  EXPECT_EQ(limiter.Take("a", At(0), 5), absl::Seconds(2.5)) << "nothing was kept";
}

// Mutation: no bound but two seconds' calls.
TEST(RateLimiterTest, PromisesOneCallerSoManyPlacesAtMost) {
  RateLimiter limiter({3'000});
  TakeAll(limiter, "a", At(0));
  for (uint64_t i = 1; i < RateLimiter::kMaxPlacesOfOne; ++i) limiter.Take("a", At(0), i);
  const absl::Duration next = limiter.Take("a", At(0), RateLimiter::kMaxPlacesOfOne);
  EXPECT_GT(next, absl::Seconds(1));
  EXPECT_EQ(limiter.Take("a", At(0), RateLimiter::kMaxPlacesOfOne + 1), next);
}

// Whether a caller who has made all their calls, and is refused one more, is kept a place: it is
// theirs when it is due, though somebody else comes first. At 32 a second there are three by then.
bool KeepsAPlace(RateLimiter& limiter, const char* caller, absl::Time now) {
  TakeAll(limiter, caller, now);
  const absl::Time due = now + RateLimiter::kShortestWait;
  while (limiter.Take(caller, due, 9) == absl::ZeroDuration()) {
  }
  return limiter.Take(caller, due) == absl::ZeroDuration();
}

// Mutations: places without end; those that are claimed, or lapse, count for ever; nobody looks
// for those of callers who are gone.
TEST(RateLimiterTest, PromisesSoManyPlacesInAll) {
  RateLimiter limiter({32});
  for (size_t i = 0; i < RateLimiter::kMaxPlaces / RateLimiter::kMaxPlacesOfConnection; ++i) {
    const std::string caller = absl::StrCat(i);
    TakeAll(limiter, caller.c_str(), At(0));
    for (size_t j = 1; j < RateLimiter::kMaxPlacesOfConnection; ++j) limiter.Take(caller, At(0));
  }
  EXPECT_FALSE(KeepsAPlace(limiter, "late", At(0)));
  ASSERT_EQ(limiter.Take("0", At(0.1)), absl::ZeroDuration());
  EXPECT_TRUE(KeepsAPlace(limiter, "one for another", At(0.1)));
  TakeAll(limiter, "the last one", At(0.1));
  EXPECT_FALSE(KeepsAPlace(limiter, "late again", At(0.1)));
  EXPECT_TRUE(KeepsAPlace(limiter, "after they have lapsed", At(3)));
}

// Mutation: the same time for all.
TEST(RateLimiterTest, TellsWhoIsRefusedAMomentLaterSomethingElse) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  TakeAll(limiter, "b", At(0));
  EXPECT_GT(limiter.Take("b", At(0.0005)), 1.4 * limiter.Take("a", At(0)));
}

TEST(RateLimiterTest, TellsNobodyToComeAtOnce) {
  RateLimiter limiter({500});
  TakeAll(limiter, "a", At(0));
  for (int i = 0; i < 2'000; ++i) {
    const absl::Duration wait = limiter.Take("a", At(0));
    ASSERT_GE(wait, RateLimiter::kShortestWait);
    ASSERT_LE(wait, absl::Seconds(1)) << "64 places, and as long again";
  }
}

// Mutation: places that never lapse.
TEST(RateLimiterTest, GivesAwayThePlaceOfWhoDoesNotComeBack) {
  RateLimiter limiter({10});
  TakeAll(limiter, "a", At(0));
  for (int i = 0; i < 100; ++i) limiter.Take("a", At(0));
  EXPECT_EQ(TakeAll(limiter, "a", At(10)), 20);
}

// What becomes of workers of one caller that wait as long as they are told.
struct Outcome {
  double granted_share = 0;  // of what the limit lets through
  double refusals = 0;       // for each call that was granted
  double least = 0;          // of the worker that got least, for the average worker's 1
};

struct Crowd {
  int workers = 20;
  double calls_per_second = 1'000;  // that they would like to make together
  int connections = 20;             // that they share
  double hammering = 0;             // calls a second of somebody else who never waits
};

// Numbers from 0 to 1 without a pattern, the same each time.
class Chance {
 public:
  double Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) / static_cast<double>(uint64_t{1} << 53);
  }

 private:
  uint64_t state_ = 1;
};

Outcome Simulate(double limit, const Crowd& crowd) {
  constexpr double kEnd = 60;
  RateLimiter limiter({limit});
  TakeAll(limiter, "a", At(0));
  struct Worker {
    double next = 0;   // when its call is to be made
    double asked = 0;  // when it wanted to make it
    int granted = 0;
    uint64_t connection = 0;
  };
  std::vector<Worker> workers(static_cast<size_t>(crowd.workers));
  const double each = crowd.workers / crowd.calls_per_second;
  Chance chance;
  for (size_t i = 0; i < workers.size(); ++i) {
    workers[i].next = workers[i].asked = each * chance.Next();
    workers[i].connection = 1 + i % static_cast<size_t>(crowd.connections);
  }
  double hammer = crowd.hammering > 0 ? 0 : kEnd;
  int granted = 0;
  int refused = 0;
  int by_hammering = 0;
  while (true) {
    Worker& first = *std::min_element(workers.begin(), workers.end(),
                                      [](const auto& a, const auto& b) { return a.next < b.next; });
    if (std::min(first.next, hammer) >= kEnd) break;
    if (hammer < first.next) {
      by_hammering += limiter.Take("a", At(hammer), 0) == absl::ZeroDuration() ? 1 : 0;
      hammer += 1 / crowd.hammering;
      continue;
    }
    const absl::Duration wait = limiter.Take("a", At(first.next), first.connection);
    // There and back, and timers are late.
    const double around = 0.001 + 0.004 * chance.Next();
    if (wait > absl::ZeroDuration()) {
      ++refused;
      first.next += absl::ToDoubleSeconds(wait) + around;
      continue;
    }
    ++granted;
    ++first.granted;
    first.next = std::max(first.asked + each, first.next + around);
    // Who is behind does not catch up for ever.
    first.asked = std::max(first.asked + each, first.next - each);
  }
  const auto least =
      std::min_element(workers.begin(), workers.end(),
                       [](const auto& a, const auto& b) { return a.granted < b.granted; });
  return {(granted + by_hammering) / (limit * kEnd),
          static_cast<double>(refused) / std::max(granted, 1),
          least->granted / (static_cast<double>(granted) / crowd.workers)};
}

// Mutations: 1 ms as the shortest wait; no place kept (times that follow from the bucket alone).
TEST(RateLimiterTest, LetsACrowdThatObeysHaveTheLimitWithoutAStorm) {
  const std::map<std::string, std::pair<double, Crowd>> crowds = {
      {"20 workers, twice the limit", {500, {}}},
      {"20 workers, twice the limit, one connection", {500, {20, 1'000, 1}}},
      {"20 workers, ten times the limit", {500, {20, 5'000}}},
      {"5 workers, twice the limit", {500, {5, 1'000}}},
      {"20 workers, a little above the limit", {500, {20, 550}}},
      {"20 workers, a low limit", {20, {20, 40}}},
      {"20 workers, a low limit, one connection", {20, {20, 40, 1}}},
      {"20 workers, a high limit", {5'000, {20, 10'000}}},
      {"200 workers, four times the limit", {500, {200, 2'000}}},
  };
  for (const auto& [name, crowd] : crowds) {
    const Outcome outcome = Simulate(crowd.first, crowd.second);
    std::cout << name << ": " << outcome.granted_share << " of the limit, " << outcome.refusals
              << " refusals a grant, the least-served has " << outcome.least << "\n";
    EXPECT_GE(outcome.granted_share, 0.95) << name;
    EXPECT_LE(outcome.granted_share, 1.01) << name;
    EXPECT_LE(outcome.refusals, 1) << name;
    EXPECT_GE(outcome.least, 0.5) << name;
  }
  EXPECT_LE(Simulate(500, {}).refusals, 0.4) << "several calls are granted in a row";
}

// Somebody of the same caller who never waits takes more than the others, not all. Mutations:
// places that anybody may claim, or as many for one connection as there are.
TEST(RateLimiterTest, LeavesTheObedientAShareBesideWhoHammers) {
  const Outcome outcome = Simulate(500, {20, 1'000, 20, 5'000});
  std::cout << "beside 5,000 calls a second: " << outcome.granted_share << " of the limit, "
            << outcome.refusals << " refusals a grant, the least-served has " << outcome.least
            << "\n";
  EXPECT_GE(outcome.granted_share, 0.95);
  EXPECT_LE(outcome.refusals, 2);
  EXPECT_GT(outcome.least, 0.5);
}

}  // namespace
}  // namespace tutti
