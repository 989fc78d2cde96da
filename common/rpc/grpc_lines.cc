#include "common/rpc/grpc_lines.h"

#include <atomic>
#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/clock/clock.h"
#include "common/telemetry/log.h"
#include "common/text/plain_text.h"
#include "grpc/support/log.h"

namespace tutti {
namespace {

constexpr size_t kMaxMessageBytes = 300;
constexpr char kLastWords[] = "assertion failed";

struct Writer {
  SystemSteadyClock clock;
  LineAllowance allowance;
  std::atomic<GrpcLines> as = GrpcLines::kLog;
};

// Never destroyed: gRPC's threads outlive main.
Writer& TheWriter() {
  static Writer& writer = *new Writer;
  return writer;
}

// "ssl_transport_security.cc:1931", whatever folder gRPC was built in.
std::string PlaceOf(const gpr_log_func_args& line) {
  const absl::string_view file = line.file == nullptr ? "" : line.file;
  return absl::StrCat(file.substr(file.rfind('/') + 1), ":", line.line);
}

void Write(gpr_log_func_args* line) {
  const absl::string_view message = line->message == nullptr ? "" : line->message;
  Writer& writer = TheWriter();
  if (!writer.allowance.Take(writer.clock.SinceStart()) && !absl::StartsWith(message, kLastWords)) {
    return;
  }
  const std::string text(message.substr(0, kMaxMessageBytes));
  if (writer.as == GrpcLines::kText) {
    std::cerr << absl::StrCat("tutti: gRPC: ", PlainText(text), "\n") << std::flush;
  } else if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    LogError("grpc", {{"at", PlaceOf(*line)}, {"message", text}});
  } else {
    LogDebug("grpc", {{"at", PlaceOf(*line)}, {"message", text}});
  }
}

}  // namespace

bool LineAllowance::Take(absl::Duration now) {
  const std::lock_guard lock(mutex_);
  if (now - begin_ >= kSpan) {
    begin_ = now;
    taken_ = 0;
    // Told even though the flood goes on.
    to_tell_ += std::exchange(left_out_, 0);
  }
  if (taken_ < kLines) {
    ++taken_;
    return true;
  }
  ++left_out_;
  return false;
}

uint64_t LineAllowance::TellLeftOut(absl::Duration now) {
  const std::lock_guard lock(mutex_);
  if (now - begin_ >= kSpan) to_tell_ += std::exchange(left_out_, 0);
  return std::exchange(to_tell_, 0);
}

void WriteGrpcLines(GrpcLines as) {
  TheWriter().as = as;
  gpr_set_log_function(Write);
}

void LogGrpcLinesLeftOut() {
  Writer& writer = TheWriter();
  const uint64_t left_out = writer.allowance.TellLeftOut(writer.clock.SinceStart());
  if (left_out > 0) LogError("grpc lines left out", {{"lines", absl::StrCat(left_out)}});
}

}  // namespace tutti
