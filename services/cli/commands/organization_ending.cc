// What is done to an organisation for good: it is shown first, and wants to be confirmed.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/commands/organization_text.h"
#include "services/cli/report/plain_message.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::OrganizationService;

constexpr int kDaysShown = 8;

struct Ending {
  std::string id;
  std::string confirmed;  // the id once more, or empty
  bool yes = false;
};

std::string DaysText(const google::protobuf::RepeatedPtrField<std::string>& days) {
  if (days.size() <= kDaysShown) return absl::StrJoin(days, ", ");
  const std::vector<std::string> first(days.begin(), days.begin() + kDaysShown - 2);
  return absl::StrCat(absl::StrJoin(first, ", "), ", ..., ", *days.rbegin());
}

void AnnounceFinish(const aggregate::v1::FinishBackfillResponse& would) {
  const auto& days = would.closing_end_days();
  const int64_t needed = would.organization().first_score_headcount();
  std::cout << "Finishing the back-fill of " << would.organization().name()
            << " cannot be undone. For good:\n";
  if (days.empty()) {
    std::cout << "  no window closes at once: the first is not over\n";
  } else {
    std::cout << "  " << days.size() << (days.size() == 1 ? " window closes" : " windows close")
              << (needed > 0 ? "" : " and what was imported of them is published")
              << ", each once: "
              << (days.size() == 1 ? "the one that ends on " : "those that end on ")
              << DaysText(days) << "\n";
    if (needed > 0) {
      std::cout << "  no figure of them is ever shown: with " << would.organization().headcount()
                << " people there is none, from " << needed << " people on there are some\n";
    }
    std::cout << "  no activity of theirs is taken any more\n";
  }
  std::cout << "  no other past day is taken than those of windows that are still open\n"
            << "Do it when every import has ended with exit status 0.\n";
}

absl::Status FinishBackfill(CommandContext& context, const Ending& ending) {
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::FinishBackfillRequest request;
  request.set_name(absl::StrCat("organizations/", ending.id));
  request.set_validate_only(true);
  aggregate::v1::FinishBackfillResponse response;
  absl::Status status =
      connection.Call(&OrganizationService::Stub::FinishBackfill, request, response);
  if (!status.ok()) return status;
  if (response.organization().state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING) {
    AnnounceFinish(PlainMessage(response));
    if (status = Confirm(ending.yes, ending.id); !status.ok()) return status;
  }
  request.set_validate_only(false);
  status = connection.Call(&OrganizationService::Stub::FinishBackfill, request, response);
  if (!status.ok()) return status;
  std::cout << OrganizationText(response.organization(), absl::Now())
            << "\nThe keys of its past windows are of no more use: destroy them now, with `tutti "
               "keyring forget`.\n";
  return absl::OkStatus();
}

absl::Status Erase(CommandContext& context, const Ending& ending) {
  if (!ending.confirmed.empty() && ending.confirmed != ending.id) {
    return UsageError("--confirm must repeat the organisation's id");
  }
  std::cout << "Erasing organizations/" << ending.id
            << " cannot be undone. For good:\n"
               "  its profile, what its open windows hold, and every score of it are deleted\n"
               "  nobody can read a score, a table or a benchmark of it any more\n"
               "  its id is never used again: a tombstone stays, with what its records have cost "
               "of the privacy budget\n";
  absl::Status status = Confirm(ending.yes || !ending.confirmed.empty(), ending.id);
  if (!status.ok()) return status;
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::EraseOrganizationRequest request;
  request.set_name(absl::StrCat("organizations/", ending.id));
  aggregate::v1::EraseOrganizationResponse response;
  status = connection.Call(&OrganizationService::Stub::EraseOrganization, request, response);
  if (status.ok()) std::cout << "erased: " << response.deleted_keys() << " keys deleted\n";
  return status;
}

CLI::App* AddEnding(CLI::App& group, CommandContext& context, const char* name,
                    const char* description,
                    absl::Status (*end)(CommandContext& context, const Ending& ending),
                    const std::shared_ptr<Ending>& ending) {
  CLI::App* command = group.add_subcommand(name, description);
  AddOrganization(*command, ending->id);
  command->add_flag("--yes", ending->yes,
                    "Do it without asking; needed where standard input is no terminal");
  command->callback([&context, ending, end] {
    context.run = [&context, ending, end] { return end(context, *ending); };
  });
  return command;
}

}  // namespace

void AddFinishBackfill(CLI::App& group, CommandContext& context) {
  AddEnding(group, context, "finish-backfill",
            "End the back-fill: past windows close, for good; lists them and asks", FinishBackfill,
            std::make_shared<Ending>());
}

void AddErase(CLI::App& group, CommandContext& context) {
  const auto ending = std::make_shared<Ending>();
  CLI::App* const erase = AddEnding(group, context, "erase",
                                    "Erase everything about one, for ever; asks", Erase, ending);
  erase->add_option("--confirm", ending->confirmed, "Its id once more, in place of --yes");
}

}  // namespace tutti
