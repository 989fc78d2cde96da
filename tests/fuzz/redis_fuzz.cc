// Replies of Redis: whatever a server sends, the stores give an answer or a status, and what
// a good one sends comes out as it went in.

#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/redis_cohort_store.h"
#include "common/redis/redis_organization_store.h"
#include "common/redis/redis_publication_store.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {
namespace {

// Sends the same bytes to whoever connects, whatever they say, and hangs up.
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
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
    unlink(path_.c_str());
  }

  RedisOptions options() const {
    RedisOptions options;
    options.unix_socket = path_;
    options.timeout = absl::Seconds(5);
    return options;
  }

 private:
  void Serve() {
    for (int caller = accept(socket_, nullptr, nullptr); caller >= 0;
         caller = accept(socket_, nullptr, nullptr)) {
      static_cast<void>(!send(caller, bytes_.data(), bytes_.size(), MSG_NOSIGNAL));
      shutdown(caller, SHUT_WR);
      char heard[4096];
      while (recv(caller, heard, sizeof(heard), 0) > 0) {
      }
      close(caller);
    }
  }

  const std::string bytes_;
  std::string path_;
  int socket_ = -1;
  std::thread thread_;
};

std::string Bulk(absl::string_view text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}

void ReadAnything(FuzzedDataProvider& draw) {
  const int what = draw.ConsumeIntegralInRange(0, 7);
  const OneReply server(draw.ConsumeRemainingBytesAsString());
  RedisPool pool(server.options());
  RedisPublicationStore publications(pool);
  RedisCohortStore cohorts(pool);
  RedisOrganizationStore organizations(pool);
  const Day day(2026, 11, 22);
  switch (what) {
    case 0:
      static_cast<void>(publications.ListEndDays("acme"));
      break;
    case 1:
      static_cast<void>(publications.Find({{"acme", day}, {"beta", {}}}));
      break;
    case 2: {
      const auto records = publications.Read("acme", {day, day - 7});
      if (records.ok()) Require(records->size() == 2, "as many records as were asked for");
      break;
    }
    case 3:
      static_cast<void>(publications.ReadLedger("acme"));
      break;
    case 4:
      static_cast<void>(cohorts.Read(day, "all"));
      break;
    case 5:
      static_cast<void>(organizations.Read("acme"));
      break;
    case 6:
      static_cast<void>(organizations.List("", 10));
      break;
    default:
      static_cast<void>(publications.Promote("acme", day));
  }
}

void ReadWhatIsGood(FuzzedDataProvider& draw) {
  std::vector<Day> days;
  std::string reply;
  for (int count = draw.ConsumeIntegralInRange(0, 50); count > 0; --count) {
    days.push_back(Day(2020, 1, 1) + draw.ConsumeIntegralInRange(0, 3000));
    reply += Bulk(FormatDay(days.back()));
  }
  const std::string record = draw.ConsumeRemainingBytesAsString();
  {
    const OneReply server(absl::StrCat("*", days.size(), "\r\n", reply));
    RedisPool pool(server.options());
    const auto read = RedisPublicationStore(pool).ListEndDays("acme");
    Require(read.ok() && *read == days, "days come out as they went in");
  }
  const OneReply server(Bulk(record));
  RedisPool pool(server.options());
  const auto read = RedisCohortStore(pool).Read(Day(2026, 11, 22), "all");
  Require(read.ok() && *read == record, "a record comes out as it went in");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  if (draw.ConsumeIntegralInRange(0, 3) == 0) {
    tutti::ReadWhatIsGood(draw);
  } else {
    tutti::ReadAnything(draw);
  }
  return 0;
}
