#include "common/sources/input/json_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Texts : public JsonSink {
 public:
  absl::Status OnJson(absl::string_view json) override {
    texts.emplace_back(json);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason reason) override {
    texts.push_back(absl::StrCat("!", RejectionReasonName(reason)));
    return absl::OkStatus();
  }
  std::vector<std::string> texts;
};

constexpr absl::string_view kLists[] = {"events", "value"};
constexpr absl::string_view kRecordMembers[] = {"a", "Operation"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};
constexpr char kBroken[] = "!malformed or truncated JSON";
constexpr char kNoObject[] = "!not a JSON object";

// However the text comes in pieces, it says the same.
std::vector<std::string> Read(const std::string& text) {
  std::vector<std::string> first;
  for (const size_t piece : {size_t{1} << 20, size_t{1}, size_t{3}, size_t{7}}) {
    if (piece < 1000 && text.size() > 10'000) continue;
    Texts sink;
    JsonFramer framer(kLayout, sink);
    for (size_t at = 0; at < text.size(); at += piece) {
      EXPECT_TRUE(framer.Feed(absl::string_view(text).substr(at, piece)).ok());
    }
    EXPECT_TRUE(framer.Finish().ok());
    if (piece == size_t{1} << 20) first = sink.texts;
    EXPECT_EQ(sink.texts, first) << text << " in pieces of " << piece;
  }
  return first;
}

TEST(JsonFramer, FindsObjectsInEveryLayout) {
  const std::string first = R"({"a":1})";
  const std::string second = R"({"a":{"b":[2,"}"]}})";
  const std::string page = absl::StrCat(R"({"@odata.context":"x[{","value" : [)", first, ",",
                                        second, R"(],"next":{"k":"]"}})");
  const std::string pretty = "{\n \"kind\": 1,\n \"value\": [\n  {\n   \"a\": 1\n  }\n ]\n}\n";
  const auto expected = ElementsAre(first, second);
  EXPECT_THAT(Read(absl::StrCat(first, "\n", second)), expected);
  EXPECT_THAT(Read(absl::StrCat(first, second)), expected);
  EXPECT_THAT(Read(absl::StrCat(first, "\r\n\n  \t", second, "\r\n")), expected);
  EXPECT_THAT(Read(absl::StrCat("\x1e", first, "\n\x1e", second, "\n")), expected);
  EXPECT_THAT(Read(absl::StrCat("  [\n", first, ",\n", second, "\n]\n")), expected);
  EXPECT_THAT(Read(absl::StrCat("[[", first, "],[]][", second, "]")), expected);
  EXPECT_THAT(Read(absl::StrCat(R"({"events":[)", first, ",", second, "]}")), expected);
  EXPECT_THAT(Read(absl::StrCat(R"({"events":[)", first, R"(],"value":[)", second, "]}")),
              expected);
  EXPECT_THAT(Read(page), expected);
  // Appended, in lines, in an array; with marks where files met.
  const auto twice = ElementsAre(first, second, first, second);
  EXPECT_THAT(Read(page + page), twice);
  EXPECT_THAT(Read(absl::StrCat(page, "\n\xef\xbb\xbf", page, "\n")), twice);
  EXPECT_THAT(Read(absl::StrCat("[", page, ",", page, "]")), twice);
  EXPECT_THAT(Read(pretty + pretty), ElementsAre("{\n   \"a\": 1\n  }", "{\n   \"a\": 1\n  }"));
  EXPECT_THAT(Read(absl::StrCat("[", first, "]\n[", second, "]")), expected);
  for (const char* nothing : {"", "[]", R"({"value":[]})", R"([{"value":[]},{"value":[ ]}])"}) {
    EXPECT_THAT(Read(nothing), IsEmpty()) << nothing;
  }
}

// Mutations: a text is never a record; one at the end is none; whatever a text holds is one.
TEST(JsonFramer, FindsObjectsThatAreTexts) {
  const std::string text = R"("{\"a\":\"x\\ny\"}")";
  const std::string object = R"({"a":"x\ny"})";
  EXPECT_THAT(Read(text), ElementsAre(object));
  EXPECT_THAT(Read(absl::StrCat(text, "\r\n", text, "\n")), ElementsAre(object, object));
  EXPECT_THAT(Read(absl::StrCat("[\n ", text, ",\n ", text, "\n]")), ElementsAre(object, object));
  EXPECT_THAT(Read(absl::StrCat(R"({"value":[{"a":1},)", text, "]}")),
              ElementsAre(R"({"a":1})", object));
  EXPECT_THAT(Read(R"(["\r\n {\"a\":1}","[{}]","a {","\"{}\"",{"a":2}])"),
              ElementsAre(R"({"a":1})", "{}", kNoObject, "{}", R"({"a":2})"));
  EXPECT_THAT(Read(R"(["{\"a\":1","[{\"a\":1},[","\"x {\"",{"a":2}])"),
              ElementsAre(kBroken, kBroken, kNoObject, R"({"a":2})"));
}

// Mutations: what holds a page is one record; only what directly holds a list is a page; what
// follows the list inside ends the page.
TEST(JsonFramer, FindsObjectsOfPagesInPagesAndTexts) {
  const std::string list = R"([{"a":1},{"a":2}])";
  const auto both = ElementsAre(R"({"a":1})", R"({"a":2})");
  const std::string twice = absl::StrCat(R"({"k":{"value":1},"value":{"n":{"value":[2]},"events":)",
                                         list, R"(,"Count":2},"next":{"value":"x"}})");
  EXPECT_THAT(Read(absl::StrCat(R"({"value":{"value":)", list, R"(,"Count":2}})")), both);
  EXPECT_THAT(Read(twice), both);
  EXPECT_THAT(Read(absl::StrCat(R"({"events":{"value":{"value":)", list, "}}}")), both);
  EXPECT_THAT(Read(absl::StrCat("[", twice, ",", R"({"value":null,"Count":0})", ",", twice, "]")),
              ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":1})", R"({"a":2})"));
  EXPECT_THAT(Read(R"({"k":1,"value":{"b":{},"a":[1]},"Count":1})"),
              ElementsAre(R"({"b":{},"a":[1]})"));
  EXPECT_THAT(Read(R"({"value":{"events":{"a":1}}})"), ElementsAre(R"({"a":1})"));
  for (const char* page :
       {R"("{\"value\":[{\"a\":1},{\"a\":2}],\"Count\":2}")", R"("[{\"a\":1},{\"a\":2}]")",
        R"("\"[{\\\"a\\\":1},{\\\"a\\\":2}]\"")", R"({"k":1,"value":"[{\"a\":1},{\"a\":2}]"})"}) {
    const std::vector<std::string> texts = Read(page);
    EXPECT_THAT(texts, both) << page;
  }
  // What has a record's member is one, and what has two of them is none.
  for (const char* text :
       {R"({"a":1,"value":{"value":[{"a":1}]}})", R"({"value":{"a":1},"a":2})",
        R"({"value":{"a":1},"events":{"a":2}})", R"({"other":{"value":[{"a":1}]}})"}) {
    EXPECT_THAT(Read(text), ElementsAre(text));
  }
}

