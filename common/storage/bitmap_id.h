#ifndef TUTTI_COMMON_STORAGE_BITMAP_ID_H_
#define TUTTI_COMMON_STORAGE_BITMAP_ID_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/window/window.h"

namespace tutti {

// Names one bitmap: an organisation's window, for one subject kind.
struct BitmapId {
  std::string organization;
  Window window;
  std::string kind;

  friend bool operator==(const BitmapId& a, const BitmapId& b) {
    return a.window == b.window && a.kind == b.kind && a.organization == b.organization;
  }
  template <typename H>
  friend H AbslHashValue(H state, const BitmapId& id) {
    return H::combine(std::move(state), id.organization, id.window, id.kind);
  }
};

// A bitmap to be made: all zero, `bits` bits long.
struct NewBitmap {
  BitmapId id;
  uint32_t bits = 0;
};

// The bitmaps of one window that must not be left behind: one of every kind that may have one,
// whether or not it has. What makes it must know the kinds of earlier and of newer catalogues,
// too; see ScheduledOrganization::BitmapsOf.
struct WindowBitmaps {
  std::string organization;
  Window window;
  std::vector<std::string> kinds;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_BITMAP_ID_H_
