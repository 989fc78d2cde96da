#ifndef TUTTI_COMMON_RPC_CERTIFICATE_WATCH_H_
#define TUTTI_COMMON_RPC_CERTIFICATE_WATCH_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/pem.h"
#include "common/rpc/tls.h"
#include "grpcpp/security/tls_certificate_provider.h"

namespace tutti {

// Gives gRPC what the files hold, and from then on, for the life of the process, what they
// come to hold: they are looked at every second. gRPC's own watcher reads whatever is at
// a path (a folder ends the process, a pipe stops it), and believes it: so it is shown files in
// memory alone, into which comes what has been read and checked here. Authorities that cannot be
// used, a certificate that cannot be used with its key, and a server's for which its authorities do
// not vouch as they did for the one before, change nothing: the old ones stay, and
// CheckCertificates says why. InvalidArgument, naming flag and file, when they cannot be used
// now, and for a certificate that is valid no more. Who watches the same files for another use
// needs a certificate for both. Thread-safe.
absl::StatusOr<std::shared_ptr<grpc::experimental::CertificateProviderInterface>> WatchCertificates(
    const TlsFiles& files, const CertificateUses& uses);

// Has the certificate of this file, which is watched later, be one with this URI and no other: a
// service of which peers ask it cannot be used with another. Thread-safe.
void RequireCertificateUri(const std::string& certificate, std::string uri);

// What is wrong with these files, if they are watched; also when the certificate that is shown is
// not valid now. Thread-safe.
absl::Status CheckCertificates(const TlsFiles& files);

// Why peers may refuse a server with these files, if they are watched, though they can be used:
// what an operator should know, where it may be meant. Thread-safe.
std::vector<std::string> CertificateDoubts(const TlsFiles& files);

// Another number whenever something else is shown or believed than before: who wants to know
// whether it is taken makes a new connection. Thread-safe.
int CertificateEdition(const TlsFiles& files);

// When the certificate that is shown ceases to be valid; InfiniteFuture without one. Thread-safe.
absl::Time CertificateEnd(const TlsFiles& files);

// How long their authorities have not been usable; 0 when they are. Thread-safe.
absl::Duration AuthoritiesUnusableFor(const TlsFiles& files);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_CERTIFICATE_WATCH_H_
