#ifndef TUTTI_COMMON_RPC_HOST_PORT_H_
#define TUTTI_COMMON_RPC_HOST_PORT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tutti {

// HOST:PORT or [IPv6]:PORT.
struct HostPort {
  std::string written_host;  // with the brackets of IPv6
  std::string host;
  int port = 0;  // 0 to 65535
};

// Absent for anything else.
std::optional<HostPort> SplitHostPort(absl::string_view address);

// InvalidArgument, naming the address and the forms that are right, for what a channel cannot go
// to: HOST:PORT, [IPv6]:PORT, either of them after dns:///, or unix:PATH; ports from 1 on.
absl::Status CheckAddress(absl::string_view address);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_HOST_PORT_H_
