// Closes what is due of one organisation, as tutti-aggregate does, at a given time;
// and kills itself, as a power cut would, right after the n-th step of it.
//   close_once SOCKET PASSWORD CATALOG JOURNAL ORGANIZATION UNIX_SECONDS STEPS
// STEPS 0: none. Prints how many steps were made.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "common/redis/redis_stores.h"
#include "services/aggregate/window_closer.h"
#include "tests/doubles/fake_clock.h"
#include "tests/support/organizations.h"

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  tutti::RedisOptions options;
  options.unix_socket = argv[1];
  options.user = "aggregate";
  options.password = argv[2];
  tutti::RedisStores stores(options);
  const auto catalog = tutti::Catalog::Load(argv[3]);
  const auto journal = tutti::FileJournal::Open(argv[4]);
  if (!catalog.ok() || !journal.ok()) return 2;
  const tutti::FakeWallClock clock(absl::FromUnixSeconds(std::atoll(argv[6])));
  tutti::Organizations organizations(stores.organizations(), stores.counters(),
                                     stores.publications(), stores.history(), **catalog, clock);
  tutti::JournalBinding binding({**journal, stores.journal(), stores.organizations(),
                                 stores.publications(), organizations.repository, **catalog,
                                 clock});
  const int last_step = std::atoi(argv[7]);
  int steps = 0;
  tutti::WindowCloser closer({organizations.repository, organizations.lifecycle,
                              stores.organizations(), stores.counters(), stores.publications(),
                              binding, **catalog, clock,
                              [] { return std::make_unique<tutti::KernelNoise>(); },
                              [&](tutti::CloseStep) {
                                if (++steps == last_step) kill(getpid(), SIGKILL);
                              }});
  const auto report = closer.CloseDue(argv[5]);
  if (!report.ok()) {
    std::cerr << report.status() << "\n";
    return 1;
  }
  std::cout << steps << "\n";
  return report->busy ? 3 : 0;
}
