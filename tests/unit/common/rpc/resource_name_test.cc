#include "common/rpc/resource_name.h"

#include <gtest/gtest.h>

#include "common/rpc/error_details.h"
#include "google/rpc/error_details.pb.h"

namespace tutti {
namespace {

TEST(ResourceNameTest, ParsesOrganizations) {
  const auto id = ParseOrganizationName("organizations/acme");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, "acme");
}

TEST(ResourceNameTest, RefusesOtherNamesOfOrganizations) {
  for (const char* name : {"", "acme", "organizations", "organizations/", "organizations/Acme",
                           "organizations/a/b", "/organizations/a", "organizations/a/", "orgs/a"}) {
    EXPECT_EQ(ParseOrganizationName(name).status().code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST(ResourceNameTest, SaysWhatIsWrongWithoutRepeatingTheText) {
  const absl::Status refused = ParseOrganizationName("organizations/Jane.Doe").status();
  const google::rpc::Status sent = ToRpcStatus(refused);
  ASSERT_EQ(sent.details_size(), 1);
  google::rpc::BadRequest request;
  ASSERT_TRUE(sent.details(0).UnpackTo(&request));
  EXPECT_EQ(request.field_violations(0).field(), "name");
  EXPECT_EQ(sent.SerializeAsString().find("Jane"), std::string::npos);
}

TEST(ResourceNameTest, ParsesScores) {
  const auto name = ParseScoreName("organizations/acme/scores/2026-11-22");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->organization, "acme");
  EXPECT_EQ(name->end_day, *ParseDay("2026-11-22"));
  EXPECT_EQ(name->table, "");
}

TEST(ResourceNameTest, LeavesTheDayOpenForTheLatest) {
  const auto name = ParseScoreName("organizations/acme/scores/latest");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_FALSE(name->end_day.has_value());
}

TEST(ResourceNameTest, ParsesTables) {
  const auto name = ParseTableName("organizations/acme/scores/latest/tables/reading_and_modes2");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->organization, "acme");
  EXPECT_EQ(name->table, "reading_and_modes2");
}

TEST(ResourceNameTest, RefusesOtherNamesOfScores) {
  for (const char* name :
       {"organizations/acme", "organizations/acme/scores", "organizations/acme/scores/",
        "organizations/acme/scores/2026-02-30", "organizations/acme/scores/20261122",
        "organizations/acme/scores/Latest", "organizations/ACME/scores/latest",
        "organizations/acme/score/latest", "organizations/acme/scores/latest/tables/modes"}) {
    EXPECT_EQ(ParseScoreName(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
  for (const char* name :
       {"organizations/acme/scores/latest", "organizations/acme/scores/latest/tables/",
        "organizations/acme/scores/latest/tables/Modes",
        "organizations/acme/scores/latest/table/modes",
        "organizations/acme/scores/latest/tables/modes/cells"}) {
    EXPECT_EQ(ParseTableName(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace tutti
