#include "common/process/program_flags.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/process/build_info.h"

namespace tutti {
namespace {

constexpr size_t kColumns = 100;
constexpr char kIndent[] = "        ";

// The heading under which the flags of a source file stand; empty for files that are not ours.
std::string HeadingOf(absl::string_view file) {
  if (absl::StrContains(file, "common/rpc/")) return "Serving, callers, limits and logs";
  if (absl::StrContains(file, "common/redis/")) return "Redis";
  if (absl::StrContains(file, "common/") && !absl::StrContains(file, "absl/")) return "More";
  // Before the others.
  if (absl::StrContains(file, "services/")) return " What it does";
  return "";
}

std::string Wrapped(const std::string& text) {
  std::string wrapped;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipWhitespace())) {
    if (column > 0 && column + 1 + word.size() > kColumns) {
      wrapped += "\n";
      column = 0;
    }
    const absl::string_view before = column == 0 ? kIndent : " ";
    absl::StrAppend(&wrapped, before, word);
    column += before.size() + word.size();
  }
  return wrapped;
}

std::string FlagHelp(const absl::CommandLineFlag& flag) {
  const std::string standard = flag.DefaultValue();
  const bool is_switch = flag.IsOfType<bool>();
  std::string usage =
      is_switch ? absl::StrCat("--[no]", flag.Name()) : absl::StrCat("--", flag.Name(), "=...");
  std::string text = flag.Help();
  if (is_switch ? standard == "true" : !standard.empty()) {
    absl::StrAppend(&text, " (default ", standard, ")");
  }
  return absl::StrCat("  ", usage, "\n", Wrapped(text), "\n");
}

void Fail(absl::string_view program, absl::string_view why) {
  std::cerr << program << ": " << why << "; see " << program << " --help\n";
  std::exit(EXIT_FAILURE);
}

}  // namespace

std::string ProgramHelp(absl::string_view program, absl::string_view purpose) {
  std::map<std::string, std::map<std::string, const absl::CommandLineFlag*>> groups;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const std::string heading = HeadingOf(flag->Filename());
    if (!heading.empty() && !flag->IsRetired()) groups[heading][std::string(name)] = flag;
  }
  std::string help = absl::StrCat(purpose, "\n\nusage: ", program, " [flags]\n");
  for (const auto& [heading, flags] : groups) {
    absl::StrAppend(&help, "\n", absl::StripLeadingAsciiWhitespace(heading), ":\n");
    for (const auto& [unused, flag] : flags) help += FlagHelp(*flag);
  }
  absl::StrAppend(&help, "\nAlso:\n  --flagfile=...\n", kIndent,
                  "File of flags, one a line\n  --version\n", kIndent,
                  "Print version, commit and build type\n");
  return help;
}

void ParseProgramFlags(absl::string_view program, absl::string_view purpose, int argc,
                       char** argv) {
  for (int i = 1; i < argc; ++i) {
    const absl::string_view word = argv[i];
    if (word == "--") break;
    if (word == "--help" || word == "-help" || word == "-h") {
      std::cout << ProgramHelp(program, purpose);
      std::exit(EXIT_SUCCESS);
    }
    if (word == "--version" || word == "-version") {
      std::cout << program << " " << BuildInfo() << "\n";
      std::exit(EXIT_SUCCESS);
    }
  }
  absl::SetProgramUsageMessage(purpose);
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    Fail(program, "a word on the command line is no flag: write values as --flag=value");
  }
}

}  // namespace tutti
