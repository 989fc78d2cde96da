// In place of redis_tls.cc where hiredis has no TLS.

#include "common/redis/redis_tls.h"

namespace tutti {

bool HasRedisTls() { return false; }

absl::Status StartRedisTls(const RedisTls& /*tls*/, const std::string& /*host*/,
                           redisContext& /*context*/) {
  return absl::UnimplementedError("this build has no TLS to redis-server");
}

}  // namespace tutti
