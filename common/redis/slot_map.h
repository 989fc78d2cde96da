#ifndef TUTTI_COMMON_REDIS_SLOT_MAP_H_
#define TUTTI_COMMON_REDIS_SLOT_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/connection.h"

namespace tutti {

// Redis Cluster keeps every key in one of so many slots, numbered from 0.
inline constexpr int kSlots = 16384;

// The slot of a key: of what stands between its first "{" and the next "}", when that is
// not empty, else of all of it. So the slot of "acme" is that of "{acme}:profile".
int SlotOf(absl::string_view key);

// Who has which slots, as one node of a cluster sees it.
struct SlotMap {
  struct Primary {
    RedisAddress address;
    std::string id;  // of the node; another address may have it later

    friend bool operator==(const Primary& a, const Primary& b) {
      return a.address == b.address && a.id == b.id;
    }
  };
  static constexpr int kNobody = -1;

  std::vector<Primary> primaries;
  std::vector<RedisAddress> replicas;  // of all of them
  // For each slot the index of its primary, or kNobody.
  std::vector<int> owners = std::vector<int>(kSlots, kNobody);

  // Nullptr when nobody has the slot.
  const Primary* OwnerOf(int slot) const;
  // How many slots nobody has.
  int Unowned() const;
  // Gives a slot to the node at an address.
  void Assign(int slot, const RedisAddress& address);
};

// Reads what the node at `asked` answers to CLUSTER SLOTS, as AsRows gives it: first slot,
// last slot (inclusive), and of each node address, port and id, the primary first. A node that
// announces no host has that of `asked`; one whose host name or port the others do not know is left
// out, and if it is a primary its slots are nobody's. Internal when it is no such answer.
absl::StatusOr<SlotMap> ParseSlotMap(const std::vector<std::vector<std::string>>& rows,
                                     const RedisAddress& asked);

// What a node of a cluster says when it did nothing of what it was asked.
enum class NodeRefusal {
  kNone,      // it says nothing of the kind
  kMoved,     // the slot has another owner
  kAsk,       // this once, another node is to be asked
  kTryAgain,  // the slot is on its way, and its keys are on two nodes
  kUnfit,     // the node is a replica, loads its files, or sees no whole cluster
};

// Reads the code of an error.
NodeRefusal NodeRefusalOf(absl::string_view code);

// Where an error of kMoved or kAsk sends to.
struct Redirection {
  int slot = 0;
  RedisAddress address;
};

// Reads "MOVED 3999 127.0.0.1:6381" or "ASK ...", said by the node at `asked`; an empty host is
// its own. Nothing when the text makes no sense.
std::optional<Redirection> ParseRedirection(absl::string_view text, const RedisAddress& asked);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_SLOT_MAP_H_
