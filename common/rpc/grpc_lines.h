#ifndef TUTTI_COMMON_RPC_GRPC_LINES_H_
#define TUTTI_COMMON_RPC_GRPC_LINES_H_

#include <cstdint>
#include <mutex>

#include "absl/time/time.h"

namespace tutti {

// How many lines may be written: whoever can connect can make gRPC complain, as often as
// they like. Thread-safe.
class LineAllowance {
 public:
  // So many in each span of time, of which the first begins with the first line.
  static constexpr int kLines = 10;
  static constexpr absl::Duration kSpan = absl::Seconds(10);

  // Whether one more line may be written now; if not it is counted. `now` never goes back.
  bool Take(absl::Duration now);

  // How many lines were left out and are not yet told, once the span in which that began is
  // over; 0 before. What is returned counts as told.
  uint64_t TellLeftOut(absl::Duration now);

 private:
  std::mutex mutex_;
  absl::Duration begin_ = -absl::InfiniteDuration();  // of the span; guarded by mutex_
  int taken_ = 0;                                     // in it; guarded by mutex_
  uint64_t left_out_ = 0;                             // in it; guarded by mutex_
  uint64_t to_tell_ = 0;                              // of spans before; guarded by mutex_
};

// What becomes of the lines that gRPC would write to standard error by itself. Its text may
// hold what a peer sent, such as the name that a client asks for when it shakes hands. Either
// way it is cut to a few hundred bytes, and a LineAllowance is kept, but for the line with which
// gRPC ends the process.
enum class GrpcLines {
  kLog,  // lines of the log, event "grpc"
  kText  // lines of plain text that begin with "tutti: gRPC: "
};

// Has it so from now on. First thing in main, before gRPC is used.
void WriteGrpcLines(GrpcLines as);

// Logs how many lines were left out, when there are some to tell. To be called every second
// by who has kLog.
void LogGrpcLinesLeftOut();

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_GRPC_LINES_H_
