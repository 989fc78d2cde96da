#include "services/score/score_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "common/status/status_macros.h"
#include "services/score/score_error.h"

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

// The name in a request, as its text.
template <typename Request>
const std::string& Named(const Request& request) {
  if constexpr (requires { request.parent(); }) {
    return request.parent();
  } else {
    return request.name();
  }
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

// Sends a page, or why there is none.
ScoreReader::PageDone PageSender(grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response) {
  return [reactor, response](const absl::StatusOr<ScoreReader::Page>& page) {
    if (!page.ok()) return reactor->Finish(ToGrpcStatus(page.status()));
    *response = BytesOf(*page);
    reactor->Finish(grpc::Status::OK);
  };
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

template <typename Request, typename ParseName, typename Ask>
grpc::ServerUnaryReactor* ScoreServiceImpl::Serve(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer& request,
                                                  const ParseName& parse_name, const Ask& ask) {
  Request message;
  const bool parsed = Parse(request, message);
  const auto name = parts_.access.Admit(context, NameIn(parsed, parse_name(Named(message))));
  if (!name.ok()) return Refuse(context, name.status());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (const absl::Status asked = ask(message, *name, reactor); !asked.ok()) {
    reactor->Finish(ToGrpcStatus(asked));
  }
  return reactor;
}

grpc::ServerUnaryReactor* ScoreServiceImpl::GetScore(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return Serve<score::v1::GetScoreRequest>(
      context, *request, ParseScoreName,
      [&](const auto& message, const ScoreName& name, auto* reactor) {
        const absl::StatusOr<AnswerView> view = ViewOf(message.view());
        if (view.ok()) parts_.reader.GetScore(name, *view, Sender(reactor, response));
        return view.status();
      });
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListScores(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return Serve<score::v1::ListScoresRequest>(
      context, *request, ParseOrganizationName,
      [&](const auto& message, const std::string& organization, auto* reactor) {
        const absl::StatusOr<ScoreReader::PageQuery> query = PageQueryOf(message, organization);
        if (query.ok()) parts_.reader.ListScores(*query, PageSender(reactor, response));
        return query.status();
      });
}

grpc::ServerUnaryReactor* ScoreServiceImpl::GetTable(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return Serve<score::v1::GetTableRequest>(
      context, *request, ParseTableName,
      [&](const auto& message, const ScoreName& name, auto* reactor) {
        const absl::StatusOr<AnswerView> view = ViewOf(message.view());
        if (view.ok()) parts_.reader.GetTable(name, *view, Sender(reactor, response));
        return view.status();
      });
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListTables(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return Serve<score::v1::ListTablesRequest>(
      context, *request, ParseScoreName, [&](const auto&, const ScoreName& name, auto* reactor) {
        parts_.reader.ListTables(name, Sender(reactor, response));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ScoreServiceImpl::ListRecommendations(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  return Serve<score::v1::ListRecommendationsRequest>(
      context, *request, ParseScoreName, [&](const auto&, const ScoreName& name, auto* reactor) {
        parts_.reader.Recommend(name, Sender(reactor, response));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ScoreServiceImpl::GetCatalog(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  // The words are nobody's: whoever may read scores may read them.
  const auto caller = parts_.access.CallerOf(context);
  if (!caller.ok()) return Refuse(context, caller.status());
  score::v1::GetCatalogRequest message;
  if (!Parse(*request, message)) return Refuse(context, UndecodableError());
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  Sender(reactor, response)(parts_.catalogs.WordsOf(message.fingerprint()));
  return reactor;
}

grpc::Status ScoreServiceImpl::GetBenchmark(grpc::ServerContext* context,
                                            const score::v1::GetBenchmarkRequest* request,
                                            score::v1::GetBenchmarkResponse* response) {
  const auto name = parts_.access.Admit(context, WithNameReason(ParseScoreName(request->name())));
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<score::v1::GetBenchmarkResponse> benchmark = parts_.benchmarks.Read(*name);
  if (!benchmark.ok()) return ToGrpcStatus(benchmark.status());
  *response = *std::move(benchmark);
  return grpc::Status::OK;
}

grpc::Status ScoreServiceImpl::GetPrivacyStatement(
    grpc::ServerContext* context, const score::v1::GetPrivacyStatementRequest* request,
    score::v1::GetPrivacyStatementResponse* response) {
  const auto organization =
      parts_.access.Admit(context, WithNameReason(ParseOrganizationName(request->name())));
  if (!organization.ok()) return ToGrpcStatus(organization.status());
  const auto latest = parts_.records.Latest(*organization);
  if (!latest.ok()) return ToGrpcStatus(latest.status());
  if (latest->has_value()) {
    const absl::StatusOr<int> records = parts_.records.CountOfSeries(*organization, **latest);
    if (!records.ok()) return ToGrpcStatus(records.status());
    *response->mutable_statement() = parts_.statements.Write(**latest, *records);
    return grpc::Status::OK;
  }
  if (!request->has_planned()) return ToGrpcStatus(NothingPublished());
  const absl::Status valid = CheckPlan(request->planned());
  if (!valid.ok()) return ToGrpcStatus(valid);
  *response->mutable_statement() = parts_.statements.Write(request->planned());
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ScoreServiceImpl::WatchScores(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const auto caller = parts_.access.CallerOf(context);
  if (!caller.ok()) return WatchService::Refuse(ToGrpcStatus(caller.status()));
  score::v1::WatchScoresRequest message;
  const bool parsed = Parse(*request, message);
  const auto organization = NameIn(parsed, ParseOrganizationName(message.parent()));
  if (!organization.ok()) return WatchService::Refuse(ToGrpcStatus(organization.status()));
  if (const absl::Status allowed = parts_.access.Check(context, **caller, *organization);
      !allowed.ok()) {
    return WatchService::Refuse(ToGrpcStatus(allowed));
  }
  const absl::StatusOr<AnswerView> view = ViewOf(message.view());
  if (!view.ok()) return WatchService::Refuse(ToGrpcStatus(view.status()));
  return parts_.watchers.Watch(*organization, *view, **caller);
}

}  // namespace tutti
