#include "common/sources/input/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Read {
  absl::Status status;
  std::vector<std::string> rows;  // values with '|' between them
};

Read ReadText(std::string text, size_t piece = 1 << 20) {
  TextInput input(MakeStringSource(std::move(text), piece));
  const std::vector<std::vector<std::string>> columns = {{"AuditData"}, {"Identity", "RecordId"}};
  Read read;
  read.status = ReadCsv(
      input, columns, 1,
      [&](absl::Span<const absl::string_view> row) {
        read.rows.push_back(absl::StrJoin(row, "|"));
        return absl::OkStatus();
      },
      [&](RejectionReason reason) {
        read.rows.push_back(absl::StrCat("!", RejectionReasonName(reason)));
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

// Mutation: an empty file among others ends the import.
TEST(ReadCsv, FindsNoRowsInAFileWithoutALine) {
  for (const char* text : {"", "\r\n\n", "\xef\xbb\xbf", "sep=;\r\n", "#TYPE x\n"}) {
    const Read read = ReadText(text);
    EXPECT_TRUE(read.status.ok()) << read.status;
    EXPECT_TRUE(read.rows.empty());
  }
}

// Mutation: what parts the columns is always a comma; the header is looked for in the first line.
TEST(ReadCsv, TakesWhateverPartsTheColumns) {
  for (const char* separator : {",", ";", "\t", "|"}) {
    const std::string header =
        absl::StrReplaceAll("RecordId,CreationDate,AuditData", {{",", separator}});
    const std::string text =
        absl::StrCat(header, "\r\n1", separator, "5.4.2026", separator,
                     "\"{\"\"a;b,c|d\te\"\"}\"\r\n2", separator, separator, "x\r\n");
    for (const std::string& begin : {std::string(), absl::StrCat("sep=", separator, "\r\n"),
                                     absl::StrCat("\"sep=", separator, "\"\r\n"),
                                     std::string("\xef\xbb\xbf\r\n#TYPE x\r\n")}) {
      EXPECT_THAT(ReadText(begin + text).rows, ElementsAre("{\"a;b,c|d\te\"}|1", "x|2"))
          << begin << header;
    }
  }
}

// Mutation: the header of an appended file is a row, or its columns are those of the first.
TEST(ReadCsv, ReadsAHeaderThatComesAgain) {
  EXPECT_THAT(ReadText("Other,Identity,AuditData\nx,1,a\n"
                       "\xef\xbb\xbfOther,Identity,AuditData\ny,2,b\n"
                       "#TYPE z\n\xef\xbb\xbf\"AUDITDATA\",\"RecordId\"\nc,3\n")
                  .rows,
              ElementsAre("a|1", "b|2", "c|3"));
  // A row that only begins with the name of a column is one.
  EXPECT_THAT(ReadText("Identity,AuditData\nIdentity,a\n").rows, ElementsAre("a|Identity"));
}

// Mutation: a field that is too long ends the reading, or costs the next row, too.
TEST(ReadCsv, RejectsARowWithAFieldThatIsTooLongAndGoesOn) {
  const std::string huge(17 << 20, 'x');
  for (const size_t piece : {size_t{1} << 20, size_t{77'777}}) {
    EXPECT_THAT(ReadText(absl::StrCat("AuditData,Identity\na,1\n\"", huge, "\"\",\r\n\",2\r\nb,3\n",
                                      huge, ",4\nc,5\n"),
                         piece)
                    .rows,
                ElementsAre("a|1", "!longer than 16 MiB", "b|3", "!longer than 16 MiB", "c|5"));
  }
  const Read open = ReadText(absl::StrCat("AuditData\n\"", huge));
  EXPECT_TRUE(open.status.ok()) << open.status;
  EXPECT_THAT(open.rows, ElementsAre("!longer than 16 MiB"));
}

TEST(CsvHeader, IsTheLineThatNamesTheColumns) {
  EXPECT_EQ(CsvHeader("\r\nsep=;\r\n#TYPE x\r\na;b\r\nc;d"), "a;b");
  EXPECT_EQ(CsvHeader("a,b"), "a,b");
  EXPECT_EQ(CsvHeader("\n"), "");
}

TEST(ReadCsv, StopsAtTheFirstErrorOfTheTaker) {
  TextInput input(MakeStringSource("AuditData\na\nb\n"));
  int calls = 0;
  const absl::Status status = ReadCsv(
      input, {{"AuditData"}}, 1,
      [&](absl::Span<const absl::string_view>) {
        ++calls;
        return absl::CancelledError("enough");
      },
      [](RejectionReason) { return absl::OkStatus(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace tutti
