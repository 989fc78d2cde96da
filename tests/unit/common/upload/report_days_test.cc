// On which day a report's rows happened, however it is written. All of it is made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/upload/import_outcome.h"
#include "tests/unit/common/upload/report_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class ReportDays : public ReportImport {};

// Noon in UTC of 2026-05-04.
constexpr int64_t kFourthOfMay = 1777896000;
constexpr int64_t kDay = 86400;  // in seconds

// A report of a mail by each of several people, on these days.
std::string ReportOfDays(const std::vector<std::string>& days) {
  std::string text = "User Principal Name,Last Activity Date,Send Count,Report Period\n";
  for (size_t i = 0; i < days.size(); ++i) {
    absl::StrAppend(&text, "p", i, "@acme.example,", days[i], ",1,1\n");
  }
  return text;
}

// It is 2026-06-21, 00:00 in UTC. Mutation: today's noon is in the future.
TEST_F(ReportDays, TakesAReportOfTodayBeforeNoon) {
  Imported(
      absl::StrCat(kMailHeader, "2026-06-21,amy@acme.example,False,2026-06-21,2,1,OFFICE,1\n"));
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.seconds, ElementsAre(1782000000, 1782000000));
  Imported("deviceId,date,coreBootTimeInMs\nlaptop,2026-06-21,1\nlaptop,2026-06-23,1\n");
  EXPECT_EQ(rejected_, 1);
  EXPECT_THAT(activities_.seconds, ElementsAre(1782000000));
}

// Mutation: year 1, for never, replaces the day that is there.
TEST_F(ReportDays, SaysWhatIsMissingOfDevices) {
  const TenantSummary summary = Imported(
      R"({"value":[{"deviceName":"a","startupPerformanceScore":40,)"
      R"("lastReportedDateTime":"2026-05-04T08:00:00Z","reportDate":"0001-01-01T00:00:00Z"},)"
      R"({"deviceName":"b","startupPerformanceScore":40},)"
      R"({"deviceName":"c","startupPerformanceScore":-1,"date":"2026-05-04"},)"
      R"({"deviceName":"d","startupPerformanceScore":40,"date":"2026-05-04",)"
      R"("userPrincipalName":"bob_else.example#EXT#@acme.onmicrosoft.com"}]})");
  EXPECT_THAT(activities_.texts, ElementsAre("a device.started - - +slow_start"));
  EXPECT_EQ(rows_, 4);
  EXPECT_EQ(rejected_, 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kNoMeasurement), 1);
  EXPECT_EQ(summary.Excluded(Exclusion::kGuest), 1);
  const absl::StatusOr<ImportSummary> undated =
      Run({"Device name,Startup performance score\nlaptop,40\n"});
  ASSERT_TRUE(undated.ok()) << undated.status();
  EXPECT_THAT(std::string(CheckReadable(*undated).message()),
              HasSubstr("no row could be read: 1 with no date: export the start-up history"));
}

// Mutation: the first time of a record that is there, though it cannot be, is its time.
TEST_F(ReportDays, TakesTheFirstTimeOfAnAuditRecordThatCanBe) {
  std::string text = RecordStart(1, kTenantA, "amy@acme.example", "Yammer", "MessageCreation");
  const std::string good = "2026-05-04T09:00:00";
  text.replace(text.find(good), good.size(), "0001-01-01T00:00:00");
  Imported(absl::StrCat(text, R"(,"Start_Time":"2026-05-04T10:00:00"})"));
  EXPECT_THAT(activities_.seconds, ElementsAre(1777888800));
}

// Mutations: a zero of one program's clock alone; a day that is none is none that can be read.
TEST_F(ReportDays, TakesTheZeroOfAClockForNever) {
  std::string report = kMailHeader;
  const std::vector<std::string> zeros = {"0001-01-01",
                                          "1601-01-01",
                                          "1900-01-00",
                                          "1/0/1900",
                                          "00.01.1900",
                                          "1899-12-30",
                                          "0001-01-01T00:00:00Z",
                                          "01/01/0001 00:00:00",
                                          "1970-01-01",
                                          "0",
                                          "Never",
                                          "-"};
  for (size_t i = 0; i < zeros.size(); ++i) {
    absl::StrAppend(&report, MailRow(absl::StrCat("p", i, "@acme.example"), zeros[i]));
  }
  const TenantSummary summary = Imported(report);
  EXPECT_EQ(rejected_, 0);
  EXPECT_EQ(summary.Excluded(Exclusion::kNothingDone), static_cast<int64_t>(zeros.size()));
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", static_cast<int64_t>(zeros.size()))));
  EXPECT_THAT(activities_.texts, IsEmpty());
  const absl::StatusOr<ImportSummary> device =
      Run({"deviceId,date,coreBootTimeInMs\nlaptop,0001-01-01T00:00:00,1\n"});
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->rejected[static_cast<size_t>(RejectionReason::kNoDate)], 1);
}

