#ifndef TUTTI_COMMON_RPC_TLS_H_
#define TUTTI_COMMON_RPC_TLS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/access.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"

namespace tutti {

// How an error names where a file was given.
struct TlsFlags {
  const char* certificate = "--tls_certificate";
  const char* key = "--tls_key";
  const char* authorities = "--tls_authorities";
  const char* token = "--token_file";  // see common/rpc/channel.h
};

// Where this process's certificate is, and whom it believes. PEM files, read again
// every second: replace all of them by renaming one folder, and new connections use
// the new ones while old connections go on.
struct TlsFiles {
  std::string certificate;  // chain, own certificate first
  std::string key;
  std::string authorities;  // root certificates of the peers
  TlsFlags flags = {};
  // Of a client: the name that the server's certificate must be for; empty: the one in the address.
  std::string server_name = {};

  // Whether any is given.
  bool any() const { return !certificate.empty() || !key.empty() || !authorities.empty(); }
};

// Credentials of a server that speaks TLS 1.2 or later and asks `access` before every
// method. A client's certificate must be one that an authority signed; there must be
// one unless `access` takes tokens. InvalidArgument, naming flag and file, when one cannot
// be used.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, Access& access);

// Credentials of a client that believes a server when an authority signed its
// certificate for the name that was called. The client's own certificate is shown
// when there is one. InvalidArgument, naming flag and file, when one cannot be used.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsFiles& files);

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_TLS_H_
