#include "services/cli/commands/unknown_command.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tutti {
namespace {

// Letters that are put in, left out or changed between two words.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

std::string Nearest(const CLI::App& app, const std::string& word) {
  std::string nearest;
  size_t least = std::min<size_t>(3, (word.size() + 1) / 2 + 1);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const size_t distance = Distance(word, command->get_name());
    if (distance < least) {
      least = distance;
      nearest = command->get_name();
    }
  }
  return nearest;
}

// Whether an option has its value in the next word.
bool TakesNextWord(const CLI::App& app, const std::string& word) {
  if (absl::StrContains(word, '=')) return false;
  const CLI::Option* option = app.get_option_no_throw(word);
  return option != nullptr && option->get_items_expected_max() > 0;
}

}  // namespace

std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* group = &app;
  std::string path = app.get_name();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (absl::StartsWith(word, "-")) {
      if (TakesNextWord(*group, word) || TakesNextWord(app, word)) ++i;
      continue;
    }
    const CLI::App* command = nullptr;
    for (const CLI::App* one : group->get_subcommands([](const CLI::App*) { return true; })) {
      if (one->check_name(word)) command = one;
    }
    if (command == nullptr) {
      const std::string nearest = Nearest(*group, word);
      return absl::StrCat("'", word, "' is no command of ", path, nearest.empty() ? "" : "; is ",
                          nearest, nearest.empty() ? "" : " meant?", " `", path,
                          " --help` lists them");
    }
    if (command->get_subcommands([](const CLI::App*) { return true; }).empty()) return "";
    group = command;
    absl::StrAppend(&path, " ", command->get_name());
  }
  return "";
}

}  // namespace tutti
