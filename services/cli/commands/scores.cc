#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/connection.h"
#include "services/cli/report/score_text.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using score::v1::ScoreService;

// What the reading commands share.
struct Query {
  std::string organization;
  std::string day = "latest";
  std::string table;
  std::string format = "text";
  int weeks = 26;
  bool measures = false;
  bool brief = false;
};

TextStyle StyleForOutput() {
  TextStyle style;
  style.color = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return style;
}

std::string ScoreName(const Query& query) {
  return absl::StrCat("organizations/", query.organization, "/scores/", query.day);
}

// Prints the message as JSON, or what `render` makes of it.
template <typename Render>
absl::Status Print(const Query& query, const google::protobuf::Message& message, Render render) {
  if (query.format == "text") {
    std::cout << render();
    return absl::OkStatus();
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    return absl::InternalError("the answer cannot be written as JSON");
  }
  std::cout << json;
  return absl::OkStatus();
}

absl::Status ShowScore(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::GetScoreRequest request;
  request.set_name(ScoreName(query));
  score::v1::GetScoreResponse response;
  absl::Status status = connection.Call(&ScoreService::Stub::GetScore, request, response);
  if (!status.ok()) return status;
  return Print(query, response,
               [&] { return RenderScore(response.score(), query.measures, StyleForOutput()); });
}

absl::Status ShowHistory(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::ListScoresRequest request;
  request.set_parent(absl::StrCat("organizations/", query.organization));
  request.set_page_size(query.weeks);
  score::v1::ListScoresResponse response;
  absl::Status status = connection.Call(&ScoreService::Stub::ListScores, request, response);
  if (!status.ok()) return status;
  return Print(query, response, [&] {
    return RenderHistory({response.scores().begin(), response.scores().end()}, StyleForOutput());
  });
}

absl::Status ShowTable(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::GetTableRequest request;
  request.set_name(absl::StrCat(ScoreName(query), "/tables/", query.table));
  score::v1::GetTableResponse response;
  absl::Status status = connection.Call(&ScoreService::Stub::GetTable, request, response);
  if (!status.ok()) return status;
  return Print(query, response, [&] { return RenderTable(response.table(), StyleForOutput()); });
}

absl::Status ShowRecommendations(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::ListRecommendationsRequest request;
  request.set_parent(ScoreName(query));
  score::v1::ListRecommendationsResponse response;
  absl::Status status =
      connection.Call(&ScoreService::Stub::ListRecommendations, request, response);
  if (!status.ok()) return status;
  return Print(query, response, [&] { return RenderRecommendations(response, StyleForOutput()); });
}

absl::Status ShowStatement(CommandContext& context, const Query& query) {
  const Connection<ScoreService> connection(context.score, context);
  score::v1::GetPrivacyStatementRequest request;
  request.set_name(absl::StrCat("organizations/", query.organization));
  score::v1::GetPrivacyStatementResponse response;
  absl::Status status =
      connection.Call(&ScoreService::Stub::GetPrivacyStatement, request, response);
  if (!status.ok()) return status;
  return Print(query, response, [&] {
    return RenderStatement(response.statement(), query.brief, StyleForOutput());
  });
}

// Adds a command that reads something of one organisation.
std::shared_ptr<Query> AddReading(CLI::App& app, CommandContext& context, const char* name,
                                  const char* description,
                                  absl::Status (*show)(CommandContext&, const Query&),
                                  CLI::App*& command) {
  command = app.add_subcommand(name, description);
  const auto query = std::make_shared<Query>();
  command->add_option("organization", query->organization, "The organisation's id")->required();
  command->add_option("--format", query->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([&context, query, show] {
    context.run = [&context, query, show] { return show(context, *query); };
  });
  return query;
}

void AddDay(CLI::App& command, Query& query) {
  command.add_option("--day", query.day, "Last day of the window, YYYY-MM-DD, or latest")
      ->capture_default_str();
}

}  // namespace

void AddScoreCommands(CLI::App& app, CommandContext& context) {
  CLI::App* command = nullptr;
  auto query =
      AddReading(app, context, "score", "Show a score with its margins", ShowScore, command);
  AddDay(*command, *query);
  command->add_flag("--measures", query->measures, "Show every measure, too");

  query = AddReading(app, context, "history", "Draw the scores over time", ShowHistory, command);
  command->add_option("--last", query->weeks, "How many publications")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();

  query = AddReading(app, context, "table", "Show one breakdown", ShowTable, command);
  command->add_option("table", query->table, "The table's id, as in the catalogue")->required();
  AddDay(*command, *query);

  query = AddReading(app, context, "recommendations", "List what the organisation can do",
                     ShowRecommendations, command);
  AddDay(*command, *query);

  query =
      AddReading(app, context, "statement", "Print the privacy statement", ShowStatement, command);
  command->add_flag("--brief", query->brief, "Print the short form");
}

}  // namespace tutti
