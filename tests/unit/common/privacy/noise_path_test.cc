// What stands between a count and its noise is integers and the kernel's
// generator: rounding would move the variance by less than any test of draws can
// see, so the source itself is searched.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace tutti {
namespace {

// The first thing in the source that has no business in the noise path, or "".
std::string Forbidden(const std::string& source) {
  static const std::regex kComment("//[^\n]*");
  static const std::regex kForbidden(
      R"(\b(float|double|float_t|double_t|_Float\w*|__float128)\b)"
      R"(|\w*_distribution\b|\bmt19937\w*|\bminstd_rand\w*|\branlux\w*|\brandom_device\b)"
      R"(|\b\w*_engine\b|\bs?rand\w*\s*\(|\bdrand48\b|\babsl::BitGen\b|\bseed\w*)"
      R"(|<random>|<cmath>|<math\.h>|\bsqrtl?\b|\bexpl?\s*\(|\blogl?\s*\()"
      R"(|\b\d[\d']*\.\d|\b\d+[eE][-+]?\d)");
  const std::string code = std::regex_replace(source, kComment, "");
  std::smatch found;
  return std::regex_search(code, found, kForbidden) ? found.str() : "";
}

TEST(NoisePath, HasNoFloatingPointAndNoGeneratorOfItsOwn) {
  const char* root = std::getenv("TUTTI_SOURCE_DIR");
  ASSERT_NE(root, nullptr) << "set TUTTI_SOURCE_DIR to the root of the source tree";
  std::set<std::string> searched;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(root) / "common" / "privacy")) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    // Turns spent budget into epsilon, after the fact.
    if (entry.path().stem() == "zcdp") continue;
    std::stringstream source;
    source << std::ifstream(entry.path()).rdbuf();
    EXPECT_EQ(Forbidden(source.str()), "") << entry.path().filename();
    searched.insert(entry.path().filename());
  }
  for (const char* file : {"budget.cc", "budget.h", "noise.cc", "noise.h", "random_words.cc",
                           "random_words.h", "uint128.h"}) {
    EXPECT_EQ(searched.count(file), 1u) << file;
  }
}

TEST(NoisePath, IsSearchedForWhatIsForbidden) {
  for (const char* line :
       {"double x = 0;", "std::normal_distribution<> n;", "std::mt19937_64 engine;",
        "#include <random>", "return 1.5;", "auto x = 1e9;", "std::random_device device;",
        "srand(1);", "const float y = 2;", "std::sqrt(x)", "uint64_t seed = 1;"}) {
    EXPECT_NE(Forbidden(line), "") << line;
  }
  for (const char* line :
       {"// a double of 1.5", "constexpr uint64_t kNano = 1'000'000'000;",
        "explicit_bzero(data, size);", "getrandom(to, missing, 0);", "BernoulliExp(n, d)"}) {
    EXPECT_EQ(Forbidden(line), "") << line;
  }
}

}  // namespace
}  // namespace tutti
