// tutti-aggregate: keeps the counters, owns the organisations, publishes.

#include <cstdlib>
#include <iostream>

#include "common/process/program_flags.h"
#include "common/rpc/server.h"
#include "services/aggregate/aggregate_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  tutti::ParseProgramFlags(
      "tutti-aggregate",
      "Keeps Tutti's counters in Redis, closes windows and publishes scores' records.", argc, argv);
  const absl::StatusOr<tutti::AggregateOptions> options = tutti::AggregateOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunAggregate(*options);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "tutti-aggregate: " << std::string(status.message()) << "\n";
  return EXIT_FAILURE;
}
