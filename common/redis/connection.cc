#include "common/redis/connection.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr size_t kMaxIdle = 32;

// Elements of one array of a reply; the largest that we ask for has some thousands. hiredis
// allocates as many as the server announces, before any has come.
constexpr int kMaxElements = 1 << 20;

constexpr char kUnreachable[] = "redis-server cannot be reached";
constexpr char kCheckAddress[] =
    "; check that it runs, that its address is right, and that this service's user may connect";

absl::Status Unreachable(const RedisOptions& options, const absl::Status& why) {
  std::string place;
  if (!options.unix_socket.empty()) {
    place = absl::StrCat(options.flags, "_socket=", options.unix_socket);
  } else {
    const absl::string_view flag = !options.cluster.empty()   ? "_cluster"
                                   : options.flags == "redis" ? "_address"
                                                              : "";
    place = absl::StrCat(options.flags, flag, "=", options.host, ":", options.port);
  }
  return absl::UnavailableError(
      absl::StrCat(kUnreachable, " (--", place, ": ", why.message(), ")", kCheckAddress));
}

constexpr size_t kReadAtOnce = size_t{16} << 10;

// What makes hiredis refuse a longer array.
redisReplyObjectFunctions* BoundedReplies(const redisReader& reader) {
  static const auto create_array = reader.fn->createArray;
  static redisReplyObjectFunctions bounded = [&reader] {
    redisReplyObjectFunctions functions = *reader.fn;
    functions.createArray = [](const redisReadTask* task, int elements) -> void* {
      return elements > kMaxElements ? nullptr : create_array(task, elements);
    };
    return functions;
  }();
  return &bounded;
}

// The error that a reply stands for, if it does.
absl::Status ErrorOf(const absl::StatusOr<RedisReply>& reply) {
  return reply.ok() ? StatusOf(**reply) : reply.status();
}

// A text or a number as a text; empty when it is neither.
std::string WordOf(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return absl::StrCat(reply.integer);
  const bool text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS;
  return text ? std::string(reply.str, reply.len) : "";
}

}  // namespace

bool IsLoopback(absl::string_view host) {
  if (host == "::1" || host == "localhost") return true;
  in_addr address = {};
  constexpr uint32_t kNetwork = 127;
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == kNetwork;
}

uint64_t NextEpoch() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

absl::Status UnexpectedReply() {
  return absl::InternalError("redis-server answered in a way that was not expected");
}

void RedisReplyDeleter::operator()(redisReply* reply) const { freeReplyObject(reply); }
void RedisReaderDeleter::operator()(redisReader* reader) const { redisReaderFree(reader); }

std::string ErrorTextOf(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR ? std::string(reply.str, reply.len) : "";
}

std::string ErrorCodeOf(const redisReply& reply) {
  std::string text = ErrorTextOf(reply);
  // The rest of an error may repeat what was sent.
  return text.substr(0, text.find(' '));
}

bool IsDenied(const redisReply& reply) {
  const std::string text = ErrorTextOf(reply);
  // The latter for what a script does.
  return absl::StartsWith(text, "NOPERM ") ||
         absl::StrContains(text, "The user executing the script can't");
}

absl::Status StatusOf(const redisReply& reply) {
  const std::string code = ErrorCodeOf(reply);
  if (code.empty()) return absl::OkStatus();
  // Callers, whose own rights are in order, come to see it; what it is that the service may not
  // do is for its log, see UserWatch.
  if (IsDenied(reply)) {
    return absl::UnavailableError(
        "the store cannot be used now; the log of the service that is not ready says why");
  }
  if (code == "MOVED" || code == "ASK") {
    return absl::FailedPreconditionError(
        "redis-server is a node of a cluster, and another has the key: give --redis_cluster");
  }
  const bool passing = code == "LOADING" || code == "BUSY" || code == "MASTERDOWN" ||
                       code == "READONLY" || code == "NOREPLICAS" || code == "MISCONF" ||
                       code == "OOM" || code == "EXECABORT" || code == "CLUSTERDOWN" ||
                       code == "TRYAGAIN";
  const std::string message = absl::StrCat("redis-server refuses a command: ", code);
  return passing ? absl::UnavailableError(message) : absl::InternalError(message);
}

absl::StatusOr<int64_t> AsInteger(const absl::StatusOr<RedisReply>& reply) {
  RETURN_IF_ERROR(ErrorOf(reply));
  if ((*reply)->type != REDIS_REPLY_INTEGER) return UnexpectedReply();
  return (*reply)->integer;
}

absl::StatusOr<std::string> AsString(const absl::StatusOr<RedisReply>& reply) {
  RETURN_IF_ERROR(ErrorOf(reply));
  if ((*reply)->type == REDIS_REPLY_NIL) return absl::NotFoundError("there is no such key");
  if ((*reply)->type != REDIS_REPLY_STRING && (*reply)->type != REDIS_REPLY_STATUS) {
    return UnexpectedReply();
  }
  return std::string((*reply)->str, (*reply)->len);
}

