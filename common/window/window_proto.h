#ifndef TUTTI_COMMON_WINDOW_WINDOW_PROTO_H_
#define TUTTI_COMMON_WINDOW_WINDOW_PROTO_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/window/window.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

inline window::v1::WindowKind ToProto(WindowKind kind) {
  return kind == WindowKind::kReach ? window::v1::WINDOW_KIND_REACH : window::v1::WINDOW_KIND_DAY;
}

// Reads a window from any message that has `window_kind` and `end_day`.
// InvalidArgument when one of them is malformed.
template <typename Message>
absl::StatusOr<Window> WindowFrom(const Message& message) {
  absl::StatusOr<Day> end_day = ParseDay(message.end_day());
  if (!end_day.ok()) return end_day.status();
  switch (message.window_kind()) {
    case window::v1::WINDOW_KIND_REACH:
      return Window{WindowKind::kReach, *end_day};
    case window::v1::WINDOW_KIND_DAY:
      return Window{WindowKind::kDay, *end_day};
    default:
      return absl::InvalidArgumentError("window_kind must be REACH or DAY");
  }
}

// Writes a window into such a message.
template <typename Message>
void SetWindow(Window window, Message& message) {
  message.set_window_kind(ToProto(window.kind));
  message.set_end_day(FormatDay(window.end_day));
}

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_WINDOW_PROTO_H_
