#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/loopback_listener.h"

namespace tutti {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartTime = absl::Seconds(60);
constexpr absl::Duration kPollTime = absl::Milliseconds(10);

std::string PasswordOf(const std::string& user) { return absl::StrCat("password of ", user); }

std::string Sha256Hex(const std::string& text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// A port of the loopback that nobody listens on.
int FreePort() { return LoopbackListener().port(); }

// Becomes redis-server; only async-signal-safe calls, for others run threads.
[[noreturn]] void Become(const std::vector<char*>& arguments, int log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

// In memory where there is plenty: no test takes away more than a process, and thousands of
// writes that each wait for a disk are most of what a test takes.
fs::path FolderForFiles() {
  const fs::path memory = "/dev/shm";
  std::error_code failed;
  const fs::space_info space = fs::space(memory, failed);
  const bool plenty = !failed && space.available > uintmax_t{2} << 30;
  return plenty && access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

// A new folder, gone with the process.
class Folder {
 public:
  Folder() { made_ = mkdtemp(path_.data()) != nullptr; }
  ~Folder() {
    std::error_code ignored;
    if (made_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string File(const std::string& name) const { return fs::path(path_) / name; }

 private:
  std::string path_ = (FolderForFiles() / "tutti-tls-XXXXXX").string();
  bool made_ = false;
};

// Writes a new key, and a certificate for 127.0.0.1 that it signs itself.
void MakeCertificate(const RedisTls& files) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), absl::ToInt64Seconds(absl::Hours(24)));
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const std::string subject = "redis for tests";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> address(
      X509V3_EXT_nconf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"),
      X509_EXTENSION_free);
  X509_add_ext(certificate.get(), address.get(), -1);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  FILE* file = fopen(files.certificate.c_str(), "we");
  PEM_write_X509(file, certificate.get());
  fclose(file);
  file = fopen(files.key.c_str(), "we");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  fclose(file);
}

// Has a server listen on a port.
std::vector<std::string> ListenOn(int port, const RedisTls& tls) {
  const std::string number = absl::StrCat(port);
  if (!tls.any()) return {"--bind", "127.0.0.1", "--port", number};
  return {"--bind",
          "127.0.0.1",
          "--port",
          "0",
          "--tls-port",
          number,
          "--tls-cert-file",
          tls.certificate,
          "--tls-key-file",
          tls.key,
          "--tls-ca-cert-file",
          tls.authorities,
          "--tls-cluster",
          "yes",
          "--tls-replication",
          "yes"};
}

}  // namespace

const RedisTls& RedisServer::Credentials() {
  static const Folder folder;
  static const RedisTls credentials = [] {
    RedisTls files{folder.File("cert.pem"), folder.File("cert.pem"), folder.File("key.pem")};
    MakeCertificate(files);
    return files;
  }();
  return credentials;
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::Start() { return StartWith({}); }

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartPrimary(Wire wire) {
  const int port = FreePort();
  auto server = StartWith(ListenOn(port, wire == Wire::kTls ? Credentials() : RedisTls()));
  if (!server.ok()) return server;
  (*server)->port_ = port;
  (*server)->wire_ = wire;
  return server;
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartReplicaOf(
    const RedisServer& primary) {
  const int port = FreePort();
  auto server = StartWith({"--bind", "127.0.0.1", "--port", absl::StrCat(port), "--replicaof",
                           "127.0.0.1", absl::StrCat(primary.port_), "--masteruser", "inspector",
                           "--masterauth", PasswordOf("inspector")});
  if (!server.ok()) return server;
  (*server)->port_ = port;
  if (absl::Status there = primary.AwaitReplica(**server); !there.ok()) return there;
  return server;
}

absl::Status RedisServer::AwaitReplica(const RedisServer& replica) const {
  RedisPool there(replica.OptionsFor("inspector"));
  RedisPool here(OptionsFor("inspector"));
  // The primary lists a replica once it has told that it has everything.
  const std::string listed = absl::StrCat("port=", replica.port_, ",state=online");
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    const std::string link = AsString(there.Call({"INFO", "replication"})).value_or("");
    const std::string known = AsString(here.Call({"INFO", "replication"})).value_or("");
    if (absl::StrContains(link, "master_link_status:up") && absl::StrContains(known, listed)) {
      return absl::OkStatus();
    }
    absl::SleepFor(kPollTime);
  }
  return absl::UnavailableError("the replica did not reach its primary");
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartClusterNode(Wire wire) {
  const int port = FreePort();
  const int bus_port = FreePort();
  std::vector<std::string> more = ListenOn(port, wire == Wire::kTls ? Credentials() : RedisTls());
  const std::vector<std::string> cluster = {"--cluster-port",
                                            absl::StrCat(bus_port),
                                            "--cluster-enabled",
                                            "yes",
                                            "--cluster-node-timeout",
                                            "5000",
                                            "--cluster-allow-replica-migration",
                                            "no",
                                            "--cluster-require-full-coverage",
                                            "no",
                                            "--masteruser",
                                            "inspector",
                                            "--masterauth",
                                            PasswordOf("inspector")};
  more.insert(more.end(), cluster.begin(), cluster.end());
  auto server = StartWith(std::move(more));
  if (!server.ok()) return server;
  (*server)->port_ = port;
  (*server)->bus_port_ = bus_port;
  (*server)->wire_ = wire;
  return server;
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartClusterPrimary() {
  auto server = StartClusterNode();
  if (!server.ok()) return server;
  RedisPool pool((*server)->OptionsFor("inspector"));
  absl::Status all = AsOk(pool.Call({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}));
  if (!all.ok()) return all;
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    const std::string info = AsString(pool.Call({"CLUSTER", "INFO"})).value_or("");
    if (absl::StrContains(info, "cluster_state:ok")) return server;
    absl::SleepFor(kPollTime);
  }
  return absl::UnavailableError("the cluster did not come up");
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartClusterReplicaOf(
    const RedisServer& primary) {
  auto server = StartClusterNode();
  if (!server.ok()) return server;
  RedisPool replica((*server)->OptionsFor("inspector"));
  RedisPool there(primary.OptionsFor("inspector"));
  const absl::StatusOr<std::string> id = AsString(there.Call({"CLUSTER", "MYID"}));
  if (!id.ok()) return id.status();
  absl::Status met = AsOk(replica.Call({"CLUSTER", "MEET", "127.0.0.1", absl::StrCat(primary.port_),
                                        absl::StrCat(primary.bus_port_)}));
  if (!met.ok()) return met;
  // Until it knows the primary it cannot follow it.
  const absl::Time deadline = absl::Now() + kStartTime;
  while (!AsOk(replica.Call({"CLUSTER", "REPLICATE", *id})).ok()) {
    if (absl::Now() > deadline) return absl::UnavailableError("the nodes did not meet");
    absl::SleepFor(kPollTime);
  }
  if (absl::Status caught_up = primary.AwaitReplica(**server); !caught_up.ok()) return caught_up;
  return server;
}

absl::Status RedisServer::Promote() {
  more_.clear();
  RedisPool pool(OptionsFor("inspector"));
  return AsOk(pool.Call({"REPLICAOF", "NO", "ONE"}));
}

absl::StatusOr<std::unique_ptr<RedisServer>> RedisServer::StartWith(std::vector<std::string> more) {
  const char* source = getenv("TUTTI_SOURCE_DIR");
  if (source == nullptr) return absl::FailedPreconditionError("set TUTTI_SOURCE_DIR; ctest does");
  std::string folder = (FolderForFiles() / "tutti-redis-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return absl::InternalError("no folder can be made");
  std::unique_ptr<RedisServer> server(new RedisServer(folder));
  server->more_ = std::move(more);

  const fs::path deploy = fs::path(source) / "deploy/redis";
  std::ofstream acl(server->folder_ / "users.acl");
  acl << absl::StrReplaceAll(ReadFile(deploy / "users.acl"),
                             {{"@AGGREGATE_PASSWORD_SHA256@", Sha256Hex(PasswordOf("aggregate"))},
                              {"@SCORE_PASSWORD_SHA256@", Sha256Hex(PasswordOf("score"))}})
      << "\nuser inspector on #" << Sha256Hex(PasswordOf("inspector")) << " ~* &* +@all\n";
  acl.close();
  fs::copy_file(deploy / "redis.conf", server->folder_ / "redis.conf");
  if (absl::Status resumed = server->Resume(); !resumed.ok()) return resumed;
  return server;
}

RedisServer::~RedisServer() {
  End(SIGTERM);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

RedisOptions RedisServer::OptionsFor(const std::string& user) const {
  RedisOptions options;
  options.unix_socket = folder_ / "redis.sock";
  options.user = user;
  options.password = PasswordOf(user);
  return options;
}

absl::Status RedisServer::Resume() {
  std::vector<std::string> words = {"redis-server", folder_ / "redis.conf", "--dir",
                                    folder_,        "--unixsocket",         folder_ / "redis.sock",
                                    "--aclfile",    folder_ / "users.acl"};
  words.insert(words.end(), more_.begin(), more_.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int log =
      open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  pid_ = fork();
  if (pid_ == 0) Become(arguments, log);
  close(log);
  if (pid_ < 0) return absl::InternalError("no process can be started");

  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    absl::StatusOr<std::unique_ptr<RedisConnection>> connection =
        RedisConnection::Open(OptionsFor("inspector"));
    if (connection.ok() && AsOk((*connection)->Call({"PING"})).ok()) return absl::OkStatus();
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    absl::SleepFor(kPollTime);
  }
  return absl::UnavailableError(
      absl::StrCat("redis-server did not start: ", ReadFile(folder_ / "log")));
}

void RedisServer::End(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (absl::Now() > deadline) kill(pid_, SIGKILL);
    absl::SleepFor(kPollTime);
  }
  pid_ = -1;
}

absl::Status RedisServer::Restart() {
  End(SIGTERM);
  return Resume();
}

void RedisServer::Kill() { End(SIGKILL); }

void RedisServer::Freeze(bool frozen) { kill(pid_, frozen ? SIGSTOP : SIGCONT); }

std::string RedisServer::AppendOnlyFiles() const {
  std::string bytes;
  for (const fs::directory_entry& file : fs::directory_iterator(folder_ / "appendonlydir")) {
    bytes += ReadFile(file.path());
  }
  return bytes;
}

bool RedisServer::HasSnapshot() const { return fs::exists(folder_ / "dump.rdb"); }

void RedisServer::SaveFiles(const fs::path& folder) const {
  fs::copy(folder_ / "appendonlydir", folder, fs::copy_options::recursive);
}

void RedisServer::RestoreFiles(const fs::path& folder) {
  LoseFiles();
  fs::copy(folder, folder_ / "appendonlydir", fs::copy_options::recursive);
}

bool RedisServer::WaitForRewrite() {
  RedisPool pool(OptionsFor("inspector"));
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    const std::string info = AsString(pool.Call({"INFO", "persistence"})).value_or("");
    if (absl::StrContains(info, "aof_rewrite_in_progress:0") &&
        absl::StrContains(info, "aof_rewrite_scheduled:0")) {
      return absl::StrContains(info, "aof_last_bgrewrite_status:ok");
    }
    absl::SleepFor(kPollTime);
  }
  return false;
}

void RedisServer::SlowRewrites(bool slow) {
  RedisPool pool(OptionsFor("inspector"));
  // Microseconds; a setting that Redis has for its own tests.
  const std::string delay = slow ? "60000000" : "0";
  AsOk(pool.Call({"CONFIG", "SET", "rdb-key-save-delay", delay})).IgnoreError();
}

bool RedisServer::KillRewriteIfAny() {
  const std::string children = absl::StrCat("/proc/", pid_, "/task/", pid_, "/children");
  pid_t child = 0;
  return std::ifstream(children) >> child && kill(child, SIGKILL) == 0;
}

bool RedisServer::KillRewrite() {
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    if (KillRewriteIfAny()) return true;
    absl::SleepFor(kPollTime);
  }
  return false;
}

void RedisServer::LoseFiles() { fs::remove_all(folder_ / "appendonlydir"); }

}  // namespace tutti
