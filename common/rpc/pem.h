#ifndef TUTTI_COMMON_RPC_PEM_H_
#define TUTTI_COMMON_RPC_PEM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tutti {

// What an error names: where something was given, and the file that was.
struct NamedPem {
  std::string name;  // "--tls_key: /etc/tutti/key.pem"
  std::string text;
};

// As whom a certificate is shown.
struct CertificateUses {
  bool server = false;
  bool client = false;
  // The one URI that it must have, for peers know the service by it; empty: whatever it has.
  std::string uri = {};
};

// Reads a text with a chain of certificates, one's own first, and a text with its private key,
// which has no passphrase: both in PEM, and nothing else. InvalidArgument, naming which, when
// one is not there or cannot be read, when OpenSSL would not use it, when the key is another's, and
// when the certificate is not made out for these uses, so that peers would refuse it.
absl::StatusOr<std::string> IdentityPem(const NamedPem& certificate, const NamedPem& key,
                                        const CertificateUses& uses);

// Why no peer that believes these authorities (of AuthoritiesPem) believes a server who shows this
// identity (of IdentityPem), at whatever time; empty when they do.
std::string WhyNotVouched(const std::string& identity, const std::string& authorities);

// Why peers may refuse a server who shows this identity (of IdentityPem), though it can be used: no
// authority of these (of AuthoritiesPem) signed it, or it names no host. Whole sentences without
// an end.
std::vector<std::string> DoubtsOf(const std::string& identity, const std::string& authorities);

// When the first certificate of a text begins and ceases to be valid; both ends are inclusive.
// InvalidArgument when there is none that can be read.
struct Validity {
  absl::Time begin;
  absl::Time end;
};
absl::StatusOr<Validity> ValidityOf(const std::string& pem);

// All the certificates of a text with at least one, in PEM, and nothing else.
// InvalidArgument when there is none, or one that cannot be read, or none is an authority that is
// valid at `now`.
absl::StatusOr<std::string> AuthoritiesPem(const NamedPem& authorities, absl::Time now);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_PEM_H_
