#ifndef TUTTI_COMMON_RPC_COMMAND_LINE_H_
#define TUTTI_COMMON_RPC_COMMAND_LINE_H_

#include "absl/status/status.h"

namespace tutti {

// Parses the flags of a server, as ParseProgramFlags does, which ends the process when one is
// not understood; so does this when a file of --flagfile, or one that such a file names, is
// no regular file or larger than 1 MiB, and when a flag that is a time has no unit.
void ParseServerCommandLine(const char* program, const char* purpose, int argc, char** argv);

// Says why a server does not start, or could not go on, on standard error. Returns its exit status:
// 75 where another start may find it otherwise by itself (Unavailable), else 1.
int ExitStatus(const char* program, const absl::Status& status);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_COMMAND_LINE_H_
