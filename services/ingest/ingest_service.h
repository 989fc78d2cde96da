#ifndef TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_
#define TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "grpcpp/support/message_allocator.h"
#include "services/ingest/activity_ingester.h"
#include "tutti/ingest/v1/ingest.grpc.pb.h"

namespace tutti {

// Zeroes the identifiers in a batch; returns how many bytes its strings hold.
size_t ScrubSubjects(ingest::v1::IngestActivitiesRequest& batch);
size_t ScrubSubjects(ingest::v1::StreamActivitiesRequest& request);

// Keeps pairs of request and response for use again: parsing into a message that
// was cleared finds the strings of the last batch and allocates nothing. A pair
// whose request holds much memory is not kept. Thread-safe; outlives its messages.
template <typename Request, typename Response>
class MessagePool final : public grpc::MessageAllocator<Request, Response> {
 public:
  class Messages final : public grpc::MessageHolder<Request, Response> {
   public:
    explicit Messages(MessagePool& pool) : pool_(pool) {
      this->set_request(&request_message_);
      this->set_response(&response_message_);
    }
    // Zeroes identifiers and gives the pair back.
    void Release() override { pool_.TakeBack(this); }

   private:
    friend class MessagePool;
    MessagePool& pool_;
    Request request_message_;
    Response response_message_;
  };

  Messages* AllocateMessages() override {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        Messages* messages = free_.back().release();
        free_.pop_back();
        return messages;
      }
    }
    return new Messages(*this);
  }

 private:
  static constexpr size_t kMaxFree = 64;
  static constexpr size_t kMaxBytes = 1 << 20;

  void TakeBack(Messages* released) {
    std::unique_ptr<Messages> messages(released);
    if (ScrubSubjects(messages->request_message_) > kMaxBytes) return;
    messages->request_message_.Clear();
    messages->response_message_.Clear();
    const std::lock_guard lock(mutex_);
    if (free_.size() < kMaxFree) free_.push_back(std::move(messages));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Messages>> free_;  // guarded by mutex_
};

// Serves IngestService: messages in, ActivityIngester behind. Messages are used
// again and again, so that the parser finds its memory ready; identifiers in them
// are zeroed when an answer is given. Thread-safe.
class IngestServiceImpl final : public ingest::v1::IngestService::CallbackService {
 public:
  // A stream has at most this many batches unanswered; more are not read.
  static constexpr int kMaxUnanswered = 32;

  // The ingester outlives this.
  explicit IngestServiceImpl(ActivityIngester& ingester);
  ~IngestServiceImpl() override;

  grpc::ServerUnaryReactor* IngestActivities(
      grpc::CallbackServerContext* context, const ingest::v1::IngestActivitiesRequest* request,
      ingest::v1::IngestActivitiesResponse* response) override;
  grpc::ServerBidiReactor<ingest::v1::StreamActivitiesRequest,
                          ingest::v1::StreamActivitiesResponse>*
  StreamActivities(grpc::CallbackServerContext* context) override;

  // Ends every stream, now and later, once it has answered what it has read.
  void Drain();

 private:
  class Stream;

  ActivityIngester& ingester_;
  MessagePool<ingest::v1::IngestActivitiesRequest, ingest::v1::IngestActivitiesResponse>
      unary_messages_;
  MessagePool<ingest::v1::StreamActivitiesRequest, ingest::v1::StreamActivitiesResponse>
      stream_messages_;

  std::mutex mutex_;
  bool draining_ = false;                                          // guarded by mutex_
  absl::flat_hash_map<Stream*, std::shared_ptr<Stream>> streams_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_INGEST_SERVICE_H_
