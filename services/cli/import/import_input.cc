#include "services/cli/import/import_input.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/cli/import/foreign_format.h"
#include "services/cli/import/gunzip_source.h"

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

absl::StatusOr<ImportInput> OpenInput(const std::string& path, InputShape shape) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenSource(path);
  if (!source.ok()) return source.status();
  ImportInput input{nullptr, shape, nullptr};
  if (!(*source)->repeatable()) input.spool = std::make_shared<Spool>();
  absl::StatusOr<std::unique_ptr<TextInput>> text =
      OpenText(Spool::Copying(*std::move(source), input.spool));
  if (!text.ok()) return text.status();
  input.text = *std::move(text);
  if (shape != InputShape::kDetect) return input;
  absl::StatusOr<absl::string_view> beginning = input.text->Peek();
  if (!beginning.ok()) return beginning.status();
  // What holds nothing is of whatever shape the others are.
  if (!absl::StripAsciiWhitespace(*beginning).empty()) input.shape = DetectShape(*beginning);
  return input;
}

}  // namespace tutti
