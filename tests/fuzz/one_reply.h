#ifndef TUTTI_TESTS_FUZZ_ONE_REPLY_H_
#define TUTTI_TESTS_FUZZ_ONE_REPLY_H_

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/redis/connection.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {

// Sends the same bytes to whoever connects, whatever they say, and hangs up. The
// hundredth caller finds nobody: a store that asks until it hears the end must end, too.
class OneReply {
 public:
  explicit OneReply(std::string bytes) : bytes_(std::move(bytes)) {
    socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
    const std::string name = absl::StrCat("/tmp/tutti-redis-fuzz.", getpid());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path) - 1);
    unlink(address.sun_path);
    // NOLINTNEXTLINE: how sockets are bound
    Require(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "it binds");
    Require(listen(socket_, 8) == 0, "and listens");
    path_ = name;
    thread_ = std::thread([this] { Serve(); });
  }
  ~OneReply() {
    Stop();
    close(socket_);
    unlink(path_.c_str());
  }
  OneReply(const OneReply&) = delete;
  OneReply& operator=(const OneReply&) = delete;

  RedisOptions options() const {
    RedisOptions options;
    options.unix_socket = path_;
    options.timeout = absl::Seconds(5);
    return options;
  }

  // What callers have said. They have hung up before.
  const std::string& Stop() {
    shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    return heard_;
  }

 private:
  static constexpr int kMostCallers = 100;

  void Serve() {
    for (int callers = 0; callers < kMostCallers; ++callers) {
      const int caller = accept(socket_, nullptr, nullptr);
      if (caller < 0) return;
      static_cast<void>(!send(caller, bytes_.data(), bytes_.size(), MSG_NOSIGNAL));
      shutdown(caller, SHUT_WR);
      char heard[4096];
      for (ssize_t size = 1; size > 0;) {
        size = recv(caller, heard, sizeof(heard), 0);
        if (size > 0) heard_.append(heard, static_cast<size_t>(size));
      }
      close(caller);
    }
    shutdown(socket_, SHUT_RDWR);
  }

  const std::string bytes_;
  std::string path_;
  int socket_ = -1;
  std::string heard_;  // by thread_, until it is joined
  std::thread thread_;
};

// A text as Redis sends it.
inline std::string Bulk(absl::string_view text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}

// A list of texts as Redis sends it.
inline std::string Bulks(const std::vector<std::string>& texts) {
  std::string reply = absl::StrCat("*", texts.size(), "\r\n");
  for (const std::string& text : texts) reply += Bulk(text);
  return reply;
}

// The words of a command as a client has sent it.
inline std::vector<std::string> WordsOf(absl::string_view command) {
  std::vector<std::string> words;
  const auto number = [&command](char mark) {
    size_t value = 0;
    const size_t end = command.find("\r\n");
    Require(command.front() == mark && absl::SimpleAtoi(command.substr(1, end - 1), &value),
            "a command is sent as one");
    command.remove_prefix(end + 2);
    return value;
  };
  for (size_t count = number('*'); count > 0; --count) {
    const size_t size = number('$');
    words.emplace_back(command.substr(0, size));
    command.remove_prefix(size + 2);
  }
  return words;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_FUZZ_ONE_REPLY_H_
