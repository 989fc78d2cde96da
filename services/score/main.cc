// tutti-score: answers what an organisation's score is.

#include <cstdlib>
#include <iostream>

#include "common/process/program_flags.h"
#include "common/rpc/server.h"
#include "services/score/score_server.h"

int main(int argc, char** argv) {
  tutti::BeginServer();
  tutti::ParseProgramFlags("tutti-score", "Answers what an organisation's adoption score is.", argc,
                           argv);
  const absl::StatusOr<tutti::ScoreOptions> options = tutti::ScoreOptionsFromFlags();
  absl::Status status = options.status();
  if (status.ok()) status = tutti::RunScore(*options);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "tutti-score: " << std::string(status.message()) << "\n";
  return EXIT_FAILURE;
}
