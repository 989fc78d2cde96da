#ifndef TUTTI_COMMON_RPC_LISTENER_H_
#define TUTTI_COMMON_RPC_LISTENER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tutti {

// Accepts connections and hands them on. Unlike gRPC's own listener it goes on when the
// process has no file descriptor left: it keeps some back for files and stores, ends
// connections that would take those, and takes new ones when others have gone.
//
// Serve, Stop and the destructor are for one thread, starved() for any; what Serve is given
// is called by the listener's own thread.
class Listener {
 public:
  // Descriptors that connections do not get.
  static constexpr int kKeptDescriptors = 64;

  // Binds HOST:PORT (every address that the host's name stands for; port 0: a free one;
  // [::] is IPv4 too) or unix:PATH, where a socket that nobody serves any more is replaced, and
  // nothing else. Unavailable when something else serves there, InvalidArgument when it is no such
  // address or one that cannot be bound; both name it and say why.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address);

  // What Open would say of it now; makes no file and leaves nothing bound.
  static absl::Status Check(const std::string& address);

  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The address that Open was given, with the port that was taken.
  const std::string& address() const { return address_; }

  // Hands each connection to `take` from now on, which owns the descriptor: not blocking,
  // closed on exec. Once.
  void Serve(std::function<void(int fd)> take);

  // Takes no further connection; those handed on are not its own.
  void Stop();

  // How often no descriptor was free for a connection: it was ended, or had to wait.
  int64_t starved() const { return starved_.load(std::memory_order_relaxed); }

 private:
  Listener(std::string address, std::vector<int> sockets);

  void Run(const std::function<void(int)>& take);
  // False when there is no descriptor for one.
  bool AcceptAll(int socket, const std::function<void(int)>& take);
  void CountStarved();

  const std::string address_;
  const std::vector<int> sockets_;
  const int stop_;                // readable when it ends
  std::pair<dev_t, ino_t> file_;  // device and inode of the socket at a path
  std::atomic<int64_t> starved_{0};
  absl::Time next_warning_ = absl::InfinitePast();  // the thread's own
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_LISTENER_H_
