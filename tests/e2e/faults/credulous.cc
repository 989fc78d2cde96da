// Preloaded into aggregate, has it believe what redis-server does not do: the control of what the
// product asks for, and no flag of the product does this. $BELIEVES names what it takes for
// granted:
//
//   replicas   every write was received by all of them: WAIT is not sent
//   disk       every write was synchronised: CONFIG GET does not tell what appendfsync is

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

// What answers as redis-server would if it did what is believed; empty: the question is asked.
std::string AnswerTo(std::string_view command, std::string_view asked) {
  static const char* const believes = getenv("BELIEVES");
  const std::string_view what = believes == nullptr ? "" : believes;
  if (what == "replicas" && command == "WAIT") return "return 1";
  if (what == "disk" && command == "CONFIG" && asked.find("appendfsync") != asked.npos) {
    return "return {'appendfsync', 'always', 'no-appendfsync-on-rewrite', 'no', 'save', '', "
           "'repl-diskless-sync', 'yes', 'repl-diskless-load', 'swapdb'}";
  }
  return "";
}

}  // namespace

// Every command goes through it (common/redis/connection.cc).
// NOLINTNEXTLINE(readability-identifier-naming): the name that hiredis gave it
extern "C" int redisFormatCommandArgv(char** target, int count, const char** words,
                                      const size_t* sizes) {
  using Format = int (*)(char**, int, const char**, const size_t*);
  static const auto format = reinterpret_cast<Format>(dlsym(RTLD_NEXT, "redisFormatCommandArgv"));
  if (format == nullptr) abort();
  // CONFIG GET and the first pattern.
  const std::string answer = count < 3 ? "" : AnswerTo({words[0], sizes[0]}, {words[2], sizes[2]});
  if (answer.empty()) return format(target, count, words, sizes);
  std::array<const char*, 3> script = {"EVAL", answer.c_str(), "0"};
  const std::array<size_t, 3> script_sizes = {4, answer.size(), 1};
  return format(target, 3, script.data(), script_sizes.data());
}
