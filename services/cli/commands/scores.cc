#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/text/plain_text.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/commands/score_json.h"
#include "services/cli/report/figure_formats.h"
#include "services/cli/report/figures.h"
#include "services/cli/report/statement_text.h"
#include "tutti/aggregate/v1/organization.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using score::v1::ScoreService;

// Columns of a line of text beside its bar, about.
constexpr int kColumnsBesideBar = 86;

// What the reading commands share.
struct Query {
  std::string organization;
  std::string day = "latest";
  std::string table;
  std::string format = "text";
  int last = 26;
  bool measures = false;
  bool brief = false;
};

TextStyle StyleForOutput() {
  TextStyle style;
  if (isatty(STDOUT_FILENO) == 0) return style;
  const char* const no_color = std::getenv("NO_COLOR");
  style.color = no_color == nullptr || *no_color == '\0';
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.bar_width = std::clamp(size.ws_col - kColumnsBesideBar, 10, 40);
  }
  return style;
}

std::string ScoreName(const Query& query) {
  return absl::StrCat("organizations/", query.organization, "/scores/", query.day);
}

absl::Status PrintJson(const google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(const std::string json, ScoreJson(message));
  std::cout << PlainJson(json);
  return absl::OkStatus();
}

// Prints figures in any format but JSON, which is the answer itself.
absl::Status PrintFigures(const Query& query, const Figures& figures) {
  if (query.format == "csv") {
    std::cout << RenderCsv(figures);
  } else if (query.format == "markdown") {
    std::cout << RenderMarkdown(figures);
  } else {
    std::cout << RenderText(figures, StyleForOutput());
  }
  return absl::OkStatus();
}

bool WantsJson(const Query& query) { return query.format == "json"; }

absl::StatusOr<score::v1::GetScoreResponse> ReadScore(const Connection<ScoreService>& connection,
                                                      const std::string& name) {
  score::v1::GetScoreRequest request;
  request.set_name(name);
  score::v1::GetScoreResponse response;
  RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::GetScore, request, response));
  return response;
}

absl::Status ShowScore(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  ASSIGN_OR_RETURN(const auto response, ReadScore(connection, ScoreName(query)));
  if (WantsJson(query)) return PrintJson(response);
  // A table of figures leaves nothing out; text for reading is short unless asked.
  const bool measures = query.measures || query.format != "text";
  return PrintFigures(query, FiguresOf(response.score(), measures));
}

absl::Status ShowHistory(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::ListScoresRequest request;
  request.set_parent(absl::StrCat("organizations/", query.organization));
  score::v1::ListScoresResponse response;
  // A page may be shorter than it was asked to be.
  do {
    score::v1::ListScoresResponse page;
    request.set_page_size(query.last - response.scores_size());
    RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::ListScores, request, page));
    response.MergeFrom(page);
    response.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
  } while (response.scores_size() < query.last && !request.page_token().empty());
  if (WantsJson(query)) return PrintJson(response);
  return PrintFigures(query, HistoryFigures(response, query.format == "csv"));
}

absl::Status ShowTables(const Connection<ScoreService>& connection, const Query& query) {
  score::v1::ListTablesRequest request;
  request.set_parent(ScoreName(query));
  score::v1::ListTablesResponse response;
  RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::ListTables, request, response));
  if (WantsJson(query)) return PrintJson(response);
  return PrintFigures(query, FiguresOf(response));
}

absl::Status ShowTable(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  if (query.table.empty()) return ShowTables(connection, query);
  score::v1::GetTableRequest request;
  request.set_name(absl::StrCat(ScoreName(query), "/tables/", query.table));
  score::v1::GetTableResponse response;
  RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::GetTable, request, response));
  if (WantsJson(query)) return PrintJson(response);
  return PrintFigures(query, FiguresOf(response.table()));
}

absl::Status ShowRecommendations(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  // The score names the measures; the day that it says keeps both of one window.
  const auto score = ReadScore(connection, ScoreName(query));
  if (!score.ok()) return score.status();
  score::v1::ListRecommendationsRequest request;
  request.set_parent(score->score().name());
  score::v1::ListRecommendationsResponse response;
  RETURN_IF_ERROR(connection.Call(&ScoreService::Stub::ListRecommendations, request, response));
  if (WantsJson(query)) return PrintJson(response);
  return PrintFigures(query, FiguresOf(response, score->score()));
}

