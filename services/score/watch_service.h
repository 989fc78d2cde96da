#ifndef TUTTI_SERVICES_SCORE_WATCH_SERVICE_H_
#define TUTTI_SERVICES_SCORE_WATCH_SERVICE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/auth/caller.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/slice.h"
#include "services/score/record_reader.h"
#include "services/score/score_reader.h"

namespace tutti {

// Shares an answer's bytes, and keeps them alive while they are sent.
grpc::Slice SharedBytes(const ScoreReader::Answer& answer);

// Sends new scores to those who watch. One thread asks the store for every watched
// organisation twice a second, all in one round trip; a watcher that reads slowly
// holds up nobody and costs a pointer for each score that waits. Thread-safe.
class WatchService {
 public:
  using Reactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;

  static constexpr size_t kMaxWatchers = 1000;
  static constexpr int kMaxWatchesOfACaller = 100;

  // References outlive this.
  WatchService(ScoreReader& reader, RecordReader& records);
  // After the server has shut down.
  ~WatchService();
  WatchService(const WatchService&) = delete;
  WatchService& operator=(const WatchService&) = delete;

  // The reactor of a call by one who may use the organisation: sends serialised
  // WatchScoresResponse, the latest score first, each later one once, oldest first.
  // Ends with ResourceExhausted above the limits, with Unauthenticated when the caller's
  // token expires, with the store's error, and with Unavailable once it drains.
  Reactor* Watch(std::string organization, AnswerView view, const Caller& caller);

  // That of a call which ends with an error at once.
  static Reactor* Refuse(const grpc::Status& status);

  // Ends every watch, now and from now on.
  void Drain();

 private:
  class Watcher;

  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  absl::Status Admit(Watcher& watcher);
  void Leave(Watcher* watcher);
  void Run();
  // Sends what is new to these, who may watch several organisations.
  void Serve(const Watchers& watchers);
  void ServeOne(const std::string& organization, Day latest, const Watchers& watchers);

  ScoreReader& reader_;
  RecordReader& records_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  absl::flat_hash_map<Watcher*, std::shared_ptr<Watcher>> watchers_;
  absl::flat_hash_map<std::string, int> of_caller_;
  Watchers new_;  // have been sent nothing yet
  bool draining_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_WATCH_SERVICE_H_
