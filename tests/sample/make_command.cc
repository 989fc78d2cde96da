#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/text/plain_text.h"
#include "services/cli/commands/command_errors.h"
#include "tests/sample/sample_commands.h"
#include "tests/sample/sample_files.h"

namespace tutti {
namespace {

struct SampleArguments {
  SampleOptions options;
  std::string last_day;
  std::string folder;
  std::string catalog;
};

absl::Status Sample(SampleArguments& arguments) {
  SampleOptions& options = arguments.options;
  const absl::StatusOr<absl::TimeZone> zone = LoadZone(options.time_zone);
  if (!zone.ok()) return UsageError(absl::StrCat("--time-zone: ", zone.status().message()));
  options.last_day = DayBefore(absl::Now(), *zone);
  if (!arguments.last_day.empty()) {
    const absl::StatusOr<Day> day = ParseDay(arguments.last_day);
    if (!day.ok()) return UsageError(absl::StrCat("--last-day: ", day.status().message()));
    options.last_day = *day;
  }
  std::unique_ptr<const Catalog> catalog;
  if (!arguments.catalog.empty()) {
    absl::StatusOr<std::unique_ptr<const Catalog>> loaded = Catalog::Load(arguments.catalog);
    if (!loaded.ok()) return Named("--catalog", loaded.status());
    catalog = *std::move(loaded);
  }
  const absl::StatusOr<SampleFiles> files = WriteSample(options, catalog.get(), arguments.folder);
  if (absl::IsPermissionDenied(files.status())) {
    return Named("--out", files.status());
  }
  if (!files.ok()) return files.status();
  std::cout << files->counts.records << " records of " << options.people << " made-up people, from "
            << FormatDay(options.first_day()) << " to " << FormatDay(options.last_day) << "; "
            << files->licensed_people << " of them entitled to the assistant\n";
  for (const std::string& path : files->paths) std::cout << "  " << PlainText(path) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddMakeCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand(
      "make",
      "Make up an organisation: its logs, reports and telemetry, and the exact truth of every "
      "figure that all of what is written tells");
  const auto arguments = std::make_shared<SampleArguments>();
  SampleOptions& options = arguments->options;
  const std::map<std::string, SampleShape> shapes = {
      {"m365-audit-csv", SampleShape::kAuditCsv},
      {"m365-audit-lines", SampleShape::kAuditLines},
      {"activities", SampleShape::kActivities},
      {"m365-usage-report", SampleShape::kUsageReports},
      {"google-reports", SampleShape::kGoogleReports},
      {"device-telemetry", SampleShape::kTelemetry},
      {"remaining-activities", SampleShape::kRemaining}};
  command->add_option("--out", arguments->folder, "Folder to write to")->required();
  command->add_option("--organization", options.organization, "Its id")->capture_default_str();
  command->add_option("--people", options.people, "How many people, 10 to 1,000,000")
      ->capture_default_str();
  command->add_option("--weeks", options.weeks, "How many weeks, 1 to 104")->capture_default_str();
  command->add_option("--last-day", arguments->last_day, "The last day, YYYY-MM-DD; yesterday");
  command->add_option("--seed", options.seed, "The same seed gives the same organisation")
      ->capture_default_str();
  command->add_option("--time-zone", options.time_zone, "IANA time zone")->capture_default_str();
  command
      ->add_option("--records", options.records,
                   "About how many records; 0 is 150,000 for 600 people in 16 weeks")
      ->capture_default_str();
  command->add_option("--campaign-week", options.campaign_week,
                      "The week, from 0, from which on most people who did not use communities and "
                      "the assistant do: a jump");
  command->add_option("--rest-week", options.rest_week,
                      "The week, from 0, that begins two weeks in which work rests: a dip");
  command->add_option("--catalog", arguments->catalog,
                      "The catalogue's file: writes truth.json, too");
  command
      ->add_option("--format", options.shapes,
                   "What is written of the organisation; m365-audit-csv unless given; repeat for "
                   "several sources of the same people. activities tells everything, "
                   "remaining-activities what no log or report tells")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(shapes).description(
          "m365-audit-csv, m365-audit-lines, m365-usage-report, google-reports, "
          "device-telemetry, activities or remaining-activities"));
  command->callback(
      [&context, arguments] { context.run = [arguments] { return Sample(*arguments); }; });
}

}  // namespace tutti
