#ifndef TUTTI_SERVICES_CLI_IMPORT_JSON_FRAMER_H_
#define TUTTI_SERVICES_CLI_IMPORT_JSON_FRAMER_H_

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/byte_source.h"
#include "services/cli/import/rejection_reason.h"

namespace tutti {

// Gets the JSON texts that a framer cuts out.
class JsonSink {
 public:
  virtual ~JsonSink() = default;
  // One JSON text. Valid during the call; 64 bytes after its end may be read. An
  // error ends the reading.
  virtual absl::Status OnJson(absl::string_view json) = 0;
  // A piece that cannot be a record; reading goes on.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
};

// Cuts text into lines, one JSON text each; blank lines are skipped, a line longer
// than 16 MiB is rejected. A broken line costs that line alone.
absl::Status ReadJsonLines(TextInput& input, JsonSink& sink);

// Cuts text into objects, however they are laid out: objects one after the other,
// or in an array, or in an array that is the member "events", "value" or "records"
// of an outer object. Memory is bounded by the largest record (16 MiB; longer ones
// are rejected). An object that has no end costs the rest of the input.
absl::Status ReadJsonDocument(TextInput& input, JsonSink& sink);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_JSON_FRAMER_H_
