// The yardstick of cold ingest: takes the bits that an organisation's bitmaps hold
// and sets them again, in new bitmaps on the same redis-server, by nothing but
// pipelined BITFIELD. Prints, as one line of JSON, how many bits there were and how
// long that took. The commands are made beforehand.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/connection.h"

ABSL_FLAG(std::string, redis_socket, "", "Unix socket of redis-server");
ABSL_FLAG(std::string, redis_user, "", "User who may do everything, without a password");
ABSL_FLAG(std::string, organization, "", "Its id");
ABSL_FLAG(int, positions, 64, "Positions a command");
ABSL_FLAG(int, unread, 512, "Commands that may be unanswered");
ABSL_FLAG(bool, transactions, false,
          "Put as many commands into a transaction, so that the file is synchronised once for all");

namespace tutti {
namespace {

struct Bitmap {
  std::string copy;  // the new bitmap's key
  size_t bits = 0;
  std::vector<uint32_t> positions;
};

std::vector<uint32_t> PositionsOf(const std::string& bitmap) {
  std::vector<uint32_t> positions;
  for (size_t byte = 0; byte < bitmap.size(); ++byte) {
    const auto value = static_cast<unsigned char>(bitmap[byte]);
    for (uint32_t bit = 0; value != 0 && bit < 8; ++bit) {
      if (((value >> (7 - bit)) & 1U) != 0) {
        positions.push_back(static_cast<uint32_t>(8 * byte) + bit);
      }
    }
  }
  return positions;
}

absl::StatusOr<std::vector<Bitmap>> ReadBitmaps(RedisConnection& connection,
                                                const std::string& organization) {
  const absl::StatusOr<std::vector<std::string>> keys =
      AsStrings(connection.Call({"KEYS", absl::StrCat("{", organization, "}:*:*:*")}));
  if (!keys.ok()) return keys.status();
  std::vector<Bitmap> bitmaps;
  for (const std::string& key : *keys) {
    if (!absl::StrContains(key, "}:reach:") && !absl::StrContains(key, "}:day:")) continue;
    const absl::StatusOr<std::string> value = AsString(connection.Call({"GET", key}));
    if (!value.ok()) return value.status();
    bitmaps.push_back({absl::StrCat("bare:", key), 8 * value->size(), PositionsOf(*value)});
  }
  return bitmaps;
}

std::vector<std::string> CommandsFor(const Bitmap& bitmap, size_t positions) {
  std::vector<std::string> commands;
  const auto word = [](std::string& out, absl::string_view text) {
    absl::StrAppend(&out, "$", text.size(), "\r\n", text, "\r\n");
  };
  for (size_t begin = 0; begin < bitmap.positions.size(); begin += positions) {
    const size_t end = std::min(bitmap.positions.size(), begin + positions);
    std::string& command =
        commands.emplace_back(absl::StrCat("*", 2 + 4 * (end - begin), "\r\n$8\r\nBITFIELD\r\n"));
    word(command, bitmap.copy);
    for (size_t i = begin; i < end; ++i) {
      for (const char* const part : {"SET", "u1"}) word(command, part);
      word(command, absl::AlphaNum(bitmap.positions[i]).Piece());
      word(command, "1");
    }
  }
  return commands;
}

absl::Status SetBits(RedisConnection& connection, const std::vector<std::string>& commands,
                     size_t max_unread) {
  size_t read = 0;
  for (size_t sent = 0; read < commands.size();) {
    // Half of the pipeline at a time, so that writing and reading overlap.
    while (sent < commands.size() && sent - read < max_unread) {
      connection.AppendRaw(commands[sent++], 1);
    }
    const size_t until = sent == commands.size() ? sent : read + max_unread / 2;
    for (; read < until; ++read) {
      if (absl::Status ok = AsOk(connection.Read()); !ok.ok()) return ok;
    }
  }
  return absl::OkStatus();
}

// The commands, in transactions of `size`.
std::vector<std::string> InTransactions(const std::vector<std::string>& commands, size_t size) {
  std::vector<std::string> wrapped;
  wrapped.reserve(commands.size() + 2 * (commands.size() / size + 1));
  for (size_t i = 0; i < commands.size(); ++i) {
    if (i % size == 0) wrapped.emplace_back("*1\r\n$5\r\nMULTI\r\n");
    wrapped.push_back(commands[i]);
    if (i % size == size - 1 || i + 1 == commands.size()) {
      wrapped.emplace_back("*1\r\n$4\r\nEXEC\r\n");
    }
  }
  return wrapped;
}

absl::Status Run() {
  RedisOptions options;
  options.unix_socket = absl::GetFlag(FLAGS_redis_socket);
  options.user = absl::GetFlag(FLAGS_redis_user);
  options.password = "none";
  const absl::StatusOr<std::unique_ptr<RedisConnection>> opened = RedisConnection::Open(options);
  if (!opened.ok()) return opened.status();
  RedisConnection& connection = **opened;
  connection.LimitTo(absl::InfiniteDuration());
  const auto bitmaps = ReadBitmaps(connection, absl::GetFlag(FLAGS_organization));
  if (!bitmaps.ok()) return bitmaps.status();
  std::vector<std::string> commands;
  size_t bits = 0;
  for (const Bitmap& bitmap : *bitmaps) {
    bits += bitmap.positions.size();
    absl::Status made =
        AsOk(connection.Call({"SETBIT", bitmap.copy, absl::StrCat(bitmap.bits - 1), "0"}));
    if (!made.ok()) return made;
    for (std::string& command :
         CommandsFor(bitmap, static_cast<size_t>(absl::GetFlag(FLAGS_positions)))) {
      commands.push_back(std::move(command));
    }
  }
  const auto unread = static_cast<size_t>(absl::GetFlag(FLAGS_unread));
  if (absl::GetFlag(FLAGS_transactions)) commands = InTransactions(commands, unread);
  const auto begin = std::chrono::steady_clock::now();
  absl::Status set = SetBits(connection, commands, unread);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  if (!set.ok()) return set;
  for (const Bitmap& bitmap : *bitmaps) {
    if (absl::Status gone = AsOk(connection.Call({"UNLINK", bitmap.copy})); !gone.ok()) return gone;
  }
  std::printf("{\"bits\": %zu, \"seconds\": %.6f}\n", bits, taken.count());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Sets an organisation's bits again by bare BITFIELD.");
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = tutti::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "bare_bitfield: %s\n", std::string(status.message()).c_str());
  return 1;
}