// Mutation: whatever has a page's members alone is one, also between records.
TEST(JsonFramer, HandsOnWhatSaysNothingAmongRecords) {
  const std::string nothing = R"({"@odata.count":0})";
  for (const std::string& page : {nothing, absl::StrCat("[", nothing, ",", nothing, "]"),
                                  absl::StrCat(nothing, "\n", nothing, "\n")}) {
    EXPECT_THAT(Read(page), IsEmpty());
  }
  for (const std::string& page :
       {absl::StrCat(R"([{"a":1},)", nothing, "]"), absl::StrCat("{\"a\":1}\n", nothing)}) {
    EXPECT_THAT(Read(page), ElementsAre(R"({"a":1})", nothing));
  }
  EXPECT_THAT(Read(absl::StrCat(R"({"value":[)", nothing, R"(,{"a":1}]})")),
              ElementsAre(nothing, R"({"a":1})"));
  // Between pages it is one.
  EXPECT_THAT(Read(absl::StrCat(R"([{"value":[{"a":1}]},)", nothing, "]")),
              ElementsAre(R"({"a":1})"));
}

TEST(JsonFramer, DoesNotTakeAListInsideARecordForOne) {
  const std::string text = R"({"Parameters":[{"Name":"n"}],"inner":{"value":[{"a":1}]}})";
  EXPECT_THAT(Read(text), ElementsAre(text));
  const std::string record = R"({"Operation":"x","events":[{"a":1}]})";
  EXPECT_THAT(Read(record), ElementsAre(record));
}

