#include "common/rpc/end_connection.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// The peer as gRPC names it; empty when it is no address of the internet.
std::string PeerOf(int socket) {
  sockaddr_in6 address{};
  socklen_t size = sizeof(address);
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  char text[INET6_ADDRSTRLEN] = "";
  // The port is at the same place in both families.
  const int port = ntohs(address.sin6_port);
  if (address.sin6_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&address)->sin_addr, text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  if (address.sin6_family != AF_INET6) return "";
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    inet_ntop(AF_INET, &address.sin6_addr.s6_addr[12], text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
  return absl::StrCat("ipv6:%5B", text, "%5D:", port);
}

}  // namespace

void EndConnection(absl::string_view peer) {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return;
  while (const dirent* const entry = readdir(folder)) {
    int number = 0;
    if (!absl::SimpleAtoi(entry->d_name, &number) || PeerOf(number) != peer) continue;
    // By now the number may be another connection's: one of our own stays what it is.
    const int socket = fcntl(number, F_DUPFD_CLOEXEC, 0);
    if (socket < 0) continue;
    if (PeerOf(socket) == peer) shutdown(socket, SHUT_RDWR);
    close(socket);
  }
  closedir(folder);
}

}  // namespace tutti
