#include "common/rpc/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/rpc/host_port.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"

namespace tutti {
namespace {

constexpr absl::string_view kUnix = "unix:";
// A peer that vanished with data under way is given up, as keepalive does without data.
constexpr unsigned kUnacknowledgedMillis = 20'000;
constexpr int kWithoutDescriptorsMillis = 50;

void SetOption(int socket, int level, int name, int value) {
  setsockopt(socket, level, name, &value, sizeof(value));
}

absl::Status NotBound(absl::string_view address, int error) {
  const std::string said =
      absl::StrCat("--listen: ", address, " cannot be served on: ", std::strerror(error));
  return error == EADDRINUSE ? absl::UnavailableError(said) : absl::InvalidArgumentError(said);
}

// -1, with errno, when it cannot be bound, or nothing can be accepted there.
int BindTo(int family, const sockaddr* address, socklen_t size) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  if (family != AF_UNIX) {
    // Connections inherit these. Two servers never share a port: no SO_REUSEPORT.
    SetOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    SetOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMillis);
    if (family == AF_INET6) SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(socket, address, size) == 0 && listen(socket, SOMAXCONN) == 0) return socket;
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

// Whether there is a server behind a socket.
bool IsServed(const sockaddr_un& address) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return true;
  const int code = connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  close(socket);
  return code == 0 || error != ECONNREFUSED;
}

absl::StatusOr<sockaddr_un> AddressOf(absl::string_view path) {
  constexpr size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > kMost) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen: ", kUnix, path, ": the path of a Unix socket has 1 to ", kMost, " bytes"));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether a socket that nobody serves is there, which may go: nothing else may. An error when what
// is there stays.
absl::StatusOr<bool> IsAbandoned(absl::string_view path, const sockaddr_un& address) {
  struct stat there = {};
  if (lstat(address.sun_path, &there) != 0) {
    if (errno == ENOENT) return false;
    return NotBound(absl::StrCat(kUnix, path), errno);
  }
  if (!S_ISSOCK(there.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen: ", kUnix, path,
                     " cannot be served on: what is there is no socket, and is not replaced"));
  }
  if (IsServed(address)) return NotBound(absl::StrCat(kUnix, path), EADDRINUSE);
  return true;
}

absl::StatusOr<int> BindPath(absl::string_view path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  ASSIGN_OR_RETURN(const bool abandoned, IsAbandoned(path, address));
  if (abandoned) unlink(address.sun_path);
  const int socket = BindTo(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (socket < 0) return NotBound(absl::StrCat(kUnix, path), errno);
  return socket;
}

// What BindPath would say, without making a socket.
absl::Status CheckPath(absl::string_view path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  RETURN_IF_ERROR(IsAbandoned(path, address).status());
  const std::string folder = std::filesystem::path(address.sun_path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return NotBound(absl::StrCat(kUnix, path), errno);
}

// What tells one socket of a path from the next; of nothing where there is none.
std::pair<dev_t, ino_t> FileAt(const std::string& path) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0) return {};
  return {there.st_dev, there.st_ino};
}

int PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  // The port is at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

absl::StatusOr<HostPort> Split(absl::string_view address) {
  std::optional<HostPort> parts = SplitHostPort(address);
  if (parts.has_value()) return *std::move(parts);
  return absl::InvalidArgumentError(
      absl::StrCat("--listen must be HOST:PORT, [IPv6]:PORT or unix:PATH, not \"", address, "\""));
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::StatusOr<Addresses> AddressesOf(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen: the host's name \"", host, "\" stands for no address"));
  }
  return Addresses(found, &freeaddrinfo);
}

