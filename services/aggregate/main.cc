// tutti-aggregate: keeps the counters, owns the organisations, publishes.

#include <cstdlib>
#include <iostream>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/rpc/server.h"
#include "services/aggregate/aggregate_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  absl::SetProgramUsageMessage(
      "Keeps Tutti's counters in Redis, closes windows and publishes scores' records.");
  absl::ParseCommandLine(argc, argv);
  const absl::StatusOr<tutti::AggregateOptions> options = tutti::AggregateOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunAggregate(*options);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "tutti-aggregate: " << std::string(status.message()) << "\n";
  return EXIT_FAILURE;
}
