#ifndef TUTTI_COMMON_SOURCES_INPUT_LENIENT_JSON_H_
#define TUTTI_COMMON_SOURCES_INPUT_LENIENT_JSON_H_

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace tutti {

// What stands where a character could not be read.
inline constexpr absl::string_view kReplacementCharacter = "\xef\xbf\xbd";

// Whether a name has lost a character on its way: it cannot be told from another's.
bool IsDamaged(absl::string_view name);

// Parses what writers of JSON write: JSON, and texts in which halves of surrogate pairs, NaN,
// infinities, numbers beyond 64 bits, unknown escapes or control characters stand. A half is
// U+FFFD then; NaN and infinities are null; a number beyond 64 bits is the text of its digits.
// False when that is no JSON either. The element is valid until the parser is used again.
// `padded`: 64 bytes after the end of `json` may be read.
bool ParseLenient(simdjson::dom::parser& parser, absl::string_view json, bool padded,
                  simdjson::dom::element* value);

// Whether a JSON object has a member of one of these names. False for what is no object.
bool HasAnyMember(absl::string_view json, absl::Span<const absl::string_view> names);

inline constexpr size_t kAnyDepth = ~size_t{0};

// The names of the members of JSON that begins so, which may be in a text, or end anywhere: of its
// objects that are in at most `depth` of its objects, themselves included. What stands in a text
// inside is no name.
std::vector<std::string> MemberNames(absl::string_view json, size_t depth);

// Whether it is a page that has no list, or one without an item: its members, one at least, are
// those of pages.
bool IsEmptyPage(simdjson::dom::element value);

// A flag, however it was written: true, "True", "yes", 1, 1.0, "1", "PRAWDA"; nothing for what is
// neither true nor false.
absl::optional<bool> FlagOf(absl::string_view text);
absl::optional<bool> FlagOf(simdjson::dom::element value);

// A number, however spreadsheets part and group its digits: "1.5E+03", "1,5", "1.234,5", "1 234",
// "88,5 %". Of one comma nobody knows better: it parts what is less than one.
absl::optional<double> NumberOf(absl::string_view text);

// Whether a count, a duration ("PT5M", "0:05:00") or a flag says that there was any; nothing for
// what is none of these. An empty text, and a word for nothing, say that there was not.
absl::optional<bool> WhetherAny(absl::string_view text);
inline bool IsAboveNothing(absl::string_view text) { return WhetherAny(text).value_or(false); }

// A whole number, however it was written: 2, 2.0, "2", "2.0".
absl::optional<int64_t> IntegerOf(absl::string_view text);
absl::optional<int64_t> IntegerOf(simdjson::dom::element value);

// A text, a number or a flag as text: "a", "2" for 2.0, "true". So is the "value" of an object, as
// which PowerShell writes a time and a term of a list. Empty for null, and for what else holds
// others.
std::string ScalarText(simdjson::dom::element value);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_LENIENT_JSON_H_
