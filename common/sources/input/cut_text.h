#ifndef TUTTI_COMMON_SOURCES_INPUT_CUT_TEXT_H_
#define TUTTI_COMMON_SOURCES_INPUT_CUT_TEXT_H_

#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti {

// What PowerShell makes of an object that is nested too deeply for its JSON:
// "@{RecipientType=User; UPN=amy@example.com}". Of what is nested more deeply in it only the type
// is left, "System.Object[]".
bool IsCut(absl::string_view text);

// The members of one, in order: names and values. What is no member is not among them.
std::vector<std::pair<absl::string_view, absl::string_view>> PartsOfCut(absl::string_view text);

// A member of one; empty when it has none of that name.
absl::string_view PartOfCut(absl::string_view text, absl::string_view key);

// The items of a list that became one text: "@{UPN=amy@example.com} @{UPN=ben@example.com}". A text
// that is not cut is one item.
std::vector<absl::string_view> ItemsOfCut(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_CUT_TEXT_H_
