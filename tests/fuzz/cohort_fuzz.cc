// Cohorts read back: whatever is stored, what a member is told of the others is in range,
// and of a cohort that is whole it is their mean.

#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/scoring/peer_benchmark.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"

namespace tutti {
namespace {

using publication::v1::Cohort;
using score::v1::CategoryScore;
using score::v1::GetBenchmarkResponse;
using score::v1::Score;

constexpr Day kDay(2026, 11, 15);
constexpr const char* kCategories[] = {"communication", "meetings", "mobility"};

std::string MemberName(size_t member) { return absl::StrCat("org-", member); }

// Points in halves, so that sums of them are exact.
double DrawPoints(FuzzedDataProvider& draw) { return draw.ConsumeIntegralInRange(0, 200) / 2.0; }

Score DrawScore(FuzzedDataProvider& draw) {
  Score score;
  score.set_state(score::v1::FIGURE_STATE_MEASURED);
  score.mutable_percent()->set_value(DrawPoints(draw));
  for (const char* id : kCategories) {
    CategoryScore& category = *score.add_categories();
    category.set_category(id);
    if (!draw.ConsumeBool()) continue;
    category.set_state(score::v1::FIGURE_STATE_MEASURED);
    category.mutable_points()->set_value(DrawPoints(draw));
  }
  return score;
}

std::vector<Score> DrawScores(FuzzedDataProvider& draw) {
  std::vector<Score> scores(draw.ConsumeIntegralInRange<size_t>(0, 30));
  for (Score& score : scores) score = DrawScore(draw);
  return scores;
}

Cohort CohortOf(const std::vector<Score>& scores) {
  PeerSum sum;
  for (size_t i = 0; i < scores.size(); ++i) sum.Add(MemberName(i), scores[i]);
  return sum.ToProto(kDay);
}

void RequireMeans(const GetBenchmarkResponse& mean) {
  const auto is_mean = [](int points) { return points >= 0 && points <= 100; };
  Require(mean.organizations() >= kFewestPeers && mean.organizations() % 5 == 0, "others are many");
  Require(is_mean(mean.mean_percent()), "a total is of a hundred");
  for (const auto& category : mean.categories()) {
    Require(is_mean(category.mean_points()), "so is a category");
  }
}

void RequireEqual(const GetBenchmarkResponse& mean, const std::vector<Score>& scores, size_t own) {
  double total = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (i != own) total += scores[i].percent().value();
  }
  const auto others = static_cast<double>(scores.size() - (own < scores.size() ? 1 : 0));
  Require(mean.mean_percent() == std::lround(total / others), "the total is the others' mean");
  for (const auto& category : mean.categories()) {
    double points = 0;
    int count = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      for (const CategoryScore& one : scores[i].categories()) {
        if (i == own || one.category() != category.category() ||
            one.state() != score::v1::FIGURE_STATE_MEASURED) {
          continue;
        }
        points += one.points().value();
        ++count;
      }
    }
    Require(count >= kFewestPeers && category.mean_points() == std::lround(points / count),
            "so is each category's, of those that show it");
  }
}

// Reads for a member, or for one who is none when `own` is their number.
void ReadWhatIsGood(FuzzedDataProvider& draw) {
  const std::vector<Score> scores = DrawScores(draw);
  const std::string bytes = CohortOf(scores).SerializeAsString();
  const auto cohort = ReadCohort(bytes, kDay);
  Require(cohort.ok() && cohort->SerializeAsString() == bytes, "a cohort is read as it is written");
  Require(!ReadCohort(bytes, kDay - 28).ok(), "for its day");
  const size_t own = draw.ConsumeIntegralInRange<size_t>(0, scores.size());
  const bool member = own < scores.size();
  const auto mean = MeanOfOthers(*cohort, MemberName(own), member ? scores[own] : Score());
  const int others = static_cast<int>(scores.size()) - (member ? 1 : 0);
  Require(mean.has_value() == (others >= kFewestPeers), "enough others have a mean");
  if (!mean.has_value()) return;
  RequireMeans(*mean);
  RequireEqual(*mean, scores, own);
}

// Mutation: whatever is a message is a cohort.
void ReadStored(const std::string& bytes, const Score& own) {
  const auto cohort = ReadCohort(bytes, kDay);
  if (!cohort.ok()) {
    Require(absl::IsDataLoss(cohort.status()), "or it is refused as lost");
    return;
  }
  for (const char* name : {"org-0", "elsewhere"}) {
    const auto mean = MeanOfOthers(*cohort, name, own);
    if (mean.has_value()) RequireMeans(*mean);
  }
}

void ChangeAGoodOne(FuzzedDataProvider& draw) {
  Cohort cohort = CohortOf(DrawScores(draw));
  const Score own = DrawScore(draw);
  for (int changes = draw.ConsumeIntegralInRange(1, 3); changes > 0; --changes) {
    ChangeOneField(draw, cohort);
  }
  ReadStored(cohort.SerializeAsString(), own);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::SilenceProtobuf();
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 2)) {
    case 0:
      tutti::ReadWhatIsGood(draw);
      break;
    case 1:
      tutti::ChangeAGoodOne(draw);
      break;
    default:
      tutti::ReadStored(draw.ConsumeRemainingBytesAsString(), {});
  }
  return 0;
}
