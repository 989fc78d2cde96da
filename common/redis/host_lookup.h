#ifndef TUTTI_COMMON_REDIS_HOST_LOOKUP_H_
#define TUTTI_COMMON_REDIS_HOST_LOOKUP_H_

#include <netdb.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tutti {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

// One address or several, in the order in which to try them.
using HostAddresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Finds where TCP reaches a port (1 to 65535) of a host: a name, or an address in digits, which
// asks nobody. Waits for name servers until the deadline at most, whatever they do. Unavailable
// when there is no answer in time, or none that helps. Thread-safe.
absl::StatusOr<HostAddresses> LookUpHost(const std::string& host, int port, absl::Time deadline);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_HOST_LOOKUP_H_
