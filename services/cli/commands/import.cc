#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/feeding/contents_text.h"
#include "common/files/read_file.h"
#include "common/sources/input/open_input.h"
#include "common/sources/input/text_match.h"
#include "common/sources/registry.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "common/upload/import_outcome.h"
#include "common/upload/import_run.h"
#include "services/cli/commands/command_catalog.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/commands/organization_change.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::OrganizationService;
using ingest::v1::IngestService;

// What is sent is sent by then: it is worth no longer wait.
constexpr absl::Duration kAggregatePatience = absl::Seconds(2);

constexpr FileKind kGroupsFile{.noun = "the addresses of group mailboxes, one a line",
                               .max_bytes = size_t{64} << 20,
                               .takes_pipes = true};

// Sends batches to tutti-ingest.
class GrpcBatchSink final : public BatchSink {
 public:
  explicit GrpcBatchSink(const CommandContext& context) : connection_(context.ingest, context) {}

  absl::StatusOr<ingest::v1::IngestActivitiesResponse> Send(
      const ingest::v1::IngestActivitiesRequest& batch) override {
    ingest::v1::IngestActivitiesResponse response;
    RETURN_IF_ERROR(connection_.Call(&IngestService::Stub::IngestActivities, batch, response));
    return response;
  }

  absl::Status AwaitReachable() const { return connection_.AwaitReachable(kPatience); }

 private:
  // An ingest that has just been started gets so long.
  static constexpr absl::Duration kPatience = absl::Seconds(4);

  const Connection<IngestService> connection_;
};

// Says on standard error that ingest was lost and is tried again, at most every few seconds, and
// that it answers again.
class LossTeller {
 public:
  void operator()(const absl::Status& status, absl::Duration pause) {
    const absl::Time now = absl::Now();
    if (!status.ok() && now - told_ < kInterval) return;
    told_ = status.ok() ? absl::InfinitePast() : now;
    // Over the line of progress, if there is one.
    std::cerr << (isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "") << "tutti: ";
    if (status.ok()) {
      std::cerr << "ingest answers again; the import goes on\n" << std::flush;
      return;
    }
    std::cerr << InOwnWords(status) << "; trying again in "
              << absl::FormatDuration(absl::Ceil(pause, absl::Seconds(1)))
              << ", nothing counts twice\n"
              << std::flush;
  }

 private:
  static constexpr absl::Duration kInterval = absl::Seconds(5);

  absl::Time told_ = absl::InfinitePast();
};

constexpr char kFoundOut[] = "detect";

// What the command line asks for.
struct ImportArguments {
  ImportOptions options;
  std::string organization;
  std::vector<std::string> tenant_organizations;
  std::string groups_file;
  std::string catalog_file;
  std::string format = kFoundOut;
  std::vector<std::string> domains;
  std::string summary_format = "text";
  int retry_seconds = 600;
  bool rehearse = false;
  bool update_profile = false;
  bool show_operations = false;
};

// Addresses, one a line or in cells of CSV, in any encoding of text; what has no "@" is none.
absl::Status ReadGroups(const std::string& path, ReadingOptions& reading) {
  const absl::StatusOr<FileText> file = ReadFile(path, kGroupsFile);
  if (!file.ok()) {
    return Named("--groups", file.status());
  }
  absl::StatusOr<std::unique_ptr<TextInput>> input =
      OpenText(std::make_unique<MemorySource>(file->text));
  if (!input.ok()) return Named("--groups", input.status());
  std::string text;
  for (;;) {
    const absl::StatusOr<absl::string_view> chunk = (*input)->Next();
    if (!chunk.ok()) return Named("--groups", chunk.status());
    if (chunk->empty()) break;
    text.append(chunk->data(), chunk->size());
  }
  for (const absl::string_view line : absl::StrSplit(text, absl::ByAnyChar("\r\n"))) {
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "#")) continue;
    for (absl::string_view cell : absl::StrSplit(line, absl::ByAnyChar(",;\t \"<>"))) {
      if (absl::StartsWithIgnoreCase(cell, "smtp:")) cell.remove_prefix(5);
      if (absl::StrContains(cell, '@')) reading.group_addresses.insert(CaseFolded(cell));
    }
  }
  const size_t count = reading.group_addresses.size();
  if (count == 0 && !absl::StripAsciiWhitespace(text).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--groups: ", path,
                     " has no address: give the addresses of group mailboxes, one a line, or "
                     "leave --groups out"));
  }
  std::cerr << "tutti: --groups: " << count << (count == 1 ? " address" : " addresses")
            << " of group mailboxes\n";
  return absl::OkStatus();
}

std::string ResourceName(const std::string& id) { return absl::StrCat("organizations/", id); }

// The names of all sources, for help: "a, b or c".
std::string SourceNames() {
  std::vector<std::string> names = {kFoundOut};
  for (const Source* source : ShippedSources().all()) names.emplace_back(source->name());
  return JoinWords(names, "or");
}

