#include "common/text/plain_text.h"

#include <gtest/gtest.h>

#include <string>

namespace tutti {
namespace {

TEST(PlainTextTest, LeavesWordsOfEveryScriptAlone) {
  for (const char* text : {"", "Acme & Sons <\"100%\">", "Ünïcode GmbH", "株式会社", "אקמה",
                           "می‌خواهم", "👩‍💻 team", "= - + @", "~"}) {
    EXPECT_EQ(PlainText(text), text);
    EXPECT_EQ(PlainLines(text), text);
    EXPECT_EQ(PlainJson(text), text);
  }
}

TEST(PlainTextTest, TakesEscapeSequencesTheirBeginning) {
  EXPECT_EQ(PlainText("a\x1b[2J\x1b]0;title\x07z"), "a\uFFFD[2J\uFFFD]0;title\uFFFDz");
  // The same in one character of C1, in UTF-8 and as a byte.
  EXPECT_EQ(PlainText("\u009b2J"), "\uFFFD2J");
  EXPECT_EQ(PlainText("\x9b"
                      "2J"),
            "\uFFFD2J");
  EXPECT_EQ(PlainText(std::string("\0\b\x7f", 3)), "\uFFFD\uFFFD\uFFFD");
}

TEST(PlainTextTest, KeepsTextOnItsLineAndInItsDirection) {
  EXPECT_EQ(PlainText("one\ntwo\r\tthree"), "one two  three");
  for (const char* mark : {"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c",
                           "\u2028", "\u2029", "\u200b", "\u2060", "\ufeff", "\U000E0041"}) {
    EXPECT_EQ(PlainText(std::string("a") + mark + "b"), "a\uFFFDb");
  }
}

TEST(PlainTextTest, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_EQ(PlainText("\xc0\xaf"), "\uFFFD\uFFFD");                      // not the shortest form
  EXPECT_EQ(PlainText("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // half of a pair
  EXPECT_EQ(PlainText("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond the last
  EXPECT_EQ(PlainText("\xe2\x82"), "\uFFFD\uFFFD");                      // cut off
  EXPECT_EQ(PlainText("\xe2\x1b["), "\uFFFD\uFFFD[");                    // hides nothing behind it
}

TEST(PlainLinesTest, KeepsTheEndsOfLinesAlone) {
  EXPECT_EQ(PlainLines("one\ntwo\r\n\x1b[m"), "one\ntwo \n\uFFFD[m");
}

TEST(PlainJsonTest, EscapesWhatAStringMayHold) {
  EXPECT_EQ(PlainJson("{\n\"a\":\"\u202e\u009b\x7f\U000E0041\"}"),
            "{\n\"a\":\"\\u202e\\u009b\\u007f\\udb40\\udc41\"}");
}

}  // namespace
}  // namespace tutti
