#include "common/rpc/farewell.h"

#include <grpc/grpc_security.h>
#include <grpcpp/server.h>
#include <grpcpp/version_info.h>

#include "absl/time/clock.h"

// What gRPC's library has and none of its public headers declares. A gRPC without them does not
// link; whether what c_server() gives is one of these is known of this edition.
static_assert(GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51,
              "look whether grpc_server still is a grpc_core::Server, with these methods");
namespace grpc_core {

class Server {
 public:
  // Begins to send a GOAWAY to every connection that has none yet.
  void SendGoaways();
  bool HasOpenConnections();
};

}  // namespace grpc_core

namespace tutti {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(2);
constexpr int kLooksBetweenRounds = 25;

// gRPC's own code runs in a context that finishes what it began. No public call makes one, but
// some do before they call back what they were given: this is the destructor of credentials
// that nobody uses.
void SendGoaways(grpc_core::Server* server) {
  grpc_server_credentials* const unused = grpc_insecure_server_credentials_create();
  grpc_auth_metadata_processor processor = {};
  processor.destroy = [](void* state) { static_cast<grpc_core::Server*>(state)->SendGoaways(); };
  processor.state = server;
  grpc_server_credentials_set_auth_metadata_processor(unused, processor);
  grpc_server_credentials_release(unused);
}

}  // namespace

void AskCallersToLeave(grpc::Server& server, absl::Time until) {
  auto* const core = reinterpret_cast<grpc_core::Server*>(server.c_server());
  for (int look = 0;; ++look) {
    // Again now and then, for a connection that was accepted last may join late.
    if (look % kLooksBetweenRounds == 0) SendGoaways(core);
    if (!core->HasOpenConnections() || absl::Now() >= until) return;
    absl::SleepFor(kBetweenLooks);
  }
}

}  // namespace tutti
