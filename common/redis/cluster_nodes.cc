#include "common/redis/cluster_nodes.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/redis/connection.h"

namespace tutti {
namespace {

// id, address, flags, primary's id, ping, pong, epoch, state of the link; then slots.
enum Column : size_t { kId = 0, kFlags = 2, kPrimary = 3, kLink = 7, kSlots = 8 };

using Row = std::vector<absl::string_view>;

bool Has(const Row& row, absl::string_view flag) {
  const std::vector<absl::string_view> flags = absl::StrSplit(row[kFlags], ',');
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

}  // namespace

absl::StatusOr<ClusterCopies> CopiesIn(absl::string_view table) {
  std::vector<Row> rows;
  // The primaries of other shards.
  std::set<absl::string_view> others;
  bool complete = false;
  for (const absl::string_view line : absl::StrSplit(table, '\n', absl::SkipWhitespace())) {
    rows.push_back(absl::StrSplit(absl::StripAsciiWhitespace(line), ' ', absl::SkipEmpty()));
    const Row& row = rows.back();
    complete = row.size() >= kSlots;
    if (!complete) break;
    if (row.size() > kSlots && !Has(row, "myself")) others.insert(row[kId]);
  }
  const bool named = complete && std::any_of(rows.begin(), rows.end(),
                                             [](const Row& row) { return Has(row, "myself"); });
  if (!named) return UnexpectedReply();
  ClusterCopies copies;
  for (const Row& row : rows) {
    if (Has(row, "myself") || Has(row, "handshake")) continue;
    if (others.count(row[kId]) + others.count(row[kPrimary]) > 0) continue;
    ++copies.known;
    const bool there =
        row[kLink] == "connected" && !Has(row, "fail") && !Has(row, "fail?") && !Has(row, "noaddr");
    if (!there) ++copies.missing;
  }
  return copies;
}

}  // namespace tutti
