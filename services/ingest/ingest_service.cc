#include "services/ingest/ingest_service.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "services/ingest/ingest_error.h"

namespace tutti {
namespace {

using grpc::ByteBuffer;
using ingest::v1::IngestActivitiesResponse;
using ingest::v1::StreamActivitiesResponse;

constexpr size_t kMaxRequestIdBytes = 64;

// Moves a message's bytes into one piece.
bool Receive(ByteBuffer& message, ReceivedBatch& batch) {
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return false;
  message.Clear();
  size_t size = 0;
  for (const grpc::Slice& slice : slices) size += slice.size();
  char* to = batch.Resize(size);
  for (const grpc::Slice& slice : slices) {
    std::memcpy(to, slice.begin(), slice.size());
    to += slice.size();
  }
  return true;
}

template <typename Message>
grpc::Status Serialise(const Message& message, ByteBuffer& bytes) {
  bool own_buffer = false;
  return grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own_buffer);
}

// Whether the caller may send for the organisation that a batch names. A malformed name is
// refused by the ingester, which counts it.
absl::Status CheckOrganization(Access& access, const grpc::ServerContextBase* call,
                               const Caller& caller,
                               const absl::StatusOr<std::string>& organization) {
  return organization.ok() ? access.Check(call, caller, *organization) : absl::OkStatus();
}

// How long the caller of a call waits. Good until the call is finished.
Remaining RemainingOf(const grpc::ServerContextBase* call) {
  return [call] {
    return call->IsCancelled() ? absl::ZeroDuration()
                               : absl::FromChrono(call->deadline()) - absl::Now();
  };
}

grpc::Status Stopping() { return ToGrpcStatus(StoppingError()); }

bool IsRequestId(absl::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

// One stream: reads while fewer than kMaxUnanswered batches are unanswered, writes
// one answer at a time, and finishes when nothing is left to answer and either the
// client has no more, or a request was malformed, or the service drains.
//
// gRPC may call back on the thread that starts an operation, so operations start
// without the lock; `starting_` keeps the stream from finishing meanwhile.
//
// Whoever answers a batch later holds the stream, so that it is there whatever became of
// the call.
class IngestServiceImpl::Stream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>,
                                        public std::enable_shared_from_this<Stream> {
 public:
  Stream(IngestServiceImpl& service, const grpc::ServerContextBase* call,
         std::shared_ptr<const Caller> caller)
      : service_(service), call_(call), caller_(std::move(caller)) {}

  void Start() { Advance(std::unique_lock(mutex_)); }

  // Reads no more, and ends with the status once all that was read is answered.
  void End(const grpc::Status& status) {
    std::unique_lock lock(mutex_);
    if (!closing_) status_ = status;
    closing_ = true;
    Advance(std::move(lock));
  }

  void OnReadDone(bool ok) override {
    std::unique_lock lock(mutex_);
    read_all_ |= !ok;
    // What comes after the end is dropped: it is not answered, so its sender sends it again.
    if (!ok || closing_) {
      reading_ = false;
      return Advance(std::move(lock));
    }
    // Counted before it is looked at: the stream does not finish while it is unanswered.
    ++unanswered_;
    lock.unlock();
    std::shared_ptr<ReceivedBatch> batch = service_.batches_.Take();
    auto answer = std::make_unique<Answer>();
    absl::StatusOr<std::string> organization;
    const grpc::Status status = Read(*batch, organization, answer->message);
    lock.lock();
    reading_ = false;
    if (!status.ok()) {
      --unanswered_;
      if (!closing_) status_ = status;
      closing_ = true;
      return Advance(std::move(lock));
    }
    Advance(std::move(lock));
    if (answer->message.has_error()) return Send(std::move(answer));
    Ingest(organization, std::move(batch), std::move(answer));
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
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
  struct Answer {
    StreamActivitiesResponse message;
    ByteBuffer bytes;
  };

  // Reads the message that came, and the organisation's name in it; sets the answer's request id,
  // and its error where the caller may not send the batch.
  grpc::Status Read(ReceivedBatch& batch, absl::StatusOr<std::string>& organization,
                    StreamActivitiesResponse& answer) {
    absl::string_view request_id;
    if (!Receive(incoming_, batch) || !ReadStreamRequest(batch.bytes(), request_id, batch.view())) {
      return ToGrpcStatus(UndecodableError());
    }
    if (!IsRequestId(request_id)) {
      const char what[] = "must have 1 to 64 printable ASCII characters";
      return ToGrpcStatus(WithFieldViolation(
          absl::InvalidArgumentError(absl::StrCat("request_id: ", what)), "request_id", what));
    }
    answer.set_request_id(request_id.data(), request_id.size());
    absl::Status allowed = service_.access_.Count(call_, *caller_);
    if (absl::IsUnauthenticated(allowed)) return ToGrpcStatus(allowed);
    organization = ParseOrganizationName(batch.view().organization());
    if (allowed.ok()) allowed = CheckOrganization(service_.access_, call_, *caller_, organization);
    if (!allowed.ok()) *answer.mutable_error() = BatchErrorOf(allowed);
    return grpc::Status::OK;
  }

  void Ingest(const absl::StatusOr<std::string>& organization, std::shared_ptr<ReceivedBatch> batch,
              std::unique_ptr<Answer> answer) {
    const BatchView* const view = &batch->view();
    IngestActivitiesResponse& response = *answer->message.mutable_response();
    service_.ingester_.Ingest(
        organization, std::shared_ptr<const BatchView>(std::move(batch), view), response,
        [self = shared_from_this(),
         held = std::shared_ptr<Answer>(std::move(answer))](const absl::Status& judged) {
          if (!judged.ok()) *held->message.mutable_error() = BatchErrorOf(judged);
          self->Send(held);
        },
        RemainingOf(call_));
  }

  void Send(const std::shared_ptr<Answer>& answer) {
    const bool written = Serialise(answer->message, answer->bytes).ok();
    std::unique_lock lock(mutex_);
    answers_.push_back(answer);
    broken_ |= !written;
    if (broken_) DropAnswers();
    Advance(std::move(lock));
  }

  // The client is gone. The first stays while it is being written.
  void DropAnswers() {
    const auto first = answers_.begin() + (writing_ ? 1 : 0);
    unanswered_ -= static_cast<int>(answers_.end() - first);
    answers_.erase(first, answers_.end());
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
      const ByteBuffer* const answer = write ? &answers_.front()->bytes : nullptr;
      lock.unlock();
      if (write) StartWrite(answer);
      if (read) StartRead(&incoming_);
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
  const grpc::ServerContextBase* const call_;
  const std::shared_ptr<const Caller> caller_;
  std::mutex mutex_;
  ByteBuffer incoming_;                          // being read
  std::deque<std::shared_ptr<Answer>> answers_;  // the first is being written
  int unanswered_ = 0;                           // read, and their answers not yet written
  int starting_ = 0;
  bool reading_ = false;  // or looking at what was read
  bool writing_ = false;
  bool read_all_ = false;  // the client has no more, or is gone
  bool closing_ = false;   // no more is read
  bool broken_ = false;    // nothing can be written
  bool finished_ = false;
  grpc::Status status_;
};

IngestServiceImpl::~IngestServiceImpl() = default;

grpc::ServerUnaryReactor* IngestServiceImpl::IngestActivities(grpc::CallbackServerContext* context,
                                                              const ByteBuffer* request,
                                                              ByteBuffer* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto caller = access_.CallerOf(context);
  if (!caller.ok()) {
    reactor->Finish(ToGrpcStatus(caller.status()));
    return reactor;
  }
  std::shared_ptr<ReceivedBatch> batch = batches_.Take();
  // gRPC does not look at the message again, but would keep it until it is answered.
  auto& message = *const_cast<ByteBuffer*>(request);  // NOLINT: it was made without const
  if (!Receive(message, *batch) || !batch->view().Append(batch->bytes())) {
    reactor->Finish(ToGrpcStatus(UndecodableError()));
    return reactor;
  }
  const BatchView* const view = &batch->view();
  const absl::StatusOr<std::string> organization = ParseOrganizationName(view->organization());
  const absl::Status allowed = CheckOrganization(access_, context, **caller, organization);
  if (!allowed.ok()) {
    reactor->Finish(ToGrpcStatus(allowed));
    return reactor;
  }
  const auto answer = std::make_shared<IngestActivitiesResponse>();
  ingester_.Ingest(
      organization, std::shared_ptr<const BatchView>(std::move(batch), view), *answer,
      [reactor, response, answer](const absl::Status& judged) {
        reactor->Finish(judged.ok() ? Serialise(*answer, *response) : ToGrpcStatus(judged));
      },
      RemainingOf(context));
  return reactor;
}

grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* IngestServiceImpl::StreamActivities(
    grpc::CallbackServerContext* context) {
  const auto caller = access_.CallerOf(context);
  const auto stream = std::make_shared<Stream>(*this, context, caller.ok() ? *caller : nullptr);
  bool draining = false;
  {
    const std::lock_guard lock(mutex_);
    streams_.emplace(stream.get(), stream);
    draining = draining_;
  }
  if (!caller.ok()) {
    stream->End(ToGrpcStatus(caller.status()));
  } else if (draining) {
    stream->End(Stopping());
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
  for (const std::shared_ptr<Stream>& stream : streams) stream->End(Stopping());
}

}  // namespace tutti
