#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/feeding/contents_text.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "common/window/day.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/commands/keyring_extension.h"
#include "services/cli/commands/organization_change.h"
#include "services/cli/commands/organization_text.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using aggregate::v1::OrganizationService;

// What the command line says of an organisation; unset means "leave as it is".
struct Wanted {
  std::string id;
  std::optional<std::string> display_name;
  std::optional<int64_t> headcount;
  std::vector<std::string> sources;
  std::vector<std::string> entitlements;
  std::optional<std::string> cadence;
  std::optional<std::string> time_zone;
  std::optional<std::string> region;
  std::optional<std::string> industry;
  std::string first_day;
  std::string keyring;
  bool backfill = false;
  bool generated = false;
};

void Print(const Organization& organization, const std::string& asked_first_day = "") {
  std::cout << OrganizationText(organization, absl::Now(), asked_first_day);
}

absl::Status Apply(const Wanted& wanted, Organization& organization) {
  if (wanted.display_name) organization.set_display_name(*wanted.display_name);
  if (wanted.headcount) organization.set_headcount(*wanted.headcount);
  if (wanted.time_zone) organization.set_time_zone(*wanted.time_zone);
  if (wanted.region) organization.set_region(*wanted.region);
  if (wanted.industry) organization.set_industry(*wanted.industry);
  if (wanted.generated) organization.set_generated_data(true);
  if (!wanted.sources.empty()) {
    organization.clear_sources();
    organization.clear_source_contents();
  }
  for (const std::string& source : wanted.sources) {
    if (source.find('=') == std::string::npos) {
      organization.add_sources(source);
      continue;
    }
    absl::StatusOr<aggregate::v1::SourceContents> contents = ParseSourceContents(source);
    if (!contents.ok()) {
      return UsageError(absl::StrCat("--source: ", contents.status().message()));
    }
    organization.add_sources(contents->source());
    *organization.add_source_contents() = *std::move(contents);
  }
  if (!wanted.entitlements.empty()) organization.clear_entitlements();
  for (const std::string& text : wanted.entitlements) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    int64_t people = 0;
    if (!absl::SimpleAtoi(parts.second, &people)) {
      return UsageError("--entitlement must be PRODUCT=PEOPLE");
    }
    aggregate::v1::Entitlement& entitlement = *organization.add_entitlements();
    entitlement.set_product(parts.first);
    entitlement.set_people(people);
  }
  if (wanted.cadence) {
    std::string name = absl::StrCat("CADENCE_", absl::AsciiStrToUpper(*wanted.cadence));
    for (char& c : name) c = c == '-' ? '_' : c;
    window::v1::Cadence cadence = window::v1::CADENCE_AUTO;
    if (!window::v1::Cadence_Parse(name, &cadence)) {
      return UsageError("--cadence must be auto, daily, weekly or four-weekly");
    }
    organization.set_cadence(cadence);
  }
  return absl::OkStatus();
}

void AddProfileOptions(CLI::App& command, Wanted& wanted) {
  command.add_option("--display-name", wanted.display_name, "Its name for people");
  command.add_option("--source", wanted.sources,
                     "A connected source (m365_audit, activities, ...); repeat for several. One "
                     "whose activities you send yourself can say what it gives: "
                     "activities=mail.sent+platform,chat.sent is these two types, and the platform "
                     "of mails; after a + stands app, platform or a trait. Categories that this "
                     "cannot feed are not measured. Without it, a source gives everything");
  command.add_option("--entitlement", wanted.entitlements,
                     "PRODUCT=PEOPLE entitled, where that is not everybody; repeat for several");
  command.add_option("--cadence", wanted.cadence, "auto, daily, weekly or four-weekly");
  command.add_option("--time-zone", wanted.time_zone, "IANA time zone in which days are counted");
  command.add_option("--region", wanted.region, "Region, for peer benchmarks");
  command.add_option("--industry", wanted.industry, "Industry, for peer benchmarks");
  command.add_flag("--generated", wanted.generated, "Mark its activity as made up");
}

// The day from which keys are to be made with an organisation; absent when none are: no keyring
// was named, or no window of a past day is wanted, for coming days have keys.
absl::StatusOr<std::optional<Day>> FirstDayOfKeys(const Wanted& wanted) {
  if (!wanted.backfill && !wanted.first_day.empty()) {
    return UsageError(
        "--first-day goes with --backfill: without that, activity is taken from the coming window "
        "on. Nothing was created");
  }
  if (wanted.keyring.empty()) return std::nullopt;
  if (!wanted.backfill) return UsageError("--keyring goes with --backfill");
  const absl::StatusOr<Day> first = ParseDay(wanted.first_day);
  if (!first.ok()) return UsageError("--first-day must be a day, YYYY-MM-DD");
  const absl::TimeZone last_zone = absl::FixedTimeZone(-12 * 3600);
  if (*first >= absl::ToCivilDay(absl::Now(), last_zone)) return std::nullopt;
  const absl::Status extends = CheckKeyringExtends(wanted.keyring, wanted.id, *first);
  if (extends.ok()) return *first;
  return WithText(extends, absl::StrCat(extends.message(), ". Nothing was created"));
}

