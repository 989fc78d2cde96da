#include "services/aggregate/journal_entry.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

bool IsDigest(absl::string_view text) {
  return text.size() == 2 * size_t{SHA256_DIGEST_LENGTH} &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsKind(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

JournalEntry JournalEntryOf(absl::string_view record, Costs nano_rho) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(record.data()), record.size(), digest.data());
  return {absl::BytesToHexString(
              absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())),
          std::move(nano_rho)};
}

std::string FormatJournalEntry(const JournalEntry& entry) {
  std::string text = entry.digest;
  for (const auto& [kind, cost] : entry.nano_rho) absl::StrAppend(&text, " ", kind, "=", cost);
  return text;
}

absl::StatusOr<JournalEntry> ParseJournalEntry(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  JournalEntry entry;
  entry.digest = std::string(words[0]);
  bool sound = IsDigest(entry.digest) && words.size() > 1;
  for (size_t i = 1; sound && i < words.size(); ++i) {
    const std::pair<std::string, absl::string_view> cost =
        absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    sound = IsKind(cost.first) && absl::SimpleAtoi(cost.second, &entry.nano_rho[cost.first]);
  }
  // What can be read and is not what would have been written (another order, a kind twice,
  // zeros in front) was not written by this.
  if (!sound || FormatJournalEntry(entry) != text) {
    return absl::InvalidArgumentError("not an entry of a journal");
  }
  return entry;
}

}  // namespace tutti
