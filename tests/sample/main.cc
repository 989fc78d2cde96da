// tutti-sample: makes up what a trial needs. The quickstart and tests build it; nobody installs it.

#include "tests/sample/sample_commands.h"

int main(int argc, char** argv) { tutti::EndProgram(tutti::RunSampleCommandLine(argc, argv)); }
