// tutti-aggregate: keeps the counters, owns the organisations, publishes.

#include "common/rpc/command_line.h"
#include "common/rpc/server.h"
#include "services/aggregate/aggregate_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  tutti::ParseServerCommandLine(
      "tutti-aggregate",
      "Keeps Tutti's counters in Redis, closes windows and publishes scores' records.", argc, argv);
  const absl::StatusOr<tutti::AggregateOptions> options = tutti::AggregateOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunAggregate(*options);
  return tutti::ExitStatus("tutti-aggregate", status);
}
