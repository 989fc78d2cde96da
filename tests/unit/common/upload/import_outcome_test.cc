#include "common/upload/import_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/strip.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

ImportSummary Sent(int64_t accepted, const std::map<std::string, int64_t>& refused) {
  ImportSummary summary;
  summary.rows = 100'000;
  TenantSummary& tenant = summary.tenants.emplace_back();
  tenant.upload.accepted = accepted;
  tenant.upload.refused = refused;
  return summary;
}

// Mutation: success as soon as one activity was accepted, so that `import && finish-backfill`
// makes the loss of all others final.
TEST(ImportOutcome, OneAcceptedActivityHidesNoRefusalThatCanBeRepaired) {
  const absl::Status outcome = OutcomeOf(Sent(1, {{"REASON_KEY_MISSING", 99'999}}));
  EXPECT_TRUE(absl::IsNotFound(outcome)) << outcome;
  for (const char* const said :
       {"99999 activities", "extend it for the back-fill", "run the import again"}) {
    EXPECT_THAT(std::string(outcome.message()), HasSubstr(said));
  }
  EXPECT_TRUE(absl::IsNotFound(OutcomeOf(Sent(99'999, {{"REASON_KEY_MISSING", 1}}))));
}

TEST(ImportOutcome, SaysOfSeveralReasonsWhatEachNeeds) {
  ImportSummary summary = Sent(5, {{"REASON_KEY_MISSING", 2}, {"REASON_LATE", 7}});
  summary.tenants.push_back(Sent(0, {{"REASON_TYPE_UNKNOWN", 4}}).tenants[0]);
  const absl::Status outcome = OutcomeOf(summary);
  EXPECT_TRUE(absl::IsNotFound(outcome)) << outcome;
  for (const char* const said : {"6 activities", "For 2: rotate", "For 4: give the services"}) {
    EXPECT_THAT(std::string(outcome.message()), HasSubstr(said));
  }
}

TEST(ImportOutcome, WhatLiesInTheDataIsNoErrorWhileSomethingIsAccepted) {
  EXPECT_EQ(OutcomeOf(Sent(1, {{"REASON_LATE", 9}, {"REASON_BEFORE_FIRST_DAY", 9}})),
            absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(OutcomeOf(Sent(0, {{"REASON_LATE", 9}}))));
  ImportSummary unreadable;
  unreadable.rows = unreadable.rejected[0] = 3;
  EXPECT_TRUE(absl::IsInvalidArgument(OutcomeOf(unreadable)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckReadable(unreadable)));
}

// Mutation: success, so that a script finishes the back-fill after an import of the wrong file.
TEST(ImportOutcome, NothingToSendIsNoSuccess) {
  EXPECT_TRUE(absl::IsNotFound(OutcomeOf(Sent(0, {}))));
  EXPECT_TRUE(absl::IsNotFound(OutcomeOf(ImportSummary())));
  EXPECT_EQ(CheckReadable(Sent(0, {})), absl::OkStatus()) << "a rehearsal sends nothing";
  ImportSummary licences = Sent(0, {});
  licences.tenants[0].licensed[""] = 12;
  EXPECT_EQ(OutcomeOf(licences), absl::OkStatus()) << "it says who is licensed";
  EXPECT_TRUE(SentNothing(licences));
  EXPECT_FALSE(SentNothing(Sent(1, {})));
  EXPECT_FALSE(SentNothing(Sent(0, {{"REASON_LATE", 1}})));
}

TEST(ImportOutcome, EveryErrorEndsBySayingNotToFinish) {
  EXPECT_EQ(NotFinished(absl::OkStatus()), absl::OkStatus());
  for (const char* const said : {"it broke", "it broke."}) {
    EXPECT_EQ(NotFinished(absl::InternalError(said)),
              absl::InternalError("it broke. If this is a back-fill, do not finish it yet"));
  }
}

// A reason that is added has to be thought about here.
TEST(ImportOutcome, EveryReasonIsRepairableOrNot) {
  const std::set<std::string> in_the_data_or_for_good = {
      "UNSPECIFIED",       "SUBJECT_MISSING",        "SUBJECT_TOO_LONG",
      "SUBJECT_MALFORMED", "TIME_MISSING",           "LATE",
      "BEFORE_FIRST_DAY",  "TOO_MANY_TRAITS",        "BATCH_EMPTY",
      "BATCH_TOO_LARGE",   "ORGANIZATION_FORBIDDEN", "KIND_NOT_COLLECTED",
      "WINDOW_INCOMPLETE", "ORGANIZATION_MALFORMED", "ORGANIZATION_NOT_ACTIVE"};
  int repairable = 0;
  for (int number = 0; number < ingest::v1::Reason_ARRAYSIZE; ++number) {
    if (!ingest::v1::Reason_IsValid(number)) continue;
    const std::string& name = ingest::v1::Reason_Name(static_cast<ingest::v1::Reason>(number));
    const std::string reason(absl::StripPrefix(name, "REASON_"));
    EXPECT_EQ(RepairOf(reason).empty(), in_the_data_or_for_good.count(reason) == 1) << reason;
    repairable += RepairOf(reason).empty() ? 0 : 1;
  }
  EXPECT_EQ(repairable, 8);
  EXPECT_EQ(RepairOf("SOMETHING_ELSE"), "");
}

TEST(ImportOutcome, AnErrorThatEndedTheImportSaysWhatToRepair) {
  const absl::Status error = absl::FailedPreconditionError("this ingest has no key");
  const absl::Status outcome = OutcomeOf(error, "KEY_MISSING");
  EXPECT_TRUE(absl::IsNotFound(outcome)) << outcome;
  EXPECT_THAT(std::string(outcome.message()), HasSubstr("this ingest has no key. To repair it: "));
  EXPECT_EQ(OutcomeOf(error, ""), error);
  EXPECT_EQ(OutcomeOf(error, "ORGANIZATION_NOT_ACTIVE"), error);
}

}  // namespace
}  // namespace tutti
