#include "common/sources/input/text_input.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/unit/common/sources/input/string_source.h"

namespace tutti {
namespace {

using std::string_literals::operator""s;

std::string ReadAll(std::string bytes, size_t piece = 1 << 20) {
  TextInput input(MakeStringSource(std::move(bytes), piece));
  std::string text;
  for (;;) {
    const absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok() || chunk->empty()) return text;
    text.append(chunk->data(), chunk->size());
  }
}

// UTF-16 of text whose characters are below U+0080, least byte first or last.
std::string Utf16(absl::string_view text, bool little) {
  std::string bytes;
  for (char c : text) {
    bytes.push_back(little ? c : '\0');
    bytes.push_back(little ? '\0' : c);
  }
  return bytes;
}

TEST(TextInput, GivesUtf8WhateverTheEncoding) {
  EXPECT_EQ(ReadAll("a,b"), "a,b");
  EXPECT_EQ(ReadAll("\xef\xbb\xbf"
                    "a,b"),
            "a,b");
  EXPECT_EQ(ReadAll("\xff\xfe" + Utf16("a,b", true)), "a,b");
  EXPECT_EQ(ReadAll("\xfe\xff" + Utf16("a,b", false)), "a,b");
  EXPECT_EQ(ReadAll(Utf16("Audit", true)), "Audit");
  EXPECT_EQ(ReadAll(Utf16("Audit", false)), "Audit");
  EXPECT_EQ(ReadAll(""), "");
}

TEST(TextInput, ConvertsEveryPlaneOfUnicodeAndReplacesHalves) {
  // e with acute, the euro sign, a musical symbol (two units).
  EXPECT_EQ(ReadAll("\xff\xfe\xe9\x00\xac\x20\x34\xd8\x1e\xdd"s),
            "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e");
  // A high half without its low one, a low one alone, an odd byte at the end.
  EXPECT_EQ(ReadAll("\xff\xfe\x34\xd8\x41\x00\x1e\xdd\x42"s),
            "\xef\xbf\xbd"
            "A"
            "\xef\xbf\xbd"
            "\xef\xbf\xbd");
}

TEST(TextInput, GivesWhatWasPeekedOnceMore) {
  TextInput input(MakeStringSource("some text"));
  EXPECT_EQ(*input.Peek(), "some text");
  EXPECT_EQ(*input.Next(), "some text");
  EXPECT_EQ(*input.Next(), "");
  EXPECT_EQ(input.bytes_read(), 9u);
}

TEST(TextInput, ReadsUtf32) {
  EXPECT_EQ(ReadAll("\xff\xfe\0\0\xe9\0\0\0"s), "\xc3\xa9");
  EXPECT_EQ(ReadAll("\0\0\xfe\xff\0\x01\xd1\x1e"s), "\xf0\x9d\x84\x9e");
}

// JSON is UTF-8: what is not is unknown. Mutation: the bytes are handed on as they are.
TEST(TextInput, ReplacesInJsonWhatIsNotUtf8) {
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
    // A lone byte, a sequence without its end, one that is too long, half a surrogate pair.
    EXPECT_EQ(ReadAll("{\"a\":\"\xfc \xe2\x82 \xc0\x80 \xed\xa0\x80 \xc3\xbc\"}\xe2", piece),
              "{\"a\":\"\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd "
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xbc\"}\xef\xbf\xbd");
  }
  TextInput input(MakeStringSource("[\"\xfc\"]"));
  ASSERT_TRUE(input.Next().ok());
  EXPECT_EQ(input.replaced_bytes(), 1);
  EXPECT_EQ(input.guessed_bytes(), 0);
}

// Excel writes CSV so. Mutation: what is UTF-8 in it is guessed, too.
TEST(TextInput, TakesForWindows1252InCsvWhatIsNotUtf8) {
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
    EXPECT_EQ(ReadAll("Name;Preis\r\nJ\xfcrg;5 \x80\r\nJ\xc3\xbcrg;\x9d", piece),
              "Name;Preis\r\nJ\xc3\xbcrg;5 \xe2\x82\xac\r\nJ\xc3\xbcrg;\xc2\x9d");
  }
  TextInput input(MakeStringSource("a\n\xfc\n"));
  ASSERT_TRUE(input.Next().ok());
  EXPECT_EQ(input.replaced_bytes(), 0);
  EXPECT_EQ(input.guessed_bytes(), 1);
}

// Mutation: an object that begins a line in a quoted field of CSV.
TEST(IsJson, LooksIntoNoQuotedFieldOfATable) {
  for (const char* const table :
       {"AuditData;Id\n\"{\n{}\n{\"\"a\"\":1}\n\";x\n", "sep=,\nId,AuditData\n1,\"\n{}\n\"\n"}) {
    EXPECT_FALSE(IsJson(table)) << table;
  }
  EXPECT_FALSE(IsJson("AuditData\n\"{\n{\"\"a\"\":1}\n\"\n"));
  EXPECT_TRUE(IsJson("ue\",\n\"b\": 1\n},\n{\n\"a\": 1}\n"));
  EXPECT_TRUE(IsJson("connected, reading\n{\"a\":1}\n"));
  EXPECT_TRUE(IsJson("the end\"}, of one\n{\"a\":1}\n"));
}

TEST(IsJson, LooksPastABrokenFirstLine) {
  // Mutation: an object in a text is a table.
  EXPECT_TRUE(IsJson("\"{\\\"Id\\\":1}\""));
  EXPECT_FALSE(IsJson("\"{\"\"Id\"\":1}\""));
  for (const char* text : {"{}", "  [", "\xef\xbb\xbf{", "cut\":1}\n{\"a\":1}", "x\n{\n\"a\"",
                           "<oops>\n\xef\xbb\xbf{ \"a\":1}", "\x1e{\"a\":1}"}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
  for (const char* text : {"", "a,b\n1,2\n", "AuditData\n\"{\"\"a\"\":\n{\"\"b\"\":1}}\"\n", "x {",
                           "AuditData\n{}\n"}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
}

}  // namespace
}  // namespace tutti