absl::StatusOr<std::vector<int>> BindHost(HostPort& parts) {
  ASSIGN_OR_RETURN(const Addresses found, AddressesOf(parts.host));
  std::vector<int> sockets;
  absl::Cleanup close_all = [&sockets] {
    for (const int socket : sockets) close(socket);
  };
  const std::string written = absl::StrCat(parts.written_host, ":", parts.port);
  const bool any_port = parts.port == 0;
  std::set<std::string> seen;  // a name may stand for one address twice
  int error = 0;
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    reinterpret_cast<sockaddr_in*>(entry->ai_addr)->sin_port =
        htons(static_cast<uint16_t>(parts.port));
    const auto* const bytes = reinterpret_cast<const char*>(entry->ai_addr);
    if (!seen.emplace(bytes, entry->ai_addrlen).second) continue;
    const int socket = BindTo(entry->ai_family, entry->ai_addr, entry->ai_addrlen);
    if (socket >= 0) {
      sockets.push_back(socket);
      parts.port = PortOf(socket);
      continue;
    }
    error = errno;
    // The machine may lack some of the addresses. One that somebody else serves on must not be
    // passed over: callers would reach them there.
    if (!any_port && error != EAFNOSUPPORT && error != EADDRNOTAVAIL) {
      return NotBound(written, error);
    }
  }
  if (sockets.empty()) return NotBound(written, error);
  std::move(close_all).Cancel();
  return sockets;
}

// The first descriptor that a connection may not have; an operator can change it meanwhile.
int FirstKept() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX) return INT32_MAX;
  const int most = static_cast<int>(limit.rlim_cur);
  return std::max(most / 2, most - Listener::kKeptDescriptors);
}

}  // namespace

void Listener::CountStarved() {
  const int64_t count = starved_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (absl::Now() < next_warning_) return;
  next_warning_ = absl::Now() + absl::Seconds(1);
  LogWarning("connections find no file descriptor", {{"times", absl::StrCat(count)}});
}

bool Listener::AcceptAll(int socket, const std::function<void(int)>& take) {
  while (true) {
    const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return true;
      CountStarved();
      return false;
    }
    // The lowest free number is given out: this one says how many are taken.
    if (connection >= FirstKept()) {
      close(connection);
      CountStarved();
    } else {
      take(connection);
    }
  }
}

void Listener::Run(const std::function<void(int)>& take) {
  std::vector<pollfd> waiting = {{stop_, POLLIN, 0}};
  for (const int socket : sockets_) waiting.push_back({socket, POLLIN, 0});
  bool has_descriptors = true;
  while (true) {
    // Without descriptors, what waits for one would be readable at once and for ever.
    const nfds_t watched = has_descriptors ? waiting.size() : 1;
    const int ready =
        poll(waiting.data(), watched, has_descriptors ? -1 : kWithoutDescriptorsMillis);
    if (ready > 0 && (waiting[0].revents & POLLIN) != 0) return;
    has_descriptors = true;
    for (const int socket : sockets_) has_descriptors &= AcceptAll(socket, take);
  }
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, kUnix)) {
    ASSIGN_OR_RETURN(const int socket, BindPath(path));
    return std::unique_ptr<Listener>(new Listener(address, {socket}));
  }
  ASSIGN_OR_RETURN(HostPort parts, Split(address));
  ASSIGN_OR_RETURN(std::vector<int> sockets, BindHost(parts));
  return std::unique_ptr<Listener>(
      new Listener(absl::StrCat(parts.written_host, ":", parts.port), std::move(sockets)));
}

absl::Status Listener::Check(const std::string& address) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, kUnix)) return CheckPath(path);
  return Open(address).status();
}

Listener::Listener(std::string address, std::vector<int> sockets)
    : address_(std::move(address)), sockets_(std::move(sockets)), stop_(eventfd(0, EFD_CLOEXEC)) {
  absl::string_view path = address_;
  if (absl::ConsumePrefix(&path, kUnix)) file_ = FileAt(std::string(path));
}

Listener::~Listener() {
  Stop();
  for (const int socket : sockets_) close(socket);
  close(stop_);
}

void Listener::Serve(std::function<void(int fd)> take) {
  thread_ = std::thread([this, take = std::move(take)] { Run(take); });
}

void Listener::Stop() {
  for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  absl::string_view path = address_;
  if (absl::ConsumePrefix(&path, kUnix)) {
    // Another may serve there by now, or be stopped and served anew while this one drains.
    const std::string file(path);
    if (file_ != std::pair<dev_t, ino_t>() && FileAt(file) == file_) unlink(file.c_str());
  }
  if (!thread_.joinable()) return;
  eventfd_write(stop_, 1);
  thread_.join();
}

}  // namespace tutti
