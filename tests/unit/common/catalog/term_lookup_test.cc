#include "common/catalog/term_lookup.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tutti {
namespace {

TEST(TermLookup, FindsWordsOfEverySize) {
  std::vector<std::string> words;
  for (size_t size = 0; size <= 63; ++size) {
    for (char c : {'a', 'b', 'z'}) {
      if (size > 0 || c == 'a') words.emplace_back(size, c);
    }
  }
  const TermLookup lookup({words.begin(), words.end()});
  for (size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(lookup.Find(words[i]), static_cast<int>(i)) << words[i];
  }
}

TEST(TermLookup, TellsWordsApartThatDifferInOneByteAnywhere) {
  for (size_t size = 1; size <= 40; ++size) {
    const std::string word(size, 'm');
    const TermLookup lookup({word});
    for (size_t at = 0; at < size; ++at) {
      std::string other = word;
      other[at] = 'n';
      EXPECT_EQ(lookup.Find(other), -1) << size << " bytes, byte " << at;
    }
    EXPECT_EQ(lookup.Find(word + "m"), -1);
    EXPECT_EQ(lookup.Find(word.substr(1)), -1);
  }
}

TEST(TermLookup, TellsAZeroByteFromNone) {
  const TermLookup lookup({"a", "bc"});
  EXPECT_EQ(lookup.Find(absl::string_view("a\0", 2)), -1);
  EXPECT_EQ(lookup.Find(absl::string_view("\0", 1)), -1);
  EXPECT_EQ(lookup.Find(absl::string_view("bc\0", 3)), -1);
}

TEST(TermLookup, FindsNothingInAnEmptyList) {
  const TermLookup lookup({});
  EXPECT_EQ(lookup.Find(""), -1);
  EXPECT_EQ(lookup.Find("word"), -1);
}

}  // namespace
}  // namespace tutti
