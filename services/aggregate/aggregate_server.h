#ifndef TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVER_H_
#define TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/redis/bit_mirror.h"
#include "common/redis/connection.h"
#include "common/rpc/server.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// What tutti-aggregate is told by flags.
struct AggregateOptions {
  ServerOptions server;
  RedisOptions redis;
  std::string catalog;  // the catalogue's file
  std::string journal;  // the journal's file, on a disk that Redis is not restored from
  // Or its server.
  std::optional<RedisOptions> journal_redis;
  std::string adopt_journal;  // see BindingParts::adopt
  std::string adopt_keyring;  // in hexadecimal digits, see CountingHistory; empty: none
  WindowTiming timing;
  absl::Duration sweep_interval = absl::Seconds(30);
  MirrorLimits mirror;
};

// InvalidArgument names the flag.
absl::StatusOr<AggregateOptions> AggregateOptionsFromFlags();

// Serves until it is told to stop. Keeps what it knows of counters out of core dumps by
// switching those off for the process.
absl::Status RunAggregate(const AggregateOptions& options);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_AGGREGATE_SERVER_H_
