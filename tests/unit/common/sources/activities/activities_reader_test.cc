#include "common/sources/activities/activities_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/told_rows.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Read(std::string text) {
  TextInput input(MakeStringSource(std::move(text)));
  ToldRows told([](bool holds, const char* what) { EXPECT_TRUE(holds) << what; });
  EXPECT_TRUE(ReadActivities(input, told).ok());
  told.Finish();
  return told.lines();
}

TEST(ReadActivities, ReadsEveryMemberInBothSpellings) {
  EXPECT_THAT(
      Read(R"({"subject":"amy@example.com","type":"mail.sent","occurredAt":"2026-05-04T09:00:00Z",)"
           R"("app":"outlook","platform":"web","traits":["mention","group_mailbox"]})"
           "\n"
           R"({"subject":"d1","type":"device.seen","occurred_at":"2026-05-04T11:00:00+02:00",)"
           R"("app":null})"),
      ElementsAre("amy@example.com mail.sent 1777885200 outlook web +mention +group_mailbox",
                  "d1 device.seen 1777885200 - -"));
}

TEST(ReadActivities, RejectsBrokenLinesOneByOne) {
  EXPECT_THAT(Read("{\"subject\":\"a\n7\n{\"subject\":\"a\"}\n"
                   "{\"subject\":\"a\",\"type\":\"t\",\"who\":\"b\"}\n"
                   "{\"subject\":7,\"type\":\"t\"}\n{\"subject\":\"a\",\"type\":\"t\"}\n"
                   "{\"subject\":\"a\",\"type\":\"t\",\"occurredAt\":\"noon\"}\n"
                   "{\"subject\":\"a\",\"type\":\"t\",\"traits\":\"mention\"}\n"),
              ElementsAre("!malformed or truncated JSON", "!not a JSON object",
                          "!no subject or no type", "!unknown member", "!member of the wrong type",
                          "!no readable time", "!no readable time", "!member of the wrong type"));
}

// Mutation: what is not UTF-8 taken for a person of another name.
TEST(ReadActivities, RejectsASubjectThatLostACharacterAndNothingElse) {
  EXPECT_THAT(
      Read("{\"subject\":\"j\xfcrg@x.example\",\"type\":\"t\","
           "\"occurredAt\":\"2026-05-04T09:00:00Z\"}\n"
           "{\"subject\":\"j\\ud83drg@x.example\",\"type\":\"t\","
           "\"occurredAt\":\"2026-05-04T09:00:00Z\"}\n"
           "{\"subject\":\"a\",\"type\":\"t\",\"app\":\"\xfc\","
           "\"occurredAt\":\"2026-05-04T09:00:00Z\"}\n"),
      ElementsAre("!name with a character that cannot be read",
                  "!name with a character that cannot be read", "a t 1777885200 \xef\xbf\xbd -"));
}

TEST(ReadActivities, ReadsThemOverSeveralLinesAndInAnArray) {
  const std::string one =
      "{\n \"subject\": \"a\",\n \"type\": \"t\",\n"
      " \"occurredAt\": \"2026-05-04T09:00:00Z\"\n}";
  for (const char* list : {"activities", "value"}) {
    EXPECT_THAT(Read(absl::StrCat("{\"", list, "\":[", one, "]}")),
                ElementsAre("a t 1777885200 - -"))
        << list;
  }
  EXPECT_THAT(Read(absl::StrCat("[", one, ",\n", one, ",\n", "{\"x\":1}", "]")),
              ElementsAre("a t 1777885200 - -", "duplicate", "!unknown member"));
}

}  // namespace
}  // namespace tutti
