#include "common/rpc/farewell.h"

#include <grpc/grpc_security.h>
#include <grpcpp/server.h>

#include "absl/time/clock.h"

// What gRPC's library has and none of its public headers declares. A gRPC without them does not
// link.
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
  // Again and again, for a connection that was accepted last may join late.
  for (SendGoaways(core); core->HasOpenConnections() && absl::Now() < until; SendGoaways(core)) {
    absl::SleepFor(kBetweenLooks);
  }
}

}  // namespace tutti
