#include "common/auth/method_rules.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/strip.h"

namespace tutti {
namespace {

constexpr MethodRule kRules[] = {
    {"/tutti.ingest.v1.IngestService/IngestActivities", false, true},
    {"/tutti.ingest.v1.IngestService/StreamActivities", false, true},
    {"/tutti.aggregate.v1.AggregateService/GetIngestPolicy", true, false},
    {"/tutti.aggregate.v1.AggregateService/MergeDeltas", true, false},
    {"/tutti.aggregate.v1.AggregateService/PublishDueWindows", false, true},
    {"/tutti.aggregate.v1.OrganizationService/CreateOrganization", false, true},
    {"/tutti.aggregate.v1.OrganizationService/GetOrganization", false, true},
    {"/tutti.aggregate.v1.OrganizationService/ListOrganizations", false, true},
    {"/tutti.aggregate.v1.OrganizationService/UpdateOrganization", false, true},
    {"/tutti.aggregate.v1.OrganizationService/FinishBackfill", false, true},
    {"/tutti.aggregate.v1.OrganizationService/PauseScoring", false, true},
    {"/tutti.aggregate.v1.OrganizationService/ResumeScoring", false, true},
    {"/tutti.aggregate.v1.OrganizationService/EraseOrganization", false, true},
    {"/tutti.score.v1.ScoreService/GetScore", false, true},
    {"/tutti.score.v1.ScoreService/ListScores", false, true},
    {"/tutti.score.v1.ScoreService/GetTable", false, true},
    {"/tutti.score.v1.ScoreService/ListTables", false, true},
    {"/tutti.score.v1.ScoreService/ListRecommendations", false, true},
    {"/tutti.score.v1.ScoreService/GetBenchmark", false, true},
    {"/tutti.score.v1.ScoreService/GetPrivacyStatement", false, true},
    {"/tutti.score.v1.ScoreService/WatchScores", false, true},
    {"/grpc.health.v1.Health/Check", true, true},
    {"/grpc.health.v1.Health/Watch", true, true},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", false, true},
};

}  // namespace

absl::Span<const MethodRule> MethodRules() { return kRules; }

std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain) {
  if (trust_domain.empty() || !absl::ConsumePrefix(&uri, "spiffe://") ||
      !absl::ConsumePrefix(&uri, trust_domain)) {
    return std::nullopt;
  }
  if (uri == "/ingest") return Role::kIngest;
  if (uri == "/operator") return Role::kOperator;
  return std::nullopt;
}

bool MayCall(Role role, absl::string_view method) {
  const auto* rule =
      std::find_if(std::begin(kRules), std::end(kRules),
                   [method](const MethodRule& candidate) { return candidate.method == method; });
  if (rule == std::end(kRules)) return false;
  return role == Role::kIngest ? rule->ingest : rule->operators;
}

}  // namespace tutti
