#include "common/sources/input/lenient_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tutti {
namespace {

// What is parsed of a text, without white space; "!" when nothing is.
std::string Parsed(absl::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  return ParseLenient(parser, json, false, &value) ? simdjson::minify(value) : "!";
}

TEST(ParseLenient, ReadsWhatIsAlmostJson) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a": [1, "x"]})", R"({"a":[1,"x"]})"},
      {R"(["\ud83d","\ude00","\ud83d\ude00","x\ud83dy","\ud83d\ud83d\ude00"])",
       "[\"\xef\xbf\xbd\",\"\xef\xbf\xbd\",\"\xf0\x9f\x98\x80\",\"x\xef\xbf\xbdy\","
       "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"]"},
      {"[NaN,nan,Infinity,-Infinity,1e999,None,undefined]", "[null,null,null,null,null,null,null]"},
      {"[True,FALSE]", "[true,false]"},
      {"[123456789012345678901,-9223372036854775809]",
       R"(["123456789012345678901","-9223372036854775809"])"},
      {"[01,+2,-3]", "[1,2,-3]"},
      {"[\"two\nlines\",\"\x01\"]", R"(["two\nlines","\u0001"])"},
      {R"(["C:\people\q","\u12"])", R"(["C:\\people\\q","\\u12"])"},
      {"\xef\xbb\xbf[NaN]", "[null]"},
  };
  for (const auto& [json, parsed] : cases) EXPECT_EQ(Parsed(json), parsed) << json;
  for (const char* json : {"", "{", "[1 2]", "[word]", "['a']", "{\"a\":1}x", "[\"a]"}) {
    EXPECT_EQ(Parsed(json), "!") << json;
  }
}

TEST(Scalars, MeanWhatTheySayHoweverTheyAreWritten) {
  simdjson::dom::parser parser;
  simdjson::dom::element list;
  const auto parse = [&](absl::string_view json) {
    EXPECT_TRUE(ParseLenient(parser, json, false, &list));
    simdjson::dom::element value;
    EXPECT_EQ(list.at(0).get(value), simdjson::SUCCESS);
    return value;
  };
  for (const char* yes :
       {"[true]", "[\"True\"]", "[\" yes \"]", "[1]", "[1.0]", "[\"1\"]", "[\"1.0\"]"}) {
    EXPECT_EQ(FlagOf(parse(yes)), true) << yes;
  }
  for (const char* no : {"[false]", "[\"FALSE\"]", "[\"No\"]", "[0]", "[0.0]", "[\"0\"]"}) {
    EXPECT_EQ(FlagOf(parse(no)), false) << no;
  }
  for (const char* neither :
       {"[null]", "[\"\"]", "[2]", "[-1]", "[0.5]", "[\"perhaps\"]", "[[true]]"}) {
    EXPECT_EQ(FlagOf(parse(neither)), absl::nullopt) << neither;
  }
  for (const char* two : {"[2]", "[2.0]", "[\"2\"]", "[\"2.0\"]", "[2e0]"}) {
    EXPECT_EQ(IntegerOf(parse(two)), 2) << two;
    EXPECT_EQ(IntegerOf(ScalarText(parse(two))), 2) << two;
  }
  for (const char* none : {"[null]", "[2.5]", "[\"two\"]", "[1e300]", "[{}]", "[true]"}) {
    EXPECT_EQ(IntegerOf(parse(none)), absl::nullopt) << none;
  }
}

TEST(Scalars, SayWhetherThereWasAny) {
  // Mutation: a count that is written in groups is none.
  for (const char* any : {"1", "0.5", " 2 ", "PT5M", "P1D", "true", "Yes", "1,234", "1.234,5",
                          "0,5", "1'234", "1,5E+03", "50 %", "0:05:12", "PRAWDA",
                          "12\xc2\xa0\x33\x34\x35", "1\xe2\x80\xaf\x32\x33\x34"}) {
    EXPECT_TRUE(IsAboveNothing(any)) << any;
  }
  for (const char* none : {"", "0", "0.0", "-1", "PT0S", "false", "no", "unknown", "0,0", "1 of 2",
                           ",", "-1,5", "2026-05-04", "0:00:00", "0 %", "FA\u0141SZ", "#N/A"}) {
    EXPECT_FALSE(IsAboveNothing(none)) << none;
  }
  // Mutation: what cannot be read says that there was none.
  for (const char* neither : {"1 of 2", "2026-05-04", "unknown", "inf", "nan", "0x10", "."}) {
    EXPECT_EQ(WhetherAny(neither), absl::nullopt) << neither;
  }
}

