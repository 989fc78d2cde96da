#ifndef TUTTI_SERVICES_CLI_COMMANDS_SCORE_JSON_H_
#define TUTTI_SERVICES_CLI_COMMANDS_SCORE_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace tutti {

// An answer of the score service as JSON, on several lines. Protobuf writes fields by number, and a
// level has a late one: each level stands before the state of what it is of, for it leads. Internal
// when the answer cannot be written.
absl::StatusOr<std::string> ScoreJson(const google::protobuf::Message& message);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_SCORE_JSON_H_
