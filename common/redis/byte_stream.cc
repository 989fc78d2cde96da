#include "common/redis/byte_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/host_lookup.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

absl::Status Unreachable(absl::string_view why) { return absl::UnavailableError(why); }

// What the kernel said last.
std::string LastError() { return std::generic_category().message(errno); }

// Waits until something may be read or written, or has failed; else errno says why not.
bool Await(int fd, short events, absl::Time deadline) {
  pollfd waiting{fd, events, 0};
  int ready = 0;
  do {
    const int64_t rest =
        absl::ToInt64Milliseconds(absl::Ceil(deadline - absl::Now(), absl::Milliseconds(1)));
    if (rest <= 0) {
      errno = ETIMEDOUT;
      return false;
    }
    constexpr int64_t kLongest = std::numeric_limits<int>::max();
    ready = poll(&waiting, 1, static_cast<int>(std::min(rest, kLongest)));
  } while (ready == 0 || (ready < 0 && errno == EINTR));
  return ready == 1;
}

// Waits until a connection that was begun is there; else errno says why it is not.
bool AwaitConnection(int fd, absl::Time deadline) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (!Await(fd, POLLOUT, deadline) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    return false;
  }
  errno = error;
  return error == 0;
}

// A connected socket that does not block; -1: none by the deadline, and errno says why.
int Connect(int family, const sockaddr* address, socklen_t size, absl::Time deadline) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (connect(fd, address, size) == 0 || (errno == EINPROGRESS && AwaitConnection(fd, deadline))) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

// Whether an operation on a socket was not done because it would have waited.
bool WouldWait() { return errno == EAGAIN || errno == EWOULDBLOCK; }

absl::StatusOr<TlsContext> ContextOf(const RedisTls& tls) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return absl::ResourceExhaustedError("out of memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(context.get(), tls.authorities.c_str()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("--redis_tls_authorities: ", tls.authorities,
                                                   " cannot be read, or holds no certificate"));
  }
  if (!tls.certificate.empty() &&
      (SSL_CTX_use_certificate_chain_file(context.get(), tls.certificate.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--redis_tls_certificate, --redis_tls_key: ", tls.certificate, " or ", tls.key,
                     " cannot be read, or they do not belong together"));
  }
  return context;
}

// Has the server's certificate checked for the host.
void Expect(std::string host, SSL* session) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1) return;
  SSL_set1_host(session, host.c_str());
  // SSL_set_tlsext_host_name, without the cast that it hides.
  SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
}

}  // namespace

absl::Status CheckRedisTls(const RedisTls& tls) { return ContextOf(tls).status(); }

absl::StatusOr<std::unique_ptr<ByteStream>> ByteStream::ConnectUnix(const std::string& path,
                                                                    absl::Time deadline) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Unreachable(absl::StrCat("longer than ", sizeof(address.sun_path) - 1, " characters"));
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const int fd =
      Connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address), deadline);
  if (fd < 0) {
    const std::string error = LastError();
    // The kernel says of another kind of file that the connection was refused.
    struct stat file = {};
    const bool other = stat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode);
    return Unreachable(other ? "not a socket" : error);
  }
  return std::unique_ptr<ByteStream>(new ByteStream(fd));
}

absl::StatusOr<std::unique_ptr<ByteStream>> ByteStream::ConnectTcp(const std::string& host,
                                                                   int port, absl::Time deadline) {
  ASSIGN_OR_RETURN(const HostAddresses addresses, LookUpHost(host, port, deadline));
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    // One that does not answer leaves time for the next.
    const absl::Time now = absl::Now();
    const absl::Time by = one->ai_next == nullptr ? deadline : now + (deadline - now) / 2;
    const int fd = Connect(one->ai_family, one->ai_addr, one->ai_addrlen, by);
    if (fd < 0) continue;
    // A command is written at once and is waited for.
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return std::unique_ptr<ByteStream>(new ByteStream(fd));
  }
  return Unreachable(LastError());
}

ByteStream::~ByteStream() {
  SSL_free(session_);
  close(fd_);
}

absl::Status ByteStream::StartTls(const RedisTls& tls, const std::string& host,
                                  absl::Time deadline) {
  ASSIGN_OR_RETURN(const TlsContext context, ContextOf(tls));
  session_ = SSL_new(context.get());
  if (session_ == nullptr) return absl::ResourceExhaustedError("out of memory");
  Expect(host, session_);
  ERR_clear_error();
  int connected = SSL_set_fd(session_, fd_);
  if (connected == 1) {
    do {
      ERR_clear_error();
      connected = SSL_connect(session_);
    } while (connected != 1 && AwaitTls(connected, deadline));
  }
  if (connected != 1) {
    ERR_clear_error();
    return absl::UnavailableError(
        "no TLS with redis-server: check that it speaks TLS, that the authorities signed its "
        "certificate, and that it takes this service's");
  }
  return absl::OkStatus();
}

// Whether to do an operation of TLS again that had this result.
bool ByteStream::AwaitTls(int result, absl::Time deadline) const {
  const int error = SSL_get_error(session_, result);
  if (error == SSL_ERROR_WANT_READ) return Await(fd_, POLLIN, deadline);
  return error == SSL_ERROR_WANT_WRITE && Await(fd_, POLLOUT, deadline);
}

bool ByteStream::Write(absl::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    size_t written = 0;
    if (session_ != nullptr) {
      // What an earlier failure of this thread left is not this one's.
      ERR_clear_error();
      const int done = SSL_write_ex(session_, bytes.data(), bytes.size(), &written);
      if (done != 1 && !AwaitTls(done, deadline)) return false;
    } else {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR && !(WouldWait() && Await(fd_, POLLOUT, deadline))) {
        return false;
      }
      written = static_cast<size_t>(std::max<ssize_t>(sent, 0));
    }
    bytes.remove_prefix(written);
  }
  return true;
}

size_t ByteStream::Read(absl::Span<char> buffer, absl::Time deadline) {
  while (true) {
    if (session_ != nullptr) {
      size_t read = 0;
      ERR_clear_error();
      const int done = SSL_read_ex(session_, buffer.data(), buffer.size(), &read);
      if (done == 1) return read;
      if (!AwaitTls(done, deadline)) return 0;
      continue;
    }
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received >= 0) return static_cast<size_t>(received);
    if (errno != EINTR && !(WouldWait() && Await(fd_, POLLIN, deadline))) return 0;
  }
}

bool ByteStream::Stirs() const {
  pollfd poll_fd{fd_, POLLIN, 0};
  return poll(&poll_fd, 1, 0) != 0;
}

}  // namespace tutti
