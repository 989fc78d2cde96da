// tutti-score: answers what an organisation's score is.

#include "common/rpc/command_line.h"
#include "common/rpc/server.h"
#include "services/score/score_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  tutti::ParseServerCommandLine("tutti-score", "Answers what an organisation's adoption score is.",
                                argc, argv);
  const absl::StatusOr<tutti::ScoreOptions> options = tutti::ScoreOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunScore(*options);
  return tutti::ExitStatus("tutti-score", status);
}