absl::StatusOr<std::vector<std::string>> AsStrings(const absl::StatusOr<RedisReply>& reply) {
  RETURN_IF_ERROR(ErrorOf(reply));
  if ((*reply)->type != REDIS_REPLY_ARRAY) return UnexpectedReply();
  std::vector<std::string> strings;
  strings.reserve((*reply)->elements);
  for (size_t i = 0; i < (*reply)->elements; ++i) {
    const redisReply* element = (*reply)->element[i];
    if (element->type == REDIS_REPLY_NIL) return absl::NotFoundError("there is no such key");
    if (element->type != REDIS_REPLY_STRING) return UnexpectedReply();
    strings.emplace_back(element->str, element->len);
  }
  return strings;
}

absl::Status AsOk(const absl::StatusOr<RedisReply>& reply) { return ErrorOf(reply); }

absl::StatusOr<std::vector<std::vector<std::string>>> AsRows(
    const absl::StatusOr<RedisReply>& reply) {
  RETURN_IF_ERROR(ErrorOf(reply));
  if ((*reply)->type != REDIS_REPLY_ARRAY) return UnexpectedReply();
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < (*reply)->elements; ++i) {
    const redisReply& row = *(*reply)->element[i];
    if (row.type != REDIS_REPLY_ARRAY) return UnexpectedReply();
    std::vector<std::string>& words = rows.emplace_back();
    for (size_t j = 0; j < row.elements; ++j) {
      const redisReply& element = *row.element[j];
      if (element.type != REDIS_REPLY_ARRAY) {
        words.push_back(WordOf(element));
        continue;
      }
      for (size_t k = 0; k < element.elements; ++k) {
        const redisReply& inner = *element.element[k];
        if (inner.type != REDIS_REPLY_ARRAY) words.push_back(WordOf(inner));
      }
    }
  }
  return rows;
}

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisConnection::Open(
    const RedisOptions& options) {
  const absl::Time deadline = absl::Now() + options.timeout;
  absl::StatusOr<std::unique_ptr<ByteStream>> connected =
      options.unix_socket.empty() ? ByteStream::ConnectTcp(options.host, options.port, deadline)
                                  : ByteStream::ConnectUnix(options.unix_socket, deadline);
  if (!connected.ok()) return Unreachable(options, connected.status());
  std::unique_ptr<ByteStream> stream = *std::move(connected);
  redisReader* const reader = redisReaderCreate();
  if (reader == nullptr) return absl::ResourceExhaustedError("out of memory");
  reader->fn = BoundedReplies(*reader);
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(stream), reader));
  connection->received_.resize(kReadAtOnce);
  connection->deadline_ = deadline;
  if (options.tls.any()) {
    RETURN_IF_ERROR(connection->stream_->StartTls(options.tls, options.host, deadline));
  }
  const absl::Status authenticated =
      options.user.empty() ? absl::OkStatus()
                           : AsOk(connection->Call({"AUTH", options.user, options.password}));
  if (absl::IsInternal(authenticated)) {
    return absl::UnavailableError("redis-server does not accept the user and password");
  }
  if (!authenticated.ok()) return authenticated;
  return connection;
}

absl::Status RedisConnection::Broken() {
  broken_ = true;
  return absl::UnavailableError(
      "the connection to redis-server broke; nothing is known of the last "
      "commands");
}

void RedisConnection::Append(const RedisWords& words) {
  std::vector<const char*> pointers;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    pointers.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const auto size =
      redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), pointers.data(), sizes.data());
  if (size < 0) {
    broken_ = true;
  } else {
    unsent_.append(bytes, static_cast<size_t>(size));
    redisFreeCommand(bytes);
  }
  ++unread_;
}

void RedisConnection::AppendRaw(const std::string& bytes, size_t commands) {
  unsent_ += bytes;
  unread_ += commands;
}

absl::Status RedisConnection::Flush() {
  // What was large once is not kept: a string that is assigned an empty one keeps its memory.
  const std::string bytes = std::exchange(unsent_, std::string());
  if (broken_ || !stream_->Write(bytes, deadline_)) return Broken();
  return absl::OkStatus();
}

absl::StatusOr<RedisReply> RedisConnection::Read() {
  RETURN_IF_ERROR(Flush());
  void* data = nullptr;
  while (true) {
    if (redisReaderGetReply(reader_.get(), &data) != REDIS_OK) return Broken();
    if (data != nullptr) break;
    const size_t read = stream_->Read(absl::MakeSpan(received_), deadline_);
    // One that sends without an end is not waited for either.
    if (read == 0 || absl::Now() >= deadline_ ||
        redisReaderFeed(reader_.get(), received_.data(), read) != REDIS_OK) {
      return Broken();
    }
  }
  --unread_;
  RedisReply reply(static_cast<redisReply*>(data));
  // A primary that became a replica: what it holds is no longer ours to know.
  if (ErrorCodeOf(*reply) == "READONLY") broken_ = true;
  return reply;
}

