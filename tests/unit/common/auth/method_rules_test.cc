#include "common/auth/method_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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
    EXPECT_EQ(RuleOf(method)->callable_by, CallableBy::kIngest);
    EXPECT_EQ(RuleOf(method)->scope, kNoScope);
  }
}

TEST(MethodRulesTest, NeedAScopeOfEveryCaller) {
  for (const MethodRule& rule : MethodRules()) {
    EXPECT_EQ(rule.callable_by == CallableBy::kCallers, rule.scope != kNoScope) << rule.method;
    if (rule.method.find("ScoreService") != absl::string_view::npos) {
      EXPECT_EQ(rule.scope, kScoresRead) << rule.method;
    }
    if (rule.method.find("OrganizationService") != absl::string_view::npos) {
      EXPECT_EQ(rule.scope, kOrganizationsAdmin) << rule.method;
    }
  }
}

// The field of a request that `path` leads to; null when it leads nowhere.
const google::protobuf::FieldDescriptor* FieldAt(const google::protobuf::Descriptor* message,
                                                 const std::string& path) {
  const google::protobuf::FieldDescriptor* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    field = message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr) return nullptr;
    message = field->message_type();
  }
  return field;
}

// Mutation: a method whose rule leaves the organisation out is found here; one that does
// not ask whether its caller may use it, in tests/e2e/clients/access_test.py.
TEST(MethodRulesTest, SayWhereEveryRequestNamesItsOrganization) {
  for (const MethodRule& rule : MethodRules()) {
    const std::vector<std::string> parts = absl::StrSplit(rule.method.substr(1), '/');
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(parts[0]);
    if (service == nullptr || rule.callable_by != CallableBy::kCallers) continue;
    const auto* request = service->FindMethodByName(parts[1])->input_type();
    if (!rule.organization_field.empty()) {
      const auto* field = FieldAt(request, std::string(rule.organization_field));
      ASSERT_NE(field, nullptr) << rule.method;
      EXPECT_EQ(field->type(), google::protobuf::FieldDescriptor::TYPE_STRING) << rule.method;
      continue;
    }
    for (const char* name : {"name", "parent", "organization", "batch"}) {
      EXPECT_EQ(request->FindFieldByName(name), nullptr) << rule.method;
    }
  }
}

TEST(MethodRulesTest, LetNobodyCallAMethodWithoutARule) {
  for (const char* method : {"", "/", "/tutti.score.v1.ScoreService/", "/x.Y/Z",
                             "/tutti.score.v1.ScoreService/GetScoreX"}) {
    EXPECT_EQ(RuleOf(method), nullptr) << method;
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
