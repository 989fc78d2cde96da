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
  std::vector<int64_t> broken_lines;
};

Read ReadText(std::string text, size_t piece = 1 << 20) {
  TextInput input(MakeStringSource(std::move(text), piece));
  const std::vector<std::vector<std::string>> columns = {{"AuditData"}, {"Identity", "RecordId"}};
  Read read;
  read.status = ReadCsv(
      input, {columns, 1},
      [&](absl::Span<const absl::string_view> row) {
        read.rows.push_back(absl::StrJoin(row, "|"));
        return absl::OkStatus();
      },
      [&](RejectionReason reason) {
        read.rows.push_back(absl::StrCat("!", RejectionReasonName(reason)));
        return absl::OkStatus();
      });
  read.broken_lines = input.broken_lines();
  return read;
}

// What is read however the text is cut.
Read ReadInPieces(const std::string& text) {
  Read read = ReadText(text);
  EXPECT_TRUE(read.status.ok()) << read.status;
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{64}}) {
    const Read again = ReadText(text, piece);
    EXPECT_EQ(again.rows, read.rows) << piece;
    EXPECT_EQ(again.broken_lines, read.broken_lines) << piece;
  }
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

// Mutations: what a first line says is believed whatever the header shows; a row that another
// character parts is a row with one field.
TEST(ReadCsv, RejectsRowsThatAreNotPartedAsTheHeaderIs) {
  EXPECT_THAT(ReadText("sep=;\nIdentity,AuditData\n1,a\n").rows, ElementsAre("a|1"));
  EXPECT_THAT(ReadText("sep=:\nIdentity:AuditData\n1:a,b\n").rows, ElementsAre("a,b|1"));
  constexpr char kParted[] = "!columns parted by another character than those of the header";
  EXPECT_THAT(ReadText("Identity;Other;AuditData\n1;x;a\n2,x,b\n\"3\",\"x\",\"c\"\n4\tx\td\n5\n"
                       "6,x\n#TYPE a,b,c\n{\"a\":1,\"b\":2,\"c\":3}\n7;x;g")
                  .rows,
              ElementsAre("a|1", kParted, kParted, kParted, "|5", "|6,x",
                          "|{\"a\":1,\"b\":2,\"c\":3}", "g|7"));
  EXPECT_THAT(ReadText("AuditData\na;b\tc\n").rows, ElementsAre("a;b\tc|"));
}

