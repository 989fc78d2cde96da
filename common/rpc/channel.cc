#include "common/rpc/channel.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/files/read_file.h"
#include "common/rpc/host_port.h"
#include "common/status/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace tutti {
namespace {

// Retrying is safe: every method of ours is idempotent or says what it found. RESOURCE_EXHAUSTED is
// also that a message is too large, which no repetition mends. Who asks for health is told at once
// why there is no answer, and asks again.
constexpr char kServiceConfig[] = R"json({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{"service": "grpc.health.v1.Health"}]
  }, {
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "2s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
})json";

constexpr FileKind kTokenFile{
    .noun = "your token", .max_bytes = size_t{64} << 10, .takes_pipes = true};

// Shows the token that a file holds when a call begins: it may be renewed meanwhile.
class TokenFile final : public grpc::MetadataCredentialsPlugin {
 public:
  // InvalidArgument, naming flag and file, when it has no token now.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(const std::string& path,
                                                         const char* flag) {
    auto file = std::unique_ptr<TokenFile>(new TokenFile(path, flag));
    absl::StatusOr<FileText> read = ReadFile(path, kTokenFile);
    ASSIGN_OR_RETURN(std::string token, file->TokenIn(read));
    // A pipe is read this once.
    if (read->from_pipe) file->of_pipe_ = std::move(token);
    return file;
  }

  grpc::Status GetMetadata(grpc::string_ref /*service_url*/, grpc::string_ref /*method_name*/,
                           const grpc::AuthContext& /*channel_auth_context*/,
                           std::multimap<std::string, std::string>* metadata) override {
    const absl::StatusOr<std::string> token = of_pipe_.empty()
                                                  ? TokenIn(ReadFile(path_, kTokenFile))
                                                  : absl::StatusOr<std::string>(of_pipe_);
    if (!token.ok()) {
      return {grpc::StatusCode::UNAUTHENTICATED, std::string(token.status().message())};
    }
    metadata->emplace("authorization", absl::StrCat("Bearer ", *token));
    return grpc::Status::OK;
  }

 private:
  TokenFile(std::string path, const char* flag) : path_(std::move(path)), flag_(flag) {}

  absl::StatusOr<std::string> TokenIn(const absl::StatusOr<FileText>& file) const {
    if (!file.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(flag_, ": ", file.status().message()));
    }
    const absl::string_view token = absl::StripAsciiWhitespace(file->text);
    if (token.empty() || !std::all_of(token.begin(), token.end(), [](char c) {
          return absl::ascii_isgraph(static_cast<unsigned char>(c));
        })) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag_, ": ", path_, " has no token; give the file of ", kTokenFile.noun));
    }
    return std::string(token);
  }

  const std::string path_;
  const char* const flag_;
  std::string of_pipe_;
};

void Limit(Silence silence, grpc::ChannelArguments& arguments) {
  switch (silence) {
    case Silence::kPatient:
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
      return;
    case Silence::kShort:
      // Servers take two of these pings a second.
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 1'000);
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 1'000);
      arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
      // By default gRPC sends two, and then none before a call does.
      arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
      return;
  }
}

}  // namespace

bool IsLoopback(const std::string& address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "127.0.0.1:") ||
         absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const TlsFiles& tls,
                                                           const std::string& token_file,
                                                           Silence silence) {
  RETURN_IF_ERROR(CheckAddress(address));
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (tls.any()) {
    ASSIGN_OR_RETURN(auto secure, MakeChannelCredentials(tls));
    credentials = std::move(secure);
    if (!token_file.empty()) {
      ASSIGN_OR_RETURN(std::unique_ptr<TokenFile> token,
                       TokenFile::Open(token_file, tls.flags.token));
      credentials = grpc::CompositeChannelCredentials(
          credentials, grpc::MetadataCredentialsFromPlugin(std::move(token)));
    }
  } else if (!token_file.empty()) {
    return absl::InvalidArgumentError(
        "a token is not sent in plain text: name the authorities of the services' certificates");
  } else if (!IsLoopback(address)) {
    return absl::InvalidArgumentError(
        "a plain-text connection may only go to this machine: give 127.0.0.1:PORT, [::1]:PORT, "
        "localhost:PORT or unix:PATH");
  }
  grpc::ChannelArguments arguments;
  if (!tls.server_name.empty()) arguments.SetSslTargetNameOverride(tls.server_name);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetServiceConfigJSON(kServiceConfig);
  // A message that does not fit the retry buffer is silently not retried.
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kMaxMessageBytes + (1 << 20));
  // gRPC waits up to two minutes between tries to reach who is away, and 20 s for an answer to one:
  // a service would be back for a minute, and nobody would call it.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3'000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  Limit(silence, arguments);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace tutti
