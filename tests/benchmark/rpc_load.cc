#include "tests/benchmark/rpc_load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "common/rpc/channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace tutti {
namespace {

using Clock = std::chrono::steady_clock;

// What the threads of one load share: which message is next, and until when.
class Feed {
 public:
  Feed(const RpcLoad& load, const LoadShape& shape)
      : load_(load),
        endless_(shape.seconds > 0),
        end_(begin_ + std::chrono::duration_cast<Clock::duration>(
                          std::chrono::duration<double>(shape.seconds))) {}

  // Null when nothing more is to be sent.
  const grpc::ByteBuffer* Next() {
    const size_t index = next_.fetch_add(1);
    if (endless_) {
      return Clock::now() < end_ ? &load_.requests[index % load_.requests.size()] : nullptr;
    }
    return index < load_.requests.size() ? &load_.requests[index] : nullptr;
  }

  Clock::time_point begin() const { return begin_; }

 private:
  const RpcLoad& load_;
  const bool endless_;
  const Clock::time_point begin_ = Clock::now();
  const Clock::time_point end_;
  std::atomic<size_t> next_ = 0;
};

// One connection, one thread.
class Sender {
 public:
  // `index`: which of the threads.
  Sender(const RpcLoad& load, const LoadShape& shape, int index, Feed& feed)
      : load_(load),
        in_flight_(shape.in_flight),
        gap_(shape.rate > 0 ? shape.threads / shape.rate : 0),
        first_(shape.rate > 0 ? index / shape.rate : 0),
        feed_(feed) {}

  void Run() {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    // Otherwise both threads would share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(load_.address, load_.credentials, arguments);
    grpc::GenericStub stub(channel);
    if (load_.stream) {
      RunStream(stub);
    } else if (gap_ > 0) {
      RunAtRate(stub);
    } else {
      RunUnary(stub);
    }
    last_answer_ = Clock::now();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  std::vector<double>& latencies() { return latencies_; }
  size_t answer_bytes() const { return answer_bytes_; }
  int64_t bad() const { return bad_; }
  const std::string& problem() const { return problem_; }
  Clock::time_point last_answer() const { return last_answer_; }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    Clock::time_point begin;
  };

  void Count(Clock::time_point begin, const grpc::ByteBuffer& response) {
    latencies_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    answer_bytes_ = response.Length();
    if (!load_.good(response)) ++bad_;
  }

  void Fail(const grpc::Status& status) {
    ++bad_;
    if (problem_.empty()) problem_ = status.error_message();
  }

  bool StartCall(grpc::GenericStub& stub, Clock::time_point begin = Clock::now()) {
    const grpc::ByteBuffer* const request = feed_.Next();
    if (request == nullptr) return false;
    auto call = std::make_unique<Call>();
    call->begin = begin;
    call->reader = stub.PrepareUnaryCall(&call->context, load_.method, *request, &queue_);
    call->reader->StartCall();
    Call* const tag = call.release();
    tag->reader->Finish(&tag->response, &tag->status, tag);
    return true;
  }

  void EndCall(void* tag) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (call->status.ok()) {
      Count(call->begin, call->response);
    } else {
      Fail(call->status);
    }
  }

  void RunUnary(grpc::GenericStub& stub) {
    int open = 0;
    while (open < in_flight_ && StartCall(stub)) ++open;
    void* tag = nullptr;
    bool ok = false;
    while (open > 0 && queue_.Next(&tag, &ok)) {
      EndCall(tag);
      if (!StartCall(stub)) --open;
    }
  }

  void RunAtRate(grpc::GenericStub& stub) {
    const auto gap =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap_));
    Clock::time_point next = feed_.begin() + std::chrono::duration_cast<Clock::duration>(
                                                 std::chrono::duration<double>(first_));
    bool more = true;
    int open = 0;
    while (more || open > 0) {
      void* tag = nullptr;
      bool ok = false;
      // gRPC takes a deadline of the system's clock.
      const auto deadline = std::chrono::system_clock::now() +
                            std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                more ? next - Clock::now() : std::chrono::hours(1));
      if (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
        EndCall(tag);
        --open;
      }
      while (more && Clock::now() >= next) {
        more = StartCall(stub, next);
        open += more ? 1 : 0;
        next += gap;
      }
    }
  }

  bool Await(const void* wanted) {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok && tag == wanted;
  }

  // One write and one read are under way at most.
  void RunStream(grpc::GenericStub& stub) {
    enum Tag : char { kStart, kWrite, kRead, kEnd };
    char tags[] = {kStart, kWrite, kRead, kEnd};
    grpc::ClientContext context;
    const auto stream = stub.PrepareCall(&context, load_.method, &queue_);
    stream->StartCall(&tags[kStart]);
    grpc::ByteBuffer response;
    std::deque<Clock::time_point> begun;
    bool writing = false;
    bool more = true;
    const auto write = [&] {
      if (writing || !more || begun.size() >= static_cast<size_t>(in_flight_)) return;
      const grpc::ByteBuffer* const request = feed_.Next();
      more = request != nullptr;
      if (!more) return;
      begun.push_back(Clock::now());
      writing = true;
      stream->Write(*request, &tags[kWrite]);
    };
    bool whole = Await(&tags[kStart]);
    if (whole) {
      stream->Read(&response, &tags[kRead]);
      write();
    }
    while (whole && (writing || !begun.empty())) {
      void* tag = nullptr;
      if (!queue_.Next(&tag, &whole) || !whole) break;
      if (tag == &tags[kWrite]) {
        writing = false;
      } else {
        Count(begun.front(), response);
        begun.pop_front();
        stream->Read(&response, &tags[kRead]);
      }
      write();
    }
    grpc::Status status;
    if (!whole) context.TryCancel();
    stream->WritesDone(&tags[kEnd]);
    stream->Finish(&status, &tags[kStart]);
    void* tag = nullptr;
    while (tag != &tags[kStart] && queue_.Next(&tag, &whole)) {
    }
    if (!status.ok()) Fail(status);
  }

  const RpcLoad& load_;
  const int in_flight_;
  const double gap_;    // seconds between two calls; 0: no rate is wanted
  const double first_;  // seconds until the first one
  Feed& feed_;
  grpc::CompletionQueue queue_;
  std::vector<double> latencies_;
  size_t answer_bytes_ = 0;
  int64_t bad_ = 0;
  std::string problem_;
  Clock::time_point last_answer_;
};

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

LoadResult SendLoad(const RpcLoad& load, const LoadShape& shape) {
  Feed feed(load, shape);
  std::vector<std::unique_ptr<Sender>> senders;
  std::vector<std::thread> threads;
  for (int i = 0; i < shape.threads; ++i) {
    senders.push_back(std::make_unique<Sender>(load, shape, i, feed));
    threads.emplace_back([sender = senders.back().get()] { sender->Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  LoadResult result;
  std::vector<double> latencies;
  Clock::time_point end = feed.begin();
  for (const std::unique_ptr<Sender>& sender : senders) {
    latencies.insert(latencies.end(), sender->latencies().begin(), sender->latencies().end());
    result.answer_bytes = std::max(result.answer_bytes, sender->answer_bytes());
    result.bad += sender->bad();
    if (result.problem.empty()) result.problem = sender->problem();
    end = std::max(end, sender->last_answer());
  }
  result.answers = static_cast<int64_t>(latencies.size());
  result.seconds = std::chrono::duration<double>(end - feed.begin()).count();
  result.p50_ms = Quantile(latencies, 0.5);
  result.p99_ms = Quantile(latencies, 0.99);
  result.p999_ms = Quantile(latencies, 0.999);
  return result;
}

}  // namespace tutti
