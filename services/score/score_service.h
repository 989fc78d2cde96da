#ifndef TUTTI_SERVICES_SCORE_SCORE_SERVICE_H_
#define TUTTI_SERVICES_SCORE_SCORE_SERVICE_H_

#include "common/rpc/access.h"
#include "services/score/benchmark_reader.h"
#include "services/score/record_catalogs.h"
#include "services/score/record_reader.h"
#include "services/score/score_reader.h"
#include "services/score/statement.h"
#include "services/score/watch_service.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {

// ScoreService with these methods on the bytes that are sent.
using RawScoreService = score::v1::ScoreService::WithRawCallbackMethod_GetScore<
    score::v1::ScoreService::WithRawCallbackMethod_ListScores<
        score::v1::ScoreService::WithRawCallbackMethod_GetTable<
            score::v1::ScoreService::WithRawCallbackMethod_ListTables<
                score::v1::ScoreService::WithRawCallbackMethod_ListRecommendations<
                    score::v1::ScoreService::WithRawCallbackMethod_WatchScores<
                        score::v1::ScoreService::WithRawCallbackMethod_GetCatalog<
                            score::v1::ScoreService::Service>>>>>>>;

// What the service works with; all of it outlives the service.
struct ScoreServiceParts {
  ScoreReader& reader;
  RecordReader& records;
  BenchmarkReader& benchmarks;
  const RecordCatalogs& catalogs;
  WatchService& watchers;
  StatementWriter& statements;
  Access& access;
};

// Serves ScoreService from published records. Most methods send bytes that were made once:
// most of their cost would be to build the same message again. Thread-safe.
class ScoreServiceImpl final : public RawScoreService {
 public:
  explicit ScoreServiceImpl(const ScoreServiceParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* GetScore(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListScores(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTable(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListTables(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListRecommendations(grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetCatalog(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::Status GetBenchmark(grpc::ServerContext* context,
                            const score::v1::GetBenchmarkRequest* request,
                            score::v1::GetBenchmarkResponse* response) override;
  grpc::Status GetPrivacyStatement(grpc::ServerContext* context,
                                   const score::v1::GetPrivacyStatementRequest* request,
                                   score::v1::GetPrivacyStatementResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchScores(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) override;

 private:
  // Parses a request and the name in it, admits the caller, and calls `ask` with the request, the
  // name and the call's reactor. `ask` has the reactor finished, now or later; or it returns an
  // error, which ends the call.
  template <typename Request, typename ParseName, typename Ask>
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer& request, const ParseName& parse_name,
                                  const Ask& ask);

  const ScoreServiceParts parts_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_SERVICE_H_
