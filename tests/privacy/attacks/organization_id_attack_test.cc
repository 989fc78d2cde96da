// Attack 16: an organisation whose id, put into the name of a key, would be another key:
// of somebody else's organisation, in another slot of a cluster, or of none.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/redis_nodes.h"
#include "common/redis/redis_stores.h"
#include "common/rpc/status.h"
#include "services/aggregate/organization_service.h"
#include "tests/privacy/attacks/attack.h"
#include "tests/support/organizations.h"
#include "tests/support/redis_server.h"

namespace tutti {
namespace {

using aggregate::v1::OrganizationService;

class OrganizationIdAttack : public testing::Test {
 protected:
  OrganizationIdAttack() {
    auto redis = RedisServer::Start();
    EXPECT_TRUE(redis.ok()) << redis.status();
    redis_ = *std::move(redis);
    stores_ = std::make_unique<RedisStores>(redis_->OptionsFor("aggregate"));
    organizations_ = std::make_unique<Organizations>(stores_->organizations(), stores_->counters(),
                                                     stores_->publications(), stores_->history(),
                                                     ShippedCatalog(), clock_);
    // Not started: nothing here is to be scrubbed.
    scrubber_ = std::make_unique<FileScrubber>(stores_->counters(), absl::Hours(1));
    fit_.Set(absl::OkStatus());
    service_ = std::make_unique<OrganizationServiceImpl>(
        OrganizationServiceParts{organizations_->repository, organizations_->lifecycle, *scrubber_,
                                 ShippedCatalog(), clock_, *access_, fit_});
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = OrganizationService::NewStub(server_->InProcessChannel({}));
  }
  ~OrganizationIdAttack() override { server_->Shutdown(); }

  absl::Status Create(const std::string& name) {
    grpc::ClientContext context;
    aggregate::v1::CreateOrganizationRequest request;
    request.mutable_organization()->set_name(name);
    request.mutable_organization()->set_headcount(400);
    aggregate::v1::CreateOrganizationResponse response;
    return FromGrpcStatus(stub_->CreateOrganization(&context, request, &response));
  }

  absl::Status Update(const std::string& name) {
    grpc::ClientContext context;
    aggregate::v1::UpdateOrganizationRequest request;
    request.mutable_organization()->set_name(name);
    request.mutable_organization()->set_headcount(500);
    aggregate::v1::UpdateOrganizationResponse response;
    return FromGrpcStatus(stub_->UpdateOrganization(&context, request, &response));
  }

  absl::Status Erase(const std::string& name) {
    grpc::ClientContext context;
    aggregate::v1::EraseOrganizationRequest request;
    request.set_name(name);
    aggregate::v1::EraseOrganizationResponse response;
    return FromGrpcStatus(stub_->EraseOrganization(&context, request, &response));
  }

  // Every key, with what it holds.
  std::map<std::string, std::string> Everything() {
    RedisPool inspector(redis_->OptionsFor("inspector"));
    const auto keys = KeysOf(inspector, "*");
    EXPECT_TRUE(keys.ok()) << keys.status();
    std::map<std::string, std::string> values;
    for (const std::string& key : *keys) {
      const absl::StatusOr<std::string> value = AsString(inspector.Call({"DUMP", key}));
      EXPECT_TRUE(value.ok()) << value.status();
      if (value.ok()) values[key] = *value;
    }
    return values;
  }

  FakeWallClock clock_{absl::FromCivil(absl::CivilHour(kLastDay + 1) + 12, absl::UTCTimeZone())};
  const std::unique_ptr<Access> access_ = Access::ForEverybody();
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<Organizations> organizations_;
  std::unique_ptr<FileScrubber> scrubber_;
  StoreVerdict fit_;
  std::unique_ptr<OrganizationServiceImpl> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<OrganizationService::Stub> stub_;
};

// Mutation: an id that may hold a brace, a colon, or what a pattern of keys is made of.
TEST_F(OrganizationIdAttack, AnIdThatLooksLikeAnotherKeyIsRefused) {
  ASSERT_TRUE(Create("organizations/acme").ok());
  const std::map<std::string, std::string> before = Everything();
  ASSERT_EQ(before.count("{acme}:profile"), 1U);
  const std::vector<std::string> ids = {
      // Other keys of acme, in its slot of a cluster or in another.
      "acme}:x", "acme}:profile", "acme}:pub:2026-11-01", "{acme}", "{acme}:profile", "x}{acme",
      "acme}", "{acme", "{}acme", "}acme", "acme}:reach:2026-11-01:person",
      // Keys of no organisation, and what is under all of them.
      "orgs:0", "orgs:7}", "cohort:2026-11-01:x", "journal:", ":", "*", "acme*", "?cme", "[a]cme",
      "acm\\e",
      // Two names, two words of a command, or an end that is not one.
      "acme/scores/latest", "acme acme", "acme\r\nDEL {acme}:profile", "acme\n",
      std::string("acme\0x", 6), std::string("\0", 1), "", ".", "..", "-acme", "Acme", "acme_x",
      "%7Bacme%7D", absl::StrCat("\xc3\xa4", "cme"), std::string(64, 'a')};
  int tried = 0;
  int refused = 0;
  for (const std::string& id : ids) {
    for (const std::string& name : {absl::StrCat("organizations/", id), id}) {
      for (const absl::Status& status : {Create(name), Update(name), Erase(name)}) {
        ++tried;
        refused += absl::IsInvalidArgument(status) ? 1 : 0;
        EXPECT_TRUE(absl::IsInvalidArgument(status)) << name << ": " << status;
        if (id.size() > 2) {
          EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr(id)));
        }
      }
    }
  }
  EXPECT_EQ(Everything(), before) << "something was written or deleted";
  ASSERT_TRUE(Create("organizations/acme-x").ok());
  EXPECT_GT(Everything().size(), before.size()) << "the control";
  ReportAttack(16, absl::StrCat(refused, " of ", tried,
                                " calls refused that name an organisation "
                                "like a key; nothing was written"));
}

}  // namespace
}  // namespace tutti
