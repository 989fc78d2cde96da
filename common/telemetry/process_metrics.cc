#include "common/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace tutti {
namespace {

uint64_t ProcessorSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
}

// Virtual, or else resident.
double MemoryBytes(bool resident) {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double present = 0;
  file >> total >> present;
  return (resident ? present : total) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

double MostFiles() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void AddProcessMetrics(Metrics& metrics) {
  const auto start = static_cast<double>(std::time(nullptr));
  metrics.AddGauge("process_start_time_seconds", "When the process began, in Unix time.", {},
                   [start] { return start; });
  metrics.AddCounter("process_cpu_seconds_total", "Processor time, in whole seconds.", {},
                     ProcessorSeconds);
  metrics.AddGauge("process_resident_memory_bytes", "Memory that is present.", {},
                   [] { return MemoryBytes(true); });
  metrics.AddGauge("process_virtual_memory_bytes", "Memory that is reserved.", {},
                   [] { return MemoryBytes(false); });
  metrics.AddGauge("process_open_fds", "Open file descriptors.", {}, OpenFiles);
  metrics.AddGauge("process_max_fds", "File descriptors that the process may have.", {}, MostFiles);
}

}  // namespace tutti
