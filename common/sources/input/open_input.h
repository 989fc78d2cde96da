#ifndef TUTTI_COMMON_SOURCES_INPUT_OPEN_INPUT_H_
#define TUTTI_COMMON_SOURCES_INPUT_OPEN_INPUT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/sources/input/byte_source.h"
#include "common/sources/input/spool.h"
#include "common/sources/input/text_input.h"

namespace tutti {

// One input, opened.
struct OpenedInput {
  std::unique_ptr<TextInput> text;
  // The copy that is made of an input which can be read only once; null of any other.
  std::shared_ptr<Spool> spool;
};

// Opens an input (see OpenSource); gzip data is unpacked. Errors of OpenSource, and InvalidArgument
// that says what the input is when nothing reads it: a zip file, an Excel workbook, an HTML page.
absl::StatusOr<OpenedInput> OpenInput(const std::string& path);

// The text of an open source, likewise.
absl::StatusOr<std::unique_ptr<TextInput>> OpenText(std::unique_ptr<ByteSource> source);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_OPEN_INPUT_H_
