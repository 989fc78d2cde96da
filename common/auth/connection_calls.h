#ifndef TUTTI_COMMON_AUTH_CONNECTION_CALLS_H_
#define TUTTI_COMMON_AUTH_CONNECTION_CALLS_H_

#include <cstddef>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace tutti {

// Counts the calls of connections from the moment at which they are let in. HTTP/2 bounds a
// connection's streams, but a stream that is reset makes room for another at once, and its call
// is over only when the server has come to it: whoever opens and resets faster than that leaves
// calls behind without end. A call comes, begins and ends, in this order; one that is given up
// between the first two never begins, and nobody is told, so what has waited for long is
// forgotten. `now` is of a clock that never goes back. Thread-safe.
class ConnectionCalls {
 public:
  static constexpr int kMostOfOne = 200;         // calls of a connection: twice its streams
  static constexpr size_t kMostWaiting = 2000;   // calls of all that have come and not begun;
  static constexpr int kSpared = 10;             // so many of a connection come nevertheless
  static constexpr int kMostOpenToAnybody = 10;  // of a connection, begun and not ended

  static constexpr absl::Duration kLongestWait = absl::Seconds(30);

  // A call comes. False, and it does not count, when its connection has the most, or when the
  // most are waiting and its connection has those that are spared.
  bool Come(const void* connection, absl::Duration now);
  // The server has come to a call. False when it is open to anybody, and its connection has the
  // most of these; it counts until it ends nevertheless.
  bool Begin(const void* call, const void* connection, bool open_to_anybody);
  // A call is over; also one that did not begin.
  void End(const void* call);
  // Forgets the calls that have come and not begun, of connections that have had such calls for
  // kLongestWait. One that begins nevertheless counts from then on.
  void ForgetLost(absl::Duration now);

  // Whether a call of the connection was refused because it had the most. Once.
  bool TakeExcess(const void* connection);

 private:
  struct Connection {
    int calls = 0;
    int waiting = 0;  // of these
    absl::Duration waiting_since;
    int open_to_anybody = 0;
    bool exceeded = false;
  };
  struct Call {
    const void* connection;
    bool open_to_anybody;
  };

  std::mutex mutex_;
  size_t waiting_ = 0;                                        // guarded by mutex_
  absl::flat_hash_map<const void*, Connection> connections_;  // guarded by mutex_
  absl::flat_hash_map<const void*, Call> calls_;              // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_CONNECTION_CALLS_H_
