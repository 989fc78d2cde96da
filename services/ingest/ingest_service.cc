#include "services/ingest/ingest_service.h"

#include <sodium.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/rpc/status.h"

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesRequest;
using ingest::v1::IngestActivitiesResponse;
using ingest::v1::StreamActivitiesRequest;
using ingest::v1::StreamActivitiesResponse;

constexpr size_t kMaxRequestIdBytes = 64;

std::string MessageOf(const Refusal& refusal) {
  return refusal.field.empty() ? refusal.message
                               : absl::StrCat(refusal.field, ": ", refusal.message);
}

grpc::Status ToGrpcStatus(const Refusal& refusal) {
  absl::Status status(refusal.code, MessageOf(refusal));
  const std::string& name = ingest::v1::Reason_Name(refusal.reason);
  status = WithReason(status, "ingest.tutti", absl::StripPrefix(name, "REASON_"));
  if (refusal.code == absl::StatusCode::kInvalidArgument) {
    status = WithFieldViolation(status, refusal.field, refusal.message);
  }
  return tutti::ToGrpcStatus(status);
}

}  // namespace

size_t ScrubSubjects(IngestActivitiesRequest& batch) {
  size_t bytes = 0;
  for (ingest::v1::Activity& activity : *batch.mutable_activities()) {
    std::string& subject = *activity.mutable_subject();
    sodium_memzero(subject.data(), subject.size());
    bytes += subject.capacity() + activity.type().capacity() + activity.app().capacity() +
             activity.platform().capacity();
    for (const std::string& trait : activity.traits()) bytes += trait.capacity();
  }
  return bytes;
}

size_t ScrubSubjects(StreamActivitiesRequest& request) {
  return request.has_batch() ? ScrubSubjects(*request.mutable_batch()) : 0;
}

