#include "common/sources/known_names.h"

#include <gtest/gtest.h>

#include "common/sources/registry.h"

namespace tutti {
namespace {

const Source& SourceNamed(absl::string_view name) { return *ShippedSources().Find(name); }

TEST(KnownApplication, KnowsItByTheNamesThatAreWritten) {
  for (const char* source : {"m365-audit", "m365-usage-report"}) {
    for (const char* name : {"SharePoint", "sharepoint", " Microsoft SharePoint"}) {
      EXPECT_EQ(SourceNamed(source).KnownApplication(name), "SharePoint") << name;
    }
    EXPECT_EQ(SourceNamed(source).KnownApplication("PowerBI"), "Power BI");
    for (const char* name : {"", "Amy", "SharePoint of Amy", "NotebookLM"}) {
      EXPECT_EQ(SourceNamed(source).KnownApplication(name), "") << name;
    }
  }
  EXPECT_EQ(SourceNamed("google-reports").KnownApplication("notebook_lm"), "NotebookLM");
  EXPECT_EQ(SourceNamed("google-reports").KnownApplication("SharePoint"), "");
}

TEST(KnownOperation, SpellsWhatItKnowsAsTheVendorDoes) {
  const Source& audit = SourceNamed("m365-audit");
  EXPECT_EQ(audit.KnownOperation(" filedeleted "), "FileDeleted");
  EXPECT_EQ(audit.KnownOperation("Update user."), "Update user");
  EXPECT_EQ(audit.KnownOperation("New-InboxRule"), "New-InboxRule");
  for (const char* other : {"", ".", "Amy Jones", "amy.jones", "FileDeletedByAmy", "|"}) {
    EXPECT_EQ(audit.KnownOperation(other), "") << other;
  }
  EXPECT_EQ(SourceNamed("activities").KnownOperation("FileDeleted"), "") << "it has no operations";
}

}  // namespace
}  // namespace tutti
