#include <fstream>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/redis/redis_stores.h"

ABSL_FLAG(std::string, redis_socket, "", "Unix socket of redis-server");
ABSL_FLAG(std::string, redis_address, "",
          "host:port of redis-server, when it has no Unix socket; this machine alone");
ABSL_FLAG(std::string, redis_user, "", "ACL user; by default the service's name");
ABSL_FLAG(std::string, redis_password_file, "", "File that holds the user's password");
ABSL_FLAG(int, redis_wait_replicas, 0,
          "Replicas that must have received a write before it counts as durable");

namespace tutti {

absl::StatusOr<RedisOptions> RedisOptionsFromFlags(const std::string& default_user) {
  RedisOptions options;
  options.unix_socket = absl::GetFlag(FLAGS_redis_socket);
  options.wait_replicas = absl::GetFlag(FLAGS_redis_wait_replicas);
  const std::string address = absl::GetFlag(FLAGS_redis_address);
  if (options.unix_socket.empty() == address.empty()) {
    return absl::InvalidArgumentError("give --redis_socket or --redis_address, one of them");
  }
  if (!address.empty()) {
    const size_t colon = address.rfind(':');
    options.host = address.substr(0, colon);
    if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &options.port)) {
      return absl::InvalidArgumentError("--redis_address must be host:port");
    }
  }
  const std::string path = absl::GetFlag(FLAGS_redis_password_file);
  if (path.empty()) {
    return absl::InvalidArgumentError("give --redis_password_file: redis-server must have ACLs");
  }
  std::ifstream file(path);
  std::getline(file, options.password);
  absl::StripAsciiWhitespace(&options.password);
  if (options.password.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--redis_password_file: ", path, " cannot be read or is empty"));
  }
  options.user = absl::GetFlag(FLAGS_redis_user);
  if (options.user.empty()) options.user = default_user;
  return options;
}

}  // namespace tutti
