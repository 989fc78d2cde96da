#include "common/sources/input/cut_text.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tutti {

bool IsCut(absl::string_view text) { return absl::StartsWith(text, "@{"); }

std::vector<std::pair<absl::string_view, absl::string_view>> PartsOfCut(absl::string_view text) {
  std::vector<std::pair<absl::string_view, absl::string_view>> parts;
  absl::ConsumePrefix(&text, "@{");
  for (const absl::string_view part : absl::StrSplit(absl::StripSuffix(text, "}"), "; ")) {
    const size_t sign = part.find('=');
    if (sign != absl::string_view::npos) {
      parts.emplace_back(part.substr(0, sign), part.substr(sign + 1));
    }
  }
  return parts;
}

absl::string_view PartOfCut(absl::string_view text, absl::string_view key) {
  for (const auto& [name, value] : PartsOfCut(text)) {
    if (name == key) return value;
  }
  return "";
}

std::vector<absl::string_view> ItemsOfCut(absl::string_view text) {
  constexpr absl::string_view kSeam = "} @{";
  std::vector<absl::string_view> items;
  while (IsCut(text)) {
    const size_t seam = text.find(kSeam);
    if (seam == absl::string_view::npos) break;
    items.push_back(text.substr(0, seam + 1));
    text.remove_prefix(seam + 2);
  }
  items.push_back(text);
  return items;
}

}  // namespace tutti
