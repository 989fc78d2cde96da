#include "common/sources/input/open_input.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/sources/input/foreign_format.h"
#include "common/sources/input/gunzip_source.h"
#include "common/status/status_macros.h"

namespace tutti {

absl::StatusOr<std::unique_ptr<TextInput>> OpenText(std::unique_ptr<ByteSource> source) {
  auto peeked = std::make_unique<PeekedSource>(std::move(source));
  absl::StatusOr<absl::string_view> beginning = peeked->Peek(kForeignFormatBytes);
  if (!beginning.ok()) return beginning.status();
  if (IsGzip(*beginning)) {
    peeked = std::make_unique<PeekedSource>(MakeGunzipSource(std::move(peeked)));
    beginning = peeked->Peek(kForeignFormatBytes);
    if (!beginning.ok()) return beginning.status();
  }
  const absl::string_view foreign = ForeignFormat(*beginning);
  if (!foreign.empty()) return absl::InvalidArgumentError(absl::StrCat("it is ", foreign));
  return std::make_unique<TextInput>(std::move(peeked));
}

absl::StatusOr<OpenedInput> OpenInput(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, OpenSource(path));
  OpenedInput input;
  if (!source->repeatable()) input.spool = std::make_shared<Spool>();
  ASSIGN_OR_RETURN(input.text, OpenText(Spool::Copying(std::move(source), input.spool)));
  return input;
}

}  // namespace tutti