TEST(JsonFramer, HandlesQuotesAndEscapesInStrings) {
  const std::string text = R"({"a":"\"}{\\","b":"[{"})";
  EXPECT_THAT(Read(absl::StrCat("[", text, "]")), ElementsAre(text));
}

TEST(JsonFramer, LetsPassWhatIsShapedLikeJson) {
  for (const char* text : {R"({"a":NaN,"b":-Infinity,"c":True})", "{\"a\":\"two\nlines\"}",
                           R"({"a":123456789012345678901234567890})", R"({"a":"\ud83d"})"}) {
    EXPECT_THAT(Read(text), ElementsAre(text));
  }
}

// What is cut off, at any character, costs itself alone: as a line, in a page on one line or over
// several, and where the next stands directly after it.
TEST(JsonFramer, FindsTheNextRecordAfterOneThatIsCutOffAnywhere) {
  const std::string good = R"({"a":"x","list":[{"n":1},{"n":[2]}],"o":{"p":{}}})";
  const std::string next = R"({"a":2,"b":[]})";
  for (size_t size = 1; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);
    for (const char* between : {"\n", "\r\n", "\n\xef\xbb\xbf"}) {
      EXPECT_THAT(Read(absl::StrCat(next, "\n", cut, between, next, "\n")),
                  ElementsAre(next, kBroken, next))
          << cut;
    }
    EXPECT_THAT(Read(absl::StrCat(cut, "\n", next)), ElementsAre(kBroken, next)) << cut;
    EXPECT_THAT(Read(absl::StrCat(next, "\n", cut)), ElementsAre(next, kBroken)) << cut;
    const std::string page = absl::StrCat(R"({"k":1,"value":[)", next, ",", cut);
    EXPECT_THAT(Read(absl::StrCat(page, "\n{\"k\":2,\"value\":[", next, "]}")),
                ElementsAre(next, kBroken, next))
        << cut;
    // Where a value may stand, what follows is one.
    if (cut.back() == ':' || cut.back() == '[') continue;
    EXPECT_THAT(
        Read(absl::StrCat(page, "{\"error\":{\"code\":1}}}\n{\"k\":2,\"value\":[", next, "]}")),
        ElementsAre(next, kBroken, next))
        << cut;
  }
}

TEST(JsonFramer, FindsTheNextRecordInTheSamePage) {
  // A bracket of the wrong sort, a quote too many, a value without its comma.
  for (const char* bad : {R"({"a":[1})", R"({"a":"x"y"})", R"({"a":1 "b":2})", R"({"a":{"b":1]})",
                          R"({"a":,"b":1})", R"({"a":[{"n":1}{"n":2}]})"}) {
    for (const char* separator : {",", ",\n  ", "\n,"}) {
      const std::string list = absl::StrCat(R"({"a":1})", separator, bad, separator,
                                            R"({"a":{"z":3}})", separator, R"({"a":4})");
      const auto expected = ElementsAre(R"({"a":1})", kBroken, R"({"a":{"z":3}})", R"({"a":4})");
      EXPECT_THAT(Read(absl::StrCat(R"({"value":[)", list, R"(],"next":"n"})")), expected) << list;
      EXPECT_THAT(Read(absl::StrCat("[", list, "]")), expected) << list;
      EXPECT_THAT(Read(absl::StrCat("{\n \"value\": [\n  ", list, "\n ],\n \"next\": 1\n}\n")),
                  expected)
          << list;
    }
  }
  // Each of two is one.
  EXPECT_THAT(Read(R"([{"a":1},{"a":[1},{"a":[2},{"a":3}])"),
              ElementsAre(R"({"a":1})", kBroken, kBroken, R"({"a":3})"));
}

