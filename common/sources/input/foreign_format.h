#ifndef TUTTI_COMMON_SOURCES_INPUT_FOREIGN_FORMAT_H_
#define TUTTI_COMMON_SOURCES_INPUT_FOREIGN_FORMAT_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace tutti {

// How many bytes of an input ForeignFormat should be shown.
inline constexpr size_t kForeignFormatBytes = 4096;

// What bytes that begin so are, when no importer reads it, and what to do: "a zip file: unpack
// it, and name the files in it". Text is read in the encoding that TextInput takes it for. Of one
// that is shorter than kForeignFormatBytes, and so all there is, also whether it is a service's
// error or a query rather than records. Empty for what may be read. To be said after "is".
absl::string_view ForeignFormat(absl::string_view beginning);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_FOREIGN_FORMAT_H_
