#include "common/scoring/peer_benchmark.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using publication::v1::Cohort;
using publication::v1::CohortCategory;

struct Band {
  int64_t from;
  const char* words;
};
// The widths of a total in percent, and of a category.
constexpr double kMostPoints = 100;
constexpr Band kBands[] = {
    {10, "10 to 49 people"},           {50, "50 to 249 people"},
    {250, "250 to 999 people"},        {1'000, "1,000 to 4,999 people"},
    {5'000, "5,000 to 19,999 people"}, {20'000, "20,000 people and more"},
};

std::string Sha256(absl::string_view bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest = {};
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digest.data());
  return {digest.begin(), digest.end()};
}

uint64_t MemberOf(absl::string_view organization) {
  uint64_t member = 0;
  for (const char byte : Sha256(organization).substr(0, 8)) {
    member = member << 8 | static_cast<uint8_t>(byte);
  }
  return member;
}

std::string Plain(absl::string_view words) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(words));
}

PeerGroup MakeGroup(const Band& band, const std::string& region, const std::string& industry) {
  const std::string where = absl::StrCat(Plain(region), std::string(1, '\0'), Plain(industry));
  PeerGroup group;
  group.id = absl::StrCat(band.from, "-", absl::BytesToHexString(Sha256(where).substr(0, 16)));
  group.words = band.words;
  for (const std::string& word : {region, industry}) {
    if (!word.empty())
      absl::StrAppend(&group.words, ", ", std::string(absl::StripAsciiWhitespace(word)));
  }
  return group;
}

// One's own score may be another than the one that was added.
int32_t Rounded(double mean) {
  return static_cast<int32_t>(std::lround(std::clamp(mean, 0.0, kMostPoints)));
}

// Whether so many scores can come to the sum. Not a number is no sum.
bool IsSumOf(int64_t scores, double sum) {
  return sum >= 0 && sum <= kMostPoints * static_cast<double>(scores);
}

bool IsPossible(const Cohort& cohort) {
  const int members = cohort.members_size();
  const auto& categories = cohort.categories();
  return std::is_sorted(cohort.members().begin(), cohort.members().end()) &&
         IsSumOf(members, cohort.percent_sum()) &&
         std::all_of(categories.begin(), categories.end(),
                     [members](const CohortCategory& sum) {
                       return sum.organizations() <= members &&
                              IsSumOf(sum.organizations(), sum.points_sum());
                     }) &&
         std::adjacent_find(categories.begin(), categories.end(),
                            [](const CohortCategory& a, const CohortCategory& b) {
                              return a.category() >= b.category();
                            }) == categories.end();
}

bool Shown(const score::v1::CategoryScore& category) {
  return category.state() == score::v1::FIGURE_STATE_MEASURED;
}

}  // namespace

std::vector<PeerGroup> PeerGroupsOf(const publication::v1::Publication& record) {
  if (record.generated_data() || record.headcount() < kBands[0].from) return {};
  const Band* band = std::begin(kBands);
  for (const Band& other : kBands) {
    if (record.headcount() >= other.from) band = &other;
  }
  const std::string region = Plain(record.region()).empty() ? "" : record.region();
  const std::string industry = Plain(record.industry()).empty() ? "" : record.industry();
  std::vector<PeerGroup> groups;
  if (!region.empty() && !industry.empty()) groups.push_back(MakeGroup(*band, region, industry));
  if (!industry.empty()) groups.push_back(MakeGroup(*band, "", industry));
  if (!region.empty()) groups.push_back(MakeGroup(*band, region, ""));
  groups.push_back(MakeGroup(*band, "", ""));
  return groups;
}

void PeerSum::Add(absl::string_view organization, const score::v1::Score& score) {
  if (score.state() != score::v1::FIGURE_STATE_MEASURED) return;
  cohort_.add_members(MemberOf(organization));
  cohort_.set_percent_sum(cohort_.percent_sum() + score.percent().value());
  for (const score::v1::CategoryScore& category : score.categories()) {
    if (!Shown(category)) continue;
    CohortCategory& sum = categories_[category.category()];
    sum.set_category(category.category());
    sum.set_organizations(sum.organizations() + 1);
    sum.set_points_sum(sum.points_sum() + category.points().value());
  }
}

Cohort PeerSum::ToProto(Day end_day) const {
  Cohort cohort = cohort_;
  cohort.set_end_day(FormatDay(end_day));
  std::sort(cohort.mutable_members()->begin(), cohort.mutable_members()->end());
  for (const auto& [id, sum] : categories_) *cohort.add_categories() = sum;
  return cohort;
}

absl::StatusOr<Cohort> ReadCohort(const std::string& bytes, Day end_day) {
  Cohort cohort;
  if (!cohort.ParseFromString(bytes) || cohort.end_day() != FormatDay(end_day) ||
      !IsPossible(cohort)) {
    return absl::DataLossError("a stored cohort cannot be read");
  }
  return cohort;
}

std::optional<score::v1::GetBenchmarkResponse> MeanOfOthers(const Cohort& cohort,
                                                            absl::string_view organization,
                                                            const score::v1::Score& own) {
  const bool member =
      std::binary_search(cohort.members().begin(), cohort.members().end(), MemberOf(organization));
  const int others = cohort.members_size() - (member ? 1 : 0);
  if (others < kFewestPeers) return std::nullopt;
  score::v1::GetBenchmarkResponse response;
  response.set_organizations(others / 5 * 5);
  const double own_percent = member ? own.percent().value() : 0;
  response.set_mean_percent(Rounded((cohort.percent_sum() - own_percent) / others));
  for (const CohortCategory& sum : cohort.categories()) {
    int64_t count = sum.organizations();
    double points = sum.points_sum();
    for (const score::v1::CategoryScore& category : own.categories()) {
      if (!member || category.category() != sum.category() || !Shown(category)) continue;
      --count;
      points -= category.points().value();
    }
    if (count < kFewestPeers) continue;
    score::v1::CategoryBenchmark& mean = *response.add_categories();
    mean.set_category(sum.category());
    mean.set_mean_points(Rounded(points / static_cast<double>(count)));
  }
  return response;
}

}  // namespace tutti
