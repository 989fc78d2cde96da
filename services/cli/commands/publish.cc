#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "google/protobuf/util/time_util.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::AggregateService;

const char* OutcomeWords(aggregate::v1::CloseOutcome outcome) {
  switch (outcome) {
    case aggregate::v1::CLOSE_OUTCOME_PUBLISHED:
      return "published";
    case aggregate::v1::CLOSE_OUTCOME_INCOMPLETE:
      return "incomplete: something of it was lost, it is never published";
    case aggregate::v1::CLOSE_OUTCOME_TOO_SMALL:
      return "not drawn: at this headcount every figure would be withheld, however many records "
             "there were";
    case aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED:
      return "not drawn: the yearly privacy budget leaves no room";
    default:
      return "unknown outcome";
  }
}

struct PublishOptions {
  std::string organization;
  int wait_seconds = 0;
};

absl::Status Publish(CommandContext& context, const PublishOptions& options) {
  const Connection<AggregateService> connection(context.aggregate, context);
  const absl::Time give_up = absl::Now() + absl::Seconds(options.wait_seconds);
  int published = 0;
  while (true) {
    aggregate::v1::PublishDueWindowsRequest request;
    request.set_organization(
        options.organization.empty() ? "" : absl::StrCat("organizations/", options.organization));
    aggregate::v1::PublishDueWindowsResponse response;
    RETURN_IF_ERROR(connection.Call(&AggregateService::Stub::PublishDueWindows, request, response));
    for (const aggregate::v1::ClosedWindow& window : response.windows()) {
      std::cout << PlainText(window.score()) << "  " << OutcomeWords(window.outcome()) << "\n";
      ++published;
    }
    const absl::Time next =
        response.has_next_due_time()
            ? absl::FromUnixMillis(google::protobuf::util::TimeUtil::TimestampToMilliseconds(
                  response.next_due_time()))
            : absl::InfiniteFuture();
    // Just after a back-fill the windows become due once the leases have run out.
    const bool soon = response.busy_organizations() > 0 || next <= give_up;
    if (!soon || absl::Now() >= give_up) break;
    const absl::Time until = std::min(give_up, std::max(next, absl::Now() + absl::Seconds(1)));
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(until - absl::Now()));
  }
  if (published == 0) std::cout << "nothing is due; aggregate closes windows by itself, too\n";
  return absl::OkStatus();
}

}  // namespace

void AddPublishCommand(CLI::App& app, CommandContext& context) {
  CLI::App* publish = app.add_subcommand("publish", "Close and publish every window that is due");
  const auto options = std::make_shared<PublishOptions>();
  publish->add_option("organization", options->organization, "One organisation; all without it");
  publish
      ->add_option("--wait", options->wait_seconds,
                   "Wait up to this many seconds for windows that become due")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  publish->callback([&context, options] {
    context.run = [&context, options] { return Publish(context, *options); };
  });
}

}  // namespace tutti
