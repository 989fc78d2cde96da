#include "common/telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/telemetry/line_writer.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/base_sink.h"
#include "spdlog/spdlog.h"

namespace tutti {
namespace {

// Standard error, whose reader holds up nobody: lines for which it has no room are counted, and
// said once it has.
class StandardErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  uint64_t lost() const { return lost_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (untold_ > 0) {
      const std::string told = absl::StrCat(R"("event":"log_lines_lost","lines":")", untold_, "\"");
      if (!Write({message.logger_name, spdlog::level::warn, told})) return Lose();
      untold_ = 0;
    }
    if (!Write(message)) Lose();
  }

  void flush_() override {}

  bool Write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    return writer_.Write({line.data(), line.size()});
  }

  void Lose() {
    ++untold_;
    ++lost_;
  }

  LineWriter writer_{STDERR_FILENO};
  uint64_t untold_ = 0;
  std::atomic<uint64_t> lost_ = 0;
};

// Neither is ever destroyed: threads of libraries may write while the process ends.
const std::shared_ptr<StandardErrorSink>& SharedSink() {
  static const auto& sink =
      *new std::shared_ptr<StandardErrorSink>(std::make_shared<StandardErrorSink>());
  return sink;
}

spdlog::logger& Logger() {
  static spdlog::logger& logger = *[] {
    auto* const made = new spdlog::logger("tutti", SharedSink());
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    return made;
  }();
  return logger;
}

void Write(spdlog::level::level_enum level, const char* event, LogFields fields) {
  if (!Logger().should_log(level)) return;
  nlohmann::ordered_json line;
  line["event"] = event;
  for (const auto& [name, value] : fields) line[name] = value;
  // In ASCII: a terminal acts on some other characters, too.
  const std::string text =
      line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  // The pattern gives the outer braces.
  Logger().log(level, "{}", text.substr(1, text.size() - 2));
}

}  // namespace

void LogDebug(const char* event, LogFields fields) { Write(spdlog::level::debug, event, fields); }
void LogInfo(const char* event, LogFields fields) { Write(spdlog::level::info, event, fields); }
void LogWarning(const char* event, LogFields fields) { Write(spdlog::level::warn, event, fields); }
void LogError(const char* event, LogFields fields) { Write(spdlog::level::err, event, fields); }

uint64_t LostLogLines() { return SharedSink()->lost(); }

bool SetLogLevel(const std::string& level) {
  static const std::map<std::string, spdlog::level::level_enum> levels = {
      {"debug", spdlog::level::debug},
      {"info", spdlog::level::info},
      {"warning", spdlog::level::warn},
      {"error", spdlog::level::err}};
  const auto found = levels.find(level);
  if (found == levels.end()) return false;
  Logger().set_level(found->second);
  return true;
}

}  // namespace tutti
