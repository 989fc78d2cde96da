#include "common/auth/method_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "grpc/health/v1/health.pb.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {
namespace {

void AddMethods(const google::protobuf::FileDescriptor& file, std::set<std::string>& methods) {
  for (int i = 0; i < file.service_count(); ++i) {
    const auto& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      methods.insert(absl::StrCat("/", service.full_name(), "/", service.method(j)->name()));
    }
  }
}

TEST(MethodRulesTest, HaveOneRuleForEveryMethodThatIsServed) {
  std::set<std::string> served = {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};
  AddMethods(*ingest::v1::IngestActivitiesRequest::descriptor()->file(), served);
  AddMethods(*aggregate::v1::MergeDeltasRequest::descriptor()->file(), served);
  AddMethods(*aggregate::v1::Organization::descriptor()->file(), served);
  AddMethods(*score::v1::GetScoreRequest::descriptor()->file(), served);
  AddMethods(*grpc::health::v1::HealthCheckRequest::descriptor()->file(), served);
  std::multiset<std::string> ruled;
  for (const MethodRule& rule : MethodRules()) ruled.insert(std::string(rule.method));
  EXPECT_THAT(ruled, testing::ElementsAreArray(served));
}

TEST(MethodRulesTest, LetIngestSendDeltasAndNobodyElse) {
  for (const char* method : {"/tutti.aggregate.v1.AggregateService/MergeDeltas",
                             "/tutti.aggregate.v1.AggregateService/GetIngestPolicy"}) {
    EXPECT_TRUE(MayCall(Role::kIngest, method));
    EXPECT_FALSE(MayCall(Role::kOperator, method));
  }
}

TEST(MethodRulesTest, LetIngestReadNoScoreAndKeepNoOrganization) {
  for (const MethodRule& rule : MethodRules()) {
    if (rule.method.find("ScoreService") != absl::string_view::npos ||
        rule.method.find("OrganizationService") != absl::string_view::npos) {
      EXPECT_FALSE(MayCall(Role::kIngest, rule.method)) << std::string(rule.method);
      EXPECT_TRUE(MayCall(Role::kOperator, rule.method)) << std::string(rule.method);
    }
  }
}

TEST(MethodRulesTest, LetNobodyCallAMethodWithoutARule) {
  for (const char* method : {"", "/", "/tutti.score.v1.ScoreService/", "/x.Y/Z",
                             "/tutti.score.v1.ScoreService/GetScoreX"}) {
    EXPECT_FALSE(MayCall(Role::kOperator, method)) << method;
    EXPECT_FALSE(MayCall(Role::kIngest, method)) << method;
  }
}

TEST(MethodRulesTest, ReadARoleLetterForLetter) {
  EXPECT_EQ(RoleOf("spiffe://example.org/ingest", "example.org"), Role::kIngest);
  EXPECT_EQ(RoleOf("spiffe://example.org/operator", "example.org"), Role::kOperator);
  for (const char* uri : {"", "ingest", "spiffe://example.org", "spiffe://example.org/",
                          "spiffe://example.org/Ingest", "spiffe://example.org/ingest/",
                          "spiffe://example.org/operator2", "spiffe://example.org.evil/operator",
                          "spiffe://evil/operator", "SPIFFE://example.org/ingest",
                          "https://example.org/ingest", "spiffe://example.org//ingest"}) {
    EXPECT_EQ(RoleOf(uri, "example.org"), std::nullopt) << uri;
  }
  EXPECT_EQ(RoleOf("spiffe:///operator", ""), std::nullopt);
}

}  // namespace
}  // namespace tutti
