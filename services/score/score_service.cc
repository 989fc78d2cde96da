#include "services/score/score_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

constexpr int kDefaultPage = 53;
constexpr int kMaxPage = 400;

// The error of a malformed name gets this service's reason.
template <typename Name>
absl::StatusOr<Name> WithNameReason(absl::StatusOr<Name> name) {
  if (!name.ok()) return WithReason(name.status(), "score.tutti", "NAME_MALFORMED");
  return name;
}

grpc::Status PageError(const char* field, const char* what) {
  return ToGrpcStatus(WithReason(
      WithFieldViolation(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)), field, what),
      "score.tutti", "PAGE_MALFORMED"));
}

}  // namespace

grpc::ServerUnaryReactor* ScoreServiceImpl::GetScore(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  score::v1::GetScoreRequest message;
  grpc::ByteBuffer bytes = *request;
  const grpc::Status parsed =
      grpc::SerializationTraits<score::v1::GetScoreRequest>::Deserialize(&bytes, &message);
  const auto name = access_.Admit(
      context, parsed.ok() ? WithNameReason(ParseScoreName(message.name())) : UndecodableError());
  if (!name.ok()) {
    reactor->Finish(ToGrpcStatus(name.status()));
    return reactor;
  }
  reader_.GetScore(*name, [reactor, response](const absl::StatusOr<ScoreReader::Answer>& answer) {
    if (!answer.ok()) return reactor->Finish(ToGrpcStatus(answer.status()));
    *response = SharedBytes(*answer);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::Status ScoreServiceImpl::ListScores(grpc::ServerContext* context,
                                          const score::v1::ListScoresRequest* request,
                                          score::v1::ListScoresResponse* response) {
  const auto organization =
      access_.Admit(context, WithNameReason(ParseOrganizationName(request->parent())));
  if (!organization.ok()) return ToGrpcStatus(organization.status());
  if (request->page_size() < 0 || request->page_size() > kMaxPage) {
    return PageError("page_size", "must be 0 to 400");
  }
  // The token is the last day that was sent; a page goes on before it.
  std::optional<Day> before;
  if (!request->page_token().empty()) {
    const absl::StatusOr<Day> day = ParseDay(request->page_token());
    if (!day.ok()) return PageError("page_token", "must come from an earlier page");
    before = *day;
  }
  const int limit = request->page_size() == 0 ? kDefaultPage : request->page_size();
  bool more = false;
  const auto scores = reader_.ListScores(*organization, before, limit, more);
  if (!scores.ok()) return ToGrpcStatus(scores.status());
  for (const ScoreReader::Answer& answer : *scores) {
    score::v1::GetScoreResponse one;
    if (!one.ParseFromString(*answer)) {
      return ToGrpcStatus(absl::InternalError("a kept score is broken"));
    }
    *response->add_scores() = std::move(*one.mutable_score());
  }
  if (more) response->set_next_page_token(response->scores().rbegin()->end_day());
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::GetTable(grpc::ServerContext* context,
                                        const score::v1::GetTableRequest* request,
                                        score::v1::GetTableResponse* response) {
  const auto name = access_.Admit(context, WithNameReason(ParseTableName(request->name())));
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<score::v1::Table> table = reader_.GetTable(*name);
  if (!table.ok()) return ToGrpcStatus(table.status());
  *response->mutable_table() = *std::move(table);
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::ListTables(grpc::ServerContext* context,
                                          const score::v1::ListTablesRequest* request,
                                          score::v1::ListTablesResponse* response) {
  const auto name = access_.Admit(context, WithNameReason(ParseScoreName(request->parent())));
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<std::vector<score::v1::Table>> tables = reader_.ListTables(*name);
  if (!tables.ok()) return ToGrpcStatus(tables.status());
  for (score::v1::Table& table : *tables) *response->add_tables() = std::move(table);
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::ListRecommendations(
    grpc::ServerContext* context, const score::v1::ListRecommendationsRequest* request,
    score::v1::ListRecommendationsResponse* response) {
  const auto name = access_.Admit(context, WithNameReason(ParseScoreName(request->parent())));
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<score::v1::ListRecommendationsResponse> found = reader_.Recommend(*name);
  if (!found.ok()) return ToGrpcStatus(found.status());
  *response = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::GetBenchmark(grpc::ServerContext* context,
                                            const score::v1::GetBenchmarkRequest* request,
                                            score::v1::GetBenchmarkResponse* response) {
  const auto name = access_.Admit(context, WithNameReason(ParseScoreName(request->name())));
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<score::v1::GetBenchmarkResponse> benchmark = reader_.Benchmark(*name);
  if (!benchmark.ok()) return ToGrpcStatus(benchmark.status());
  *response = *std::move(benchmark);
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::GetPrivacyStatement(
    grpc::ServerContext* context, const score::v1::GetPrivacyStatementRequest* request,
    score::v1::GetPrivacyStatementResponse* response) {
  const auto organization =
      access_.Admit(context, WithNameReason(ParseOrganizationName(request->name())));
  if (!organization.ok()) return ToGrpcStatus(organization.status());
  const auto latest = reader_.Latest(*organization);
  if (!latest.ok()) return ToGrpcStatus(latest.status());
  *response->mutable_statement() = statements_.Write(*latest);
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ScoreServiceImpl::WatchScores(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  score::v1::WatchScoresRequest message;
  grpc::ByteBuffer bytes = *request;
  const auto caller = access_.CallerOf(context);
  if (!caller.ok()) return WatchService::Refuse(ToGrpcStatus(caller.status()));
  const grpc::Status parsed =
      grpc::SerializationTraits<score::v1::WatchScoresRequest>::Deserialize(&bytes, &message);
  if (!parsed.ok()) return WatchService::Refuse(ToGrpcStatus(UndecodableError()));
  const auto organization = WithNameReason(ParseOrganizationName(message.parent()));
  if (!organization.ok()) return WatchService::Refuse(ToGrpcStatus(organization.status()));
  if (const absl::Status may = access_.Check(context, **caller, *organization); !may.ok()) {
    return WatchService::Refuse(ToGrpcStatus(may));
  }
  return watchers_.Watch(*organization, **caller);
}

}  // namespace tutti
