#include "common/rpc/tls.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "grpc/grpc_security_constants.h"
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

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, Access& access) {
  absl::Status usable = CheckReadable(files.certificate, "certificate");
  usable.Update(CheckReadable(files.key, "key"));
  usable.Update(CheckReadable(files.authorities, "authorities"));
  if (!usable.ok()) return usable;
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.authorities, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(access.takes_tokens()
                                    ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials = tls::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(access.Gate());
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
