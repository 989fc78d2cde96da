#include "common/feeding/contents_text.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using aggregate::v1::ActivityContents;
using aggregate::v1::SourceContents;

constexpr absl::string_view kApp = "app";
constexpr absl::string_view kPlatform = "platform";

absl::StatusOr<ActivityContents> ParseActivityContents(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, '+');
  if (std::any_of(words.begin(), words.end(), [](const auto& word) { return word.empty(); })) {
    return absl::InvalidArgumentError(
        "a word is missing: write TYPE, or TYPE+app+platform+TRAIT, with a comma between types");
  }
  ActivityContents contents;
  contents.set_type(words.front());
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == kApp) {
      contents.set_app(true);
    } else if (words[i] == kPlatform) {
      contents.set_platform(true);
    } else {
      contents.add_traits(words[i]);
    }
  }
  return contents;
}

}  // namespace

std::string ContentsText(const ActivityContents& contents) {
  std::string text = contents.type();
  if (contents.app()) absl::StrAppend(&text, "+", kApp);
  if (contents.platform()) absl::StrAppend(&text, "+", kPlatform);
  for (const std::string& trait : contents.traits()) absl::StrAppend(&text, "+", trait);
  return text;
}

std::string ContentsText(const SourceContents& contents) {
  return absl::StrJoin(contents.types(), ",", [](std::string* out, const ActivityContents& type) {
    absl::StrAppend(out, ContentsText(type));
  });
}

absl::StatusOr<SourceContents> ParseSourceContents(absl::string_view text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  SourceContents contents;
  contents.set_source(parts.first);
  for (const absl::string_view type : absl::StrSplit(parts.second, ',')) {
    ASSIGN_OR_RETURN(ActivityContents parsed, ParseActivityContents(type));
    *contents.add_types() = std::move(parsed);
  }
  return contents;
}

std::string JoinWords(const std::vector<std::string>& words, absl::string_view last) {
  if (words.size() < 2) return absl::StrJoin(words, "");
  return absl::StrCat(absl::StrJoin(words.begin(), words.end() - 1, ", "), " ", last, " ",
                      words.back());
}

}  // namespace tutti
