#include "common/auth/method_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.pb.h"
#include "tutti/access/v1/access.pb.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using ::testing::HasSubstr;

std::vector<std::string> ServicesOf(const FileDescriptor& file) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(file.service_count()));
  for (int i = 0; i < file.service_count(); ++i) names.push_back(file.service(i)->full_name());
  return names;
}

// The rules of every service of ours.
MethodRules Ours() {
  std::vector<std::string> services;
  for (const FileDescriptor* file : {ingest::v1::IngestActivitiesRequest::descriptor()->file(),
                                     aggregate::v1::MergeDeltasRequest::descriptor()->file(),
                                     aggregate::v1::Organization::descriptor()->file(),
                                     score::v1::GetScoreRequest::descriptor()->file()}) {
    for (const std::string& name : ServicesOf(*file)) services.push_back(name);
  }
  const absl::StatusOr<MethodRules> rules = MethodRules::Of(services);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.value_or(MethodRules());
}

// Mutation: a method of ours without the option is found here.
TEST(MethodRulesTest, AreStatedForEveryMethodOfOurs) {
  const MethodRules rules = Ours();
  EXPECT_GE(rules.all().size(), 22);
  for (const auto& [method, rule] : rules.all()) {
    EXPECT_NE(rule.callable_by, CallableBy::kAnybody) << method;
    EXPECT_EQ(rule.callable_by == CallableBy::kCallers, rule.scopes != kNoScope) << method;
    if (absl::StrContains(method, "ScoreService")) {
      // The catalogue is about nobody.
      const bool catalog = absl::EndsWith(method, "/GetCatalog");
      EXPECT_EQ(rule.scopes,
                catalog ? kScoresRead | kActivitiesWrite | kOrganizationsAdmin : kScoresRead)
          << method;
    }
    if (absl::StrContains(method, "IngestService")) {
      EXPECT_EQ(rule.scopes, kActivitiesWrite) << method;
    }
    if (absl::StrContains(method, "OrganizationService")) {
      EXPECT_NE(rule.scopes & kOrganizationsAdmin, kNoScope) << method;
    }
  }
}

TEST(MethodRulesTest, LetIngestSendDeltasAndNobodyElse) {
  const MethodRules rules = Ours();
  for (const char* method : {"MergeDeltas", "GetIngestPolicy", "ReportKeyring"}) {
    const MethodRule* const rule =
        rules.Find(absl::StrCat("/tutti.aggregate.v1.AggregateService/", method));
    ASSERT_NE(rule, nullptr) << method;
    EXPECT_EQ(rule->callable_by, CallableBy::kIngest) << method;
  }
}

TEST(MethodRulesTest, LetReadersOfScoresSeeTheirOrganization) {
  const MethodRules rules = Ours();
  for (const auto& [method, rule] : rules.all()) {
    const bool reads = absl::StrContains(method, "ScoreService") ||
                       absl::EndsWith(method, "/GetOrganization") ||
                       absl::EndsWith(method, "/ListOrganizations");
    EXPECT_EQ((rule.scopes & kScoresRead) != 0, reads) << method;
  }
}

// Mutation: a method whose option leaves the organisation out is found here; one that does
// not ask whether its caller may use it, in tests/e2e/clients/access_test.py.
TEST(MethodRulesTest, SayWhereEveryRequestNamesItsOrganization) {
  const MethodRules rules = Ours();
  for (const auto& [method, rule] : rules.all()) {
    if (rule.callable_by != CallableBy::kCallers || !rule.organization_field.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(method.substr(1), '/');
    const auto* request = DescriptorPool::generated_pool()
                              ->FindServiceByName(parts[0])
                              ->FindMethodByName(parts[1])
                              ->input_type();
    for (const char* name : {"name", "parent", "organization", "batch"}) {
      EXPECT_EQ(request->FindFieldByName(name), nullptr) << method;
    }
  }
}

TEST(MethodRulesTest, KnowNoMethodThatIsNotServed) {
  const MethodRules rules = Ours();
  EXPECT_NE(rules.Find("/tutti.score.v1.ScoreService/GetScore"), nullptr);
  for (const char* method :
       {"", "/", "/tutti.score.v1.ScoreService/", "/x.Y/Z",
        "/tutti.score.v1.ScoreService/GetScoreX", "/grpc.health.v1.Health/Check"}) {
    EXPECT_EQ(rules.Find(method), nullptr) << method;
  }
}

// Mutation: ingest's words for callers.
TEST(MethodRulesTest, SayInWordsWhoMayCall) {
  const MethodRules rules = Ours();
  EXPECT_EQ(rules.Find("/tutti.aggregate.v1.AggregateService/MergeDeltas")->needs,
            "is for ingest's certificate alone");
  EXPECT_EQ(rules.Find("/tutti.score.v1.ScoreService/GetCatalog")->needs,
            "needs a token with the scope scores.read or activities.write or organizations.admin");
}

// Mutations: one of them, which states nothing, is refused; a service of a like name is open.
TEST(MethodRulesTest, OpenHealthAndReflectionToAnybody) {
  for (const auto& [package, name, open] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"grpc.health.v1", "Health", true},
           {"grpc.reflection.v1", "ServerReflection", true},
           {"grpc.reflection.v1alpha", "ServerReflection", true},
           {"grpc.health.v1", "Health2", false},
           {"tutti.health.v1", "Health", false}}) {
    FileDescriptorProto file;
    file.set_name("x.proto");
    file.set_package(package);
    file.add_message_type()->set_name("Request");
    auto& service = *file.add_service();
    service.set_name(name);
    auto& method = *service.add_method();
    method.set_name("Do");
    method.set_input_type("Request");
    method.set_output_type("Request");
    DescriptorPool pool;
    ASSERT_NE(pool.BuildFile(file), nullptr);
    const std::string full_name = absl::StrCat(package, ".", name);
    const absl::StatusOr<MethodRules> rules = MethodRules::Of({full_name}, pool);
    ASSERT_EQ(rules.ok(), open) << full_name;
    if (!open) continue;
    const MethodRule* const rule = rules->Find(absl::StrCat("/", full_name, "/Do"));
    ASSERT_NE(rule, nullptr) << full_name;
    EXPECT_EQ(rule->callable_by, CallableBy::kAnybody) << full_name;
  }
}

