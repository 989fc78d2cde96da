#include "common/upload/import_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

// One row of each fate, one that came twice, one rejected and one of another tenant.
ImportSummary Whole() {
  ImportSummary summary;
  summary.rows = 6;
  summary.rejected[0] = 1;
  summary.other_tenants = 1;
  TenantSummary tenant;
  tenant.records = 4;
  tenant.duplicates = 1;
  tenant.distinct = 3;
  tenant.fates.Begin();
  tenant.Exclude(Exclusion::kGuest);
  tenant.Count("mail.sent");
  tenant.Count("mail.read");
  tenant.fates.Begin();
  tenant.Exclude(Exclusion::kGuest);
  tenant.Exclude(Exclusion::kGuest);
  tenant.fates.Begin();
  tenant.Ignore("FileDeleted");
  tenant.fates.End();
  summary.tenants.push_back(tenant);
  return summary;
}

TEST(RecordFates, CountEachRecordOnceWhateverIsSaidOfIt) {
  const RecordFates fates = Whole().tenants[0].fates;
  EXPECT_EQ(fates.Of(Fate::kActivity), 1);
  EXPECT_EQ(fates.Of(Fate::kLeftOut), 1);
  EXPECT_EQ(fates.Of(Fate::kWithoutMeaning), 1);
  EXPECT_EQ(fates.Of(Fate::kNone), 0);
}

TEST(CheckTrace, HoldsWhenEveryRowIsSomewhere) {
  EXPECT_TRUE(CheckTrace(ImportSummary()).ok());
  EXPECT_TRUE(CheckTrace(Whole()).ok()) << CheckTrace(Whole());
}

// Mutation: each of the comparisons left out.
TEST(CheckTrace, TellsWhatLeftNoTrace) {
  ImportSummary unread = Whole();
  ++unread.rows;
  ImportSummary silent = Whole();
  silent.rows += 2;
  silent.tenants[0].records += 2;
  silent.tenants[0].fates.Begin();
  silent.tenants[0].fates.Begin();
  silent.tenants[0].fates.End();
  ImportSummary twice = Whole();
  --twice.tenants[0].records;
  --twice.rows;
  for (const ImportSummary& summary : {unread, silent, twice}) {
    EXPECT_EQ(CheckTrace(summary).code(), absl::StatusCode::kInternal);
  }
  EXPECT_THAT(std::string(CheckTrace(silent).message()),
              HasSubstr("2 records are neither activities nor left out"));
  EXPECT_THAT(std::string(CheckTrace(unread).message()), HasSubstr("7 were read"));
}

}  // namespace
}  // namespace tutti
