// tutti-score: answers what an organisation's score is.

#include <cstdlib>
#include <iostream>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/rpc/server.h"
#include "services/score/score_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  absl::SetProgramUsageMessage("Answers what an organisation's adoption score is.");
  absl::ParseCommandLine(argc, argv);
  const absl::StatusOr<tutti::ScoreOptions> options = tutti::ScoreOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunScore(*options);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "tutti-score: " << std::string(status.message()) << "\n";
  return EXIT_FAILURE;
}
