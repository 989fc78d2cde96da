#ifndef TUTTI_SERVICES_CLI_COMMANDS_CONNECTION_H_
#define TUTTI_SERVICES_CLI_COMMANDS_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "common/text/plain_text.h"
#include "grpcpp/client_context.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"

namespace tutti {

// The error of a service that was not reached: which program it is, at which address, and the flag
// that says so, found by the service's full name ("tutti.score.v1.ScoreService").
absl::Status NotReached(absl::string_view service, const std::string& address,
                        absl::string_view why);

// The error of a service that was reached, or not, and did not answer in time.
absl::Status NoAnswer(absl::string_view service, const std::string& address,
                      absl::Duration timeout);

// What was shown of the caller, and which flag says so, for an error that it was not enough.
std::string Credentials(const CommandContext& context);

// Waits until something answers at the address of a service, but no longer than `patience`: then
// Unavailable, and why.
absl::Status AwaitReachable(const std::shared_ptr<grpc::Channel>& channel,
                            absl::string_view service, const std::string& address,
                            absl::Duration patience);

// Whether a service has asked to come again, which it is above a limit (RESOURCE_EXHAUSTED with a
// RetryInfo), and there is time to; then it is that time. The channel sees to UNAVAILABLE.
bool SleepIfAsked(const absl::Status& status, absl::Time deadline);

// A connection to one service, for unary calls.
template <typename Service>
class Connection {
 public:
  Connection(const std::string& address, const CommandContext& context)
      : address_(address),
        timeout_(absl::Seconds(context.timeout_seconds)),
        credentials_(Credentials(context)),
        channel_(MakeChannel(address, context.tls, context.token_file)) {
    if (channel_.ok()) stub_ = Service::NewStub(*channel_);
  }

  // Calls and waits. The error says which address was called when it cannot be
  // reached; what the service itself says stays as it is.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const Request& request, Response& response) const {
    if (!channel_.ok()) return channel_.status();
    const absl::Time deadline = absl::Now() + timeout_;
    absl::Status status;
    do {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(deadline));
      status = FromGrpcStatus((stub_.get()->*method)(&context, request, &response));
    } while (SleepIfAsked(status, deadline));
    // Whoever answers may not act on the terminal.
    status = WithText(status, PlainText(status.message()));
    if (absl::IsUnauthenticated(status)) {
      return WithText(status, absl::StrCat(status.message(), ": ", credentials_));
    }
    if (absl::IsDeadlineExceeded(status) && ReasonOf(status).empty()) {
      return absl::Status(status.code(),
                          NoAnswer(Service::service_full_name(), address_, timeout_).message());
    }
    if (absl::IsUnavailable(status) && ReasonOf(status).empty()) {
      const absl::Status not_reached =
          NotReached(Service::service_full_name(), address_, status.message());
      return absl::Status(status.code(), not_reached.message());
    }
    return status;
  }

  // Calls the function of this name.
  absl::Status AwaitReachable(absl::Duration patience) const {
    if (!channel_.ok()) return channel_.status();
    return tutti::AwaitReachable(*channel_, Service::service_full_name(), address_, patience);
  }

  typename Service::Stub& stub() const { return *stub_; }

 private:
  const std::string address_;
  const absl::Duration timeout_;
  const std::string credentials_;  // by which it is not let in, in words
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel_;
  std::unique_ptr<typename Service::Stub> stub_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_CONNECTION_H_