absl::Status Prepare(ImportArguments& arguments) {
  ImportOptions& options = arguments.options;
  options.source = ShippedSources().Find(arguments.format);
  for (const std::string& domain : arguments.domains) {
    options.reading.accepted_domains.insert(CaseFolded(domain));
  }
  if (!arguments.groups_file.empty()) {
    RETURN_IF_ERROR(ReadGroups(arguments.groups_file, options.reading));
  }
  for (const std::string& text : arguments.tenant_organizations) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (parts.second.empty()) {
      return UsageError("--tenant-organization must be GUID=ORGANIZATION");
    }
    options.tenants.organizations[absl::AsciiStrToLower(parts.first)] = ResourceName(parts.second);
  }
  if (arguments.rehearse) {
    if (arguments.update_profile) {
      return UsageError("give --rehearse or --update-profile, not both");
    }
    options.tenants.every_tenant =
        options.tenants.tenant.empty() && options.tenants.organizations.empty();
    return absl::OkStatus();
  }
  if (!arguments.organization.empty()) {
    options.tenants.organization = ResourceName(arguments.organization);
  } else if (options.tenants.organizations.empty()) {
    return UsageError(
        "give --organization, or --tenant-organization for each tenant, or --rehearse");
  }
  return absl::OkStatus();
}

void Print(const ImportSummary& summary, const ImportArguments& arguments) {
  for (const std::string& note : summary.notes) {
    std::cerr << PlainLines(absl::StrCat("tutti: ", note, "\n"));
  }
  const ShownNames shown = arguments.show_operations ? ShownNames::kAll : ShownNames::kKnown;
  std::cout << (arguments.summary_format == "json" ? PlainJson(SummaryJson(summary, shown))
                                                   : PlainLines(SummaryText(summary, shown)));
}

// Sets the people whom the reports list as the organisation's headcount and entitlements; products
// that they do not name stay as they are.
absl::Status SetLicensed(const TenantSummary& tenant, aggregate::v1::Organization& organization) {
  RETURN_IF_ERROR(CheckHeadcount(tenant, organization.headcount()));
  auto& entitlements = *organization.mutable_entitlements();
  for (const auto& [product, people] : tenant.licensed) {
    if (product.empty()) {
      organization.set_headcount(people);
      continue;
    }
    auto entitlement =
        std::find_if(entitlements.begin(), entitlements.end(),
                     [&name = product](const auto& one) { return one.product() == name; });
    if (entitlement == entitlements.end()) {
      organization.add_entitlements()->set_product(product);
      entitlement = std::prev(entitlements.end());
    }
    entitlement->set_people(people);
  }
  return absl::OkStatus();
}

absl::Status UpdateProfiles(const CommandContext& context, const ImportSummary& summary) {
  bool any = false;
  for (const TenantSummary& tenant : summary.tenants) {
    const bool lists = !tenant.licensed.empty() || tenant.listing != Listing::kNone;
    if (!lists || tenant.organization.empty()) continue;
    any = true;
    ASSIGN_OR_RETURN(const auto changed,
                     ChangeOrganization(context, tenant.organization,
                                        [&](aggregate::v1::Organization& organization) {
                                          return SetLicensed(tenant, organization);
                                        }));
  }
  if (any) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "--update-profile: the input does not say who is licensed; reports of Microsoft Graph do: of "
      "active users (getOffice365ActiveUserDetail), mail (getEmailActivityUserDetail) or Teams "
      "(getTeamsUserActivityUserDetail)");
}

// Puts beside what the input can feed what each organisation's sources are declared to feed.
void LookUpDeclared(const CommandContext& context, ImportSummary& summary) {
  const Connection<OrganizationService> aggregate(context.aggregate, context);
  for (TenantSummary& tenant : summary.tenants) {
    if (tenant.organization.empty() || tenant.feeds.empty()) continue;
    aggregate::v1::GetOrganizationRequest request;
    request.set_name(tenant.organization);
    aggregate::v1::GetOrganizationResponse response;
    absl::Status read = aggregate.AwaitReachable(kAggregatePatience);
    if (read.ok())
      read = aggregate.Call(&OrganizationService::Stub::GetOrganization, request, response);
    if (!read.ok()) {
      tenant.declared_problem = std::string(InOwnWords(read));
      continue;
    }
    const auto& fed = response.organization().fed_categories();
    tenant.declared.emplace(fed.begin(), fed.end());
  }
}

// Says on standard error what a rehearsal ends well in spite of.
void TellOfRehearsal(const ImportSummary& summary) {
  if (summary.rows == 0) {
    std::cerr << "tutti: the input has no record: an import of it would send nothing\n";
  }
  int64_t refused = 0;
  for (const TenantSummary& tenant : summary.tenants) {
    for (const auto& [reason, count] : tenant.upload.refused) refused += count;
  }
  if (refused > 0) {
    std::cerr << "tutti: ingest would refuse " << refused
              << " of these activities, whoever's they are: see the summary for the reasons\n";
  }
}

