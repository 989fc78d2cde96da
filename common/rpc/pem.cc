#include "common/rpc/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <tuple>
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
using Store = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
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

// Whether it can vouch for anybody at `now`: TLS takes one that vouches for itself alone, too.
bool IsAuthority(X509* certificate, absl::Time now) {
  const bool vouches =
      X509_check_ca(certificate) != 0 || X509_self_signed(certificate, /*verify_signature=*/0) == 1;
  const absl::StatusOr<absl::Time> end = TimeOf(X509_get0_notAfter(certificate));
  return vouches && end.ok() && *end >= now;
}

// Whether a client could find the name that it called in it.
bool NamesHost(const X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const int type = sk_GENERAL_NAME_value(names.get(), i)->type;
    if (type == GEN_DNS || type == GEN_IPADD) return true;
  }
  return false;
}

// The URIs by which peers know who shows it.
std::vector<std::string> UrisOf(const X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

// Why no client that believes these authorities believes the server; empty when one does.
std::string WhyRefused(const std::vector<Certificate>& chain,
                       const std::vector<Certificate>& authorities, unsigned long flags = 0) {
  const Store store(X509_STORE_new());
  const Verification verification(X509_STORE_CTX_new());
  STACK_OF(X509)* const others = sk_X509_new_null();
  const absl::Cleanup free_others = [others] { sk_X509_free(others); };
  // As gRPC does: an intermediate authority alone is enough.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST | flags);
  for (const Certificate& one : authorities) X509_STORE_add_cert(store.get(), one.get());
  for (const Certificate& one : chain) sk_X509_push(others, one.get());
  if (X509_STORE_CTX_init(verification.get(), store.get(), chain.front().get(), others) != 1 ||
      X509_STORE_CTX_set_purpose(verification.get(), X509_PURPOSE_SSL_SERVER) != 1) {
    return "it cannot be verified";
  }
  if (X509_verify_cert(verification.get()) == 1) return "";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification.get()));
}

absl::Status NoMemory() { return absl::ResourceExhaustedError("no memory for certificates"); }

}  // namespace

absl::StatusOr<std::string> IdentityPem(const NamedPem& certificate, const NamedPem& key,
                                        const CertificateUses& uses) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ReadCertificates(certificate));
  const Bio reader = Reader(key.text);
  const Key own(PEM_read_bio_PrivateKey(reader.get(), nullptr, nullptr, NoPassphrase()));
  if (own == nullptr) {
    return Refuse(key, " has no private key that can be read; give one in PEM, without passphrase");
  }
  if (X509_check_private_key(chain.front().get(), own.get()) != 1) {
    if (std::any_of(chain.begin(), chain.end(), [&own](const Certificate& one) {
          return X509_check_private_key(one.get(), own.get()) == 1;
        })) {
      return Refuse(certificate,
                    " has a chain that does not begin with this service's own certificate, the one "
                    "of its key; give that first, and after it those of the authorities between");
    }
    return absl::InvalidArgumentError(
        absl::StrCat(key.name, " is not the key of the certificate in ", certificate.name));
  }
  for (const auto& [used, purpose, who] :
       {std::tuple(uses.server, X509_PURPOSE_SSL_SERVER, "server"),
        std::tuple(uses.client, X509_PURPOSE_SSL_CLIENT, "client")}) {
    if (used && X509_check_purpose(chain.front().get(), purpose, 0) != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          certificate.name, " has a certificate that is not made out for a TLS ", who,
          ", so every peer refuses it: give one whose extendedKeyUsage, if it has any, has ", who,
          "Auth, and whose keyUsage, if it has any, has digitalSignature"));
    }
  }
  if (!uses.uri.empty() && UrisOf(chain.front().get()) != std::vector<std::string>{uses.uri}) {
    return absl::InvalidArgumentError(absl::StrCat(
        certificate.name, " has a certificate whose subjectAltName does not have ", uses.uri,
        " for its one URI, so the services that know this one by it let it "
        "do nothing; give one that has"));
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

std::string WhyNotVouched(const std::string& identity, const std::string& authorities) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  const auto chain = ReadCertificates({"", identity});
  const auto roots = ReadCertificates({"", authorities});
  return chain.ok() && roots.ok() ? WhyRefused(*chain, *roots, X509_V_FLAG_NO_CHECK_TIME) : "";
}

std::vector<std::string> DoubtsOf(const std::string& identity, const std::string& authorities) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  const auto chain = ReadCertificates({"", identity});
  const auto roots = ReadCertificates({"", authorities});
  std::vector<std::string> doubts;
  if (!chain.ok() || !roots.ok()) return doubts;
  if (const std::string why = WhyRefused(*chain, *roots); !why.empty()) {
    doubts.push_back(
        absl::StrCat("the authorities of this service do not vouch for its own certificate (", why,
                     "), so services and operators that believe the same ones refuse it"));
  }
  if (!NamesHost(chain->front().get())) {
    doubts.emplace_back(
        "the certificate names no host (DNS or IP in its subjectAltName), so most clients refuse "
        "it");
  }
  return doubts;
}

absl::StatusOr<std::string> AuthoritiesPem(const NamedPem& authorities, absl::Time now) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  ASSIGN_OR_RETURN(const std::vector<Certificate> roots, ReadCertificates(authorities));
  if (std::none_of(roots.begin(), roots.end(),
                   [now](const Certificate& one) { return IsAuthority(one.get(), now); })) {
    return Refuse(authorities,
                  " has no authority that is valid: its certificates are expired, or not an "
                  "authority's (CA:FALSE); give those of the authorities that sign");
  }
  const Bio writer(BIO_new(BIO_s_mem()));
  if (writer == nullptr || !Write(roots, writer)) return NoMemory();
  return Written(writer);
}

}  // namespace tutti
