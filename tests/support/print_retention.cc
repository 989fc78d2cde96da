// Prints what the services say that they keep, for tests in other languages, one row a line with
// tabs between: "key", the key's name, its types, its lifetime in seconds ("-" for ever), which
// server it is in and what it holds; "file", the flag that names it, what is added to its path
// and what it holds.

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/redis/keys.h"
#include "common/retention/retention.h"

namespace tutti {
namespace {

void PrintRow(const std::vector<std::string>& columns) {
  std::cout << absl::StrJoin(columns, "\t") << '\n';
}

void PrintAll() {
  for (const KeyRow& row : KeyRows()) {
    const bool for_ever = row.lifetime == absl::InfiniteDuration();
    const Retention held = RetentionOf(row.held, "the grace");
    PrintRow({"key", std::string(row.name), std::string(row.types),
              for_ever ? "-" : ExpirySeconds(row.key), held.where, held.what});
  }
  for (const auto& retentions : {RetentionsOfIngest("the grace"), RetentionsOfAggregate(),
                                 RetentionsOfScore(), RetentionsOfEveryService()}) {
    for (const Retention& retention : retentions) {
      for (const KeptFile& file : retention.files) {
        PrintRow({"file", file.flag, file.suffix, retention.what});
      }
    }
  }
  PrintRow({"suffix", "lock", kLockSuffix});
  PrintRow({"suffix", "optout", kOptOutSuffix});
}

}  // namespace
}  // namespace tutti

int main() {
  tutti::PrintAll();
  return 0;
}
