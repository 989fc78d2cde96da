#ifndef TUTTI_SERVICES_INGEST_INGEST_SERVER_H_
#define TUTTI_SERVICES_INGEST_INGEST_SERVER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/server.h"
#include "services/ingest/delta_coalescer.h"

namespace tutti {

struct IngestOptions {
  std::string aggregate;  // address
  std::string keyring;    // path
  std::string opt_outs;   // path; empty: beside the keyring
  std::string catalog;    // path
  bool rotate_keyring = false;
  bool allow_swap = false;
  absl::Duration flush_interval = absl::Milliseconds(4);
  absl::Duration merge_timeout = absl::Seconds(9);
  size_t cache_entries = size_t{1} << 20;
  absl::Duration cache_generation = absl::Minutes(3);
  CoalescerLimits coalescer;
};

// Serves IngestService until it is told to stop. Keeps identifiers and keys out of
// core dumps by switching those off for the process, and out of swap: FailedPrecondition
// when its memory can neither be locked nor stay out of it otherwise (CheckNoSwap), unless
// `allow_swap`. Swap that is switched on later makes it not ready.
absl::Status RunIngest(const ServerOptions& server, const IngestOptions& options);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_SERVER_H_
