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
  static const std::regex comment_text("//[^\n]*");
  static const std::regex forbidden_words(
      R"(\b(float|double|float_t|double_t|_Float\w*|__float128)\b)"
      R"(|\w*_distribution\b|\bmt19937\w*|\bminstd_rand\w*|\branlux\w*|\brandom_device\b)"
      R"(|\b\w*_engine\b|\bs?rand\w*\s*\(|\bdrand48\b|\babsl::BitGen\b|\w*[Ss]eed\w*)"
      R"(|<random>|<cmath>|<math\.h>|\bsqrtl?\b|\bexpl?\s*\(|\blogl?\s*\()"
      R"(|\b\d[\d']*\.\d|\b\d+[eE][-+]?\d)");
  const std::string code = std::regex_replace(source, comment_text, "");
  std::smatch found;
  return std::regex_search(code, found, forbidden_words) ? found.str() : "";
}

// The same of chance alone, for a file that has floating point of other things in it.
std::string ForbiddenChance(const std::string& source) {
  static const std::regex floating_words(R"(\bdouble\b|\bfloat\b|\b\d[\d']*\.\d+|<cmath>)");
  return Forbidden(std::regex_replace(source, floating_words, ""));
}

std::filesystem::path Root() {
  const char* root = std::getenv("TUTTI_SOURCE_DIR");
  EXPECT_NE(root, nullptr) << "ctest sets TUTTI_SOURCE_DIR to the root of the source tree";
  return root == nullptr ? "." : root;
}

std::string Read(const std::filesystem::path& path) {
  std::stringstream source;
  source << std::ifstream(path).rdbuf();
  EXPECT_NE(source.str(), "") << path;
  return source.str();
}

TEST(NoisePath, HasNoFloatingPointAndNoGeneratorOfItsOwn) {
  std::set<std::string> searched;
  for (const auto& entry : std::filesystem::directory_iterator(Root() / "common" / "privacy")) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    // Turns spent budget into epsilon, after the fact.
    if (entry.path().stem() == "zcdp") continue;
    EXPECT_EQ(Forbidden(Read(entry.path())), "") << entry.path().filename();
    searched.insert(entry.path().filename());
  }
  for (const char* file : {"budget.cc", "budget.h", "noise.cc", "noise.h", "random_words.cc",
                           "random_words.h", "uint128.h"}) {
    EXPECT_EQ(searched.count(file), 1u) << file;
  }
}

// From the bitmap to the record. Mutations: a count that passes through a double; noise
// that aggregate has from a seed.
TEST(NoisePath, LeadsThroughAggregateFromTheKernelsGeneratorAlone) {
  const std::filesystem::path aggregate = Root() / "services" / "aggregate";
  for (const char* file :
       {"slot_counts.cc", "slot_counts.h", "window_closer.cc", "window_closer.h"}) {
    EXPECT_EQ(Forbidden(Read(aggregate / file)), "") << file;
  }
  // It is told to make noise in one place, of one kind.
  const std::string server = Read(aggregate / "aggregate_server.cc");
  EXPECT_EQ(ForbiddenChance(server), "");
  static const std::regex noise_words(R"(\w*Noise\w*(?=>|\())");
  std::set<std::string> makes;
  for (std::sregex_iterator it(server.begin(), server.end(), noise_words), end; it != end; ++it) {
    makes.insert(it->str());
  }
  EXPECT_EQ(makes, (std::set<std::string>{"CheckNoisePlans", "KernelNoise"}));
}

TEST(NoisePath, IsSearchedForWhatIsForbidden) {
  for (const char* line :
       {"double x = 0;", "std::normal_distribution<> n;", "std::mt19937_64 engine;",
        "#include <random>", "return 1.5;", "auto x = 1e9;", "std::random_device device;",
        "srand(1);", "const float y = 2;", "std::sqrt(x)", "uint64_t seed = 1;",
        "std::make_unique<SeededNoise>(1)", "KernelNoise noise(kSeed);"}) {
    EXPECT_NE(Forbidden(line), "") << line;
  }
  for (const char* line : {"std::mt19937_64 engine;", "srand(1);", "uint64_t seed = 1;",
                           "std::make_unique<SeededNoise>(1)"}) {
    EXPECT_NE(ForbiddenChance(line), "") << line;
  }
  EXPECT_EQ(ForbiddenChance("return static_cast<double>(bytes) + 1.0;"), "");
  for (const char* line :
       {"// a double of 1.5", "constexpr uint64_t kNano = 1'000'000'000;",
        "explicit_bzero(data, size);", "getrandom(to, missing, 0);", "BernoulliExp(n, d)"}) {
    EXPECT_EQ(Forbidden(line), "") << line;
  }
}

}  // namespace
}  // namespace tutti
