#ifndef TUTTI_COMMON_WINDOW_WINDOW_H_
#define TUTTI_COMMON_WINDOW_WINDOW_H_

#include <string>
#include <utility>

#include "common/window/day.h"

namespace tutti {

// The two kinds of window. A reach window is the 28 days ending on its end day; a
// day window is the one day. Nothing else exists.
enum class WindowKind { kReach, kDay };

inline constexpr int kReachDays = 28;

// One window: its kind and its last day (included).
struct Window {
  WindowKind kind = WindowKind::kReach;
  Day end_day;

  // The first day, included.
  Day first_day() const { return kind == WindowKind::kDay ? end_day : end_day - (kReachDays - 1); }
  bool Contains(Day day) const { return first_day() <= day && day <= end_day; }

  friend bool operator==(const Window& a, const Window& b) {
    return a.kind == b.kind && a.end_day == b.end_day;
  }
  friend bool operator<(const Window& a, const Window& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.end_day < b.end_day;
  }
  template <typename H>
  friend H AbslHashValue(H state, const Window& window) {
    return H::combine(std::move(state), window.kind, window.end_day - Day());
  }
};

}  // namespace tutti

#endif  // TUTTI_COMMON_WINDOW_WINDOW_H_
