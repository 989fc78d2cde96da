#include "common/auth/method_rules.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/strip.h"

namespace tutti {
namespace {

constexpr CallableBy kIngestAlone = CallableBy::kIngest;
constexpr CallableBy kCallers = CallableBy::kCallers;
constexpr CallableBy kAnybody = CallableBy::kAnybody;

constexpr MethodRule kRules[] = {
    {"/tutti.ingest.v1.IngestService/IngestActivities", kCallers, kActivitiesWrite, "organization"},
    {"/tutti.ingest.v1.IngestService/StreamActivities", kCallers, kActivitiesWrite,
     "batch.organization"},
    {"/tutti.aggregate.v1.AggregateService/GetIngestPolicy", kIngestAlone, kNoScope, ""},
    {"/tutti.aggregate.v1.AggregateService/ReportKeyring", kIngestAlone, kNoScope, ""},
    {"/tutti.aggregate.v1.AggregateService/MergeDeltas", kIngestAlone, kNoScope, ""},
    {"/tutti.aggregate.v1.AggregateService/PublishDueWindows", kCallers, kOrganizationsAdmin,
     "organization"},
    {"/tutti.aggregate.v1.OrganizationService/CreateOrganization", kCallers, kOrganizationsAdmin,
     "organization.name"},
    {"/tutti.aggregate.v1.OrganizationService/GetOrganization", kCallers, kOrganizationsAdmin,
     "name"},
    {"/tutti.aggregate.v1.OrganizationService/ListOrganizations", kCallers, kOrganizationsAdmin,
     ""},
    {"/tutti.aggregate.v1.OrganizationService/UpdateOrganization", kCallers, kOrganizationsAdmin,
     "organization.name"},
    {"/tutti.aggregate.v1.OrganizationService/FinishBackfill", kCallers, kOrganizationsAdmin,
     "name"},
    {"/tutti.aggregate.v1.OrganizationService/PauseScoring", kCallers, kOrganizationsAdmin, "name"},
    {"/tutti.aggregate.v1.OrganizationService/ResumeScoring", kCallers, kOrganizationsAdmin,
     "name"},
    {"/tutti.aggregate.v1.OrganizationService/EraseOrganization", kCallers, kOrganizationsAdmin,
     "name"},
    {"/tutti.score.v1.ScoreService/GetScore", kCallers, kScoresRead, "name"},
    {"/tutti.score.v1.ScoreService/ListScores", kCallers, kScoresRead, "parent"},
    {"/tutti.score.v1.ScoreService/GetTable", kCallers, kScoresRead, "name"},
    {"/tutti.score.v1.ScoreService/ListTables", kCallers, kScoresRead, "parent"},
    {"/tutti.score.v1.ScoreService/ListRecommendations", kCallers, kScoresRead, "parent"},
    {"/tutti.score.v1.ScoreService/GetBenchmark", kCallers, kScoresRead, "name"},
    {"/tutti.score.v1.ScoreService/GetPrivacyStatement", kCallers, kScoresRead, "name"},
    {"/tutti.score.v1.ScoreService/WatchScores", kCallers, kScoresRead, "parent"},
    {"/tutti.score.v1.ScoreService/GetCatalog", kCallers, kScoresRead, ""},
    {"/grpc.health.v1.Health/Check", kAnybody, kNoScope, ""},
    {"/grpc.health.v1.Health/Watch", kAnybody, kNoScope, ""},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kAnybody, kNoScope, ""},
};

}  // namespace

absl::Span<const MethodRule> MethodRules() { return kRules; }

const MethodRule* RuleOf(absl::string_view method) {
  const auto* rule =
      std::find_if(std::begin(kRules), std::end(kRules),
                   [method](const MethodRule& candidate) { return candidate.method == method; });
  return rule == std::end(kRules) ? nullptr : rule;
}

std::optional<Role> RoleOf(absl::string_view uri, absl::string_view trust_domain) {
  if (trust_domain.empty() || !absl::ConsumePrefix(&uri, "spiffe://") ||
      !absl::ConsumePrefix(&uri, trust_domain)) {
    return std::nullopt;
  }
  if (uri == "/ingest") return Role::kIngest;
  if (uri == "/operator") return Role::kOperator;
  return std::nullopt;
}

}  // namespace tutti
