#include "tests/sample/sample_commands.h"

namespace tutti {

int RunSampleCommandLine(int argc, char** argv) {
  CLI::App app("Makes up what a trial of Tutti needs: an organisation's logs, and tokens.",
               "tutti-sample");
  CommandContext context;
  AddMakeCommand(app, context);
  AddDevTokenCommand(app, context);
  return RunApp(app, context, argc, argv);
}

}  // namespace tutti
