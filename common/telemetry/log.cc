#include "common/telemetry/log.h"

#include <map>
#include <memory>
#include <string>

#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace tutti {
namespace {

// Never destroyed: threads of libraries may write while the process ends.
spdlog::logger& Logger() {
  static spdlog::logger& logger = *[] {
    auto* const made =
        new spdlog::logger("tutti", std::make_shared<spdlog::sinks::stderr_sink_mt>());
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
