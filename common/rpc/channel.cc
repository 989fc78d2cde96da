#include "common/rpc/channel.h"

#include <fstream>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace tutti {
namespace {

// Retrying is safe: every method of ours is idempotent or says what it found.
constexpr char kServiceConfig[] = R"json({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "2s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]
    }
  }]
})json";

// Shows the token that a file holds when a call begins: it may be renewed meanwhile.
class TokenFile final : public grpc::MetadataCredentialsPlugin {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  grpc::Status GetMetadata(grpc::string_ref /*service_url*/, grpc::string_ref /*method_name*/,
                           const grpc::AuthContext& /*channel_auth_context*/,
                           std::multimap<std::string, std::string>* metadata) override {
    std::ifstream file(path_);
    std::string token;
    if (!(file >> token)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "the file of the token cannot be read"};
    }
    metadata->emplace("authorization", absl::StrCat("Bearer ", token));
    return grpc::Status::OK;
  }

 private:
  const std::string path_;
};

}  // namespace

bool IsLoopback(const std::string& address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "127.0.0.1:") ||
         absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const TlsFiles& tls,
                                                           const std::string& token_file) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (tls.any()) {
    auto secure = MakeChannelCredentials(tls);
    if (!secure.ok()) return secure.status();
    credentials = *std::move(secure);
    if (!token_file.empty()) {
      credentials = grpc::CompositeChannelCredentials(
          credentials,
          grpc::MetadataCredentialsFromPlugin(std::make_unique<TokenFile>(token_file)));
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
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetServiceConfigJSON(kServiceConfig);
  // A message that does not fit the retry buffer is silently not retried.
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kMaxMessageBytes + (1 << 20));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace tutti