// Mutations: a row that is wider than the header is read by it; so is a file whose rows all end
// with what parts columns not.
TEST(ReadCsv, RejectsRowsThatAreWiderThanTheHeader) {
  const std::vector<std::vector<std::string>> columns = {{"Name"}, {"Day"}};
  const std::string text =
      "Name,Shown,Day\na,Smith, Amy,4\nb,\"Smith, Amy\",5\nc,Amy,6,\n#TYPE a,b,c,d\nd,Amy,7, "
      ",\xc2\xa0\n"
      "Name,Shown,Day,More\ne,Amy,8,9\n";
  for (const bool is_self_evident : {false, true}) {
    TextInput input(MakeStringSource(text, 1 << 20));
    std::vector<std::string> rows;
    const auto status = ReadCsv(
        input, {columns, 2, "", is_self_evident},
        [&](absl::Span<const absl::string_view> row) {
          rows.push_back(absl::StrJoin(row, "|"));
          return absl::OkStatus();
        },
        [&](RejectionReason reason) {
          rows.push_back(reason == RejectionReason::kTooManyFields ? "!" : "?");
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_THAT(rows, ElementsAre(is_self_evident ? "a|Amy" : "!", "b|5", "c|6", "d|7", "e|8"));
  }
}

// Mutation: what is left of a row is one, though a day in it may be half of one.
TEST(ReadCsv, RejectsALastRowThatIsCutOff) {
  const std::vector<std::vector<std::string>> columns = {{"Name"}, {"Day"}};
  for (const bool is_self_evident : {false, true}) {
    for (const char* last : {"b,2026-11-2", "b"}) {
      TextInput input(MakeStringSource(absl::StrCat("Name,Day,More\na,5\n", last), 1 << 20));
      std::vector<std::string> rows;
      const auto status = ReadCsv(
          input, {columns, 2, "", is_self_evident},
          [&](absl::Span<const absl::string_view> row) {
            rows.emplace_back(row[0]);
            return absl::OkStatus();
          },
          [&](RejectionReason reason) {
            rows.push_back(reason == RejectionReason::kCutOffRow ? "!" : "?");
            return absl::OkStatus();
          });
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_THAT(rows, ElementsAre("a", is_self_evident ? "b" : "!"));
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

// Mutations: what is written with quotes alone, or goes over lines, has no bound; the bound is
// beside what it is.
TEST(ReadCsv, BoundsEveryFieldHoweverItIsWritten) {
  constexpr size_t kBound = 16 << 20;
  std::string doubled;
  std::string stray;
  for (size_t i = 0; i < kBound; ++i) {
    doubled += "\"\"";
    stray += "\" ";
  }
  const auto read = [](const std::string& field) {
    return ReadText(absl::StrCat("Identity,AuditData\n1,", field, "\n2,b\n"), 77'777).rows;
  };
  for (const std::string& longest :
       {std::string(kBound, 'x'), absl::StrCat("\"", std::string(kBound, 'x'), "\""),
        absl::StrCat("\"", doubled, "\"")}) {
    const std::vector<std::string> rows = read(longest);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].size(), kBound + 2);
  }
  for (const std::string& too_long :
       {std::string(kBound + 1, 'x'), absl::StrCat("\"", std::string(kBound + 1, 'x'), "\""),
        absl::StrCat("\"", doubled, "\"\"\""), absl::StrCat("\"", stray, "x\"")}) {
    EXPECT_THAT(read(too_long), ElementsAre("!longer than 16 MiB", "b|2"));
  }
  // The lines of a field that is too long are rows of their own.
  const std::string half(kBound / 2, 'x');
  EXPECT_EQ(read(absl::StrCat("\"", half, "\n", half.substr(1), "\"")).size(), 2u);
  EXPECT_THAT(read(absl::StrCat("\"", half, "\n", half, "y\"")),
              ElementsAre("!quote that is not closed", absl::StrCat("|", half, "y\""), "b|2"));
}

// Mutation: all of a line's fields are kept as names of columns.
TEST(ReadCsv, LooksForNoColumnBeyondTheTenThousandth) {
  EXPECT_TRUE(ReadText(absl::StrCat(std::string(9'999, ','), "AuditData\n")).status.ok());
  EXPECT_THAT(
      std::string(ReadText(absl::StrCat(std::string(10'000, ','), "AuditData\n")).status.message()),
      HasSubstr("the column AuditData"));
}

constexpr char kBroken[] = "!quote that is not closed";

// Mutations: what a quote opens is read to the input's end; the rows that it swallowed stay lost;
// the row that it costs is not counted.
TEST(ReadCsv, LosesNoRowButItsOwnToAQuoteThatIsNotClosed) {
  for (const char* end : {"\n", "\r\n"}) {
    const auto lines = [end](absl::string_view text) {
      return absl::StrReplaceAll(text, {{"\n", end}});
    };
    // Nothing after it has a quote, or the next one begins a field, or closes one of a row with
    // other columns.
    for (const char* rest : {"3,c\n4,d\n", "3,c\n4,\"d\"\n", "3,\"c\"\n4,d\n", "3,c\n\"4\",d\n"}) {
      const Read read = ReadInPieces(lines(absl::StrCat("Identity,AuditData\n1,a\n2,\"b\n", rest)));
      EXPECT_THAT(read.rows, ElementsAre("a|1", kBroken, "c|3", "d|4")) << rest;
      EXPECT_THAT(read.broken_lines, ElementsAre(3)) << rest;
    }
    const Read first = ReadInPieces(lines("Identity,AuditData\n\"1,a\n2,b\n3,\"c\"\n"));
    EXPECT_THAT(first.rows, ElementsAre(kBroken, "b|2", "c|3"));
    EXPECT_THAT(first.broken_lines, ElementsAre(2));
  }
}

// Mutation: a row over several lines may have more fields than the header.
TEST(ReadCsv, BreaksAQuoteOfARowThatIsTooWide) {
  const Read read = ReadInPieces("Identity,AuditData\n1,\"a\n2\",\"b\",c\n3,d\n");
  EXPECT_EQ(read.rows.front(), "!quote that is not closed");
  EXPECT_EQ(read.rows.back(), "d|3");
  EXPECT_THAT(read.broken_lines, ElementsAre(2));
}

TEST(ReadCsv, RejectsEachRowWhoseQuoteIsNotClosed) {
  const Read read = ReadInPieces(
      "Identity,AuditData\n1,\"two\nlines\"\n2,\"b\n3,c\n4,\"d\n5,e\n\n6,\"f\"\n7,\"g");
  EXPECT_THAT(read.rows,
              ElementsAre("two\nlines|1", kBroken, "c|3", kBroken, "e|5", "f|6", kBroken));
  EXPECT_THAT(read.broken_lines, ElementsAre(4, 6, 10));
}

// Mutation: lines that are rows, before a quote that happens to end a field, are one field.
TEST(ReadCsv, TellsRowsFromAFieldOfManyLines) {
  std::string rows;
  for (int i = 0; i < 6; ++i) absl::StrAppend(&rows, "\n", i, ",x,y");
  const Read read =
      ReadInPieces(absl::StrCat("Identity,Other,AuditData\n1,x,\"a", rows, "\n9,x,b\"\n"));
  EXPECT_EQ(read.rows.size(), 8u);
  EXPECT_EQ(read.rows.front(), kBroken);
  EXPECT_EQ(read.rows.back(), "b\"|9");
  // Of few lines, or when none is a row, all of them are one field.
  const std::string few = "a\n0,x,y\n1,x,y\n2,x,y\nb";
  EXPECT_THAT(ReadInPieces(absl::StrCat("Identity,Other,AuditData\n1,x,\"", few, "\"\n")).rows,
              ElementsAre(absl::StrCat(few, "|1")));
  const std::string text = absl::StrReplaceAll(rows, {{",", ";"}});
  EXPECT_THAT(ReadInPieces(absl::StrCat("Identity,Other,AuditData\n1,x,\"a", text, "\"\n")).rows,
              ElementsAre(absl::StrCat("a", text, "|1")));
}

TEST(ReadCsv, TakesAStrayQuoteOfOneLineForItself) {
  EXPECT_THAT(
      ReadInPieces("Identity,AuditData\n1,a\"b\n \"2\" , \"c \"d\" e\" \n3,\"\"\"\"\n").rows,
      ElementsAre("a\"b|1", "c \"d\" e|2", "\"|3"));
}

TEST(ReadCsv, FindsARowAfterManyLinesInQuotes) {
  const std::string huge(17 << 20, 'x');
  const Read read = ReadText(
      absl::StrCat("Identity,AuditData\n1,\"a\n2,b\n", huge, ",3\n4,d\n\"", huge, "\n5,e\n"),
      77'777);
  EXPECT_THAT(read.rows, ElementsAre(kBroken, "b|2", "!longer than 16 MiB", "d|4",
                                     "!longer than 16 MiB", "e|5"));
}

// Each of these lines opens a quote, and is a field in it of every line before: without a bound
// each is read nine thousand times. What ends is in order again.
TEST(ReadCsv, ReadsInTimeThatGrowsWithTheInput) {
  constexpr size_t kLines = 1'000'000;
  std::string text = absl::StrCat("AuditData,Identity", std::string(9'000, ','), "\n");
  for (size_t i = 0; i < kLines; ++i) text += "x\"\"\",\"\n";
  std::string rest;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&rest, "a,", i, "\n");
  const Read read = ReadText(absl::StrCat(text, rest));
  EXPECT_EQ(read.rows.size(), kLines + 10'000);
  EXPECT_EQ(read.rows.front(), kBroken);
  EXPECT_EQ(read.rows[kLines - 1], kBroken);
  EXPECT_EQ(read.rows[kLines], "a|0");
  EXPECT_EQ(read.rows.back(), "a|9999");
}

TEST(CsvHeader, IsTheLineThatNamesTheColumns) {
  EXPECT_EQ(CsvHeader("\r\nsep=;\r\n#TYPE x\r\na;b\r\nc;d"), "a;b");
  EXPECT_EQ(CsvHeader("a,b"), "a,b");
  EXPECT_EQ(CsvHeader("\n"), "");
}

TEST(ReadCsv, StopsAtTheFirstErrorOfTheTaker) {
  TextInput input(MakeStringSource("AuditData\na\nb\n"));
  const std::vector<std::vector<std::string>> columns = {{"AuditData"}};
  int calls = 0;
  const absl::Status status = ReadCsv(
      input, {columns, 1},
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