// Mutation: to go on only where what is dropped breaks, which is in the middle of the next record.
TEST(JsonFramer, LosesNoRecordWithWhatIsDropped) {
  const std::string next = R"({"a":2,"b":[]})";
  for (const char* between : {"\n", "\r\n", "\n\xef\xbb\xbf"}) {
    // The rest of a page, of one whose beginning was lost, and of a record that is too long.
    EXPECT_THAT(Read(absl::StrCat(R"({"value":[)", next, R"(],"k":"cut)", between, next, "\n")),
                ElementsAre(next, next));
    EXPECT_THAT(Read(absl::StrCat(R"({"value":[)", next, R"(],"cut)", between, next, "\n")),
                ElementsAre(next, next));
    EXPECT_THAT(Read(absl::StrCat("{\"a\":\"\"\"x\"}], \"}}", between, next, "\n")),
                ElementsAre(kBroken, next));
    EXPECT_THAT(Read(absl::StrCat(R"({"a":")", std::string(17 << 20, 'x'), between, next, "\n")),
                ElementsAre("!longer than 16 MiB", next));
  }
}

// Mutation: how the last record began is forgotten once it is read.
TEST(JsonFramer, FindsARecordThatBeginsAsTheLastDid) {
  EXPECT_THAT(Read(R"([{"x":1},{"x":2,oops},{"x":3}])"),
              ElementsAre(R"({"x":1})", kBroken, R"({"x":3})"));
  EXPECT_THAT(Read("{\"x\":1}\n{\"x\":2, {\"y\":1} oops}\n{\"x\":3}\n"),
              ElementsAre(R"({"x":1})", kBroken, R"({"x":3})"));
}

// Mutations: what follows is more of the list; what is cut off inside what is cut off is no record.
TEST(JsonFramer, EndsARecordThatIsCutOffInAListWhereTheNextBegins) {
  const std::string next = R"({"a":1,"Operation":"x","b":[]})";
  const std::string last = R"({"a":2,"Operation":"y"})";
  for (const char* cut :
       {R"({"a":0,"Operation":"x","l":["A",)", R"({"Operation":"x","l":[[1],[{},)",
        R"({"a":0,"l":[{"n":1,"m":[{"n":2},)", R"({"a":0,"l":[)"}) {
    const std::string list = absl::StrCat("[", cut, next, ",", last, "]");
    EXPECT_THAT(Read(list), ElementsAre(kBroken, next, last)) << list;
    const std::string again = absl::StrCat("{\"k\":1,\"value\":", list, "}");
    EXPECT_THAT(Read(again), ElementsAre(kBroken, next, last)) << again;
    for (const char* between : {"", "\n", ","}) {
      EXPECT_THAT(Read(absl::StrCat("[", again, between, again, "]")),
                  ElementsAre(kBroken, next, last, kBroken, next, last))
          << again << between;
    }
  }
  EXPECT_THAT(Read(R"([{"a":1,"l":["A",{"a":2,"l":["B",{"a":3,"Operation":"x"},{"a":4,"l":[]}])"),
              ElementsAre(kBroken, kBroken, R"({"a":3,"Operation":"x"})", R"({"a":4,"l":[]})"));
  // Also in a page in which a line was broken before.
  EXPECT_THAT(Read("{\"value\":[\n{\"a\n{\"a\":1,\"l\":[{},\n{\"a\":2,\"Operation\":\"x\"}\n]}"),
              ElementsAre(kBroken, kBroken, R"({"a":2,"Operation":"x"})"));
}

// Mutations: one member of records makes one; one name that records begin with does; so do the
// names of a record that was cut off behind two.
TEST(JsonFramer, LeavesWholeWhatHoldsAlmostARecord) {
  const std::string texts[] = {
      R"({"a":1,"b":2,"Operation":"x","l":[{"a":1},{"a":1,"b":2},{"a":1,"b":2,"c":3}]})",
      R"({"a":1,"l":[{"Operation":"x","b":{"a":1}},{"l":[{"a":1},{"l":[]}]}]})",
      R"({"a":{"a":1,"Operation":"x"},"l":[{"m":{"a":1,"Operation":"x"}}]})",
      // What holds records, but is none.
      R"({"l":[{"a":1,"Operation":"x"}],"Count":1})",
  };
  for (const std::string& text : texts) {
    EXPECT_THAT(Read(absl::StrCat("[", text, ",", text, "]")), ElementsAre(text, text));
    EXPECT_THAT(Read(absl::StrCat(text, "\n", text)), ElementsAre(text, text));
  }
  const std::string text = R"({"a":1,"b":2,"Operation":"x","l":[{"a":1,"b":2}]})";
  EXPECT_THAT(Read(absl::StrCat(R"([{"a":1,"b":2,"Oper,)", text, ",", text, "]")),
              ElementsAre(kBroken, text, text));
  // In what is broken, too, what is inside is no record.
  EXPECT_THAT(Read(R"([{"b":{"a":1,"value":["x"]},"l":[{"value":["x",{}]},{"a":1],oops},{"a":2}])"),
              ElementsAre(kBroken, R"({"a":2})"));
}

// Mutation: only what is a record for certain is looked for, to the end.
TEST(JsonFramer, CountsAgainAllThatStandsWhereRecordsDoAfterABrokenOne) {
  const auto expected = ElementsAre(R"({"a":1})", kBroken, R"({"a":3})", R"({"y":4})", kNoObject,
                                    kBroken, R"({"a":8})", kNoObject, R"({"z":1})", kBroken);
  for (const char* broken : {R"({"a":"x)", R"({"a":{"b":"c)", R"({"a)", "{"}) {
    const std::string list = absl::StrCat(R"({"a":1},)", broken,
                                          R"(,{"a":3},{"y":4},7,{"a":[1},{"a":8},"s",{"z":1},{"a)");
    EXPECT_THAT(Read(absl::StrCat("[", list, "]")), expected) << list;
    EXPECT_THAT(Read(absl::StrCat("{\"value\":[", list, "]}")), expected) << list;
  }
  // From where it closes: a comma too few, a quote too many, brackets of the wrong sort.
  for (const char* broken : {R"({"a":1 "b":[{"n":1}]})", R"({"a":"x"y"})", R"({"a":{"p":1]})",
                             R"({"a":[1})", R"({"a":{"b":[{"c":{]}})", R"({"a":oops"})"}) {
    EXPECT_THAT(Read(absl::StrCat(R"([{"a":1},)", broken, R"(,7,{"y":1},{"a":4}])")),
                ElementsAre(R"({"a":1})", kBroken, kNoObject, R"({"y":1})", R"({"a":4})"))
        << broken;
  }
  // Each that begins as the last one did is one.
  EXPECT_THAT(Read(R"([{"a":"x,{"a":"y,{"a":[,{"a":5},7])"),
              ElementsAre(kBroken, kBroken, kBroken, R"({"a":5})", kNoObject));
}

TEST(JsonFramer, RejectsWhatIsCutOffAtTheEnd) {
  EXPECT_THAT(Read(R"([{"a":1},{"a":"tw)"), ElementsAre(R"({"a":1})", kBroken));
  EXPECT_THAT(Read(R"({"value":[{"a":1}, )"), ElementsAre(R"({"a":1})", kBroken));
  EXPECT_THAT(Read("{\"a\":1},\n{\"a\":2},\n"), ElementsAre(R"({"a":1})", R"({"a":2})"));
  // A page whose end is missing has lost none.
  EXPECT_THAT(Read(R"({"value":[{"a":1},{"a":2})"), ElementsAre(R"({"a":1})", R"({"a":2})"));
}

TEST(JsonFramer, RejectsWhatIsNoObjectAndGoesOn) {
  EXPECT_THAT(Read(R"([null,{"a":1},7,"x , y"])"),
              ElementsAre(kNoObject, R"({"a":1})", kNoObject, kNoObject));
  EXPECT_THAT(Read("7\n{\"a\":1}\n\"x\"\n"), ElementsAre(kNoObject, R"({"a":1})", kNoObject));
  // Each line that is nothing at all, and the tail of a record that began elsewhere.
  EXPECT_THAT(Read("# made by hand\nHello you\n{\"a\":1}\n<oops>\n{\"a\":2}\n"),
              ElementsAre(kNoObject, kNoObject, R"({"a":1})", kNoObject, R"({"a":2})"));
  EXPECT_THAT(Read("wo\",\"b\":[{\"c\":1}]}\n{\"a\":1}\n"), ElementsAre(kBroken, R"({"a":1})"));
  EXPECT_THAT(Read("}]\n{\"a\":1}"), ElementsAre(kNoObject, R"({"a":1})"));
}

TEST(JsonFramer, RejectsARecordThatIsTooLongAndGoesOn) {
  const std::string text = absl::StrCat(R"([{"a":")", std::string(17 << 20, 'x'), R"("},{"a":1}])");
  EXPECT_THAT(Read(text), ElementsAre("!longer than 16 MiB", R"({"a":1})"));
}

// Mutation: no depth is too deep, and each bracket is tried to the end of all.
TEST(JsonFramer, IsNotLostInDepth) {
  std::string deep;
  for (int i = 0; i < 300'000; ++i) deep += R"([{"a":)";
  EXPECT_THAT(Read(absl::StrCat(deep.substr(1), "\n{\"a\":1}\n")).back(), R"({"a":1})");
  EXPECT_THAT(Read(absl::StrCat(std::string(300'000, '['), "\n{\"a\":1}\n")).back(), R"({"a":1})");
}

// Mutations: what a bracket too many leaves of a record is more of them; so is each line of it.
TEST(JsonFramer, CountsARecordThatABracketEndsTooEarlyOnce) {
  const std::string next = R"({"a":2,"b":[]})";
  for (const char* rest : {"}", "7}", R"(,"b":1})", R"(,"b":"x","c":[1]})", R"("x"})", ":1}"}) {
    EXPECT_THAT(Read(absl::StrCat(R"({"a":1})", rest, "\n", next)), ElementsAre(R"({"a":1})", next))
        << rest;
    EXPECT_THAT(Read(absl::StrCat(R"([{"a":1})", rest, ",", next, "]")),
                ElementsAre(R"({"a":1})", next))
        << rest;
  }
  // Mutation: what closes where an opening bracket was lost counts again.
  EXPECT_THAT(Read(R"([{"a":1,"l":[{"b":[{"c":{"d":{"n":1}]}}]}]},)" + next + "]"),
              ElementsAre(kBroken, next));
  for (const char* rest : {"}00\n}\n", "}\n}\n", "},\n \"b\": 5,\n \"c\": 6\n}\n"}) {
    EXPECT_THAT(Read(absl::StrCat("{\n \"a\": 1", rest, next)), ElementsAre("{\n \"a\": 1}", next))
        << rest;
  }
}

// Each of these lines is broken a thousand lines later, where objects are nested too deeply.
// Mutation: all of them are read again each time.
TEST(JsonFramer, ReadsInTimeThatGrowsWithTheInput) {
  constexpr size_t kLines = 500'000;
  std::string text;
  for (size_t i = 0; i < kLines; ++i) text += "{\"a\":\n";
  text += "]]\n{\"a\":1}\n";
  const std::vector<std::string> texts = Read(text);
  EXPECT_LT(texts.size(), kLines / 10);
  EXPECT_EQ(texts.front(), kBroken);
  EXPECT_EQ(texts.back(), R"({"a":1})");
}

// Each of these holds the next one, or what looks like it. Mutations: each that is inside is read
// again to the end of all; the brackets that are open are kept, however many they are.
TEST(JsonFramer, ReadsNestsInTimeThatGrowsWithTheInput) {
  constexpr size_t kTimes = 100'000;
  for (const char* one :
       {"{", R"({"x":{"a":1,"Operation":)", R"({"x":1,"l":[{"x":2,"a":1,"m":[)"}) {
    std::string text = R"([{"x":1,"l":2,"a":3},)";
    for (size_t i = 0; i < kTimes; ++i) text += one;
    text += "\n{\"a\":1}\n";
    const std::vector<std::string> texts = Read(text);
    EXPECT_EQ(texts.back(), R"({"a":1})") << one;
  }
}

}  // namespace
}  // namespace tutti
