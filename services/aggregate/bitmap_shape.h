#ifndef TUTTI_SERVICES_AGGREGATE_BITMAP_SHAPE_H_
#define TUTTI_SERVICES_AGGREGATE_BITMAP_SHAPE_H_

#include <cstdint>

#include "common/window/schedule.h"

namespace tutti {

// What a bitmap of one kind looks like in one window; `columns` is 0 when the kind is not
// collected there.
struct BitmapShape {
  SlotSize size;
  uint32_t columns = 0;
  // The window will never show the kind: not all that happens is counted alike.
  bool incomplete = false;

  uint32_t bits() const { return columns * size.kept(); }
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_BITMAP_SHAPE_H_
