#include "tests/sample/habits.h"

#include <algorithm>
#include <cmath>

namespace tutti {
namespace {

struct PracticeModel {
  double base;         // log odds of a person with factors 0
  double loadings[4];  // of diligence, teamwork, mobility, curiosity
  double never;        // share of people who never do it
};

constexpr PracticeModel kModels[] = {
    {0.6, {0.8, 0.2, 0.0, 0.0}, 0.04},    // mail
    {-0.5, {0.7, 0.0, 0.1, 0.0}, 0.08},   // mail read
    {-0.8, {0.2, 0.9, 0.3, 0.1}, 0.15},   // chat
    {-2.3, {0.1, 1.1, 0.1, 0.2}, 0.35},   // channel
    {-3.4, {0.0, 0.6, 0.1, 0.8}, 0.40},   // community post
    {-2.6, {0.0, 0.5, 0.1, 0.8}, 0.30},   // community read
    {-0.7, {0.6, 0.6, 0.1, 0.1}, 0.10},   // file read
    {-0.9, {0.8, 0.4, 0.0, 0.1}, 0.12},   // file write
    {-4.4, {0.3, 0.8, 0.0, 0.3}, 0.35},   // share of a team's file
    {0.2, {0.3, 0.7, 0.1, 0.0}, 0.08},    // meeting, when there is one
    {-3.2, {0.2, 0.4, 0.3, 0.0}, 0.45},   // call
    {-0.9, {0.2, 0.0, 0.1, 1.2}, 0.10},   // assistant
    {-2.2, {0.0, 0.8, 0.0, 0.0}, 0.40},   // group mail
    {-1.6, {0.3, 0.0, -0.2, 0.0}, 0.20},  // attachment
    {-1.8, {0.1, 0.5, 0.0, 0.4}, 0.40},   // mention
    {-2.0, {0.0, 0.5, 0.2, 0.5}, 0.45},   // link
    {-0.6, {0.0, 1.0, 0.0, 0.2}, 0.20},   // in a team site
    {-1.6, {0.0, 0.7, 0.0, 0.1}, 0.25},   // in another's drive
    {-0.6, {0.0, 0.6, 0.0, 0.3}, 0.25},   // video
    {-2.0, {0.4, 0.4, -0.2, 0.1}, 0.40},  // screen share
    {-1.4, {0.0, 0.7, 0.1, 0.5}, 0.30},   // reaction, hand, chat
};
static_assert(std::size(kModels) == static_cast<size_t>(Practice::kCount));

constexpr double kPersonal = 0.7;  // what the factors do not explain

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

void DrawDevices(Draws& draws, double mobility, SampleHabits& habits) {
  const bool uses[3] = {draws.Chance(0.93), draws.Chance(Logistic(0.9 + 0.5 * mobility)),
                        draws.Chance(Logistic(-0.1 + 1.2 * mobility))};
  const double shares[3] = {3 * draws.Uniform() + 1, 1.5 * draws.Uniform() + 0.1,
                            draws.Uniform() + 0.1};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) sum += uses[i] ? shares[i] : 0;
  for (size_t i = 0; i < 3; ++i) {
    habits.devices[i] = static_cast<float>(uses[i] && sum > 0 ? shares[i] / sum : 0);
  }
  if (sum <= 0) habits.devices = {1, 0, 0};
}

}  // namespace

bool IsLicensed(uint32_t person) { return person % 20 < 9; }

int64_t LicensedPeople(int64_t people) {
  return people / 20 * 9 + std::min<int64_t>(people % 20, 9);
}

SampleHabits DrawHabits(const SampleKey& key, uint32_t person, int days, int campaign_day) {
  Draws draws(key, SampleStream::kHabits, person, 0);
  SampleHabits habits;
  habits.person = person;
  double factors[4];
  for (double& factor : factors) factor = draws.Normal();
  // One in twenty-five has an account and never uses it.
  const bool idle = draws.Chance(0.04);
  for (size_t i = 0; i < std::size(kModels); ++i) {
    const PracticeModel& model = kModels[i];
    double logit = model.base + kPersonal * draws.Normal();
    for (size_t f = 0; f < 4; ++f) logit += model.loadings[f] * factors[f];
    const bool never = draws.Chance(model.never);
    habits.chance[i] = static_cast<float>(never ? 0 : Logistic(logit));
  }
  DrawDevices(draws, factors[2], habits);
  habits.present = static_cast<float>(idle ? 0 : 0.88 + 0.1 * draws.Uniform());
  habits.weekend = static_cast<float>(
      idle || draws.Chance(0.5) ? 0 : 0.25 * draws.Uniform() * Logistic(factors[0]));
  habits.day_off = draws.Chance(0.15) ? static_cast<int>(draws.Below(5)) : 7;
  if (draws.Chance(0.6)) {
    habits.leave_from = static_cast<int>(draws.Below(static_cast<uint32_t>(days)));
    habits.leave_until = habits.leave_from + (draws.Chance(0.4) ? 14 : 7);
  }
  // Both practices spread: three in ten had begun before the first day, and almost
  // all who ever will have by the last.
  habits.community_from = static_cast<int>(days * (1.7 * draws.Uniform() - 0.6));
  habits.assistant_from = static_cast<int>(days * (1.5 * draws.Uniform() - 0.45));
  habits.licensed = IsLicensed(person);
  // Roughly one shared file in four weeks for those who share at all.
  const bool shares = !idle && draws.Chance(Logistic(0.2 + 0.9 * factors[1]));
  for (int& day : habits.share_day) {
    const int drawn = static_cast<int>(draws.Below(static_cast<uint32_t>(std::max(days, 112))));
    day = shares && drawn < days ? drawn : -1;
  }
  // Drawn last: without a campaign everything is as it would have been.
  if (campaign_day >= 0 && draws.Chance(0.7)) {
    habits.community_from = std::min(habits.community_from, campaign_day);
    habits.assistant_from = std::min(habits.assistant_from, campaign_day);
  }
  return habits;
}

}  // namespace tutti
