#ifndef TUTTI_COMMON_RETENTION_LIFETIMES_H_
#define TUTTI_COMMON_RETENTION_LIFETIMES_H_

#include <cstddef>

#include "absl/time/time.h"

namespace tutti {

// How long, or how much of it, everything is kept that the services keep. Whoever keeps
// something keeps it by a constant of this file, and the privacy statement's sentences
// (RetentionsOf..., and those of Redis in common/redis/keys.h) are made of the same constants.
// They stand apart from the code that they rule because score, which composes the statement,
// must not depend on code that holds keys.

// In the memory of ingest. What its cache of what is durable remembers lives for two
// generations.
inline constexpr absl::Duration kLongestCacheGeneration = absl::Minutes(4);
// For so long ingest may rely on what aggregate told it of an organisation, at most.
inline constexpr absl::Duration kLongestPolicyLease = absl::Minutes(10);
// And on that it could not be told.
inline constexpr absl::Duration kPolicyErrorLife = absl::Seconds(1);

// In the keyring. Shared keys exist for windows that end up to this many days after today.
inline constexpr int kKeyDaysAhead = 35;
// Keys of an extension are kept this many days after the one on which they were made: a
// bound on who forgets to forget them. A back-fill takes hours.
inline constexpr int kExtensionDays = 30;
// How often ingest rotates when it is told to.
inline constexpr absl::Duration kRotationInterval = absl::Hours(1);

// In Redis. What stands where a window was closed, and refuses what comes late.
inline constexpr absl::Duration kGuardLife = absl::Hours(40 * 24);
// The same of an erased organisation: for merges that were under way.
inline constexpr absl::Duration kErasedGuardLife = absl::Minutes(10);
// The key that every merge writes. It must outlast nothing.
inline constexpr absl::Duration kTickLife = absl::Minutes(10);
// A bitmap in transit, which goes in the same step that brings it unless that fails.
inline constexpr absl::Duration kTransitLife = absl::Minutes(1);
// Who closes windows, after it last said so.
inline constexpr absl::Duration kLeaseLife = absl::Minutes(1);
// Older catalogues belong to windows that were closed long ago.
inline constexpr int kMostCatalogsNoted = 100;

// In the memory of aggregate. A window that is closed is merged into no more, whoever closed
// it: so what is left of it here goes this long after.
inline constexpr absl::Duration kLongestMirrorIdle = absl::Minutes(10);
// Profiles, and what counted when, are given for so long after they were read.
inline constexpr absl::Duration kProfileLife = absl::Seconds(5);
inline constexpr absl::Duration kCountingHistoryLife = absl::Seconds(5);

// In the memory of score. How old what was found may be when it is given again: less than a
// second, so that it is no older when it has reached its caller.
inline constexpr absl::Duration kFreshFor = absl::Milliseconds(900);

// In the memory of every service.
inline constexpr size_t kMostTokensKnown = 10'000;
inline constexpr size_t kMostCallersKnown = 100'000;

}  // namespace tutti

#endif  // TUTTI_COMMON_RETENTION_LIFETIMES_H_