absl::StatusOr<std::string> RedisConnection::RunId() {
  if (!run_id_.empty()) return run_id_;
  ASSIGN_OR_RETURN(const std::string info, AsString(Call({"INFO", "server"})));
  for (absl::string_view line : absl::StrSplit(info, "\r\n")) {
    if (absl::ConsumePrefix(&line, "run_id:")) run_id_ = std::string(line);
  }
  if (run_id_.empty()) return UnexpectedReply();
  return run_id_;
}

absl::StatusOr<RedisReply> RedisConnection::Call(const RedisWords& words) {
  Append(words);
  return Read();
}

bool RedisConnection::LooksClosed() const { return stream_->Stirs(); }

RedisPool::RedisPool(RedisOptions options) : options_(std::move(options)) {
  signal(SIGPIPE, SIG_IGN);
}

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisPool::Take(absl::Duration limit) {
  const absl::Duration timeout = std::min(limit, options_.timeout);
  while (true) {
    std::unique_ptr<RedisConnection> connection;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (idle_.empty()) break;
      connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->LooksClosed()) {
        epoch_ = NextEpoch();
        continue;
      }
    }
    connection->LimitTo(timeout);
    return connection;
  }
  RedisOptions options = options_;
  options.timeout = timeout;
  absl::StatusOr<std::unique_ptr<RedisConnection>> opened = RedisConnection::Open(options);
  // Callers come to see it: where the server is they are not told.
  if (!opened.ok() && absl::StartsWith(opened.status().message(), kUnreachable)) {
    return absl::UnavailableError(absl::StrCat(kUnreachable, kCheckAddress));
  }
  return opened;
}

void RedisPool::Give(std::unique_ptr<RedisConnection> connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (connection->broken()) {
    epoch_ = NextEpoch();
  } else if (connection->idle() && idle_.size() < kMaxIdle) {
    idle_.push_back(std::move(connection));
  }
}

absl::StatusOr<RedisReply> RedisPool::Call(const RedisWords& words) {
  ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, Take());
  absl::StatusOr<RedisReply> reply = connection->Call(words);
  Give(std::move(connection));
  return reply;
}

absl::StatusOr<RedisReply> RedisPool::CallDurably(const RedisWords& words) {
  ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, Take());
  absl::StatusOr<RedisReply> reply = connection->Call(words);
  if (reply.ok()) {
    absl::Status durable = WaitForReplicas(*connection);
    if (!durable.ok()) reply = durable;
  }
  Give(std::move(connection));
  return reply;
}

absl::Status RedisPool::WaitForReplicas(RedisConnection& connection) const {
  AppendWait(connection);
  return ReadWait(connection);
}

void RedisPool::AppendWait(RedisConnection& connection) const {
  // With appendfsync always an answer means that the write is on disk.
  if (options_.wait_replicas == 0) return;
  const absl::Duration patience = std::max(connection.limit(), absl::ZeroDuration()) / 2;
  connection.Append({"WAIT", absl::StrCat(options_.wait_replicas),
                     // 0 would be for ever.
                     absl::StrCat(1 + absl::ToInt64Milliseconds(patience))});
}

absl::Status RedisPool::ReadWait(RedisConnection& connection) const {
  if (options_.wait_replicas == 0) return absl::OkStatus();
  const absl::StatusOr<int64_t> replicas = AsInteger(connection.Read());
  // A primary that has become a replica refuses to wait.
  if (absl::IsInternal(replicas.status())) {
    connection.Break();
    return absl::UnavailableError("redis-server does not say which replicas have the write");
  }
  if (!replicas.ok()) return replicas.status();
  if (*replicas < options_.wait_replicas) {
    return absl::UnavailableError(
        absl::StrCat(*replicas, " of ", options_.wait_replicas,
                     " replicas have received the write; bring back those "
                     "that are away, or lower --",
                     options_.wait_flag));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> RedisPool::EpochOf(RedisConnection& connection) {
  const bool fresh = !connection.identified();
  ASSIGN_OR_RETURN(const std::string run_id, connection.RunId());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (run_id != run_id_) {
    if (!fresh) {
      connection.Break();
      return absl::UnavailableError("redis-server was restarted; try again");
    }
    run_id_ = run_id;
    epoch_ = NextEpoch();
  }
  return epoch_;
}

RedisWords Script(const std::string& body, const RedisWords& keys, const RedisWords& arguments) {
  RedisWords words = {"EVAL", body, absl::StrCat(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace tutti