absl::Status ShowBenchmark(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  const auto score = ReadScore(connection, ScoreName(query));
  if (!score.ok()) return score.status();
  score::v1::GetBenchmarkRequest request;
  request.set_name(score->score().name());
  score::v1::GetBenchmarkResponse response;
  absl::Status status = connection.Call(&ScoreService::Stub::GetBenchmark, request, response);
  if (absl::IsUnimplemented(status)) {
    return absl::UnimplementedError("this score service compares with no other organisations");
  }
  if (!status.ok()) return status;
  if (WantsJson(query)) return PrintJson(response);
  if (response.cohort().empty()) return PrintFigures(query, FiguresOf(response, score->score()));
  // Like is put beside like: one's own score of the window that was compared.
  ASSIGN_OR_RETURN(const auto compared,
                   ReadScore(connection, absl::StrCat("organizations/", query.organization,
                                                      "/scores/", response.end_day())));
  return PrintFigures(query, FiguresOf(response, compared.score()));
}

// The score service knows published records alone, so what is planned comes from the profile.
absl::StatusOr<score::v1::PlannedProfile> ReadPlan(CommandContext& context,
                                                   const std::string& name) {
  using aggregate::v1::OrganizationService;
  const Connection<OrganizationService> connection(context.aggregate, context);
  aggregate::v1::GetOrganizationRequest request;
  request.set_name(name);
  aggregate::v1::GetOrganizationResponse response;
  RETURN_IF_ERROR(connection.Call(&OrganizationService::Stub::GetOrganization, request, response));
  const aggregate::v1::Organization& organization = response.organization();
  score::v1::PlannedProfile planned;
  planned.set_headcount(organization.headcount());
  planned.set_cadence(organization.effective_cadence());
  for (const aggregate::v1::Entitlement& entitlement : organization.entitlements()) {
    (*planned.mutable_entitled_people())[entitlement.product()] = entitlement.people();
  }
  *planned.mutable_fed_categories() = organization.fed_categories();
  planned.set_generated_data(organization.generated_data());
  return planned;
}

absl::Status ShowStatement(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::GetPrivacyStatementRequest request;
  request.set_name(absl::StrCat("organizations/", query.organization));
  score::v1::GetPrivacyStatementResponse response;
  absl::Status status =
      connection.Call(&ScoreService::Stub::GetPrivacyStatement, request, response);
  if (absl::IsNotFound(status)) {
    ASSIGN_OR_RETURN(*request.mutable_planned(), ReadPlan(context, request.name()));
    status = connection.Call(&ScoreService::Stub::GetPrivacyStatement, request, response);
  }
  RETURN_IF_ERROR(status);
  if (WantsJson(query)) return PrintJson(response);
  std::cout << RenderStatement(response.statement(), query.brief, StyleForOutput());
  return absl::OkStatus();
}

// Adds a command that reads something of one organisation.
std::shared_ptr<Query> AddReading(CLI::App& app, CommandContext& context, const char* name,
                                  const char* description,
                                  absl::Status (*show)(CommandContext&, const Query&),
                                  const std::vector<std::string>& formats, CLI::App*& command) {
  command = app.add_subcommand(name, description);
  auto query = std::make_shared<Query>();
  AddOrganization(*command, query->organization);
  command
      ->add_option("--format", query->format,
                   "How to print: json is the service's answer, csv has one record a figure")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->callback([&context, query, show] {
    context.run = [&context, query, show] { return show(context, *query); };
  });
  return query;
}

}  // namespace

void AddScoreCommands(CLI::App& app, CommandContext& context) {
  const std::vector<std::string> formats = {"text", "json", "csv", "markdown"};
  CLI::App* command = nullptr;
  auto query =
      AddReading(app, context, "score", "Show a score: categories with margins, changes, reasons",
                 ShowScore, formats, command);
  AddDay(*command, query->day);
  command->add_flag("--measures", query->measures,
                    "Show every measure, too, with what it counts and what would raise it; csv "
                    "and markdown always do");

  query = AddReading(app, context, "history", "Draw the scores over time", ShowHistory, formats,
                     command);
  command->add_option("--last", query->last, "How many publications")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();

  query = AddReading(app, context, "table", "Show one breakdown, or list them all", ShowTable,
                     formats, command);
  command->add_option("table", query->table, "The table's id; without it, all are listed");
  AddDay(*command, query->day);

  query = AddReading(app, context, "recommendations", "List what the organisation can do",
                     ShowRecommendations, formats, command);
  AddDay(*command, query->day);

  query = AddReading(app, context, "benchmark",
                     "Compare with at least 10 other organisations of the same kind", ShowBenchmark,
                     formats, command);
  AddDay(*command, query->day);

  query = AddReading(app, context, "statement", "Print the privacy statement", ShowStatement,
                     {"text", "json"}, command);
  command->add_flag("--brief", query->brief, "Print the short form");
}

}  // namespace tutti
