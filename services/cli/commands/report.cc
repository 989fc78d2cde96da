#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/process/build_info.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/report/html_page.h"
#include "services/cli/report/report_file.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::OrganizationService;
using score::v1::ScoreService;

struct ReportOptions {
  std::string organization;
  std::string file;
  std::string day = "latest";
  int last = 53;
  bool force = false;
};

// The organisation's name for people. Aggregate may not be within reach of whoever
// reads scores; the id does then.
std::string ReadDisplayName(const CommandContext& context, const std::string& organization) {
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::GetOrganizationRequest request;
  request.set_name(absl::StrCat("organizations/", organization));
  aggregate::v1::GetOrganizationResponse response;
  const absl::Status status =
      connection.Call(&OrganizationService::Stub::GetOrganization, request, response);
  return status.ok() ? response.organization().display_name() : "";
}

// The score and those before it, newest first.
absl::Status ReadHistory(const Connection<ScoreService>& connection, const ReportOptions& options,
                         PageContent& content) {
  content.history.push_back(content.score);
  score::v1::ListScoresRequest request;
  request.set_parent(absl::StrCat("organizations/", options.organization));
  request.set_page_size(options.last);
  const size_t wanted = static_cast<size_t>(options.last);
  do {
    score::v1::ListScoresResponse response;
    RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::ListScores, request, response));
    for (score::v1::Score& score : *response.mutable_scores()) {
      // Days in ISO 8601 sort as text.
      if (content.history.size() < wanted && score.end_day() < content.score.end_day()) {
        content.history.push_back(std::move(score));
      }
    }
    request.set_page_token(response.next_page_token());
  } while (content.history.size() < wanted && !request.page_token().empty());
  return absl::OkStatus();
}

absl::Status ReadBenchmark(const Connection<ScoreService>& connection, const ReportOptions& options,
                           PageContent& content) {
  score::v1::GetBenchmarkRequest request;
  request.set_name(content.score.name());
  score::v1::GetBenchmarkResponse response;
  absl::Status status = connection.Call(&ScoreService::Stub::GetBenchmark, request, response);
  // Not every suite compares, and not every organisation has peers.
  if (absl::IsUnimplemented(status) || absl::IsNotFound(status)) return absl::OkStatus();
  if (!status.ok()) return status;
  content.benchmark = std::move(response);
  if (content.benchmark->cohort().empty()) return absl::OkStatus();
  // Like is put beside like: one's own score of the window that was compared.
  score::v1::GetScoreRequest compared;
  compared.set_name(absl::StrCat("organizations/", options.organization, "/scores/",
                                 content.benchmark->end_day()));
  score::v1::GetScoreResponse score;
  status = connection.Call(&ScoreService::Stub::GetScore, compared, score);
  if (status.ok()) content.compared = std::move(*score.mutable_score());
  return status;
}

// The words of figures that are not shown, and what could give them. The page does without
// where they are not to be had.
absl::Status ReadCatalog(const Connection<ScoreService>& connection, PageContent& content) {
  score::v1::GetCatalogRequest request;
  request.set_fingerprint(content.score.catalog_fingerprint());
  score::v1::GetCatalogResponse response;
  const absl::Status status = connection.Call(&ScoreService::Stub::GetCatalog, request, response);
  if (absl::IsUnimplemented(status) || absl::IsNotFound(status)) return absl::OkStatus();
  if (!status.ok()) return status;
  content.words = std::move(*response.mutable_catalog());
  content.catalog = std::move(*response.mutable_definition());
  return absl::OkStatus();
}

// Reads all that a page shows, of one window: the score names it for the rest.
absl::StatusOr<PageContent> ReadContent(const CommandContext& context,
                                        const ReportOptions& options) {
  const Connection<ScoreService> connection(context.score, context);
  PageContent content;
  score::v1::GetScoreRequest score_request;
  score_request.set_name(
      absl::StrCat("organizations/", options.organization, "/scores/", options.day));
  score::v1::GetScoreResponse score;
  absl::Status status = connection.Call(&ScoreService::Stub::GetScore, score_request, score);
  if (!status.ok()) return status;
  content.score = std::move(*score.mutable_score());
  status = ReadHistory(connection, options, content);
  if (!status.ok()) return status;

  score::v1::ListTablesRequest tables_request;
  tables_request.set_parent(content.score.name());
  score::v1::ListTablesResponse tables;
  status = connection.Call(&ScoreService::Stub::ListTables, tables_request, tables);
  if (!status.ok()) return status;
  content.tables = {tables.tables().begin(), tables.tables().end()};

  score::v1::ListRecommendationsRequest recommendations_request;
  recommendations_request.set_parent(content.score.name());
  status = connection.Call(&ScoreService::Stub::ListRecommendations, recommendations_request,
                           content.recommendations);
  if (!status.ok()) return status;
  status = ReadBenchmark(connection, options, content);
  if (!status.ok()) return status;
  status = ReadCatalog(connection, content);
  if (!status.ok()) return status;

  score::v1::GetPrivacyStatementRequest statement_request;
  statement_request.set_name(absl::StrCat("organizations/", options.organization));
  score::v1::GetPrivacyStatementResponse statement;
  status = connection.Call(&ScoreService::Stub::GetPrivacyStatement, statement_request, statement);
  if (!status.ok()) return status;
  content.statement = std::move(*statement.mutable_statement());
  content.display_name = ReadDisplayName(context, options.organization);
  content.generated_at = absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::Now(), absl::UTCTimeZone());
  content.version = Version();
  return content;
}

absl::Status WriteReport(const CommandContext& context, const ReportOptions& options) {
  // Before anybody is asked for anything.
  const absl::Status writable = CheckReportPath(options.file, options.force);
  if (!writable.ok()) return Named("--html", writable);
  ASSIGN_OR_RETURN(const PageContent content, ReadContent(context, options));
  absl::Status status = WriteReportFile(options.file, RenderPage(content), options.force);
  if (status.ok()) {
    std::cout << "wrote " << PlainText(options.file) << ": the 28 days to "
              << PlainText(content.score.end_day()) << "\n";
  }
  return Named("--html", status);
}

}  // namespace

void AddReportCommand(CLI::App& app, CommandContext& context) {
  CLI::App* const command = app.add_subcommand(
      "report", "Write one page with score, trend, measures, breakdowns and privacy statement");
  const auto options = std::make_shared<ReportOptions>();
  AddOrganization(*command, options->organization);
  command
      ->add_option("--html", options->file,
                   "File to write: one self-contained page that loads nothing and has no script")
      ->required();
  command->add_flag("--force", options->force, "Replace the file if there is one");
  AddDay(*command, options->day);
  command->add_option("--last", options->last, "How many publications the trend shows")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();
  command->callback([&context, options] {
    context.run = [&context, options] { return WriteReport(context, *options); };
  });
}

}  // namespace tutti
