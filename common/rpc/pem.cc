#include "common/rpc/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

template <auto kFree>
struct Free {
  template <typename Object>
  void operator()(Object* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

absl::Status Refuse(const NamedPem& pem, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat(pem.name, what));
}

// A passphrase of nothing: without one OpenSSL would ask at the terminal.
char* NoPassphrase() {
  static char nothing[] = "";
  return nothing;
}

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<std::vector<Certificate>> ReadCertificates(const NamedPem& pem) {
  const Bio reader = Reader(pem.text);
  std::vector<Certificate> read;
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(reader.get(), nullptr, nullptr, NoPassphrase())) {
    read.emplace_back(one);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return Refuse(pem, " has a certificate that cannot be read; give one or more, in PEM");
  }
  if (read.empty()) return Refuse(pem, " has no certificate; give one or more, in PEM");
  return read;
}

std::string Written(const Bio& writer) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(writer.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

bool Write(const std::vector<Certificate>& certificates, const Bio& writer) {
  for (const Certificate& one : certificates) {
    if (PEM_write_bio_X509(writer.get(), one.get()) != 1) return false;
  }
  return true;
}

absl::StatusOr<absl::Time> TimeOf(const ASN1_TIME* written) {
  tm parts{};
  if (ASN1_TIME_to_tm(written, &parts) != 1) {
    return absl::InvalidArgumentError("a certificate has a time that cannot be read");
  }
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status NoMemory() { return absl::ResourceExhaustedError("no memory for certificates"); }

}  // namespace

absl::StatusOr<std::string> IdentityPem(const NamedPem& certificate, const NamedPem& key) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ReadCertificates(certificate));
  const Bio reader = Reader(key.text);
  const Key own(PEM_read_bio_PrivateKey(reader.get(), nullptr, nullptr, NoPassphrase()));
  if (own == nullptr) {
    return Refuse(key, " has no private key that can be read; give one in PEM, without passphrase");
  }
  if (X509_check_private_key(chain.front().get(), own.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(key.name, " is not the key of the certificate in ", certificate.name));
  }
  const Context context(SSL_CTX_new(TLS_method()));
  if (context == nullptr) return NoMemory();
  if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1) {
    return Refuse(certificate, " has a certificate that TLS does not use: its key is too weak");
  }
  if (SSL_CTX_use_PrivateKey(context.get(), own.get()) != 1) {
    return Refuse(key, " has a key that TLS does not use");
  }
  const Bio writer(BIO_new(BIO_s_secmem()));
  if (writer == nullptr || !Write(chain, writer) ||
      PEM_write_bio_PrivateKey(writer.get(), own.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return NoMemory();
  }
  return Written(writer);
}

absl::StatusOr<Validity> ValidityOf(const std::string& pem) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  const Bio reader = Reader(pem);
  const Certificate first(PEM_read_bio_X509(reader.get(), nullptr, nullptr, NoPassphrase()));
  if (first == nullptr) return absl::InvalidArgumentError("no certificate that can be read");
  ASSIGN_OR_RETURN(const absl::Time begin, TimeOf(X509_get0_notBefore(first.get())));
  ASSIGN_OR_RETURN(const absl::Time end, TimeOf(X509_get0_notAfter(first.get())));
  return Validity{begin, end};
}

absl::StatusOr<std::string> AuthoritiesPem(const NamedPem& authorities) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  ASSIGN_OR_RETURN(const std::vector<Certificate> roots, ReadCertificates(authorities));
  const Bio writer(BIO_new(BIO_s_mem()));
  if (writer == nullptr || !Write(roots, writer)) return NoMemory();
  return Written(writer);
}

}  // namespace tutti
