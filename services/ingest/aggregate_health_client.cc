#include "services/ingest/aggregate_health_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/unreachable.h"
#include "grpcpp/client_context.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"

namespace tutti {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(1);
constexpr absl::Duration kGoodFor = absl::Milliseconds(1500);
// One of several may hang: questions that go to it, one after the other, are not answered until its
// connection is given up (Silence::kShort).
constexpr absl::Duration kGoodForWithoutAnswer = absl::Seconds(3);

}  // namespace

AggregateHealthClient::AggregateHealthClient(const std::shared_ptr<grpc::Channel>& channel,
                                             std::string address, const SteadyClock& clock)
    : health_(grpc::health::v1::Health::NewStub(channel)),
      address_(std::move(address)),
      clock_(clock) {}

absl::Status AggregateHealthClient::Ask() {
  bool answered = true;
  absl::Status status = AskOne(answered);
  const absl::Duration now = clock_.SinceStart();
  if (status.ok()) good_at_ = now;
  return now - good_at_ < (answered ? kGoodFor : kGoodForWithoutAnswer) ? absl::OkStatus() : status;
}

absl::Status AggregateHealthClient::AskOne(bool& answered) {
  using grpc::health::v1::HealthCheckResponse;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kTimeout));
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(aggregate::v1::AggregateService::service_full_name());
  HealthCheckResponse response;
  const grpc::Status status = health_->Check(&context, request, &response);
  const std::string where = absl::StrCat("tutti-aggregate at ", address_, " (--aggregate) ");
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      if (response.status() == HealthCheckResponse::SERVING) return absl::OkStatus();
      return absl::UnavailableError(absl::StrCat(where, "is not ready; see its log"));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      answered = false;
      return absl::UnavailableError(
          absl::StrCat(where, "does not answer within ", absl::FormatDuration(kTimeout)));
    case grpc::StatusCode::UNAVAILABLE:
      return absl::UnavailableError(
          absl::StrCat(where, "cannot be reached: ",
                       WhyUnreachable(status.error_message(),
                                      /*was_reached=*/good_at_ != -absl::InfiniteDuration())));
    default:
      return absl::UnavailableError(absl::StrCat(where,
                                                 "is something else, or does not let "
                                                 "ingest ask for its health"));
  }
}

}  // namespace tutti
