#include "common/organization/organization_id.h"

#include <gtest/gtest.h>

#include <string>

namespace tutti {
namespace {

TEST(OrganizationIdTest, TakesThePatternOnly) {
  for (const std::string& id : {std::string("a"), std::string("0"), std::string("acme-2"),
                                std::string("a-"), std::string(63, 'x')}) {
    EXPECT_TRUE(IsOrganizationId(id)) << id;
  }
  for (const std::string& id :
       {std::string(), std::string("-a"), std::string("Acme"), std::string("a_b"),
        std::string("a.b"), std::string("a/b"), std::string("{a}"), std::string("a b"),
        std::string("\xc3\xa4"), std::string("a\0b", 3), std::string(64, 'x')}) {
    EXPECT_FALSE(IsOrganizationId(id)) << id;
  }
}

}  // namespace
}  // namespace tutti
