#include "common/redis/slot_map.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/redis/keys.h"

namespace tutti {
namespace {

constexpr int kMaxPort = 65535;

// The columns of a row: two for the slots, then three for each node.
constexpr size_t kFirstNode = 2;
constexpr size_t kColumnsOfNode = 3;

bool ParseNumber(absl::string_view text, int last, int& number) {
  return absl::SimpleAtoi(text, &number) && number >= 0 && number <= last;
}

// Reads the three columns that begin at `columns`; nothing when they make no sense.
std::optional<SlotMap::Primary> ParseNode(const std::string* columns, const RedisAddress& asked) {
  SlotMap::Primary node;
  node.address.host = columns[0].empty() ? asked.host : columns[0];
  node.id = columns[2];
  if (!ParseNumber(columns[1], kMaxPort, node.address.port)) return {};
  return node;
}

// "?" stands for a host name that the node has not announced, 0 for a port that nobody knows yet.
bool CanBeReached(const RedisAddress& address) { return address.host != "?" && address.port != 0; }

}  // namespace

int SlotOf(absl::string_view key) {
  const size_t open = key.find('{');
  if (open != absl::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != absl::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(key) % kSlots;
}

const SlotMap::Primary* SlotMap::OwnerOf(int slot) const {
  const int owner = owners[static_cast<size_t>(slot)];
  return owner == kNobody ? nullptr : &primaries[static_cast<size_t>(owner)];
}

int SlotMap::Unowned() const {
  return static_cast<int>(std::count(owners.begin(), owners.end(), kNobody));
}

void SlotMap::Assign(int slot, const RedisAddress& address) {
  auto primary = std::find_if(primaries.begin(), primaries.end(),
                              [&](const Primary& one) { return one.address == address; });
  if (primary == primaries.end()) primary = primaries.insert(primary, Primary{address, ""});
  owners[static_cast<size_t>(slot)] = static_cast<int>(primary - primaries.begin());
}

absl::StatusOr<SlotMap> ParseSlotMap(const std::vector<std::vector<std::string>>& rows,
                                     const RedisAddress& asked) {
  SlotMap map;
  for (const std::vector<std::string>& row : rows) {
    int first = 0;
    int last = 0;
    if (row.size() < kFirstNode + kColumnsOfNode ||
        (row.size() - kFirstNode) % kColumnsOfNode != 0 ||
        !ParseNumber(row[0], kSlots - 1, first) || !ParseNumber(row[1], kSlots - 1, last) ||
        first > last) {
      return UnexpectedReply();
    }
    for (size_t i = kFirstNode; i < row.size(); i += kColumnsOfNode) {
      std::optional<SlotMap::Primary> node = ParseNode(&row[i], asked);
      if (!node.has_value()) return UnexpectedReply();
      if (!CanBeReached(node->address)) continue;
      if (i > kFirstNode) {
        map.replicas.push_back(std::move(node->address));
        continue;
      }
      const auto known = std::find(map.primaries.begin(), map.primaries.end(), *node);
      const auto index = static_cast<int>(known - map.primaries.begin());
      if (known == map.primaries.end()) map.primaries.push_back(*std::move(node));
      std::fill(map.owners.begin() + first, map.owners.begin() + last + 1, index);
    }
  }
  return map;
}

NodeRefusal NodeRefusalOf(absl::string_view code) {
  if (code == "MOVED") return NodeRefusal::kMoved;
  if (code == "ASK") return NodeRefusal::kAsk;
  if (code == "TRYAGAIN") return NodeRefusal::kTryAgain;
  const bool unfit =
      code == "CLUSTERDOWN" || code == "LOADING" || code == "READONLY" || code == "MASTERDOWN";
  return unfit ? NodeRefusal::kUnfit : NodeRefusal::kNone;
}

std::optional<Redirection> ParseRedirection(absl::string_view text, const RedisAddress& asked) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  Redirection redirection;
  if (words.size() != 3 || !ParseNumber(words[1], kSlots - 1, redirection.slot)) return {};
  // The host may be an IPv6 address.
  const size_t colon = words[2].rfind(':');
  if (colon == absl::string_view::npos ||
      !ParseNumber(words[2].substr(colon + 1), kMaxPort, redirection.address.port) ||
      redirection.address.port == 0) {
    return {};
  }
  redirection.address.host = colon == 0 ? asked.host : std::string(words[2].substr(0, colon));
  if (redirection.address.host == "?") return {};
  return redirection;
}

}  // namespace tutti
