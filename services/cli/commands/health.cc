#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckResponse;

struct HealthOptions {
  std::string address;
  bool ready = false;
};

// For probes: who answers and is not ready is told from who does not answer.
constexpr int kNotReady = 4;
constexpr int kNoAnswer = 5;

bool IsSilence(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::StatusOr<HealthCheckResponse> Ask(const Connection<Health>& connection,
                                        const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  absl::Status status = connection.Call(&Health::Stub::Check, request, response);
  if (IsSilence(status)) return WithExitStatus(status, kNoAnswer);
  if (!status.ok()) return status;
  return response;
}

// Which service it is, it says by knowing its name.
absl::StatusOr<HealthCheckResponse> AskWhetherReady(const Connection<Health>& connection,
                                                    const std::string& address) {
  for (const char* const service : {ingest::v1::IngestService::service_full_name(),
                                    aggregate::v1::AggregateService::service_full_name(),
                                    score::v1::ScoreService::service_full_name()}) {
    absl::StatusOr<HealthCheckResponse> answer = Ask(connection, service);
    if (!absl::IsNotFound(answer.status())) return answer;
  }
  return absl::FailedPreconditionError(absl::StrCat(address, " is no service of Tutti"));
}

absl::Status CheckHealth(CommandContext& context, const HealthOptions& options) {
  if (!context.tls.server_name.empty() && !context.tls.any()) {
    return UsageError("--server-name: plain text has no certificate with a name; give --ca");
  }
  // Health is for everybody: a probe needs no token, and so none that can be read.
  CommandContext without_token = context;
  without_token.token_file.clear();
  const Connection<Health> connection(options.address, without_token);
  const absl::StatusOr<HealthCheckResponse> answer =
      options.ready ? AskWhetherReady(connection, options.address) : Ask(connection, "");
  if (!answer.ok()) return answer.status();
  const std::string address = PlainText(options.address);
  if (answer->status() != HealthCheckResponse::SERVING) {
    return WithExitStatus(
        absl::UnavailableError(absl::StrCat(
            address, options.ready ? " is alive and not ready; its log says which part is missing"
                                   : " is not serving")),
        kNotReady);
  }
  std::cout << address << (options.ready ? " is ready\n" : " is serving\n");
  return absl::OkStatus();
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandContext& context) {
  CLI::App* health = app.add_subcommand(
      "health",
      "Ask whether a service is alive, or ready. Ends with 0 when it is, 4 when it answers and is "
      "not, 5 when it does not answer");
  const auto options = std::make_shared<HealthOptions>();
  health->add_option("address", options->address, "host:port or unix:path")->required();
  health->add_flag("--ready", options->ready,
                   "Whether it has all that its calls need, not only whether it is alive");
  health->add_option("--server-name", context.tls.server_name,
                     "Name that its certificate must be for, when that is not the address's host");
  health->callback([&context, options] {
    context.run = [&context, options] { return CheckHealth(context, *options); };
  });
}

}  // namespace tutti
