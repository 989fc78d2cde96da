#ifndef TUTTI_COMMON_SOURCES_INPUT_GUNZIP_SOURCE_H_
#define TUTTI_COMMON_SOURCES_INPUT_GUNZIP_SOURCE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "common/sources/input/byte_source.h"

namespace tutti {

// Whether bytes that begin so are gzip data.
bool IsGzip(absl::string_view beginning);

// What gzip data holds, all its members one after the other (what `cat a.gz b.gz` makes), in
// bounded memory. size() and position() are of the compressed bytes. Read fails with DataLoss
// when the data is damaged or cut off, after what came before it was given.
std::unique_ptr<ByteSource> MakeGunzipSource(std::unique_ptr<ByteSource> compressed);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_GUNZIP_SOURCE_H_
