#include "services/cli/commands/command_errors.h"

#include <unistd.h>

#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "common/text/plain_text.h"

namespace tutti {
namespace {

constexpr char kUsage[] = "tutti/usage";
constexpr char kExitStatus[] = "tutti/exit_status";

constexpr int kFailed = 1;
constexpr int kNotUnderstood = 2;
constexpr int kNotThereYet = 3;

// The command that calls each method that a caller may call; see MethodRules.
constexpr std::pair<absl::string_view, absl::string_view> kCommands[] = {
    {"IngestActivities", "`tutti import`"},
    {"StreamActivities", "`tutti import`"},
    {"PublishDueWindows", "`tutti publish`"},
    {"CreateOrganization", "`tutti organizations create`"},
    {"GetOrganization", "`tutti organizations get`"},
    {"ListOrganizations", "`tutti organizations list`"},
    {"UpdateOrganization", "`tutti organizations update`"},
    {"FinishBackfill", "`tutti organizations finish-backfill`"},
    {"PauseScoring", "`tutti organizations pause`"},
    {"ResumeScoring", "`tutti organizations resume`"},
    {"EraseOrganization", "`tutti organizations erase`"},
    {"GetScore", "`tutti score`"},
    {"GetCatalog", "`tutti score`"},
    {"WatchScores", "`tutti score`"},
    {"ListScores", "`tutti history`"},
    {"GetTable", "`tutti table`"},
    {"ListTables", "`tutti table`"},
    {"ListRecommendations", "`tutti recommendations`"},
    {"GetBenchmark", "`tutti benchmark`"},
    {"GetPrivacyStatement", "`tutti statement`"},
};

// The flag that fills in each field of a request, where one does.
constexpr std::pair<absl::string_view, absl::string_view> kFlags[] = {
    {"headcount", "--headcount"},
    {"display_name", "--display-name"},
    {"region", "--region"},
    {"industry", "--industry"},
    {"time_zone", "--time-zone"},
    {"cadence", "--cadence"},
    {"sources", "--source"},
    {"source_contents", "--source"},
    {"entitlements.product", "--entitlement"},
    {"first_day", "--first-day"},
    {"entitlements.people", "--entitlement"},
};

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

void ReplaceWord(absl::string_view word, absl::string_view by, std::string& text) {
  for (size_t at = text.find(word.data(), 0, word.size()); at != std::string::npos;
       at = text.find(word.data(), at, word.size())) {
    const size_t end = at + word.size();
    const bool whole = (at == 0 || !IsWordCharacter(text[at - 1])) &&
                       (end == text.size() || !IsWordCharacter(text[end]));
    if (whole) text.replace(at, word.size(), by.data(), by.size());
    at += whole ? by.size() : word.size();
  }
}

}  // namespace

absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsage, absl::Cord());
  return status;
}

bool IsUsageError(const absl::Status& status) { return status.GetPayload(kUsage).has_value(); }

absl::Status WithExitStatus(absl::Status status, int exit_status) {
  status.SetPayload(kExitStatus, absl::Cord(absl::StrCat(exit_status)));
  return status;
}

int ExitStatusOf(const absl::Status& status) {
  int exit_status = 0;
  const auto own = status.GetPayload(kExitStatus);
  if (own.has_value() && absl::SimpleAtoi(std::string(*own), &exit_status)) return exit_status;
  if (IsUsageError(status)) return kNotUnderstood;
  return absl::IsNotFound(status) ? kNotThereYet : kFailed;
}

absl::Status WithText(const absl::Status& status, absl::string_view text) {
  if (status.ok()) return status;
  absl::Status other(status.code(), text);
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { other.SetPayload(type, payload); });
  return other;
}

absl::Status Named(absl::string_view flag, const absl::Status& status) {
  if (absl::StartsWith(status.message(), flag)) return status;
  return WithText(status, absl::StrCat(flag, ": ", status.message()));
}

absl::Status OfFile(absl::string_view flag, absl::string_view path, const absl::Status& status) {
  if (absl::StrContains(status.message(), path)) return Named(flag, status);
  return WithText(status, absl::StrCat(flag, " ", PlainText(path), ": ", status.message()));
}

std::string InOwnWords(const absl::Status& status) {
  std::string text(status.message());
  for (const std::string& field : FieldsOf(status)) {
    for (const auto& [name, flag] : kFlags) {
      if (field == name && absl::StartsWith(text, absl::StrCat(field, ":"))) {
        text.replace(0, field.size(), flag.data(), flag.size());
      }
    }
  }
  for (const auto& [method, command] : kCommands) ReplaceWord(method, command, text);
  return text;
}

absl::Status Confirm(bool yes, const std::string& word) {
  if (yes) return absl::OkStatus();
  if (isatty(STDIN_FILENO) == 0) {
    return UsageError(
        "this cannot be undone, and standard input is no terminal, so nobody can be asked: nothing "
        "was changed; read the above, and give --yes to do it");
  }
  std::cout << std::flush;
  std::cerr << "Type " << word << " to do it: " << std::flush;
  std::string typed;
  std::getline(std::cin, typed);
  if (absl::StripAsciiWhitespace(typed) == word) return absl::OkStatus();
  return absl::AbortedError("nothing was changed");
}

}  // namespace tutti
