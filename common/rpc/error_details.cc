#include "common/rpc/error_details.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"

namespace tutti {
namespace {

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name());
}

template <typename Detail>
Detail Read(const absl::Status& status) {
  Detail detail;
  if (const auto payload = status.GetPayload(TypeUrl<Detail>()); payload.has_value()) {
    detail.ParseFromString(std::string(*payload));
  }
  return detail;
}

template <typename Detail>
absl::Status Write(absl::Status status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
  return status;
}

constexpr char kDomain[] = "tutti";
constexpr char kPrefix[] = "REASON_";

// "score.tutti" for tutti.score.v1, "tutti" for tutti.v1.
std::string DomainOf(const google::protobuf::EnumDescriptor& reasons) {
  std::vector<std::string> package = absl::StrSplit(reasons.file()->package(), '.');
  package.pop_back();  // the version
  std::reverse(package.begin(), package.end());
  return absl::StrJoin(package, ".");
}

absl::Status WithInfo(absl::Status status, absl::string_view domain, absl::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_domain(std::string(domain));
  info.set_reason(std::string(reason));
  return Write(std::move(status), info);
}

}  // namespace

absl::Status WithReasonOf(absl::Status status, const google::protobuf::EnumDescriptor& reasons,
                          int reason) {
  const auto* const value = reasons.FindValueByNumber(reason);
  return WithInfo(std::move(status), DomainOf(reasons), absl::StripPrefix(value->name(), kPrefix));
}

absl::Status WithCodeAsReason(absl::Status status) {
  const std::string code = absl::StatusCodeToString(status.code());
  return WithInfo(std::move(status), kDomain, code);
}

absl::Status WithFieldViolation(absl::Status status, absl::string_view field,
                                absl::string_view description) {
  auto request = Read<google::rpc::BadRequest>(status);
  auto& violation = *request.add_field_violations();
  violation.set_field(std::string(field));
  violation.set_description(std::string(description));
  return Write(std::move(status), request);
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  SetDuration(delay, *retry.mutable_retry_delay());
  return Write(std::move(status), retry);
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& message) {
  message.set_seconds(absl::ToInt64Seconds(duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration % absl::Seconds(1))));
}

absl::Status WithSomeRetryDelay(absl::Status status) {
  const bool exhausted = absl::IsResourceExhausted(status);
  if (!exhausted && !absl::IsUnavailable(status)) return status;
  if (RetryDelayOf(status).has_value()) return status;
  const int64_t microseconds = absl::GetCurrentTimeNanos() / 1000 % 1000;
  const absl::Duration shortest = absl::Milliseconds(exhausted ? 1000 : 500);
  return WithRetryDelay(std::move(status), shortest + shortest / 1000 * microseconds);
}

absl::Status StoppingError() {
  return WithRetryDelay(absl::UnavailableError("the service stops: repeat the call"),
                        absl::Milliseconds(100));
}

absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  if (!status.GetPayload(TypeUrl<google::rpc::RetryInfo>()).has_value()) return absl::nullopt;
  const auto delay = Read<google::rpc::RetryInfo>(status).retry_delay();
  return absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(std::string(status.message()));
  status.ForEachPayload([&out](absl::string_view type_url, const absl::Cord& payload) {
    auto& detail = *out.add_details();
    detail.set_type_url(std::string(type_url));
    detail.set_value(std::string(payload));
  });
  return out;
}

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  absl::Status out(static_cast<absl::StatusCode>(status.code()), status.message());
  for (const auto& detail : status.details()) {
    out.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return out;
}

std::string ReasonOf(const absl::Status& status) {
  return Read<google::rpc::ErrorInfo>(status).reason();
}

int ReasonIn(const absl::Status& status, const google::protobuf::EnumDescriptor& reasons) {
  const auto info = Read<google::rpc::ErrorInfo>(status);
  if (info.domain() != DomainOf(reasons)) return 0;
  const auto* const value = reasons.FindValueByName(absl::StrCat(kPrefix, info.reason()));
  return value == nullptr ? 0 : value->number();
}

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  const auto request = Read<google::rpc::BadRequest>(status);
  for (const auto& violation : request.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

}  // namespace tutti
