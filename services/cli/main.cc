// tutti: the command line. A thin client of the services, except for the keyring.

#include "services/cli/commands/commands.h"

int main(int argc, char** argv) { tutti::EndProgram(tutti::RunCommandLine(argc, argv)); }
