#include "common/process/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

namespace tutti {

void OpenStandardFiles() {
  // The lowest number that is free is taken, in their order.
  int opened = -1;
  do {
    opened = open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
}

}  // namespace tutti
