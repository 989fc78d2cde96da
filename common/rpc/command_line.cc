#include "common/rpc/command_line.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/files/read_file.h"
#include "common/process/program_flags.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"

namespace tutti {
namespace {

constexpr FileKind kFlagFile{.noun = "flags", .max_bytes = size_t{1} << 20};
constexpr int kMostNested = 8;
// Of what another start may find otherwise, see sysexits(3): a unit tries again.
constexpr int kMayPass = 75;

// The library says of a time without a unit that its value is illegal, and no more.
absl::Status CheckTime(absl::string_view flag, absl::string_view given) {
  absl::Duration parsed;
  const absl::CommandLineFlag* const known = absl::FindCommandLineFlag(flag);
  if (known == nullptr || !known->IsOfType<absl::Duration>() ||
      absl::ParseDuration(given, &parsed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " must be a time with its unit, as 300s, 5m or 24h: \"", given, "\" is none"));
}

// Goes through words as they stand on a command line. The library reads their files by itself,
// and would read a device for ever.
absl::Status CheckFlagFiles(const std::vector<std::string>& words, int depth) {
  for (size_t i = 0; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (word == "--") break;
    if (!absl::ConsumePrefix(&word, "-")) continue;
    absl::ConsumePrefix(&word, "-");
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (absl::StrContains(word, '=')) {
      RETURN_IF_ERROR(CheckTime(parts.first, parts.second));
    } else if (i + 1 < words.size()) {
      RETURN_IF_ERROR(CheckTime(parts.first, words[i + 1]));
    }
    if (!absl::ConsumePrefix(&word, "flagfile")) continue;
    std::string names;
    if (absl::ConsumePrefix(&word, "=")) {
      names = std::string(word);
    } else if (word.empty() && i + 1 < words.size()) {
      names = words[i + 1];
    }
    for (const absl::string_view name : absl::StrSplit(names, ',', absl::SkipEmpty())) {
      if (depth == kMostNested) return absl::InvalidArgumentError("--flagfile: nested too deep");
      const absl::StatusOr<FileText> file = ReadFile(std::string(name), kFlagFile);
      if (!file.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--flagfile: ", file.status().message()));
      }
      std::vector<std::string> lines;
      for (const absl::string_view line : absl::StrSplit(file->text, '\n')) {
        lines.emplace_back(absl::StripAsciiWhitespace(line));
      }
      RETURN_IF_ERROR(CheckFlagFiles(lines, depth + 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void ParseServerCommandLine(const char* program, const char* purpose, int argc, char** argv) {
  const absl::Status good = CheckFlagFiles({argv + 1, argv + argc}, 0);
  if (!good.ok()) std::exit(ExitStatus(program, good));
  ParseProgramFlags(program, purpose, argc, argv);
}

int ExitStatus(const char* program, const absl::Status& status) {
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << absl::StrCat(program, ": ", PlainLines(status.message()), "\n");
  return absl::IsUnavailable(status) ? kMayPass : EXIT_FAILURE;
}

}  // namespace tutti
