#include "common/redis/redis_tls.h"

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace tutti {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

absl::Status Unusable(const char* what) { return absl::InvalidArgumentError(what); }

}  // namespace

bool HasRedisTls() { return true; }

absl::Status StartRedisTls(const RedisTls& tls, const std::string& host, redisContext& context) {
  const std::unique_ptr<SSL_CTX, FreeContext> settings(SSL_CTX_new(TLS_client_method()));
  if (settings == nullptr) return absl::ResourceExhaustedError("out of memory");
  SSL_CTX_set_min_proto_version(settings.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(settings.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(settings.get(), tls.authorities.c_str()) != 1) {
    return Unusable("--redis_tls_authorities: the file cannot be read, or holds no certificate");
  }
  if (!tls.certificate.empty() &&
      (SSL_CTX_use_certificate_chain_file(settings.get(), tls.certificate.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(settings.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return Unusable(
        "--redis_tls_certificate, --redis_tls_key: a file cannot be read, or they do not belong "
        "together");
  }
  SSL* const session = SSL_new(settings.get());
  if (session == nullptr) return absl::ResourceExhaustedError("out of memory");
  // hiredis asks for a certificate of the authority, whoever it is for.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) != 1) {
    SSL_set1_host(session, host.c_str());
    // SSL_set_tlsext_host_name, without the cast that it hides.
    std::string name = host;
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  if (redisInitiateSSL(&context, session) != REDIS_OK) {
    SSL_free(session);
    return absl::UnavailableError(
        "no TLS with redis-server: check that it speaks TLS, that the authorities signed its "
        "certificate, and that it takes this service's");
  }
  return absl::OkStatus();
}

}  // namespace tutti
