#include "services/score/score_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr int kDefaultPage = 53;
constexpr int kMaxPage = 400;

// The error of a malformed name gets this service's reason.
template <typename Name>
absl::StatusOr<Name> WithNameReason(absl::StatusOr<Name> name) {
  if (!name.ok()) return WithReason(name.status(), score::v1::REASON_NAME_MALFORMED);
  return name;
}

absl::Status PageError(const char* field, const char* what) {
  return WithReason(
      WithFieldViolation(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)), field, what),
      score::v1::REASON_PAGE_MALFORMED);
}

absl::StatusOr<AnswerView> ViewOf(score::v1::View view) {
  switch (view) {
    case score::v1::VIEW_UNSPECIFIED:
    case score::v1::VIEW_FULL:
      return AnswerView::kFull;
    case score::v1::VIEW_BASIC:
      return AnswerView::kBasic;
    default:
      constexpr char kWhat[] = "must be VIEW_BASIC or VIEW_FULL";
      return WithReason(
          WithFieldViolation(absl::InvalidArgumentError(absl::StrCat("view: ", kWhat)), "view",
                             kWhat),
          score::v1::REASON_VIEW_UNKNOWN);
  }
}

template <typename Message>
bool Parse(const grpc::ByteBuffer& bytes, Message& message) {
  grpc::ByteBuffer copy = bytes;  // which shares the bytes
  return grpc::SerializationTraits<Message>::Deserialize(&copy, &message).ok();
}

// The name in a request that was parsed or not.
template <typename Name>
absl::StatusOr<Name> NameIn(bool parsed, absl::StatusOr<Name> name) {
  return parsed ? WithNameReason(std::move(name)) : UndecodableError();
}

grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// Sends an answer, or why there is none.
ScoreReader::Done Sender(grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response) {
  return [reactor, response](const absl::StatusOr<ScoreReader::Answer>& answer) {
    if (!answer.ok()) return reactor->Finish(ToGrpcStatus(answer.status()));
    const grpc::Slice slice = SharedBytes(*answer);
    *response = grpc::ByteBuffer(&slice, 1);
    reactor->Finish(grpc::Status::OK);
  };
}

// The bytes of a ListScoresResponse.
grpc::ByteBuffer BytesOf(const ScoreReader::Page& page) {
  std::vector<grpc::Slice> slices;
  slices.reserve(page.scores.size() + 1);
  for (const ScoreReader::Dated& score : page.scores) slices.push_back(SharedBytes(score.answer));
  score::v1::ListScoresResponse rest;
  if (page.more) rest.set_next_page_token(FormatDay(page.scores.back().end_day));
  slices.emplace_back(rest.SerializeAsString());
  return {slices.data(), slices.size()};
}

absl::StatusOr<ScoreReader::PageQuery> PageQueryOf(const score::v1::ListScoresRequest& request,
                                                   std::string organization) {
  ScoreReader::PageQuery query;
  query.organization = std::move(organization);
  ASSIGN_OR_RETURN(const AnswerView view, ViewOf(request.view()));
  query.view = view;
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    return PageError("page_size", "must be 0 to 400");
  }
  query.limit = request.page_size() == 0 ? kDefaultPage : request.page_size();
  // The token is the last day that was sent; a page goes on before it.
  if (request.page_token().empty()) return query;
  const absl::StatusOr<Day> day = ParseDay(request.page_token());
  if (!day.ok()) return PageError("page_token", "must come from an earlier page");
  query.before = *day;
  return query;
}

}  // namespace

grpc::ServerUnaryReactor* ScoreServiceImpl::GetScore(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  score::v1::GetScoreRequest message;
  const bool parsed = Parse(*request, message);
  const auto name = access_.Admit(context, NameIn(parsed, ParseScoreName(message.name())));
  if (!name.ok()) return Refuse(context, name.status());
  const absl::StatusOr<AnswerView> view = ViewOf(message.view());
  if (!view.ok()) return Refuse(context, view.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reader_.GetScore(*name, *view, Sender(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListScores(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  score::v1::ListScoresRequest message;
  const bool parsed = Parse(*request, message);
  const auto organization =
      access_.Admit(context, NameIn(parsed, ParseOrganizationName(message.parent())));
  if (!organization.ok()) return Refuse(context, organization.status());
  const absl::StatusOr<ScoreReader::PageQuery> query = PageQueryOf(message, *organization);
  if (!query.ok()) return Refuse(context, query.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reader_.ListScores(*query, [reactor, response](const absl::StatusOr<ScoreReader::Page>& page) {
    if (!page.ok()) return reactor->Finish(ToGrpcStatus(page.status()));
    *response = BytesOf(*page);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::GetTable(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  score::v1::GetTableRequest message;
  const bool parsed = Parse(*request, message);
  const auto name = access_.Admit(context, NameIn(parsed, ParseTableName(message.name())));
  if (!name.ok()) return Refuse(context, name.status());
  const absl::StatusOr<AnswerView> view = ViewOf(message.view());
  if (!view.ok()) return Refuse(context, view.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reader_.GetTable(*name, *view, Sender(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListTables(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  score::v1::ListTablesRequest message;
  const bool parsed = Parse(*request, message);
  const auto name = access_.Admit(context, NameIn(parsed, ParseScoreName(message.parent())));
  if (!name.ok()) return Refuse(context, name.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reader_.ListTables(*name, Sender(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListRecommendations(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  score::v1::ListRecommendationsRequest message;
  const bool parsed = Parse(*request, message);
  const auto name = access_.Admit(context, NameIn(parsed, ParseScoreName(message.parent())));
  if (!name.ok()) return Refuse(context, name.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reader_.Recommend(*name, Sender(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::GetCatalog(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  // The words are nobody's: whoever may read scores may read them.
  const auto caller = access_.CallerOf(context);
  if (!caller.ok()) return Refuse(context, caller.status());
  score::v1::GetCatalogRequest message;
  if (!Parse(*request, message)) return Refuse(context, UndecodableError());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  Sender(reactor, response)(reader_.GetCatalog(message.fingerprint()));
  return reactor;
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
  const auto caller = access_.CallerOf(context);
  if (!caller.ok()) return WatchService::Refuse(ToGrpcStatus(caller.status()));
  score::v1::WatchScoresRequest message;
  const bool parsed = Parse(*request, message);
  const auto organization = NameIn(parsed, ParseOrganizationName(message.parent()));
  if (!organization.ok()) return WatchService::Refuse(ToGrpcStatus(organization.status()));
  if (const absl::Status allowed = access_.Check(context, **caller, *organization); !allowed.ok()) {
    return WatchService::Refuse(ToGrpcStatus(allowed));
  }
  const absl::StatusOr<AnswerView> view = ViewOf(message.view());
  if (!view.ok()) return WatchService::Refuse(ToGrpcStatus(view.status()));
  return watchers_.Watch(*organization, *view, **caller);
}

}  // namespace tutti
