#ifndef TUTTI_COMMON_REDIS_KEYS_H_
#define TUTTI_COMMON_REDIS_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "common/storage/bitmap_id.h"

namespace tutti {

// The names of all keys, in one place. What belongs to one organisation has its id
// as hash tag, so that a cluster keeps it on one node.

inline constexpr int kOrganizationBuckets = 64;

// CRC-16/XMODEM, by which Redis Cluster places keys (of the hash tag, modulo
// 16384).
uint16_t Crc16(absl::string_view bytes);

std::string ProfileKey(absl::string_view organization);
std::string BitmapKey(const BitmapId& id);        // {org}:reach:<end day>:<kind>, {org}:day:...
std::string SealedBitmapKey(const BitmapId& id);  // {org}:sealed:reach:<end day>:<kind>, ...
std::string MergeKey(absl::string_view organization);  // a bitmap in transit
std::string TickKey(absl::string_view organization);   // the durable write of every merge
std::string TallyKey(absl::string_view organization);
std::string StagedKey(absl::string_view organization, Day end_day);
std::string PublicationKey(absl::string_view organization, Day end_day);
std::string PublicationIndexKey(absl::string_view organization);
std::string CohortKey(Day end_day, absl::string_view cohort);  // cohort:<end day>:<cohort>
std::string LedgerKey(absl::string_view organization);
std::string LeaseKey(absl::string_view organization);
std::string JournalKey();          // of no organisation: the identity of the store's journal
std::string CountingHistoryKey();  // of no organisation: which keyrings and catalogues counted
std::string AllKeysPattern(absl::string_view organization);      // for SCAN
std::string PublicationChannel(absl::string_view organization);  // pub:<org>

// The bucket of an organisation, 0 to kOrganizationBuckets - 1, and its key.
int BucketOf(absl::string_view organization);
std::string BucketKey(int bucket);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_KEYS_H_
