#ifndef TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_
#define TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_

#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "common/rpc/access.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/batch_pool.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"

namespace tutti {

// Serves IngestService: messages in, ActivityIngester behind. Takes messages as
// bytes and reads them in place; what held identifiers is zeroed when a batch was
// judged. Thread-safe.
class IngestServiceImpl final
    : public ingest::v1::IngestService::WithRawCallbackMethod_IngestActivities<
          ingest::v1::IngestService::WithRawCallbackMethod_StreamActivities<
              ingest::v1::IngestService::Service>> {
 public:
  // A stream has at most this many batches unanswered; more are not read.
  static constexpr int kMaxUnanswered = 32;

  // Both outlive this.
  IngestServiceImpl(ActivityIngester& ingester, Access& access)
      : ingester_(ingester), access_(access) {}
  ~IngestServiceImpl() override;

  grpc::ServerUnaryReactor* IngestActivities(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamActivities(
      grpc::CallbackServerContext* context) override;

  // Ends every stream, now and later, once it has answered what it has read.
  void Drain();

 private:
  class Stream;

  ActivityIngester& ingester_;
  Access& access_;
  BatchPool batches_;

  std::mutex mutex_;
  bool draining_ = false;                                          // guarded by mutex_
  absl::flat_hash_map<Stream*, std::shared_ptr<Stream>> streams_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_
