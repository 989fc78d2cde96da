#include "common/identity/subject_id.h"

#include <gtest/gtest.h>

#include <concepts>
#include <functional>
#include <sstream>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "common/identity/digester.h"

namespace tutti {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Printable = requires(const T& value) {
  absl::StrCat(value);
};

static_assert(!std::is_copy_constructible_v<SubjectId>);
static_assert(!std::is_copy_assignable_v<SubjectId>);
static_assert(!std::is_default_constructible_v<SubjectId>);
static_assert(!std::is_constructible_v<SubjectId, std::string>);
static_assert(!std::is_convertible_v<SubjectId, std::string>);
static_assert(!std::equality_comparable<SubjectId>);
static_assert(!std::totally_ordered<SubjectId>);
static_assert(!Streamable<SubjectId>);
static_assert(!Printable<SubjectId>);
static_assert(!Streamable<Digest>);
static_assert(!Printable<Digest>);
static_assert(Streamable<std::string> && Printable<std::string>, "the concepts can be true");

Digest DigestOf(absl::string_view raw) {
  static const auto* const digester =
      new Digester(*Digester::Create(std::vector<uint8_t>(Digester::kKeyBytes, 7)));
  auto parsed = SubjectId::Parse(raw);
  EXPECT_TRUE(std::holds_alternative<SubjectId>(parsed));
  if (!std::holds_alternative<SubjectId>(parsed)) return {};
  return digester->NewSession().Compute(DigestScope("person", "acme"), std::get<SubjectId>(parsed));
}

void ExpectSame(absl::string_view a, absl::string_view b) {
  EXPECT_TRUE(DigestOf(a) == DigestOf(b)) << testing::PrintToString(std::string(a)) << " and "
                                          << testing::PrintToString(std::string(b));
}

void ExpectFault(absl::string_view raw, SubjectFault fault) {
  const auto parsed = SubjectId::Parse(raw);
  ASSERT_TRUE(std::holds_alternative<SubjectFault>(parsed))
      << testing::PrintToString(std::string(raw.substr(0, 40)));
  EXPECT_EQ(std::get<SubjectFault>(parsed), fault);
}

// Mutation: a normal form without case folding.
TEST(SubjectIdTest, TreatsCaseAsOneIdentifier) {
  ExpectSame("JoniS@Example.ORG", "jonis@example.org");
  ExpectSame("@[`{AZaz09", "@[`{azAZ09");
  ExpectSame("STRASSE@x", "straße@x");
  ExpectSame("ΣΊΣΥΦΟΣ", "σίσυφος");
}

TEST(SubjectIdTest, KeepsDifferentIdentifiersApart) {
  EXPECT_FALSE(DigestOf("jonis@x") == DigestOf("joni@x"));
  EXPECT_FALSE(DigestOf("joni s@x") == DigestOf("jonis@x"));
  // Neighbours of the letters in ASCII are not folded.
  EXPECT_FALSE(DigestOf("@") == DigestOf("`"));
  EXPECT_FALSE(DigestOf("[") == DigestOf("{"));
}

TEST(SubjectIdTest, TreatsUnicodeFormsAsOneIdentifier) {
  ExpectSame("ｊｏｎｉｓ＠ｘ", "jonis@x");       // full width
  ExpectSame("Jose\u0301@x", "jos\u00e9@x");     // combining accent
  ExpectSame("o\uFB03ce@x", "office@x");         // ligature
  ExpectSame("jo\u200Bnis@x\uFEFF", "jonis@x");  // invisible characters
}

TEST(SubjectIdTest, TrimsWhiteSpace) {
  ExpectSame(" \t\r\n jonis@x\v\f ", "jonis@x");
  ExpectSame("\u00A0\u2003jonis@x\u3000\u0085", "jonis@x");
  ExpectSame("\u3000é@x ", "é@x");
  // Mutation: a limit before trimming, in one of the two ways to trim.
  const std::string wide(5'000, ' ');
  ExpectSame(wide + "jonis@x" + wide, "jonis@x");
  ExpectSame("\u2003" + wide + "jonis@x" + wide, "jonis@x");
}

TEST(SubjectIdTest, FoldsEveryLengthAroundTheWordAndTheInlineBuffer) {
  for (const int length : {1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 511, 512}) {
    const auto size = static_cast<size_t>(length);
    ExpectSame(std::string(size, 'Q'), std::string(size, 'q'));
    EXPECT_FALSE(DigestOf(std::string(size, 'q')) == DigestOf(std::string(size, 'r'))) << size;
  }
}

TEST(SubjectIdTest, RefusesNothing) {
  ExpectFault("", SubjectFault::kMissing);
  ExpectFault(" \t\n", SubjectFault::kMissing);
  ExpectFault("\u2003\u3000", SubjectFault::kMissing);
  ExpectFault("\u200B", SubjectFault::kMissing);
}

TEST(SubjectIdTest, RefusesMoreThan512BytesAfterTrimming) {
  const std::string longest(512, 'a');
  EXPECT_TRUE(std::holds_alternative<SubjectId>(SubjectId::Parse("  " + longest + "  ")));
  ExpectFault(longest + "a", SubjectFault::kTooLong);
  std::string accented;
  for (int i = 0; i < 256; ++i) accented += "é";
  EXPECT_TRUE(std::holds_alternative<SubjectId>(SubjectId::Parse(accented)));
  ExpectFault(accented + "é", SubjectFault::kTooLong);
  ExpectFault(std::string(100000, '\xff'), SubjectFault::kTooLong);
}

TEST(SubjectIdTest, RefusesControlCharacters) {
  for (int c = 0; c < 0x20; ++c) {
    ExpectFault(absl::StrCat("ab", std::string(1, static_cast<char>(c)), "cd"),
                SubjectFault::kMalformed);
  }
  ExpectFault("ab\x7f", SubjectFault::kMalformed);
  ExpectFault("a\u0085b", SubjectFault::kMalformed);
  ExpectFault(absl::StrCat("é", std::string(1, '\0'), "b"), SubjectFault::kMalformed);
}

TEST(SubjectIdTest, RefusesMalformedUtf8) {
  for (const char* bytes :
       {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80 a", "a \xe2\x82"}) {
    ExpectFault(bytes, SubjectFault::kMalformed);
  }
}

TEST(SubjectIdTest, ZeroesItsMemoryWhenMovedFrom) {
  const std::string canary = "canary-identity@example.org";
  alignas(SubjectId) unsigned char memory[sizeof(SubjectId)];
  const auto holds_canary = [&] {
    return absl::string_view(reinterpret_cast<const char*>(memory), sizeof(memory))
               .find("canary-identity") != absl::string_view::npos;
  };
  auto parsed = SubjectId::Parse(canary);
  auto* id = new (memory) SubjectId(std::move(std::get<SubjectId>(parsed)));
  ASSERT_TRUE(holds_canary());
  SubjectId other(std::move(*id));
  EXPECT_FALSE(holds_canary());
  id->~SubjectId();
}

}  // namespace
}  // namespace tutti
