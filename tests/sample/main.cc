// tutti-sample: makes up what a trial needs. The quickstart and tests build it; nobody installs it.

#include "tests/sample/sample_commands.h"

int main(int argc, char** argv) {
  CLI::App app("Makes up what a trial of Tutti needs: an organisation's logs, and tokens.",
               "tutti-sample");
  tutti::CommandContext context;
  tutti::AddMakeCommand(app, context);
  tutti::AddDevTokenCommand(app, context);
  return tutti::RunApp(app, context, argc, argv);
}
