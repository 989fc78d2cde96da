#ifndef TUTTI_COMMON_REDIS_CONNECTION_H_
#define TUTTI_COMMON_REDIS_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/redis/byte_stream.h"

struct redisReader;
struct redisReply;

namespace tutti {

// Where a redis-server listens.
struct RedisAddress {
  std::string host;
  int port = 0;

  friend bool operator==(const RedisAddress& a, const RedisAddress& b) {
    return a.port == b.port && a.host == b.host;
  }
  friend bool operator<(const RedisAddress& a, const RedisAddress& b) {
    return std::tie(a.host, a.port) < std::tie(b.host, b.port);
  }
};

// Whether a host is this machine: an address of 127.0.0.0/8 in four numbers, ::1 or localhost.
bool IsLoopback(absl::string_view host);

// Where a redis-server is, and as whom to speak to it.
struct RedisOptions {
  // Some nodes of a Redis Cluster, in place of all of the next three: the others are found.
  std::vector<RedisAddress> cluster;
  std::string unix_socket;  // used when it is not empty
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string user;  // empty: no AUTH
  std::string password;
  RedisTls tls;  // not with a Unix socket
  // Bounds a call with all that it takes, from connecting to the replicas' word. A caller whose
  // call comes to one that hangs hears so before its own deadline of ten seconds.
  absl::Duration timeout = absl::Seconds(7);
  // Replicas that must have received a write before it counts as durable; of each primary.
  int wait_replicas = 0;
  // The flag that says how many, for errors.
  std::string wait_flag = "redis_wait_replicas";
  // With what the names of its other flags begin.
  std::string flags = "redis";
};

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const;
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

struct RedisReaderDeleter {
  void operator()(redisReader* reader) const;
};

// The words of one command.
using RedisWords = std::vector<std::string>;

// Internal: a reply of another type, length or meaning than its command has.
absl::Status UnexpectedReply();

// What a reply says. Each gives UnexpectedReply when the reply is of another type, and
// the error when it is an error.
absl::StatusOr<int64_t> AsInteger(const absl::StatusOr<RedisReply>& reply);
absl::StatusOr<std::string> AsString(const absl::StatusOr<RedisReply>& reply);  // nil: NotFound
absl::StatusOr<std::vector<std::string>> AsStrings(const absl::StatusOr<RedisReply>& reply);
absl::Status AsOk(const absl::StatusOr<RedisReply>& reply);
// A table: each row the texts and numbers of an array, and of the arrays in it. What lies
// deeper is left out; nil is empty.
absl::StatusOr<std::vector<std::vector<std::string>>> AsRows(
    const absl::StatusOr<RedisReply>& reply);
// OK, or the error that an error reply stands for.
absl::Status StatusOf(const redisReply& reply);
// "WRONGTYPE", "NOPERM", ... of an error reply; else empty.
std::string ErrorCodeOf(const redisReply& reply);
// Whether a command, or one in a script, is refused to this user.
bool IsDenied(const redisReply& reply);
// All of an error reply; else empty. It may repeat what was sent: not for a message.
std::string ErrorTextOf(const redisReply& reply);

// One blocking connection. Not thread-safe. After an Unavailable it is broken, and
// nothing is known of what was sent and not yet answered.
class RedisConnection {
 public:
  // Errors name the flag and the address: for the log, not for callers.
  static absl::StatusOr<std::unique_ptr<RedisConnection>> Open(const RedisOptions& options);
  // Sends one command and waits. An error reply is a reply.
  absl::StatusOr<RedisReply> Call(const RedisWords& words);

  // Puts a command into the pipeline; the replies come in order from Read.
  void Append(const RedisWords& words);
  // The same, for commands that are already in the wire format.
  void AppendRaw(const std::string& bytes, size_t commands);
  // Sends what was appended without waiting for replies. Read does so, too.
  absl::Status Flush();
  absl::StatusOr<RedisReply> Read();

  // From now on all that is sent and read takes so long at most, however little of it comes at a
  // time, until this is said again. Of a new connection it is the rest of RedisOptions::timeout.
  void LimitTo(absl::Duration limit) { deadline_ = absl::Now() + limit; }
  // What is left of it.
  absl::Duration limit() const { return deadline_ - absl::Now(); }

  // What the server calls its present run: another one after every restart. Asked
  // once. Not to be called between Append and Read.
  absl::StatusOr<std::string> RunId();
  bool identified() const { return !run_id_.empty(); }

  bool broken() const { return broken_; }
  void Break() { broken_ = true; }
  // Whether every appended command's reply was read.
  bool idle() const { return unread_ == 0; }
  // Whether the other end is gone although nothing was asked.
  bool LooksClosed() const;

 private:
  RedisConnection(std::unique_ptr<ByteStream> stream, redisReader* reader)
      : stream_(std::move(stream)), reader_(reader) {}
  absl::Status Broken();

  const std::unique_ptr<ByteStream> stream_;
  const std::unique_ptr<redisReader, RedisReaderDeleter> reader_;
  std::string unsent_;
  std::vector<char> received_;  // of one reading
  std::string run_id_;
  size_t unread_ = 0;
  bool broken_ = false;
  absl::Time deadline_;
};

// A number that is greater than all that this has given in this process; thread-safe.
uint64_t NextEpoch();

// Connections to one server, each used by one thread at a time. Makes the process
// ignore SIGPIPE, which OpenSSL gives rise to when the other end is gone. Thread-safe.
class RedisPool {
 public:
  explicit RedisPool(RedisOptions options);

  // One command.
  absl::StatusOr<RedisReply> Call(const RedisWords& words);

  // One command that changes something; returns when it is durable.
  absl::StatusOr<RedisReply> CallDurably(const RedisWords& words);

  // Waits, on the connection that wrote, for the configured replicas: Redis counts those that
  // have this connection's writes, and knows nothing of another's.
  absl::Status WaitForReplicas(RedisConnection& connection) const;
  // The same in two steps, for connections to several nodes at the same time.
  void AppendWait(RedisConnection& connection) const;
  absl::Status ReadWait(RedisConnection& connection) const;

  // Grows whenever a connection broke or the server was restarted: what was known
  // of it may be wrong. No two pools ever have the same. As seen by this connection, so what an
  // earlier server held is never taken for what this one holds. Unavailable, and the connection is
  // broken, when the server has been restarted since it was opened.
  absl::StatusOr<uint64_t> EpochOf(RedisConnection& connection);

  // Lends a connection on which all that is done takes no longer than `limit`, nor than the
  // options say, its making included; Give takes it back, and throws it away when it broke or has
  // unread replies.
  absl::StatusOr<std::unique_ptr<RedisConnection>> Take(
      absl::Duration limit = absl::InfiniteDuration());
  void Give(std::unique_ptr<RedisConnection> connection);

  const RedisOptions& options() const { return options_; }

 private:
  const RedisOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;  // guarded by mutex_
  std::string run_id_;                                  // guarded by mutex_
  uint64_t epoch_ = NextEpoch();                        // guarded by mutex_
};

// A Lua script's command: EVAL body, keys, arguments.
RedisWords Script(const std::string& body, const RedisWords& keys, const RedisWords& arguments);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_CONNECTION_H_
