#ifndef TUTTI_COMMON_SOURCES_IMPORT_INPUT_H_
#define TUTTI_COMMON_SOURCES_IMPORT_INPUT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/sources/input/byte_source.h"
#include "common/sources/input/spool.h"
#include "common/sources/input/text_input.h"
#include "common/sources/m365_audit/audit_reader.h"

namespace tutti {

// One input, opened.
struct ImportInput {
  std::unique_ptr<TextInput> text;
  InputShape shape;
  // The copy that is made of an input which can be read only once.
  std::shared_ptr<Spool> spool;
};

// Opens an input (see OpenSource); gzip data is unpacked. `shape` kDetect is found out, and stays
// what it is of an input that holds nothing. Errors of OpenSource, and InvalidArgument that says
// what the input is when no importer reads it: a zip file, an Excel workbook, an HTML page.
absl::StatusOr<ImportInput> OpenInput(const std::string& path, InputShape shape);

// The text of an open source, likewise.
absl::StatusOr<std::unique_ptr<TextInput>> OpenText(std::unique_ptr<ByteSource> source);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_IMPORT_INPUT_H_