// Mutations: a comma is always a point, or never; a sign of a hundredth is no part of a number.
TEST(Scalars, AreNumbersHoweverASpreadsheetPartsThem) {
  const std::pair<const char*, double> cases[] = {{"1234.5", 1234.5},
                                                  {"1.234,5", 1234.5},
                                                  {"1,234.5", 1234.5},
                                                  {"1 234,5", 1234.5},
                                                  {"1\xc2\xa0\x32\x33\x34", 1234},
                                                  {"1'234'567", 1234567},
                                                  {"1.234.567", 1234567},
                                                  {"1,234,567.5", 1234567.5},
                                                  {"88,5 %", 88.5},
                                                  {"\xc2\xa0\x38\x38.5%", 88.5},
                                                  {"1,5E+03", 1500},
                                                  {"-0,5", -0.5}};
  for (const auto& [text, number] : cases) EXPECT_EQ(NumberOf(text), number) << text;
  for (const char* none : {"", "%", "1 of 2", "inf", "e", ",", "10 ms", "1-2"}) {
    EXPECT_EQ(NumberOf(none), absl::nullopt) << none;
  }
}

// Mutations: words of a few languages; another case of what is no ASCII.
TEST(Scalars, AreFlagsInTheLanguagesOfEurope) {
  for (const char* yes :
       {"PRAWDA", "Tak", "PRAVDA", "Ano", "SANT", "TOSI", "IGAZ", "DO\u011eRU", "SANN", "SAND",
        "\u0418\u0421\u0422\u0418\u041d\u0410", "S\u00cd", "y", "\u00a0WAHR\u00a0"}) {
    EXPECT_EQ(FlagOf(yes), true) << yes;
  }
  for (const char* no : {"FA\u0141SZ", "Nie", "NEPRAVDA", "FALSKT", "EP\u00c4TOSI", "HAMIS",
                         "YANLI\u015e", "USANN", "\u041b\u041e\u0416\u042c", "n"}) {
    EXPECT_EQ(FlagOf(no), false) << no;
  }
}

// Mutation: an object in the place of a text is nothing.
TEST(Scalars, AreInTheValueOfAnObject) {
  simdjson::dom::parser parser;
  simdjson::dom::element list;
  ASSERT_TRUE(ParseLenient(
      parser,
      R"([{"value":"/Date(1777885200000)/","DateTime":"x"},{"value":2,"Value":"y"},{"value":{"value":1}},{"x":1}])",
      false, &list));
  std::vector<std::string> texts;
  for (const simdjson::dom::element one : simdjson::dom::array(list)) {
    texts.push_back(ScalarText(one));
  }
  EXPECT_THAT(texts, ::testing::ElementsAre("/Date(1777885200000)/", "2", "", ""));
}

TEST(IsEmptyPage, IsAPageWithoutAList) {
  simdjson::dom::parser parser;
  const auto is_empty_page = [&](absl::string_view json) {
    simdjson::dom::element value;
    return ParseLenient(parser, json, false, &value) && IsEmptyPage(value);
  };
  for (const char* page : {R"({"kind":"k","etag":"e"})", R"({"@odata.context":"c","value":null})",
                           R"({"nextPageToken":"t","items":null})", R"({"items":[]})",
                           // Mutation: as Microsoft Graph writes it alone.
                           R"({"value":null,"Count":0})"}) {
    EXPECT_TRUE(is_empty_page(page)) << page;
  }
  for (const char* other : {"{}", "[]", R"({"kind":"k","id":1})", R"({"value":{}})"}) {
    EXPECT_FALSE(is_empty_page(other)) << other;
  }
}

}  // namespace
}  // namespace tutti