absl::Status Run(CommandContext& context, ImportArguments& arguments) {
  GrpcBatchSink sink(context);
  if (!arguments.rehearse) {
    RETURN_IF_ERROR(sink.AwaitReachable());
  }
  UploadOptions upload;
  upload.retry_for = absl::Seconds(arguments.retry_seconds);
  upload.tell = LossTeller();
  ActivityUploader uploader(sink, upload);
  TerminalProgress progress(
      isatty(STDERR_FILENO) != 0,
      [](absl::string_view text) { std::cerr << std::string(text) << std::flush; },
      [] { return absl::Now(); });
  ImportTargets targets;
  targets.progress = &progress;
  if (!arguments.rehearse) targets.uploader = &uploader;
  ImportSummary unfinished;
  targets.unfinished = &unfinished;
  ASSIGN_OR_RETURN(const CommandCatalog found,
                   FindCatalog(context, arguments.catalog_file, !arguments.rehearse));
  arguments.options.catalog = found.catalog.get();
  absl::StatusOr<ImportSummary> summary = RunImport(arguments.options, targets);
  ImportSummary& told = summary.ok() ? *summary : unfinished;
  if (!found.warning.empty()) told.warnings.push_back(found.warning);
  if (summary.ok()) {
    if (!arguments.rehearse) LookUpDeclared(context, *summary);
    Print(*summary, arguments);
    absl::Status outcome = arguments.rehearse ? CheckReadable(*summary) : OutcomeOf(*summary);
    if (arguments.rehearse) TellOfRehearsal(*summary);
    if (arguments.update_profile) outcome.Update(UpdateProfiles(context, *summary));
    if (outcome.ok() && !arguments.rehearse && SentNothing(*summary)) {
      std::cerr << "tutti: " << NotFinished(NothingSent(*summary)).message() << "\n";
    }
    return outcome;
  }
  if (unfinished.rows > 0) {
    unfinished.warnings.emplace_back("ended by an error: all numbers are of what came before it");
    Print(unfinished, arguments);
  }
  // Nothing is of what was asked for.
  if (absl::IsOutOfRange(summary.status())) return UsageError(summary.status().message());
  return OutcomeOf(summary.status(), ReasonOf(summary.status()));
}

absl::Status Import(CommandContext& context, ImportArguments& arguments) {
  absl::Status outcome = Prepare(arguments);
  if (IsUsageError(outcome)) return outcome;
  if (outcome.ok()) outcome = Run(context, arguments);
  if (IsUsageError(outcome)) return outcome;
  return arguments.rehearse ? outcome : NotFinished(outcome);
}

}  // namespace

void AddImportCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command =
      app.add_subcommand("import", "Send the activities of logs to ingest; safe to repeat");
  const auto arguments = std::make_shared<ImportArguments>();
  command->add_option("files", arguments->options.inputs, "Files to read; - is standard input")
      ->required();
  command->add_option("--organization", arguments->organization, "The organisation's id");
  command
      ->add_option("--format", arguments->format,
                   "What the files are; found out by itself unless given")
      ->check(
          [](const std::string& given) {
            return given == kFoundOut || ShippedSources().Find(given) != nullptr
                       ? std::string()
                       : absl::StrCat("must be ", SourceNames());
          },
          SourceNames());
  command->add_option("--tenant", arguments->options.tenants.tenant,
                      "Take the records of this tenant alone (a GUID)");
  // One value each: the words that follow are files.
  command
      ->add_option("--tenant-organization", arguments->tenant_organizations,
                   "GUID=ORGANIZATION: where the records of a tenant go; repeat for several")
      ->allow_extra_args(false);
  command->add_option("--groups", arguments->groups_file,
                      "File with the addresses of group mailboxes, one a line or in CSV");
  command
      ->add_option("--domain", arguments->domains,
                   "A domain of the tenant; people of others are left out; repeat for several")
      ->allow_extra_args(false);
  command->add_option("--catalog", arguments->catalog_file,
                      "The catalogue's file; without it the services' is taken, and the shipped "
                      "one for a rehearsal");
  command->add_option("--customer", arguments->options.customer,
                      "Take the records of this customer alone (a customerId of Google's reports)");
  command->add_flag("--include-unattended-apps", arguments->options.reading.include_unattended_apps,
                    "Count applications of unknown name that act for a person as that person");
  command->add_flag("--update-profile", arguments->update_profile,
                    "Set the organisation's headcount and entitlements to the people whom the "
                    "reports list as licensed");
  command->add_flag(
      "--show-operations", arguments->show_operations,
      "Name every operation, type and application in the summary, not only known ones: "
      "whatever stands in the files is shown, which can be a person's name");
  command->add_flag("--rehearse", arguments->rehearse, "Send nothing; print the summary");
  command
      ->add_option("--retry-for", arguments->retry_seconds,
                   "Seconds for which a batch that ingest does not take is sent again")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command->add_option("--summary", arguments->summary_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Exit status: 0 done; 1 ended by an error; 2 not understood, or no record is of the "
      "--tenant, --customer or --domain that was given; 3 not all was taken, for a reason that can "
      "be repaired, or a file is not there or has no record: the last line says what to do. "
      "Repeat the import then, and finish a back-fill only after a 0. Rows that cannot be read and "
      "activities that come too late are counted in the summary alone.");
  command->callback([&context, arguments] {
    context.run = [&context, arguments] { return Import(context, *arguments); };
  });
}

}  // namespace tutti
