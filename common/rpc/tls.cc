#include "common/rpc/tls.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/certificate_watch.h"
#include "common/status/status_macros.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace tutti {
namespace {

namespace tls = grpc::experimental;

absl::Status CheckGiven(const std::string& path, const char* flag) {
  if (!path.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("TLS needs one more file: give ", flag));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, Access& access) {
  absl::Status given = CheckGiven(files.certificate, files.flags.certificate);
  given.Update(CheckGiven(files.key, files.flags.key));
  given.Update(CheckGiven(files.authorities, files.flags.authorities));
  if (!given.ok()) return given;
  ASSIGN_OR_RETURN(auto provider, WatchCertificates(files, {.server = true}));
  tls::TlsServerCredentialsOptions options(std::move(provider));
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
  absl::Status given = CheckGiven(files.authorities, files.flags.authorities);
  const bool identified = !files.certificate.empty() || !files.key.empty();
  if (identified) {
    given.Update(CheckGiven(files.certificate, files.flags.certificate));
    given.Update(CheckGiven(files.key, files.flags.key));
  }
  if (!given.ok()) return given;
  ASSIGN_OR_RETURN(auto provider, WatchCertificates(files, {.client = true}));
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::move(provider));
  if (identified) options.watch_identity_key_cert_pairs();
  options.watch_root_certs();
  return tls::TlsCredentials(options);
}

}  // namespace tutti
