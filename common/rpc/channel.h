#ifndef TUTTI_COMMON_RPC_CHANNEL_H_
#define TUTTI_COMMON_RPC_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/tls.h"
#include "grpcpp/channel.h"

namespace tutti {

// The largest message that any service takes.
inline constexpr int kMaxMessageBytes = 16 << 20;

// Whether an address (host:port or unix:path) never leaves this machine.
bool IsLoopback(const std::string& address);

// How long a peer may be silent. Whoever is alive answers pings at once, however long its calls
// take; after that its connection is given up, calls that wait for it are repeated elsewhere, and
// none goes to it before it answers again: a process that hangs keeps its connections.
enum class Silence {
  kPatient,  // 40 s, while calls are under way: for whatever network there is in between
  kShort,    // 2 s, also without calls: between services
};

// A channel to a service. Calls that fail with UNAVAILABLE before an answer came are repeated up to
// four times, whatever their size, after the time that the service asks for (see retry_pushback.h)
// or a tenth of a second and more; RESOURCE_EXHAUSTED is the caller's to repeat, where it has a
// RetryInfo. Addresses of one name are used in turn. With TLS when any of its files is given; then
// calls show the token in `token_file`, which is read at each, when there is one. InvalidArgument
// for what is no address (see CheckAddress), for plain text to an address that is not of the
// loopback or with a token, and, naming flag and file, for files that cannot be used.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const TlsFiles& tls = {},
                                                           const std::string& token_file = "",
                                                           Silence silence = Silence::kPatient);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_CHANNEL_H_
