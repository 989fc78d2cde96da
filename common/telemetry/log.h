#ifndef TUTTI_COMMON_TELEMETRY_LOG_H_
#define TUTTI_COMMON_TELEMETRY_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace tutti {

// What a line says beside its event: names of ours and values that are counts,
// codes or addresses of services. Never anything that a caller sent, except within what gRPC
// complains of (common/rpc/grpc_lines.h) and, at debug, the trace id of a call, 32 hexadecimal
// digits (common/rpc/trace_context.h).
using LogFields = std::initializer_list<std::pair<const char*, std::string>>;

// Each writes one line of JSON to standard error, in printable ASCII, whatever a value holds:
// time, level, event and fields. Thread-safe. Where nobody reads what is written, a line is lost
// after a tenth of a second, and the next ones at once.
void LogDebug(const char* event, LogFields fields);
void LogInfo(const char* event, LogFields fields);
void LogWarning(const char* event, LogFields fields);
void LogError(const char* event, LogFields fields);

// How many lines were lost since the process began.
uint64_t LostLogLines();

// "debug", "info", "warning" or "error"; false, and nothing changes, for anything else.
bool SetLogLevel(const std::string& level);

}  // namespace tutti

#endif  // TUTTI_COMMON_TELEMETRY_LOG_H_
