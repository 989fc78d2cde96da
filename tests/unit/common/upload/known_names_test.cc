#include "common/upload/known_names.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(KnownApplication, KnowsItByTheNamesThatAreWritten) {
  for (const char* name : {"SharePoint", "sharepoint", " Microsoft SharePoint"}) {
    EXPECT_EQ(KnownApplication(name), "SharePoint") << name;
  }
  EXPECT_EQ(KnownApplication("PowerBI"), "Power BI");
  for (const char* name : {"", "Amy", "SharePoint of Amy"}) {
    EXPECT_EQ(KnownApplication(name), "") << name;
  }
}

TEST(KnownOperation, SpellsWhatItKnowsAsTheVendorDoes) {
  EXPECT_EQ(KnownOperation(" filedeleted "), "FileDeleted");
  EXPECT_EQ(KnownOperation("Update user."), "Update user");
  EXPECT_EQ(KnownOperation("New-InboxRule"), "New-InboxRule");
  for (const char* other : {"", ".", "Amy Jones", "amy.jones", "FileDeletedByAmy", "|"}) {
    EXPECT_EQ(KnownOperation(other), "") << other;
  }
}

}  // namespace
}  // namespace tutti
