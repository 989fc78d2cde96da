#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/files/read_file.h"
#include "common/redis/redis_stores.h"
#include "common/status/status_macros.h"

ABSL_FLAG(std::string, redis_socket, "", "Unix socket of redis-server");
ABSL_FLAG(std::string, redis_address, "",
          "host:port of redis-server, when it has no Unix socket; of this machine unless with TLS");
ABSL_FLAG(std::vector<std::string>, redis_cluster, {},
          "host:port,... of some nodes of a Redis Cluster, instead: the others are found; of this "
          "machine unless with TLS");
ABSL_FLAG(std::string, redis_tls_authorities, "",
          "PEM file of the authorities that sign redis-server's certificate: speak TLS with it");
ABSL_FLAG(std::string, redis_tls_certificate, "",
          "PEM file of the certificate chain to show to redis-server, when it asks for one");
ABSL_FLAG(std::string, redis_tls_key, "", "PEM file of that certificate's key");
ABSL_FLAG(std::string, redis_user, "", "ACL user; by default the service's name");
ABSL_FLAG(std::string, redis_password_file, "", "File that holds the user's password");
ABSL_FLAG(
    int, redis_wait_replicas, 0,
    "Replicas (of each primary, in a cluster) that must have received a write before it counts as "
    "durable: all that there are, "
    "or an erasure does not miss one that is away; aggregate is not ready while fewer are online");

namespace tutti {
namespace {

constexpr FileKind kPasswordFile{.noun = "the user's password at redis-server", .max_bytes = 4096};
constexpr int kMaxPort = 65535;
constexpr size_t kMaxPemBytes = size_t{1} << 20;

// Checks a file that the client of Redis reads itself, by whatever means.
absl::Status CheckFile(const char* flag, const std::string& path, const char* noun) {
  if (path.empty()) return absl::OkStatus();
  absl::Status read = ReadFile(path, {.noun = noun, .max_bytes = kMaxPemBytes}).status();
  if (read.ok()) return read;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", read.message()));
}

// Whether nothing that is said to the server leaves this machine.
bool StaysHere(const RedisOptions& options) {
  if (options.cluster.empty()) return !options.unix_socket.empty() || IsLoopback(options.host);
  return std::all_of(options.cluster.begin(), options.cluster.end(),
                     [](const RedisAddress& seed) { return IsLoopback(seed.host); });
}

absl::Status CheckTls(const RedisOptions& options) {
  if (!options.tls.any()) {
    if (!StaysHere(options)) {
      return absl::InvalidArgumentError(
          "--redis_address or --redis_cluster: plain text may only go to this machine "
          "(127.0.0.0/8, "
          "::1 or localhost); "
          "give --redis_tls_authorities (see deploy/redis/README.md)");
    }
    return absl::OkStatus();
  }
  if (!options.unix_socket.empty()) {
    return absl::InvalidArgumentError(
        "give the --redis_tls_ files with --redis_address or --redis_cluster");
  }
  if (options.tls.authorities.empty() ||
      options.tls.certificate.empty() != options.tls.key.empty()) {
    return absl::InvalidArgumentError(
        "give --redis_tls_authorities, and --redis_tls_certificate with --redis_tls_key or "
        "neither");
  }
  absl::Status files =
      CheckFile("--redis_tls_authorities", options.tls.authorities, "the authorities");
  files.Update(CheckFile("--redis_tls_certificate", options.tls.certificate, "the certificate"));
  files.Update(CheckFile("--redis_tls_key", options.tls.key, "the certificate's key"));
  if (files.ok()) files = CheckRedisTls(options.tls);
  return files;
}

absl::Status CheckWaitReplicas(const RedisOptions& options) {
  if (options.wait_replicas >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", options.wait_flag, " must not be negative"));
}

absl::StatusOr<RedisAddress> ReadAddress(const std::string& flag, const std::string& text) {
  const size_t colon = text.rfind(':');
  RedisAddress address{text.substr(0, colon), 0};
  // A number may have spaces around it.
  const bool has_spaces = text.find_first_of(" \t\r\n") != std::string::npos;
  if (colon == std::string::npos || address.host.empty() || has_spaces ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 1 ||
      address.port > kMaxPort) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " must be host:port"));
  }
  return address;
}

