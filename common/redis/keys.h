#ifndef TUTTI_COMMON_REDIS_KEYS_H_
#define TUTTI_COMMON_REDIS_KEYS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/retention/retention.h"
#include "common/storage/bitmap_id.h"

namespace tutti {

// All keys, in one table: how each is named, what it holds, and how long it lives. The functions
// below make their names of it, and the privacy statement says of it what Redis keeps. What
// belongs to one organisation has its id as hash tag, so that a cluster keeps it on one node.

enum class Key {
  kProfile,
  kBucket,  // of a part of all organisations: when the next window of each closes
  kReachBitmap,
  kDayBitmap,
  kSealedReachBitmap,
  kSealedDayBitmap,
  kTransit,  // a bitmap on its way into another
  kReachGuard,
  kDayGuard,
  kErasedReachGuard,
  kErasedDayGuard,
  kTick,  // the durable write of every merge
  kTally,
  kStaged,
  kPublication,
  kPublicationIndex,
  kLedger,
  kLease,
  kCohort,
  kJournal,          // of no organisation: the identity of the store's journal
  kCountingHistory,  // of no organisation: which keyrings and catalogues counted
  // In the redis-server that holds a journal, which is another than that of all the others.
  kJournalIdentity,
  kJournalBound,  // that some store has it
  kJournalEntries,
};

// What keys hold: an entry of the privacy statement each.
enum class Held {
  kReachBitmaps,
  kDayBitmaps,
  kBitmapsInTransit,
  kGuards,
  kTallies,
  kStagedRecords,
  kRecords,
  kLedgers,
  kProfiles,
  kLeases,
  kTicks,
  kCohorts,
  kJournalIdentity,
  kCountingHistory,
  kJournal,
};

struct KeyRow {
  Key key;
  // For absl::Substitute: $0 an organisation, $1 an end day, $2 a subject kind, $3 a cohort,
  // $4 a bucket.
  absl::string_view name;
  absl::string_view types;  // as Redis names them, separated by spaces
  // What Redis is told when it is written, and written again; infinite: nothing, the key lives
  // until it is deleted.
  absl::Duration lifetime;
  Held held;
};

// A row for each key, in the order of Key.
absl::Span<const KeyRow> KeyRows();

// What the privacy statement says of what is held. `grace`: see RetentionsOfIngest.
Retention RetentionOf(Held held, absl::string_view grace);

// The same of everything that is held in the counters' Redis, in the order of Held.
std::vector<Retention> RetentionsOfRedis(absl::string_view grace);

// A lifetime as Redis takes it, in whole seconds.
std::string ExpirySeconds(Key key);

inline constexpr int kOrganizationBuckets = 64;

// CRC-16/XMODEM, by which Redis Cluster places keys (of the hash tag, modulo
// 16384).
uint16_t Crc16(absl::string_view bytes);

std::string ProfileKey(absl::string_view organization);
// The key of a bitmap, and of the guard that stands there when its window is closed.
std::string BitmapKey(const BitmapId& id);
std::string SealedBitmapKey(const BitmapId& id);
std::string TransitKey(absl::string_view organization);
std::string TickKey(absl::string_view organization);
std::string TallyKey(absl::string_view organization);
std::string StagedKey(absl::string_view organization, Day end_day);
std::string PublicationKey(absl::string_view organization, Day end_day);
std::string PublicationIndexKey(absl::string_view organization);
std::string CohortKey(Day end_day, absl::string_view cohort);
std::string LedgerKey(absl::string_view organization);
std::string LeaseKey(absl::string_view organization);
std::string JournalKey();
std::string CountingHistoryKey();
std::string JournalIdentityKey();
std::string JournalBoundKey();
std::string JournalEntriesKey(absl::string_view organization);
// A key that never has a value, so it has no row. A script that names it is refused as a whole
// while the organisation's slot moves to another node, because Redis then looks whether all keys
// are on one; without it, one that deletes a key and makes it anew would be stopped in between.
std::string NeverKey(absl::string_view organization);

// The bucket of an organisation, 0 to kOrganizationBuckets - 1, and its key.
int BucketOf(absl::string_view organization);
std::string BucketKey(int bucket);

// No keys: what SCAN takes for all keys of an organisation, and the channel on which its
// publications are announced.
std::string AllKeysPattern(absl::string_view organization);
std::string PublicationChannel(absl::string_view organization);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_KEYS_H_