// One stream: reads while fewer than kMaxUnanswered batches are unanswered, writes
// one answer at a time, and finishes when nothing is left to answer and either the
// client has no more, or a request was malformed, or the service drains.
//
// gRPC may call back on the thread that starts an operation, so operations start
// without the lock; `starting_` keeps the stream from finishing meanwhile.
class IngestServiceImpl::Stream final
    : public grpc::ServerBidiReactor<StreamActivitiesRequest, StreamActivitiesResponse> {
 public:
  explicit Stream(IngestServiceImpl& service) : service_(service) {}

  void Start() { Advance(std::unique_lock(mutex_)); }

  void Drain() {
    std::unique_lock lock(mutex_);
    if (!closing_) status_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the service stops");
    closing_ = true;
    Advance(std::move(lock));
  }

  void OnReadDone(bool ok) override {
    std::unique_lock lock(mutex_);
    reading_ = false;
    Messages* const messages = std::exchange(read_, nullptr);
    if (!ok) {
      read_all_ = true;
    } else if (const size_t size = messages->request()->request_id().size();
               size == 0 || size > kMaxRequestIdBytes) {
      closing_ = true;
      status_ = tutti::ToGrpcStatus(
          WithFieldViolation(absl::InvalidArgumentError("request_id: must have 1 to 64 bytes"),
                             "request_id", "must have 1 to 64 bytes"));
      ok = false;
    } else {
      ++unanswered_;
    }
    Advance(std::move(lock));
    // As long as the batch is unanswered, the stream does not finish.
    if (ok) {
      Ingest(messages);
    } else {
      messages->Release();
    }
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    answers_.front()->Release();
    answers_.pop_front();
    --unanswered_;
    broken_ |= !ok;
    if (broken_) DropAnswers();
    Advance(std::move(lock));
  }

  void OnDone() override {
    std::shared_ptr<Stream> self;  // let go after the lock
    const std::lock_guard lock(service_.mutex_);
    const auto found = service_.streams_.find(this);
    self.swap(found->second);
    service_.streams_.erase(found);
  }

 private:
  using Messages = MessagePool<StreamActivitiesRequest, StreamActivitiesResponse>::Messages;

  void Ingest(Messages* messages) {
    const StreamActivitiesRequest& request = *messages->request();
    StreamActivitiesResponse& response = *messages->response();
    response.set_request_id(request.request_id());
    service_.ingester_.Ingest(request.batch(), *response.mutable_response(),
                              [this, messages](const std::optional<Refusal>& refusal) {
                                if (refusal.has_value()) {
                                  ingest::v1::BatchError& error =
                                      *messages->response()->mutable_error();
                                  error.set_code(static_cast<int>(refusal->code));
                                  error.set_reason(refusal->reason);
                                  error.set_message(MessageOf(*refusal));
                                }
                                Answer(messages);
                              });
  }

  void Answer(Messages* messages) {
    std::unique_lock lock(mutex_);
    answers_.push_back(messages);
    if (broken_) DropAnswers();
    Advance(std::move(lock));
  }

  // Nobody hears them.
  void DropAnswers() {
    for (Messages* messages : answers_) messages->Release();
    unanswered_ -= static_cast<int>(answers_.size());
    answers_.clear();
  }

  // Starts whatever can be started. The stream may be gone afterwards.
  void Advance(std::unique_lock<std::mutex> lock) {
    if (finished_) return;
    const bool write = !writing_ && !answers_.empty();
    const bool read = !reading_ && !read_all_ && !closing_ && unanswered_ < kMaxUnanswered;
    if (write || read) {
      writing_ |= write;
      reading_ |= read;
      ++starting_;
      const StreamActivitiesResponse* const answer = write ? answers_.front()->response() : nullptr;
      if (read) read_ = service_.stream_messages_.AllocateMessages();
      StreamActivitiesRequest* const request = read ? read_->request() : nullptr;
      lock.unlock();
      if (write) StartWrite(answer);
      if (read) StartRead(request);
      lock.lock();
      --starting_;
    }
    if (finished_ || starting_ > 0 || unanswered_ > 0 || !(read_all_ || closing_)) return;
    finished_ = true;
    const grpc::Status status = status_;
    lock.unlock();
    Finish(status);
  }

  IngestServiceImpl& service_;
  std::mutex mutex_;
  Messages* read_ = nullptr;       // being read
  std::deque<Messages*> answers_;  // the first is being written
  int unanswered_ = 0;             // read, and their answers not yet written
  int starting_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool read_all_ = false;  // the client has no more, or is gone
  bool closing_ = false;   // no more is read
  bool broken_ = false;    // nothing can be written
  bool finished_ = false;
  grpc::Status status_;
};

IngestServiceImpl::IngestServiceImpl(ActivityIngester& ingester) : ingester_(ingester) {
  SetMessageAllocatorFor_IngestActivities(&unary_messages_);
}

IngestServiceImpl::~IngestServiceImpl() = default;

grpc::ServerUnaryReactor* IngestServiceImpl::IngestActivities(
    grpc::CallbackServerContext* context, const IngestActivitiesRequest* request,
    IngestActivitiesResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  ingester_.Ingest(*request, *response, [reactor](const std::optional<Refusal>& refusal) {
    reactor->Finish(refusal.has_value() ? ToGrpcStatus(*refusal) : grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerBidiReactor<StreamActivitiesRequest, StreamActivitiesResponse>*
IngestServiceImpl::StreamActivities(grpc::CallbackServerContext*) {
  const auto stream = std::make_shared<Stream>(*this);
  bool draining = false;
  {
    const std::lock_guard lock(mutex_);
    streams_.emplace(stream.get(), stream);
    draining = draining_;
  }
  if (draining) {
    stream->Drain();
  } else {
    stream->Start();
  }
  return stream.get();
}

void IngestServiceImpl::Drain() {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [raw, stream] : streams_) streams.push_back(stream);
  }
  for (const std::shared_ptr<Stream>& stream : streams) stream->Drain();
}

}  // namespace tutti
