#include "common/rpc/tls.h"

#include <unistd.h>

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/auth/method_rules.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace tutti {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kReloadSeconds = 1;

absl::Status CheckReadable(const std::string& path, const char* what) {
  if (!path.empty() && access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("TLS: the file of the ", what, " is missing or cannot be read"));
}

// Runs before every method, also those that read raw bytes, and before reflection.
class Gate final : public grpc::AuthMetadataProcessor {
 public:
  explicit Gate(std::string trust_domain) : trust_domain_(std::move(trust_domain)) {}

  // Compares a few strings.
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* peer,
                       OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) override {
    grpc::Status denied(grpc::StatusCode::PERMISSION_DENIED,
                        "this certificate may not call this method");
    const auto path = metadata.find(":path");
    if (path == metadata.end()) return denied;
    const std::vector<grpc::string_ref> uris =
        peer->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
    // A certificate that names two would have the rights of both.
    if (uris.size() != 1) return denied;
    const std::optional<Role> role = RoleOf({uris[0].data(), uris[0].size()}, trust_domain_);
    if (!role.has_value() || !MayCall(*role, {path->second.data(), path->second.size()})) {
      return denied;
    }
    return grpc::Status::OK;
  }

 private:
  const std::string trust_domain_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, const std::string& trust_domain) {
  absl::Status usable = CheckReadable(files.certificate, "certificate");
  usable.Update(CheckReadable(files.key, "key"));
  usable.Update(CheckReadable(files.authorities, "authorities"));
  if (!usable.ok()) return usable;
  if (trust_domain.empty()) return absl::InvalidArgumentError("give --trust_domain");
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.authorities, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials = tls::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<Gate>(trust_domain));
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsFiles& files) {
  absl::Status usable = CheckReadable(files.authorities, "authorities");
  const bool identified = !files.certificate.empty() || !files.key.empty();
  if (identified) {
    usable.Update(CheckReadable(files.certificate, "certificate"));
    usable.Update(CheckReadable(files.key, "key"));
  }
  if (!usable.ok()) return usable;
  tls::TlsChannelCredentialsOptions options;
  if (identified) {
    options.set_certificate_provider(std::make_shared<tls::FileWatcherCertificateProvider>(
        files.key, files.certificate, files.authorities, kReloadSeconds));
    options.watch_identity_key_cert_pairs();
  } else {
    options.set_certificate_provider(
        std::make_shared<tls::FileWatcherCertificateProvider>(files.authorities, kReloadSeconds));
  }
  options.watch_root_certs();
  return tls::TlsCredentials(options);
}

}  // namespace tutti
