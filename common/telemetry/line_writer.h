#ifndef TUTTI_COMMON_TELEMETRY_LINE_WRITER_H_
#define TUTTI_COMMON_TELEMETRY_LINE_WRITER_H_

#include "absl/strings/string_view.h"

namespace tutti {

// Writes lines to a file, pipe, socket or terminal whose reader may have stopped reading. Waits
// for it for a tenth of a second, and until it reads again not at all. Not thread-safe.
class LineWriter {
 public:
  // The descriptor stays open as long as this lives.
  explicit LineWriter(int descriptor) : descriptor_(descriptor) {}

  // Whether the line, which ends with a line feed, was written whole. Where a part of one was, the
  // next begins on a line of its own.
  bool Write(absl::string_view line);

 private:
  bool IsWritable();
  bool WriteWhole(absl::string_view bytes);

  const int descriptor_;
  bool is_socket_ = true;  // until it says that it is none
  bool stalled_ = false;
  bool torn_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_TELEMETRY_LINE_WRITER_H_