// The organisation comes before its keys: those of one that is refused would be of no use to
// anybody, and a window never gets a second one.
absl::Status Create(CommandContext& context, const Wanted& wanted) {
  ASSIGN_OR_RETURN(const std::optional<Day> keys_from, FirstDayOfKeys(wanted));
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::CreateOrganizationRequest request;
  request.mutable_organization()->set_name(absl::StrCat("organizations/", wanted.id));
  request.mutable_organization()->set_first_day(wanted.first_day);
  request.set_backfill(wanted.backfill);
  RETURN_IF_ERROR(Apply(wanted, *request.mutable_organization()));
  aggregate::v1::CreateOrganizationResponse response;
  absl::Status status =
      connection.Call(&OrganizationService::Stub::CreateOrganization, request, response);
  if (!status.ok()) return status;
  Print(response.organization(), wanted.backfill ? wanted.first_day : "");
  if (!keys_from.has_value()) return absl::OkStatus();
  status = ExtendKeyringFile(wanted.keyring, wanted.id, *keys_from, std::nullopt);
  return WithText(status, absl::StrCat(status.message(),
                                       ". The organisation was created, but its past windows have "
                                       "no keys: repair this, then run `tutti keyring extend "
                                       "--organization ",
                                       wanted.id, " --from ", wanted.first_day, "`"));
}

absl::Status Update(CommandContext& context, const Wanted& wanted) {
  ASSIGN_OR_RETURN(
      const Organization changed,
      ChangeOrganization(context, absl::StrCat("organizations/", wanted.id),
                         [&](Organization& organization) { return Apply(wanted, organization); }));
  Print(changed);
  return absl::OkStatus();
}

absl::Status List(CommandContext& context) {
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::ListOrganizationsRequest request;
  aggregate::v1::ListOrganizationsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    response.Clear();
    RETURN_IF_ERROR(
        connection.Call(&OrganizationService::Stub::ListOrganizations, request, response));
    for (const Organization& organization : response.organizations()) {
      std::cout << PlainText(organization.name()) << "\t" << organization.headcount() << "\t"
                << StateText(organization.state()) << "\n";
    }
  } while (!response.next_page_token().empty());
  return absl::OkStatus();
}

// Adds a command that names one organisation and prints what it has become.
template <typename Request, typename Response>
void AddStateCommand(CLI::App& group, CommandContext& context, const char* name,
                     const char* description,
                     grpc::Status (OrganizationService::Stub::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*)) {
  CLI::App* command = group.add_subcommand(name, description);
  const auto id = std::make_shared<std::string>();
  AddOrganization(*command, *id);
  command->callback([&context, id, method] {
    context.run = [&context, id, method]() -> absl::Status {
      const Connection<OrganizationService> connection(context.aggregate, context);
      Request request;
      request.set_name(absl::StrCat("organizations/", *id));
      Response response;
      absl::Status status = connection.Call(method, request, response);
      if (status.ok()) Print(response.organization());
      return status;
    };
  });
}

}  // namespace

void AddOrganizationCommands(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("organizations", "Create, look at and change organisations");
  group->require_subcommand(1);

  CLI::App* create = group->add_subcommand("create", "Create one");
  const auto created = std::make_shared<Wanted>();
  AddOrganization(*create, created->id);
  create->add_option("--headcount", created->headcount, "How many people it has")->required();
  AddProfileOptions(*create, *created);
  create->add_flag("--backfill", created->backfill,
                   "Take activity of past days until finish-backfill");
  create->add_option("--first-day", created->first_day,
                     "The first day of which there is activity, YYYY-MM-DD, for a back-fill; "
                     "moved forward to where a window begins");
  create->add_option("--keyring", created->keyring,
                     "Make the keys of the back-fill's windows in this keyring, too, once the "
                     "organisation is created; without it, use `tutti keyring extend`");
  create->callback([&context, created] {
    context.run = [&context, created] { return Create(context, *created); };
  });

  CLI::App* update = group->add_subcommand("update", "Change what is given, leave the rest");
  const auto updated = std::make_shared<Wanted>();
  AddOrganization(*update, updated->id);
  update->add_option("--headcount", updated->headcount, "How many people it has");
  AddProfileOptions(*update, *updated);
  update->callback([&context, updated] {
    context.run = [&context, updated] { return Update(context, *updated); };
  });

  CLI::App* list = group->add_subcommand("list", "List all");
  list->callback([&context] { context.run = [&context] { return List(context); }; });

  AddStateCommand(*group, context, "get", "Show one", &OrganizationService::Stub::GetOrganization);
  AddFinishBackfill(*group, context);
  AddStateCommand(*group, context, "pause", "Take and publish nothing; drop open windows",
                  &OrganizationService::Stub::PauseScoring);
  AddStateCommand(*group, context, "resume", "Score again, from the next full window on",
                  &OrganizationService::Stub::ResumeScoring);
  AddErase(*group, context);
}

}  // namespace tutti
