#ifndef TUTTI_COMMON_REDIS_BYTE_STREAM_H_
#define TUTTI_COMMON_REDIS_BYTE_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

struct ssl_st;

namespace tutti {

// The files of TLS to redis-server, PEM. They are read at every new connection, so
// replaced ones are followed.
struct RedisTls {
  std::string authorities;  // who may sign redis-server's certificate
  std::string certificate;  // this service's, with its key; both or none
  std::string key;

  bool any() const { return !authorities.empty() || !certificate.empty() || !key.empty(); }
};

// Whether the files can be used; InvalidArgument, naming the flags, when they cannot.
absl::Status CheckRedisTls(const RedisTls& tls);

// Bytes to a redis-server and from it, in plain text or by TLS. Blocks. Not thread-safe; once an
// operation has failed, only to be destroyed. A process that uses TLS must ignore SIGPIPE.
class ByteStream {
 public:
  // Connects by the deadline, or Unavailable with why not, in a few words.
  static absl::StatusOr<std::unique_ptr<ByteStream>> ConnectUnix(const std::string& path,
                                                                 absl::Time deadline);
  // The host is a name or an address in digits; all addresses of a name are tried in turn.
  static absl::StatusOr<std::unique_ptr<ByteStream>> ConnectTcp(const std::string& host, int port,
                                                                absl::Time deadline);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Speaks TLS 1.2 or later from here on; nothing was written or read before. The server's
  // certificate must be signed by an authority and name `host`, a DNS name or an address.
  // InvalidArgument when a file cannot be used, Unavailable when the handshake fails, or is not
  // over by the deadline.
  absl::Status StartTls(const RedisTls& tls, const std::string& host, absl::Time deadline);

  // Writes all of it; false: failed, or not done by the deadline.
  bool Write(absl::string_view bytes, absl::Time deadline);
  // Reads at least one byte and returns how many; 0: closed, failed, or none by the deadline.
  size_t Read(absl::Span<char> buffer, absl::Time deadline);

  // Whether something can be read, or the other end is gone.
  bool Stirs() const;

 private:
  explicit ByteStream(int fd) : fd_(fd) {}
  bool AwaitTls(int result, absl::Time deadline) const;

  const int fd_;
  ssl_st* session_ = nullptr;  // with TLS
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_BYTE_STREAM_H_
