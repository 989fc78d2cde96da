#include "services/cli/import/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Read {
  absl::Status status;
  std::vector<std::string> rows;  // values with '|' between them
};

Read ReadText(std::string text) {
  TextInput input(MakeStringSource(std::move(text)));
  const std::vector<std::vector<std::string>> columns = {{"AuditData"}, {"Identity", "RecordId"}};
  Read read;
  read.status = ReadCsv(input, columns, 1, [&](absl::Span<const absl::string_view> row) {
    read.rows.push_back(absl::StrJoin(row, "|"));
    return absl::OkStatus();
  });
  return read;
}

TEST(ReadCsv, FindsColumnsByNameInAnyOrderAndCase) {
  EXPECT_THAT(ReadText("Identity,Other,AuditData\n1,x,a\n").rows, ElementsAre("a|1"));
  EXPECT_THAT(ReadText("auditdata,RECORDID\na,1\n").rows, ElementsAre("a|1"));
  EXPECT_THAT(ReadText("CreationDate,UserIds,Operations,AuditData\nd,u,o,a\n").rows,
              ElementsAre("a|"));
}

TEST(ReadCsv, ReadsQuotesLineEndsAndTheTypeLine) {
  EXPECT_THAT(ReadText("#TYPE Selected.Thing\r\n\"Identity\",\"AuditData\"\r\n"
                       "\"1\",\"{\"\"k\"\":\"\"v, w\"\"}\"\r\n\"2\",\"two\r\nlines\"\r\n")
                  .rows,
              ElementsAre("{\"k\":\"v, w\"}|1", "two\r\nlines|2"));
  EXPECT_THAT(ReadText("\xef\xbb\xbf\"AuditData\"\n\"a\"").rows, ElementsAre("a|"));
}

TEST(ReadCsv, GivesShortRowsEmptyValues) {
  EXPECT_THAT(ReadText("Identity,AuditData\n1\n2,\n3,c\n").rows, ElementsAre("|1", "|2", "c|3"));
}

TEST(ReadCsv, NamesTheMissingColumnAndNothingOfTheContent) {
  const Read read = ReadText("UserIds,Secret\namy@example.com,s\n");
  EXPECT_EQ(read.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(read.status.message()), HasSubstr("the column AuditData"));
  EXPECT_THAT(std::string(read.status.message()), Not(HasSubstr("Secret")));
  EXPECT_TRUE(read.rows.empty());
}

TEST(ReadCsv, RefusesAFileWithoutHeader) {
  EXPECT_EQ(ReadText("").status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(ReadCsv, RefusesAQuoteThatIsNeverClosed) {
  const Read read = ReadText(absl::StrCat("AuditData\n\"", std::string(17 << 20, 'x')));
  EXPECT_EQ(read.status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(ReadCsv, StopsAtTheFirstErrorOfTheTaker) {
  TextInput input(MakeStringSource("AuditData\na\nb\n"));
  int calls = 0;
  const absl::Status status =
      ReadCsv(input, {{"AuditData"}}, 1, [&](absl::Span<const absl::string_view>) {
        ++calls;
        return absl::CancelledError("enough");
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace tutti
