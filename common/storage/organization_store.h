#ifndef TUTTI_COMMON_STORAGE_ORGANIZATION_STORE_H_
#define TUTTI_COMMON_STORAGE_ORGANIZATION_STORE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/storage/bitmap_id.h"
#include "common/storage/lease_token.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// An organisation as it was read: what is stored, and the exact bytes, against
// which a later change is compared.
struct VersionedOrganization {
  aggregate::v1::StoredOrganization stored;
  std::string version;
};

// An organisation in a list.
struct ListedOrganization {
  std::string id;
  absl::Time due;  // as SetDue said last, to the second
};

// Keeps organisations. Thread-safe. Every method may return Unavailable (the
// store cannot be reached; nothing is known of a write) and DataLoss (what is
// stored cannot be read).
class OrganizationStore {
 public:
  virtual ~OrganizationStore() = default;

  // NotFound when there is none.
  virtual absl::StatusOr<VersionedOrganization> Read(const std::string& organization) = 0;

  // The same of many, each with an error of its own, in order: those that are on a part of the
  // store that is away are Unavailable, the others are read.
  virtual std::vector<absl::StatusOr<VersionedOrganization>> ReadEach(
      absl::Span<const std::string> organizations) = 0;

  // Stores a new organisation, due at `due`. AlreadyExists when the id was ever
  // used.
  virtual absl::Status Create(const std::string& organization,
                              const aggregate::v1::StoredOrganization& stored, absl::Time due) = 0;

  // Replaces what is stored, if it is still `old`; else Aborted. Returns what is
  // stored now.
  virtual absl::StatusOr<VersionedOrganization> Replace(
      const std::string& organization, const VersionedOrganization& old,
      const aggregate::v1::StoredOrganization& stored) = 0;

  // Like Replace, and makes the bitmaps (all zero, at full size) in the same
  // atomic step, so that a window that is said to be begun has its bitmaps.
  // Aborted as in Replace; FailedPrecondition when some of the windows are closed or were
  // dropped: nothing is changed, and `guarded` names those.
  virtual absl::StatusOr<VersionedOrganization> Begin(
      const std::string& organization, const VersionedOrganization& old,
      const aggregate::v1::StoredOrganization& stored, const std::vector<NewBitmap>& bitmaps,
      std::set<Window>& guarded) = 0;

  // Sets when the organisation is due next. InfiniteFuture is for one that never will be again.
  virtual absl::Status SetDue(const std::string& organization, absl::Time due) = 0;

  // Lists organisations due at `now` or before, the longest due first, at most
  // `limit`.
  virtual absl::StatusOr<std::vector<std::string>> ListDue(absl::Time now, int limit) = 0;

  // Lists organisations in a fixed order, after the id `cursor` ("" is the start), at
  // most `limit`. Some may have no profile: the caller ignores those.
  virtual absl::StatusOr<std::vector<ListedOrganization>> List(const std::string& cursor,
                                                               int limit) = 0;

  // Takes the closing lease. Returns false when another holder has it. The holder
  // names itself by a token of its own; taking it again with the same token
  // prolongs it.
  virtual absl::StatusOr<bool> TakeLease(const std::string& organization, const LeaseToken& token,
                                         absl::Duration duration) = 0;

  // Gives the lease back, if `token` still has it.
  virtual absl::Status ReleaseLease(const std::string& organization, const LeaseToken& token) = 0;

  // Deletes every key of the organisation except a tombstone: the profile in
  // state ERASED without counts or public input, and the ledger's totals. Returns
  // the number of deleted keys, once every node was looked through. Unavailable when
  // some node still has others, or is away: erasing again goes on.
  virtual absl::StatusOr<int64_t> Erase(const std::string& organization,
                                        const aggregate::v1::StoredOrganization& tombstone) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_ORGANIZATION_STORE_H_
