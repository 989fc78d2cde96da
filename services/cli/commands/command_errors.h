#ifndef TUTTI_SERVICES_CLI_COMMANDS_COMMAND_ERRORS_H_
#define TUTTI_SERVICES_CLI_COMMANDS_COMMAND_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tutti {

// An error of the command line itself: the command ends with 2, as when it is not understood.
absl::Status UsageError(absl::string_view message);
bool IsUsageError(const absl::Status& status);

// The same error, with which the command ends with an exit status of its own, 1 to 255.
absl::Status WithExitStatus(absl::Status status, int exit_status);
// That one; otherwise 2 for a UsageError, 3 for NotFound, 1 for others.
int ExitStatusOf(const absl::Status& status);

// The same error behind the flag that it is about, unless it begins with it. OK stays OK.
absl::Status Named(absl::string_view flag, const absl::Status& status);

// The error of a file that a flag named: says which flag and, where the error does not, which
// file. OK stays OK.
absl::Status OfFile(absl::string_view flag, absl::string_view path, const absl::Status& status);

// The same error with another text.
absl::Status WithText(const absl::Status& status, absl::string_view text);

// What an error says, in the words of the command line: a method of the services by the command
// that calls it, a field by its flag.
std::string InOwnWords(const absl::Status& status);

// What may be done for good: OK with `yes`, or when somebody at a terminal types the word. A
// UsageError when standard input is no terminal, so that no script finishes by accident; Aborted
// when something else is typed.
absl::Status Confirm(bool yes, const std::string& word);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_COMMAND_ERRORS_H_
