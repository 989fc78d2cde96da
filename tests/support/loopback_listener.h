#ifndef TUTTI_TESTS_SUPPORT_LOOPBACK_LISTENER_H_
#define TUTTI_TESTS_SUPPORT_LOOPBACK_LISTENER_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tutti {

// Listens on 127.0.0.1, on a port that was free; who connects is taken in by whoever asks.
class LoopbackListener {
 public:
  LoopbackListener() : file_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(file_, any, size) == 0 && getsockname(file_, any, &size) == 0 &&
        listen(file_, kWaiting) == 0) {
      port_ = ntohs(address.sin_port);
    }
  }
  ~LoopbackListener() { close(file_); }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  int file() const { return file_; }
  int port() const { return port_; }  // 0: none was to be had

 private:
  static constexpr int kWaiting = 16;

  const int file_;
  int port_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_LOOPBACK_LISTENER_H_
