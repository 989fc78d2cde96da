#include "tests/sample/audit_log.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/sample/record_forms.h"
#include "tests/unit/sample/sample_fixture.h"

namespace tutti {
namespace {

TEST(AuditLog, RedeliversATenthWithTheSameIdAndContent) {
  const SampleOrganization organization = Made(SampleOf(120, 6));
  std::map<std::string, nlohmann::json> records;
  int64_t again_count = 0;
  const AuditLogCounts counts = TellAuditLog(organization, [&](const AuditRow& row, bool again) {
    if (!again) {
      ASSERT_TRUE(records.emplace(row.id, nlohmann::json::parse(row.json)).second)
          << "two records share an id";
      return;
    }
    ++again_count;
    const std::string reordered = ReorderedJson(row.json);
    ASSERT_NE(reordered, row.json);
    ASSERT_EQ(nlohmann::json::parse(reordered), records.at(row.id));
  });
  EXPECT_EQ(counts.redelivered, again_count);
  EXPECT_EQ(counts.records, again_count + static_cast<int64_t>(records.size()));
  const double share = static_cast<double>(again_count) / static_cast<double>(counts.records);
  EXPECT_NEAR(share, kRedeliveredShare, 0.01);
}

TEST(AuditLog, HasTheMembersThatEveryRecordHas) {
  const SampleOrganization organization = Made(SampleOf(60, 4));
  std::set<std::string> spellings, operations;
  TellAuditLog(organization, [&](const AuditRow& row, bool) {
    const nlohmann::json record = nlohmann::json::parse(row.json);
    for (const char* member : {"CreationTime", "Id", "Operation", "OrganizationId", "RecordType",
                               "UserKey", "UserType", "Workload", "UserId"}) {
      ASSERT_TRUE(record.contains(member)) << member;
    }
    ASSERT_EQ(record["Id"], row.id);
    ASSERT_EQ(record["UserId"], row.user);
    ASSERT_EQ(record["OrganizationId"], organization.TenantId());
    ASSERT_GE(row.created, organization.DayStart(0));
    ASSERT_LT(row.created, organization.DayStart(organization.days()));
    spellings.insert(row.user);
    operations.insert(row.operation);
  });
  int capitals = 0;
  for (const std::string& name : spellings) capitals += name[0] == 'P';
  EXPECT_GT(capitals, 0);
  for (const char* operation :
       {"Send", "MailItemsAccessed", "MessageSent", "MessageCreatedHasLink", "MeetingDetail",
        "MeetingParticipantDetail", "CallParticipantDetail", "MessageCreation", "FileAccessed",
        "FileModified", "FileUploaded", "SharingSet", "CopilotInteraction", "UserLoggedIn"}) {
    EXPECT_EQ(operations.count(operation), 1u) << operation;
  }
}

TEST(AuditLog, HasAboutAsManyRecordsAsAsked) {
  for (int64_t asked : {int64_t{0}, int64_t{90'000}}) {
    SampleOptions options = SampleOf(200, 10);
    options.records = asked;
    const int64_t expected = asked > 0 ? asked : 150'000 * 200 * 70 / (600 * 112);
    const AuditLogCounts counts = TellAuditLog(Made(options), [](const AuditRow&, bool) {});
    EXPECT_NEAR(double(counts.records), double(expected), 0.15 * double(expected));
  }
}

TEST(AuditLog, RepeatsMoreWithoutChangingWhoDoesWhat) {
  SampleOptions options = SampleOf(40, 4);
  const auto who = [&options](int64_t records) {
    options.records = records;
    const SampleOrganization organization = Made(options);
    std::map<std::string, std::set<std::string>> mail;
    organization.ForEachActivity([&](const ingest::v1::Activity& activity) {
      if (activity.type() == "mail.sent") mail[activity.type()].insert(activity.subject());
    });
    return mail;
  };
  EXPECT_EQ(who(0), who(60'000));
}

}  // namespace
}  // namespace tutti
