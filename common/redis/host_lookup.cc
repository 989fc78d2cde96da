#include "common/redis/host_lookup.h"

#include <list>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tutti {
namespace {

// One question to glibc's resolver, which has threads of its own for them.
class Lookup {
 public:
  Lookup(const std::string& host, int port) : host_(host), port_(absl::StrCat(port)) {
    hints_.ai_socktype = SOCK_STREAM;
    request_.ar_name = host_.c_str();
    request_.ar_service = port_.c_str();
    request_.ar_request = &hints_;
  }
  ~Lookup() {
    if (request_.ar_result != nullptr) freeaddrinfo(request_.ar_result);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  int Begin() {
    gaicb* requests[] = {&request_};
    return getaddrinfo_a(GAI_NOWAIT, requests, 1, nullptr);
  }

  void WaitUntil(absl::Time deadline) {
    const gaicb* const requests[] = {&request_};
    while (gai_error(&request_) == EAI_INPROGRESS && absl::Now() < deadline) {
      const timespec rest = absl::ToTimespec(deadline - absl::Now());
      gai_suspend(requests, 1, &rest);
    }
  }

  // Whether nobody will write into it any more.
  bool Cancel() {
    return gai_error(&request_) != EAI_INPROGRESS || gai_cancel(&request_) == EAI_CANCELED;
  }

  // What was found; null: nothing, or not yet.
  HostAddresses Take() {
    if (gai_error(&request_) != 0) return nullptr;
    return HostAddresses(std::exchange(request_.ar_result, nullptr));
  }

 private:
  const std::string host_;
  const std::string port_;
  addrinfo hints_ = {};
  gaicb request_ = {};
};

// Keeps a question to which an answer may still come, until it has.
void Abandon(std::unique_ptr<Lookup> lookup) {
  static std::mutex mutex;
  // Never destroyed: the resolver's threads live as long as the process.
  static auto& abandoned = *new std::list<std::unique_ptr<Lookup>>;
  const std::lock_guard<std::mutex> lock(mutex);
  abandoned.remove_if([](const std::unique_ptr<Lookup>& old) { return old->Cancel(); });
  abandoned.push_back(std::move(lookup));
}

HostAddresses ReadDigits(const std::string& host, int port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  return HostAddresses(failed == 0 ? found : nullptr);
}

}  // namespace

absl::StatusOr<HostAddresses> LookUpHost(const std::string& host, int port, absl::Time deadline) {
  HostAddresses addresses = ReadDigits(host, port);
  if (addresses != nullptr) return addresses;
  auto lookup = std::make_unique<Lookup>(host, port);
  if (lookup->Begin() == 0) {
    lookup->WaitUntil(deadline);
    if (lookup->Cancel()) {
      addresses = lookup->Take();
    } else {
      Abandon(std::move(lookup));
    }
  }
  if (addresses != nullptr) return addresses;
  if (absl::Now() >= deadline) {
    return absl::UnavailableError(
        "no name server says in time where redis-server is; give it by address");
  }
  return absl::UnavailableError(
      "the name of redis-server's host is not known; check that it is right");
}

}  // namespace tutti
