#include "common/sources/m365_usage/usage_products.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

using Words = std::vector<std::string>;

// The words of a product's name in lower case, but for what it is sold with or without:
// "MICROSOFT 365 E5 (NO TEAMS)" is "microsoft", "365", "e5".
Words WordsOf(absl::string_view product) {
  Words words;
  std::string word;
  const auto is_last = [](absl::string_view one) {
    return one == "no" || one == "with" || one == "without";
  };
  for (const char c : product) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) {
      word.push_back(absl::ascii_tolower(byte));
    } else if (!word.empty()) {
      if (is_last(word)) return words;
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty() && !is_last(word)) words.push_back(std::move(word));
  return words;
}

bool IsAddition(const Words& words) {
  static const auto& additions = *new absl::flat_hash_set<absl::string_view>{
      "add",        "addon",      "archiving",    "automate", "azure",    "builder",    "calling",
      "clipchamp",  "compliance", "conferencing", "copilot",  "defender", "devices",    "dynamics",
      "ediscovery", "engage",     "entra",        "fabric",   "flow",     "governance", "intune",
      "lockbox",    "mobility",   "phone",        "planner",  "power",    "powerapps",  "powerbi",
      "priva",      "project",    "protection",   "purview",  "rights",   "risk",       "rooms",
      "security",   "skype",      "storage",      "stream",   "visio",    "viva",       "voice",
      "whiteboard", "windows",    "yammer"};
  return absl::c_any_of(words, [](const std::string& word) { return additions.contains(word); });
}

// "e3", "f1", "a5", "g3", "k1".
bool IsPlan(absl::string_view word) {
  return word.size() == 2 && absl::StrContains("efagk", word[0]) &&
         absl::ascii_isdigit(static_cast<unsigned char>(word[1]));
}

bool IsSuite(const Words& words) {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>{
      "microsoft", "office", "365", "m365", "o365", "business"};
  static const auto& editions =
      *new absl::flat_hash_set<absl::string_view>{"basic", "standard", "premium", "essentials"};
  if (absl::c_any_of(words, IsPlan)) return true;
  const bool is_named =
      absl::c_all_of(words, [](const std::string& word) { return names.contains(word); });
  const bool has_edition =
      absl::c_any_of(words, [](const std::string& word) { return editions.contains(word); });
  return is_named || (has_edition && absl::c_linear_search(words, "business"));
}

// "Microsoft 365 Copilot", "Copilot for Microsoft 365", or the bare name; those of Studio, Sales,
// Security and GitHub are other products.
bool IsAssistant(const Words& words) {
  const std::string name = absl::StrJoin(words, "");
  return name == "copilot" || name == "microsoftcopilot" || absl::StrContains(name, "365copilot") ||
         absl::StrContains(name, "copilotformicrosoft365");
}

}  // namespace

Licences LicencesOf(absl::string_view products) {
  Licences licences;
  bool others = false;
  for (const absl::string_view product : absl::StrSplit(products, '+', absl::SkipWhitespace())) {
    const Words words = WordsOf(product);
    if (words.empty()) continue;
    const bool addition = IsAddition(words);
    licences.any = true;
    others = others || !addition;
    licences.suite = licences.suite || (!addition && IsSuite(words));
    licences.assistant = licences.assistant || IsAssistant(words);
  }
  licences.additions_alone = licences.any && !others;
  return licences;
}

}  // namespace tutti