// A service with one method that has these options.
class StatedTest : public ::testing::Test {
 protected:
  absl::Status Read(const access::v1::MethodAccess* access) {
    FileDescriptorProto file;
    file.set_name("x.proto");
    file.set_package("x");
    file.set_syntax("proto3");
    auto& request = *file.add_message_type();
    request.set_name("Request");
    using Field = google::protobuf::FieldDescriptorProto;
    const auto add = [&request](const char* name, Field::Type type, Field::Label label) {
      auto& field = *request.add_field();
      field.set_name(name);
      field.set_number(request.field_size());
      field.set_type(type);
      field.set_label(label);
      if (type == Field::TYPE_MESSAGE) field.set_type_name(".x.Request");
    };
    add("name", Field::TYPE_STRING, Field::LABEL_OPTIONAL);
    add("names", Field::TYPE_STRING, Field::LABEL_REPEATED);
    add("bytes", Field::TYPE_BYTES, Field::LABEL_OPTIONAL);
    add("number", Field::TYPE_INT64, Field::LABEL_OPTIONAL);
    add("batch", Field::TYPE_MESSAGE, Field::LABEL_OPTIONAL);
    auto& service = *file.add_service();
    service.set_name("Service");
    auto& method = *service.add_method();
    method.set_name("Do");
    method.set_input_type(".x.Request");
    method.set_output_type(".x.Request");
    if (access != nullptr) {
      *method.mutable_options()->MutableExtension(access::v1::access) = *access;
    }
    DescriptorPool pool(DescriptorPool::generated_pool());
    if (pool.BuildFile(file) == nullptr) return absl::InternalError("the file is not well-formed");
    return MethodRules::Of({"x.Service"}, pool).status();
  }

  absl::Status Read(access::v1::CallableBy by, const std::vector<std::string>& scopes,
                    const std::string& field) {
    access::v1::MethodAccess access;
    access.set_callable_by(by);
    for (const std::string& scope : scopes) access.add_scopes(scope);
    access.set_organization_field(field);
    return Read(&access);
  }
};

// Mutations: a field that is no text, or not one, names the organisation; a scope that there is not
// is left out; who is not stated may be a caller.
TEST_F(StatedTest, IsRefusedWithoutTheOptionAndWhereItContradictsItself) {
  using access::v1::CALLABLE_BY_CALLERS;
  using access::v1::CALLABLE_BY_INGEST;
  EXPECT_EQ(Read(CALLABLE_BY_CALLERS, {"scores.read"}, "name"), absl::OkStatus());
  EXPECT_EQ(Read(CALLABLE_BY_CALLERS, {"scores.read"}, "batch.name"), absl::OkStatus());
  EXPECT_EQ(Read(CALLABLE_BY_INGEST, {}, ""), absl::OkStatus());
  for (const absl::Status& refused :
       {Read(nullptr), Read(access::v1::CALLABLE_BY_UNSPECIFIED, {}, ""),
        Read(access::v1::CALLABLE_BY_UNSPECIFIED, {"scores.read"}, "name"),
        Read(CALLABLE_BY_CALLERS, {}, "name"), Read(CALLABLE_BY_CALLERS, {"scores.write"}, "name"),
        Read(CALLABLE_BY_CALLERS, {"scores.read", "scores.write"}, "name"),
        Read(CALLABLE_BY_CALLERS, {"system.admin"}, "name"),
        Read(CALLABLE_BY_INGEST, {"scores.read"}, ""),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "parent"),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "name.id"),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "names"),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "bytes"),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "number"),
        Read(CALLABLE_BY_CALLERS, {"scores.read"}, "batch")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("x.Service.Do"));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(MethodRules::Of({"x.NoSuchService"}).status()));
}

// Mutations: a URI without a trust domain is of any; one needs no scheme.
TEST(MethodRulesTest, ReadARoleLetterForLetter) {
  EXPECT_EQ(RoleOf("spiffe://example.org/ingest", "example.org"), Role::kIngest);
  EXPECT_EQ(RoleOf("spiffe://example.org/operator", "example.org"), Role::kOperator);
  for (const char* uri :
       {"", "ingest", "spiffe://example.org", "spiffe://example.org/",
        "spiffe://example.org/Ingest", "spiffe://example.org/ingest/",
        "spiffe://example.org/operator2", "spiffe://example.org.evil/operator",
        "spiffe://evil/operator", "SPIFFE://example.org/ingest", "https://example.org/ingest",
        "spiffe://example.org//ingest", "spiffe:///operator", "example.org/operator"}) {
    EXPECT_EQ(RoleOf(uri, "example.org"), std::nullopt) << uri;
  }
  EXPECT_EQ(RoleOf("spiffe:///operator", ""), std::nullopt);
}

}  // namespace
}  // namespace tutti
