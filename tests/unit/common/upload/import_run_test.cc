#include "common/upload/import_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>

#include "absl/strings/str_replace.h"
#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesRequest;
using ingest::v1::IngestActivitiesResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class KeepingIngest : public BatchSink {
 public:
  absl::StatusOr<IngestActivitiesResponse> Send(const IngestActivitiesRequest& batch) override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const ingest::v1::Activity& activity : batch.activities()) {
      sent.push_back(absl::StrCat(batch.organization(), ": ", activity.ShortDebugString()));
    }
    IngestActivitiesResponse answer;
    answer.set_accepted_count(batch.activities_size());
    return answer;
  }
  std::vector<std::string> sent;

 private:
  std::mutex mutex_;
};

std::string Post(int number, absl::string_view tenant, absl::string_view user) {
  return absl::StrCat(RecordStart(number, tenant, user, "Yammer", "MessageCreation"), "}\n");
}

const std::string& BothTenants() {
  static const std::string& log = *new std::string(
      absl::StrCat(Post(1, kTenantA, "amy@example.com"), Post(2, kTenantB, "bob@example.org"),
                   Post(2, kTenantA, "carol@example.com"), Post(3, kTenantB, "bob@example.org")));
  return log;
}

TEST(RunImport, SendsActivitiesWithTheirTraits) {
  const TemporaryFile file(absl::StrCat(
      RecordStart(1, kTenantA, "Amy@Example.com", "SharePoint", "FileAccessed"),
      R"(,"UserAgent":"MSWAC","SourceFileExtension":"docx","SiteUrl":"https://ex.sharepoint.com/"})"));
  ImportOptions options = OptionsFor({file.path()});
  options.tenants.organization = "organizations/acme";
  KeepingIngest ingest;
  ActivityUploader uploader(ingest, {});
  const absl::StatusOr<ImportSummary> summary = RunImport(options, {.uploader = &uploader});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(ingest.sent,
              ElementsAre(R"(organizations/acme: subject: "amy@example.com" type: "file.read" )"
                          R"(occurred_at { seconds: 1777885200 } app: "word" platform: "web" )"
                          R"(traits: "shared_file" traits: "team_site")"));
  EXPECT_EQ(summary->tenants.at(0).upload.accepted, 1);
  EXPECT_EQ(summary->tenants.at(0).organization, "organizations/acme");
}

TEST(RunImport, RefusesToMixTenantsAndSendsNothing) {
  const TemporaryFile file(BothTenants());
  ImportOptions options = OptionsFor({file.path()});
  options.tenants.organization = "organizations/acme";
  KeepingIngest ingest;
  ActivityUploader uploader(ingest, {});
  const absl::Status status = RunImport(options, {.uploader = &uploader}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 tenants"));
  EXPECT_THAT(ingest.sent, IsEmpty());
}

TEST(RunImport, GivesEachTenantWhatItGetsAlone) {
  const TemporaryFile file(BothTenants());
  ImportOptions together = OptionsFor({file.path()});
  together.tenants.every_tenant = true;
  const absl::StatusOr<ImportSummary> both = RunImport(together, {});
  ASSERT_TRUE(both.ok()) << both.status();
  ASSERT_EQ(both->tenants.size(), 2u);
  // The same record id in two tenants is two records.
  EXPECT_EQ(both->tenants[0].distinct, 2);
  EXPECT_EQ(both->tenants[1].distinct, 2);
  for (const TenantSummary& tenant : both->tenants) {
    ImportOptions alone = OptionsFor({file.path()});
    alone.tenants.tenant = tenant.tenant;
    absl::StatusOr<ImportSummary> one = RunImport(alone, {});
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(one->other_tenants, 2);
    one->rows = both->rows;
    one->other_tenants = 0;
    ImportSummary expected = *both;
    expected.tenants = {tenant};
    EXPECT_EQ(SummaryJson(*one), SummaryJson(expected));
  }
}

TEST(RunImport, SendsEachTenantToItsOwnOrganisation) {
  const TemporaryFile file(BothTenants());
  ImportOptions options = OptionsFor({file.path()});
  options.tenants.organizations = {{std::string(kTenantA), "organizations/a"},
                                   {std::string(kTenantB), "organizations/b"}};
  KeepingIngest ingest;
  ActivityUploader uploader(ingest, {});
  ASSERT_TRUE(RunImport(options, {.uploader = &uploader}).ok());
  ASSERT_EQ(ingest.sent.size(), 4u);
  for (const std::string& sent : ingest.sent) {
    EXPECT_EQ(sent.find("organizations/a") == 0, sent.find("example.com") != std::string::npos);
  }
}

class RefusingIngest : public BatchSink {
 public:
  absl::StatusOr<IngestActivitiesResponse> Send(const IngestActivitiesRequest&) override {
    absl::Status refused = absl::FailedPreconditionError("no key");
    refused.SetPayload("reason", absl::Cord("KEY_MISSING"));
    return refused;
  }
};

// Mutation: an error of several inputs that has its text alone.
TEST(RunImport, KeepsTheReasonThatIngestGaveForAnError) {
  const TemporaryFile file(absl::StrCat(Post(1, kTenantA, "amy@example.com"),
                                        Post(2, kTenantA, "bob@example.com"),
                                        Post(3, kTenantA, "carol@example.com")));
  const TemporaryFile other(Post(4, kTenantA, "dave@example.com"));
  ImportOptions options = OptionsFor({file.path(), other.path()});
  options.tenants.organization = "organizations/acme";
  RefusingIngest ingest;
  UploadOptions one_by_one;
  one_by_one.batch_activities = 1;
  one_by_one.in_flight = 1;
  ActivityUploader uploader(ingest, one_by_one);
  const absl::Status status = RunImport(options, {.uploader = &uploader}).status();
  EXPECT_EQ(status.message(), "no key") << "it is no input's fault";
  EXPECT_EQ(status.GetPayload("reason"), absl::Cord("KEY_MISSING"));
}

TEST(RunImport, SaysWhenTheTenantIsNotThere) {
  const TemporaryFile file(Post(1, kTenantA, "amy@example.com"));
  ImportOptions options = OptionsFor({file.path()});
  options.tenants.tenant = std::string(kTenantB);
  const absl::Status status = RunImport(options, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--tenant: none of the 1 records is of that tenant: they are of 1 other"));
  options.tenants.tenant.clear();
  options.tenants.organizations = {{std::string(kTenantB), "organizations/b"}};
  EXPECT_EQ(RunImport(options, {}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(RunImport, WantsAnOrganisationToSendTo) {
  const TemporaryFile file(Post(1, kTenantA, "amy@example.com"));
  KeepingIngest ingest;
  ActivityUploader uploader(ingest, {});
  EXPECT_EQ(RunImport(OptionsFor({file.path()}), {.uploader = &uploader}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(ingest.sent, IsEmpty());
}

// Mutation: a file in which nothing is, taken for a log among reports.
TEST(RunImport, TakesEmptyInputsForWhatTheOthersAre) {
  const TemporaryFile empty("\n");
  const TemporaryFile report(R"({"id":{"time":"2026-05-04T09:00:00.000Z","uniqueQualifier":"1",)"
                             R"("applicationName":"meet","customerId":"C1"},"events":[]})");
  const auto summary = RunImport(OptionsFor({empty.path(), report.path(), empty.path()}), {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->rows, 1);
}

TEST(RunImport, RecognisesDuplicatesAcrossInputs) {
  const TemporaryFile first(Post(1, kTenantA, "amy@example.com"));
  const TemporaryFile second(absl::StrCat("[", Post(1, kTenantA, "amy@example.com"), ",",
                                          Post(2, kTenantA, "amy@example.com"), "]"));
  const absl::StatusOr<ImportSummary> summary =
      RunImport(OptionsFor({first.path(), second.path()}), {});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->inputs, 2);
  EXPECT_EQ(summary->rows, 3);
  EXPECT_EQ(summary->tenants.at(0).duplicates, 1);
  EXPECT_EQ(summary->tenants.at(0).people, 1);
}

TEST(RunImport, RejectsTimesThatCannotBe) {
  std::string text;
  for (const char* time :
       {"1970-01-01T00:00:00", "2026-06-21T01:00:00", "2026-06-20T00:00:00", "5/4/2026 9:00 AM"}) {
    text += absl::StrReplaceAll(Post(static_cast<int>(text.size()), kTenantA, "amy@example.com"),
                                {{"2026-05-04T09:00:00", time}});
  }
  const TemporaryFile file(text);
  const absl::StatusOr<ImportSummary> summary = RunImport(OptionsFor({file.path()}), {});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->rejected[static_cast<size_t>(RejectionReason::kTimeOutOfRange)], 2);
  EXPECT_EQ(summary->rejected[static_cast<size_t>(RejectionReason::kMalformedTime)], 1);
  EXPECT_EQ(summary->tenants.at(0).distinct, 1);
}

// Mutation: the first time that is there is taken, whatever it says.
TEST(RunImport, TakesTheFirstTimeOfARecordThatCanBe) {
  const std::string graph =
      R"({"id":"g-1","createdDateTime":"2026-05-04T09:00:00Z","operation":"MessageCreation",)"
      R"("organizationId":"aaaaaaaa-0000-4000-8000-000000000001","service":"Yammer",)"
      R"("userType":"regular","userPrincipalName":"amy@example.com",)"
      R"("auditData":{"CreationTime":"0001-01-01T00:00:00","Id":"g-1"}})";
  const std::string flat = absl::StrReplaceAll(
      Post(2, kTenantA, "amy@example.com"),
      {{"2026-05-04T09:00:00", R"(0001-01-01T00:00:00","TimeGenerated":"2026-05-04T09:00:00Z)"}});
  for (const std::string& text : {graph, flat}) {
    const TemporaryFile file(text);
    RecordedActivities activities;
    const absl::StatusOr<ImportSummary> summary =
        RunImport(OptionsFor({file.path()}), {.observer = &activities});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->Rejected(), 0) << text;
    EXPECT_THAT(activities.seconds, ElementsAre(1777885200)) << text;
  }
}

TEST(RunImport, NamesTheInputAtFault) {
  const TemporaryFile good(Post(1, kTenantA, "amy@example.com"));
  const TemporaryFile bad("UserIds,Operations\nsecret,x\n");
  const absl::Status status = RunImport(OptionsFor({good.path(), bad.path()}), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("input 2 of 2, ", bad.path(), ": it is a table")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST(RunImport, WarnsAboutAnExportThatWasProbablyCutOff) {
  for (const int rows : {49999, 50000}) {
    std::string text = "AuditData\n";
    for (int i = 0; i < rows; ++i) text += "{}\n";
    const TemporaryFile file(text);
    const absl::StatusOr<ImportSummary> summary = RunImport(OptionsFor({file.path()}), {});
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->rows, rows);
    int warned = 0;
    for (const std::string& warning : summary->warnings) {
      if (warning.find("exactly 50000 rows") != std::string::npos) ++warned;
    }
    EXPECT_EQ(warned, rows == 50000 ? 1 : 0);
  }
}

TEST(RunImport, SendsActivitiesAsTheyAre) {
  const TemporaryFile file(
      R"({"subject":"amy","type":"mail.sent","occurredAt":"2026-05-04T09:00:00Z"})"
      "\n"
      R"({"subject":"AMY","type":"mail.sent","occurredAt":"2026-05-05T09:00:00Z","traits":["x"]})"
      "\n{\"subject\":\n");
  ImportOptions options = OptionsFor({file.path()});
  options.tenants.organization = "organizations/acme";
  KeepingIngest ingest;
  ActivityUploader uploader(ingest, {});
  const absl::StatusOr<ImportSummary> summary = RunImport(options, {.uploader = &uploader});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(ingest.sent.size(), 2u);
  EXPECT_EQ(summary->rows, 3);
  EXPECT_EQ(summary->Rejected(), 1);
  EXPECT_EQ(summary->tenants.at(0).people, 1);
  EXPECT_THAT(summary->tenants.at(0).activities, ElementsAre(std::make_pair("mail.sent", 2)));
}

// Mutation: Feeds() asked of reports alone.
TEST(RunImport, SaysWhatAuditLogsAndActivitiesCanFeed) {
  const TemporaryFile log(absl::StrCat(
      Post(1, kTenantA, "amy@example.com"),
      RecordStart(2, kTenantA, "amy@example.com", "SharePoint", "FileAccessed"),
      R"(,"UserAgent":"MSWAC","SourceFileExtension":"docx","SiteUrl":"https://ex.sharepoint.com/"})"));
  const TemporaryFile activities(
      R"({"subject":"a","type":"meeting.attended","occurredAt":"2026-05-04T09:00:00Z"})"
      "\n"
      R"({"subject":"l","type":"device.started","occurredAt":"2026-05-04T09:00:00Z"})");
  const auto of_log = RunImport(OptionsFor({log.path()}), {});
  const auto of_activities = RunImport(OptionsFor({activities.path()}), {});
  ASSERT_TRUE(of_log.ok() && of_activities.ok());
  EXPECT_THAT(SummaryText(*of_log),
              HasSubstr("can feed: communication, content_collaboration, mobility, teamwork; it "
                        "measures no other category\n"));
  EXPECT_THAT(SummaryText(*of_activities), HasSubstr("can feed: endpoint, meetings; it measures"));
  EXPECT_THAT(
      SummaryJson(*of_log),
      HasSubstr(R"("feeds":["communication","content_collaboration","mobility","teamwork"])"));
  EXPECT_THAT(SummaryJson(*of_activities),
              HasSubstr(R"("feeds":["endpoint","meetings"],"licensed")"));
}

// Mutation: meetings and devices are people, or all are devices because one is.
TEST(RunImport, CountsSubjectsAsWhatTheyAre) {
  std::string text;
  for (const auto& [subject, type] :
       std::vector<std::pair<const char*, const char*>>{{"m-1", "meeting.held"},
                                                        {"m-2", "meeting.held"},
                                                        {"m-2", "meeting.held"},
                                                        {"d-1", "device.started"},
                                                        {"amy@example.com", "mail.sent"},
                                                        {"employee-2", "mail.sent"},
                                                        {"x-1", "never.heard_of"}}) {
    absl::StrAppend(&text, R"({"subject":")", subject, R"(","type":")", type,
                    R"(","occurredAt":"2026-05-04T0)", text.size() % 9, R"(:00:00Z"})", "\n");
  }
  const TemporaryFile file(text);
  const absl::StatusOr<ImportSummary> summary = RunImport(OptionsFor({file.path()}), {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->tenants.at(0).people, 2);
  EXPECT_THAT(summary->tenants.at(0).subjects,
              ElementsAre(Pair("devices", 1), Pair("meetings", 2)));
}

TEST(RunImport, RefusesActivitiesAndAuditLogsInOneImport) {
  const TemporaryFile log(Post(1, kTenantA, "amy@example.com"));
  const TemporaryFile activities(R"({"subject":"a","type":"t","occurredAt":"x"})");
  EXPECT_EQ(RunImport(OptionsFor({log.path(), activities.path()}), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// What a log says of itself is found on its second reading. Mutation: a pipe is read on where the
// survey ended, or the copy lacks what was peeked at.
TEST(RunImport, ReadsWhatCanBeReadOnceAsAFile) {
  std::string log;
  for (int i = 0; i < 500; ++i) {
    log += absl::StrCat(
        RecordStart(i, kTenantA, "amy@example.com", "SharePoint", "FileAccessed"),
        R"(,"UserAgent":"MSWAC","SourceFileExtension":"docx","ListItemUniqueId":"f)", i,
        R"(","SiteUrl":"https://ex-my.sharepoint.com/personal/amy_example_com"})", "\n");
  }
  // A share that makes of what was read before a shared file.
  log += RecordStart(1000, kTenantA, "amy@example.com", "SharePoint", "SharingInvitationCreated") +
         R"(,"ItemType":"File","ListItemUniqueId":"f7"})"
         "\n";
  const TemporaryFile file(log);
  const auto read = [](const std::string& path) {
    RecordedActivities activities;
    const absl::StatusOr<ImportSummary> summary =
        RunImport(OptionsFor({path}), {.observer = &activities});
    EXPECT_TRUE(summary.ok()) << summary.status();
    EXPECT_THAT(summary->warnings, IsEmpty());
    EXPECT_EQ(summary->rows, 501);
    return activities.texts;
  };
  const std::vector<std::string> expected = read(file.path());
  EXPECT_EQ(std::count_if(expected.begin(), expected.end(),
                          [](const std::string& text) {
                            return text.find("+shared_file") != std::string::npos;
                          }),
            1);
  const int kept = dup(STDIN_FILENO);
  ASSERT_NE(freopen(file.path().c_str(), "r", stdin), nullptr);
  EXPECT_EQ(read("-"), expected);
  dup2(kept, STDIN_FILENO);
  close(kept);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  std::thread writer([&] {
    EXPECT_EQ(write(ends[1], log.data(), log.size()), static_cast<ssize_t>(log.size()));
    close(ends[1]);
  });
  EXPECT_EQ(read(absl::StrCat("/dev/fd/", ends[0])), expected);
  writer.join();
  close(ends[0]);
}

TEST(RunImport, RefusesWhatCanBeReadOnceTwice) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[1]);
  const std::string pipe = absl::StrCat("/dev/fd/", ends[0]);
  const absl::Status status = RunImport(OptionsFor({pipe, pipe}), {}).status();
  close(ends[0]);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("named twice"));
}

// Mutation: a file on standard input has two names, and each reads what the other has left.
TEST(RunImport, RefusesStandardInputTwice) {
  const TemporaryFile file(Post(1, kTenantA, "amy@example.com"));
  const int kept = dup(STDIN_FILENO);
  ASSERT_NE(freopen(file.path().c_str(), "r", stdin), nullptr);
  const absl::StatusOr<ImportSummary> once = RunImport(OptionsFor({"-", "/dev/null"}), {});
  const absl::Status status = RunImport(OptionsFor({"-", "/dev/stdin"}), {}).status();
  dup2(kept, STDIN_FILENO);
  close(kept);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("named twice"));
  ASSERT_TRUE(once.ok()) << once.status();
  EXPECT_EQ(once->rows, 1);
}

// Mutation: what was unpacked is not told from what was not.
TEST(RunImport, SaysWhatItUnpacked) {
  using std::string_literals::operator""s;
  const TemporaryFile plain(Post(1, kTenantA, "amy@example.com"));
  // What `gzip -n` makes of nothing.
  const TemporaryFile packed("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"s);
  const auto summary = RunImport(OptionsFor({plain.path(), packed.path()}), {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  ASSERT_EQ(summary->notes.size(), 1u);
  EXPECT_THAT(summary->notes[0], HasSubstr("input 2 of 2"));
  EXPECT_THAT(summary->notes[0], HasSubstr("gzip"));
  EXPECT_THAT(SummaryText(*summary), Not(HasSubstr("gzip")));
}

// Mutation: bytes are counted in the survey, too, or not said.
TEST(RunImport, SaysThatWindows1252WasGuessed) {
  const std::string json = absl::StrReplaceAll(
      RecordStart(1, kTenantA, "j\xfcrg@example.com", "Yammer", "MessageCreation") + "}",
      {{"\"", "\"\""}});
  const TemporaryFile file(absl::StrCat("Identity;AuditData\r\n1;\"", json, "\"\r\n"));
  RecordedActivities activities;
  const auto summary = RunImport(OptionsFor({file.path()}), {.observer = &activities});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(activities.texts, ElementsAre(HasSubstr("j\xc3\xbcrg@example.com")));
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("1 bytes were taken for Windows-1252")));
}

// In JSON they are nobody's. Mutation: a name that lost a character counted as another's.
TEST(RunImport, CountsNobodyWhoseNameLostACharacter) {
  const TemporaryFile file(
      absl::StrCat(RecordStart(1, kTenantA, "j\xfcrg@example.com", "Yammer", "MessageCreation"),
                   "}\n", RecordStart(2, kTenantA, "amy@example.com", "Yammer", "MessageCreation"),
                   ",\"Subject\":\"\xfc\"}\n"));
  const auto summary = RunImport(OptionsFor({file.path()}), {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->Rejected(), 0);
  EXPECT_EQ(summary->tenants.at(0).Excluded(Exclusion::kNotAPerson), 1);
  EXPECT_EQ(summary->tenants.at(0).people, 1);
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("2 bytes could not be read")));
}

TEST(RunImport, ReadsAnEmptyFileAmongOthersAndRefusesAWorkbook) {
  const TemporaryFile empty("");
  const TemporaryFile log(Post(1, kTenantA, "amy@example.com"));
  const auto summary = RunImport(OptionsFor({log.path(), empty.path(), log.path()}), {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->rows, 2);
  const TemporaryFile workbook(absl::string_view("PK\x03\x04\0\0xl/workbook.xml", 21));
  const absl::Status refused = RunImport(OptionsFor({log.path(), workbook.path()}), {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("input 2 of 2"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("xlsx"));
}

// A meeting that names nobody leaves a trace; one attendee may be written in many ways.
TEST(RunImport, ReadsAttendeesHoweverTheyAreWritten) {
  const std::string amy = R"({"UPN":"amy@example.com","RecipientType":"User"})";
  const std::pair<std::string, int> cases[] = {
      {absl::StrCat("[", amy, "]"), 1},
      {absl::StrCat(R"({"value":[)", amy, R"(],"Count":1})"), 1},
      {absl::StrCat(R"({"value":)", amy, R"(,"Count":1})"), 1},
      {amy, 1},
      {R"("[{\"UPN\":\"amy@example.com\"}]")", 1},
      {R"("@{RecipientType=User; UPN=amy@example.com}")", 1},
      {R"(["@{UPN=amy@example.com; RecipientType=User}"])", 1},
      {R"(["amy@example.com"])", 1},
      {R"("System.Object[]")", 0},
      {R"(["..."])", 0},
      {"[]", 0},
      {"null", 0},
      {R"({"value":[],"Count":0})", 0},
  };
  for (const auto& [attendees, attended] : cases) {
    const TemporaryFile file(absl::StrCat(
        RecordStart(1, kTenantA, "org@example.com", "MicrosoftTeams", "MeetingParticipantDetail"),
        R"(,"MeetingDetailId":"m","Attendees":)", attendees, "}\n"));
    RecordedActivities activities;
    const auto summary = RunImport(OptionsFor({file.path()}), {.observer = &activities});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(activities.texts.size(), static_cast<size_t>(attended)) << attendees;
    const TenantSummary& tenant = summary->tenants.at(0);
    EXPECT_EQ(std::accumulate(tenant.excluded.begin(), tenant.excluded.end(), int64_t{0}),
              1 - attended)
        << attendees;
  }
}

TEST(RunImport, TellsItsProgress) {
  class Steps : public ProgressSink {
   public:
    void Update(const Progress&) override {}
    void Done(const Progress& progress) override {
      texts.push_back(absl::StrCat(progress.step, " ", progress.records, " ",
                                   progress.bytes == progress.total_bytes ? "all" : "part"));
    }
    std::vector<std::string> texts;
  };
  const TemporaryFile file(Post(1, kTenantA, "amy@example.com"));
  Steps steps;
  ASSERT_TRUE(RunImport(OptionsFor({file.path()}), {.progress = &steps}).ok());
  EXPECT_THAT(steps.texts, ElementsAre("surveying 1 all", "importing 1 all"));
}

}  // namespace
}  // namespace tutti
