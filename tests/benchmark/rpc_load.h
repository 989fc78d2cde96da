#ifndef TUTTI_TESTS_BENCHMARK_RPC_LOAD_H_
#define TUTTI_TESTS_BENCHMARK_RPC_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/security/credentials.h"
#include "grpcpp/support/byte_buffer.h"

namespace tutti {

// What a client sends over and over: messages that were serialised beforehand, so
// that the client costs as little as a client can.
struct RpcLoad {
  std::string address;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  std::string method;  // "/tutti.ingest.v1.IngestService/IngestActivities"
  bool stream = false;
  std::vector<grpc::ByteBuffer> requests;
  // Whether an answer is as it should be. Called on any of the client's threads.
  std::function<bool(const grpc::ByteBuffer&)> good = [](const grpc::ByteBuffer&) { return true; };
};

struct LoadShape {
  int threads = 2;     // each has a connection, and a stream where the method is one
  int in_flight = 32;  // unanswered messages of each thread
  // How long; 0: until each message was sent once.
  double seconds = 0;
  // Messages a second, at even distances, whether or not earlier ones are answered (`in_flight`
  // says nothing then): of calls alone, no stream. 0: as soon as one is answered.
  double rate = 0;
};

struct LoadResult {
  int64_t answers = 0;
  size_t answer_bytes = 0;  // of the last answer
  int64_t bad = 0;          // failed calls, and answers that are not good
  double seconds = 0;       // from the first message to the last answer
  // From sending a message to its answer; on a stream as if answers came in the order of
  // messages; with a rate from when it was to be sent, even if the client was late.
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  std::string problem;  // of the first failed call

  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
};

// Sends a load and waits for its end.
LoadResult SendLoad(const RpcLoad& load, const LoadShape& shape);

}  // namespace tutti

#endif  // TUTTI_TESTS_BENCHMARK_RPC_LOAD_H_
