#include "common/upload/known_names.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"

namespace tutti {
namespace {

TEST(KnownOperation, SpellsWhatItKnowsAsTheVendorDoes) {
  EXPECT_EQ(KnownOperation(" filedeleted "), "FileDeleted");
  EXPECT_EQ(KnownOperation("Update user."), "Update user");
  EXPECT_EQ(KnownOperation("New-InboxRule"), "New-InboxRule");
  for (const char* other : {"", ".", "Amy Jones", "amy.jones", "FileDeletedByAmy", "|"}) {
    EXPECT_EQ(KnownOperation(other), "") << other;
  }
}

TEST(KnownActivityType, KnowsTheShippedCatalogueAndNothingElse) {
  const char* source = std::getenv("TUTTI_SOURCE_DIR");
  const auto catalog = Catalog::Load(absl::StrCat(source, "/deploy/catalog/adoption.textproto"));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  for (const auto& type : (*catalog)->proto().activity_types()) {
    EXPECT_EQ(KnownActivityType(type.id()), type.id());
    EXPECT_EQ(IsActOfPerson(type.id()), type.kind() == "person") << type.id();
  }
  EXPECT_EQ(KnownActivityType("amy.jones"), "");
  EXPECT_FALSE(IsActOfPerson("amy.jones"));
}

}  // namespace
}  // namespace tutti
