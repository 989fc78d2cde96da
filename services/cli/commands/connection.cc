#include "services/cli/commands/connection.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/rpc/unreachable.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace tutti {
namespace {

struct Program {
  absl::string_view package;
  absl::string_view name;
  absl::string_view flag;
};

constexpr Program kPrograms[] = {{"tutti.ingest.", "tutti-ingest", " (--ingest)"},
                                 {"tutti.aggregate.", "tutti-aggregate", " (--aggregate)"},
                                 {"tutti.score.", "tutti-score", " (--score)"}};

// Less is not enough for another attempt.
constexpr absl::Duration kOneAttempt = absl::Seconds(1);
constexpr absl::Duration kBetweenAttempts = absl::Milliseconds(200);

// Which program it is, where, and by which flag.
std::string Whereabouts(absl::string_view service, const std::string& address) {
  Program program = {"", "the service", ""};
  for (const Program& one : kPrograms) {
    if (service.substr(0, one.package.size()) == one.package) program = one;
  }
  return absl::StrCat(program.name, " at ", address, program.flag);
}

}  // namespace

bool SleepIfAsked(const absl::Status& status, absl::Time deadline) {
  if (!absl::IsResourceExhausted(status)) return false;
  const absl::optional<absl::Duration> delay = RetryDelayOf(status);
  if (!delay.has_value() || absl::Now() + *delay >= deadline) return false;
  absl::SleepFor(*delay);
  return true;
}

absl::Status NotReached(absl::string_view service, const std::string& address,
                        absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("cannot reach ", Whereabouts(service, address), ": ", WhyUnreachable(why)));
}

absl::Status NoAnswer(absl::string_view service, const std::string& address,
                      absl::Duration timeout) {
  return absl::DeadlineExceededError(absl::StrCat("no answer of ", Whereabouts(service, address),
                                                  " within ", absl::FormatDuration(timeout),
                                                  " (--timeout)"));
}

std::string Credentials(const CommandContext& context) {
  if (!context.token_file.empty()) {
    return "the service does not take the token of --token-file (TUTTI_TOKEN_FILE), and its log "
           "says why";
  }
  return "no token was sent: name its file with --token-file (TUTTI_TOKEN_FILE)";
}

absl::Status AwaitReachable(const std::shared_ptr<grpc::Channel>& channel,
                            absl::string_view service, const std::string& address,
                            absl::Duration patience) {
  const auto health = grpc::health::v1::Health::NewStub(channel);
  const absl::Time give_up = absl::Now() + patience;
  std::string why = absl::StrCat("no answer within ", absl::FormatDuration(patience));
  while (absl::Now() + kOneAttempt < give_up) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(give_up));
    grpc::health::v1::HealthCheckResponse response;
    // Whatever is answered, somebody is there.
    const grpc::Status status = health->Check(&context, {}, &response);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      why = status.error_message();
      absl::SleepFor(kBetweenAttempts);
    } else if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
      return absl::OkStatus();
    }
  }
  return NotReached(service, address, why);
}

}  // namespace tutti
