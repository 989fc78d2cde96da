#ifndef TUTTI_COMMON_REDIS_REDIS_TLS_H_
#define TUTTI_COMMON_REDIS_REDIS_TLS_H_

#include <string>

#include "absl/status/status.h"

struct redisContext;

namespace tutti {

// The files of TLS to redis-server, PEM. They are read at every new connection, so
// replaced ones are followed.
struct RedisTls {
  std::string authorities;  // who may sign redis-server's certificate
  std::string certificate;  // this service's, with its key; both or none
  std::string key;

  bool any() const { return !authorities.empty() || !certificate.empty() || !key.empty(); }
};

// Whether this build can: hiredis has TLS from 1.0 on, as its part hiredis_ssl.
bool HasRedisTls();

// Speaks TLS 1.2 or later over a connection on which nothing was sent yet. The server's
// certificate must be signed by an authority and name `host`, a DNS name or an address.
// InvalidArgument when a file cannot be used, Unavailable when the handshake fails,
// Unimplemented unless HasRedisTls().
absl::Status StartRedisTls(const RedisTls& tls, const std::string& host, redisContext& context);

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_TLS_H_
