#ifndef TUTTI_SERVICES_SCORE_SCORE_SERVER_H_
#define TUTTI_SERVICES_SCORE_SCORE_SERVER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"
#include "common/rpc/server.h"
#include "services/score/statement.h"

namespace tutti {

// What tutti-score is told by flags.
struct ScoreOptions {
  ServerOptions server;
  RedisOptions redis;
  std::string catalog;                     // the catalogue's file
  std::vector<std::string> past_catalogs;  // of older records
};

// InvalidArgument names the flag.
absl::StatusOr<ScoreOptions> ScoreOptionsFromFlags();

// Serves until it is told to stop.
absl::Status RunScore(const ScoreOptions& options);

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_SERVER_H_
