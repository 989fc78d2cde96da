#include "common/upload/import_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

const std::string kA(kTenantA);
const std::string kB(kTenantB);

TEST(ImportPlan, TakesTheOnlyTenant) {
  const auto plan = ImportPlan::ForTenants({.organization = "organizations/a"}, {kA});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->OrganizationOf(kA).value_or("-"), "organizations/a");
  EXPECT_FALSE(plan->OrganizationOf(kB).has_value());
}

TEST(ImportPlan, RefusesSeveralTenantsUntilToldWhich) {
  const auto plan = ImportPlan::ForTenants({.organization = "organizations/a"}, {kA, kB});
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string message(plan.status().message());
  EXPECT_THAT(message, HasSubstr("2 tenants"));
  EXPECT_THAT(message, HasSubstr(kA));
  EXPECT_THAT(message, HasSubstr("name the one"));
}

TEST(ImportPlan, ListsTenTenantsAtMost) {
  const std::vector<std::string> tenants(11, kA);
  const auto plan = ImportPlan::ForTenants({}, tenants);
  const std::string message(plan.status().message());
  EXPECT_THAT(message, HasSubstr("11 tenants"));
  EXPECT_THAT(message, HasSubstr(", ...)"));
}

TEST(ImportPlan, KeepsToTheChosenTenants) {
  const auto one = ImportPlan::ForTenants(
      {.organization = "organizations/a", .tenant = "AAAAAAAA-0000-4000-8000-000000000001"},
      {kA, kB});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->OrganizationOf(kA).value_or("-"), "organizations/a");
  EXPECT_FALSE(one->OrganizationOf(kB).has_value());

  const auto both = ImportPlan::ForTenants(
      {.organizations = {{kA, "organizations/a"}, {kB, "organizations/b"}}}, {kA, kB});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->OrganizationOf(kB).value_or("-"), "organizations/b");

  const auto every = ImportPlan::ForTenants({.every_tenant = true}, {kA, kB});
  ASSERT_TRUE(every.ok());
  EXPECT_EQ(every->OrganizationOf(kB).value_or("-"), "");
}

TEST(ImportPlan, RefusesAChoiceThatContradictsItself) {
  const TenantChoice kChoices[] = {
      {.tenant = kA, .organizations = {{kB, "organizations/b"}}},
      {.tenant = kA, .every_tenant = true},
      {.organization = "organizations/a", .every_tenant = true},
      {.organization = "organizations/a", .organizations = {{kB, "organizations/b"}}},
      {.organizations = {{kA, "organizations/a"}, {kB, "organizations/a"}}},
      {.tenant = "example.com"},
  };
  for (const TenantChoice& choice : kChoices) {
    const absl::Status status = ImportPlan::WithoutSurvey(choice).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().find("example.com"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace tutti