// Mutations: the order that was found first is held for what shows another; a day that contradicts
// it has no readable time; a column that nobody knows shows no order.
TEST_F(ReportDays, BelievesNoDayOfAFileThatShowsBothOrders) {
  const absl::StatusOr<ImportSummary> both =
      Run({ReportOfDays({"4/5/2026", "13/5/2026", "4/5/2026", "5/13/2026", "4/5/2026", "14/5/2026",
                         "5/5/2026", "04.05.2026", "2026-05-04"})});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->rejected[static_cast<size_t>(RejectionReason::kAmbiguousDay)], 3);
  EXPECT_EQ(both->Rejected(), 3);
  EXPECT_EQ(activities_.seconds.size(), 6u);
  Imported(
      "User Principal Name,Last Activity Date,Word Copilot Last Activity Date,"
      "Planner Copilot Last Activity Date\n"
      "amy@acme.example,,4/5/2026,\nbob@acme.example,,,4/5/2026\ncy@acme.example,,,13/5/2026\n");
  EXPECT_EQ(rejected_, 0);
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay, kFourthOfMay + 9 * kDay));
}

// A gzip file that is cut off after `text` and many lines without anything, so that its beginning
// can be read.
std::string CutOff(std::string text) {
  constexpr size_t kBlock = 60'000;
  const auto two_bytes = [](size_t number) {
    return std::string{static_cast<char>(number & 0xff), static_cast<char>(number >> 8)};
  };
  text.resize(10 * kBlock, '\n');
  std::string file("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  for (size_t at = 0; at < text.size(); at += kBlock) {
    absl::StrAppend(&file, std::string(1, '\0'), two_bytes(kBlock), two_bytes(kBlock ^ 0xffff),
                    text.substr(at, kBlock));
  }
  return file;
}

// Mutation: what waits for the order of days is forgotten with an error.
TEST_F(ReportDays, AccountsForRowsThatWaitWhenTheInputEndsWithAnError) {
  const std::string concealed(32, 'a');
  for (const std::string& text :
       {absl::StrCat(kMailHeader, MailRow("amy@acme.example", "4/5/2026"),
                     MailRow("bob@acme.example", "5/5/2026"), MailRow(concealed, "2026-05-04")),
        CutOff(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "4/5/2026"),
                            MailRow("bob@acme.example", "5/5/2026"))),
        CutOff("deviceId,date,coreBootTimeInMs\na,4/5/2026,1\nb,5/5/2026,1\n")}) {
    const TemporaryFile file(text);
    options_.inputs = {file.path()};
    activities_.texts.clear();
    ImportSummary unfinished;
    EXPECT_FALSE(RunImport(options_, {.observer = &activities_, .unfinished = &unfinished}).ok());
    EXPECT_EQ(unfinished.rows, 2);
    EXPECT_EQ(unfinished.rejected[static_cast<size_t>(RejectionReason::kAmbiguousDay)], 1);
    EXPECT_EQ(unfinished.tenants.at(0).fates.Of(Fate::kActivity), 1);
    EXPECT_THAT(activities_.texts, Not(IsEmpty()));
  }
}

// Mutations: the order of the first row alone; a guess where there is none; a day that can be read
// in one way is refused.
TEST_F(ReportDays, ReadsASpreadsheetsDaysWhenTheColumnShowsTheirOrder) {
  Imported(ReportOfDays({"5/4/2026", "5/13/2026 12:00:00 AM", "5/5/2026"}));
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay + 9 * kDay, kFourthOfMay + kDay));
  Imported(ReportOfDays({"4/5/2026", "13-05-2026", "04/05/2026"}));
  EXPECT_THAT(activities_.seconds,
              ElementsAre(kFourthOfMay, kFourthOfMay + 9 * kDay, kFourthOfMay));
  Imported(ReportOfDays({"04.05.2026", "5/5/2026"}));
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay, kFourthOfMay + kDay));
  const TenantSummary unclear = Imported(ReportOfDays({"4/5/2026", "5/5/2026", "2026-05-04"}));
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay + kDay, kFourthOfMay));
  EXPECT_EQ(rejected_, 1);
  EXPECT_EQ(rows_, 3);
  EXPECT_THAT(unclear.licensed, ElementsAre(Pair("", 3)));
  const absl::StatusOr<ImportSummary> refused = Run({ReportOfDays({"4/5/2026"})});
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_THAT(std::string(CheckReadable(*refused).message()),
              HasSubstr("day and month that cannot be told apart: export the report again"));
  // Of two files each has an order of its own.
  ASSERT_TRUE(Run({ReportOfDays({"5/13/2026"}), ReportOfDays({"13/5/2026"})}).ok());
  EXPECT_EQ(activities_.seconds[0], activities_.seconds[1]);
  Imported("deviceId,date,coreBootTimeInMs\na,4/5/2026 9:00,1\nb,13/5/2026,1\n");
  EXPECT_THAT(activities_.seconds, ElementsAre(kFourthOfMay, kFourthOfMay + 9 * kDay));
}

// Mutation: any day that can be is taken.
TEST_F(ReportDays, RefusesADayAfterTheReportsOwn) {
  const TenantSummary summary =
      Imported(absl::StrCat(kMailHeader, MailRow("amy@acme.example", "2026-06-20"),
                            "2026-05-01,bob@acme.example,False,2026-05-02,2,1,OFFICE,1\n"));
  EXPECT_EQ(summary.people, 1);
  EXPECT_EQ(rejected_, 1);
  EXPECT_THAT(summary.licensed, ElementsAre(Pair("", 2)));
}

}  // namespace
}  // namespace tutti
