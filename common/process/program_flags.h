#ifndef TUTTI_COMMON_PROCESS_PROGRAM_FLAGS_H_
#define TUTTI_COMMON_PROCESS_PROGRAM_FLAGS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// Parses a server's command line. --help prints what the program is for and its flags, those of
// each part together, and --version its BuildInfo; both end the process with 0. So do errors, with
// 1: a flag that is not known, and a word that is no flag, for it would be ignored, with
// whatever it was meant to say ("--insecure_loopback false").
void ParseProgramFlags(absl::string_view program, absl::string_view purpose, int argc, char** argv);

// What --help prints.
std::string ProgramHelp(absl::string_view program, absl::string_view purpose);

}  // namespace tutti

#endif  // TUTTI_COMMON_PROCESS_PROGRAM_FLAGS_H_