// One that is not there yet may come.
absl::Status CheckSocket(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("--redis_socket is longer than ",
                                                   sizeof(sockaddr_un::sun_path) - 1,
                                                   " bytes: give a shorter path"));
  }
  struct stat there = {};
  if (stat(path.c_str(), &there) != 0 || S_ISSOCK(there.st_mode)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--redis_socket: ", path, " is no socket; give that of redis-server"));
}

// Reads where the server is.
absl::Status ReadPlace(RedisOptions& options) {
  options.unix_socket = absl::GetFlag(FLAGS_redis_socket);
  const std::string single = absl::GetFlag(FLAGS_redis_address);
  const std::vector<std::string> seeds = absl::GetFlag(FLAGS_redis_cluster);
  const int places =
      (options.unix_socket.empty() ? 0 : 1) + (single.empty() ? 0 : 1) + (seeds.empty() ? 0 : 1);
  if (places != 1) {
    return absl::InvalidArgumentError(
        "give --redis_socket, --redis_address or --redis_cluster, one of them");
  }
  RETURN_IF_ERROR(CheckSocket(options.unix_socket));
  if (!single.empty()) {
    ASSIGN_OR_RETURN(RedisAddress address, ReadAddress("redis_address", single));
    options.host = address.host;
    options.port = address.port;
  }
  for (const std::string& seed : seeds) {
    ASSIGN_OR_RETURN(RedisAddress address, ReadAddress("redis_cluster", seed));
    options.cluster.push_back(std::move(address));
  }
  return absl::OkStatus();
}

// Who one is to a server: its user and password, and TLS.
absl::Status ReadCredentials(const std::string& flag, const std::string& password_file,
                             const std::string& default_user, RedisOptions& options) {
  options.tls = {absl::GetFlag(FLAGS_redis_tls_authorities),
                 absl::GetFlag(FLAGS_redis_tls_certificate), absl::GetFlag(FLAGS_redis_tls_key)};
  RETURN_IF_ERROR(CheckTls(options));
  if (password_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("give --", flag, ": redis-server must have ACLs"));
  }
  const absl::StatusOr<FileText> file = ReadFile(password_file, kPasswordFile);
  if (!file.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", file.status().message()));
  }
  options.password = file->text.substr(0, file->text.find('\n'));
  absl::StripAsciiWhitespace(&options.password);
  if (options.password.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", flag, ": ", password_file, " is empty; give the file of ", kPasswordFile.noun));
  }
  options.user = absl::GetFlag(FLAGS_redis_user);
  if (options.user.empty()) options.user = default_user;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RedisOptions> RedisOptionsFromFlags(const std::string& default_user) {
  RedisOptions options;
  options.wait_replicas = absl::GetFlag(FLAGS_redis_wait_replicas);
  RETURN_IF_ERROR(CheckWaitReplicas(options));
  absl::Status read = ReadPlace(options);
  if (!read.ok()) return read;
  read = ReadCredentials("redis_password_file", absl::GetFlag(FLAGS_redis_password_file),
                         default_user, options);
  if (!read.ok()) return read;
  return options;
}

absl::StatusOr<RedisOptions> RedisOptionsAt(const std::string& flag, const std::string& address,
                                            const std::string& password_file, int wait_replicas,
                                            const std::string& default_user) {
  RedisOptions options;
  options.flags = flag;
  options.wait_flag = absl::StrCat(flag, "_wait_replicas");
  options.wait_replicas = wait_replicas;
  RETURN_IF_ERROR(CheckWaitReplicas(options));
  ASSIGN_OR_RETURN(const RedisAddress place, ReadAddress(flag, address));
  options.host = place.host;
  options.port = place.port;
  absl::Status read =
      ReadCredentials(flag + "_password_file", password_file, default_user, options);
  if (!read.ok()) return absl::Status(read.code(), absl::StrCat("--", flag, ": ", read.message()));
  return options;
}

}  // namespace tutti
