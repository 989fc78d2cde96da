#ifndef TUTTI_COMMON_FEEDING_CONTENTS_TEXT_H_
#define TUTTI_COMMON_FEEDING_CONTENTS_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// What a source gives, as people write it: types with a comma between them, and after each
// type, with a plus before it, what its activities tell: "app", "platform", or a trait's id.
//
//   mail.sent+platform+mention,chat.sent
//
// Whether the catalogue has any of it is not asked here.

std::string ContentsText(const aggregate::v1::ActivityContents& contents);
std::string ContentsText(const aggregate::v1::SourceContents& contents);

// Reads "SOURCE=" and what follows it. InvalidArgument says what cannot be read.
absl::StatusOr<aggregate::v1::SourceContents> ParseSourceContents(absl::string_view text);

// "a, b or c", with the word given before the last.
std::string JoinWords(const std::vector<std::string>& words, absl::string_view last);

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_CONTENTS_TEXT_H_
