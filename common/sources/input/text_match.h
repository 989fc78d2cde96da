#ifndef TUTTI_COMMON_SOURCES_INPUT_TEXT_MATCH_H_
#define TUTTI_COMMON_SOURCES_INPUT_TEXT_MATCH_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// Whether `text` contains `lower`, which is in lower case, whatever the (ASCII)
// case of `text`.
bool ContainsIgnoringCase(absl::string_view text, absl::string_view lower);

// Whether `text` begins with `lower`, likewise.
bool StartsIgnoringCase(absl::string_view text, absl::string_view lower);

// A text without white space at its ends, that of spreadsheets and of web pages included: spaces
// that do not break or have no width, marks.
absl::string_view StripSpaces(absl::string_view text);

// The letters and digits of a name in lower case, English ones alone: "User Principal Name" and
// "userPrincipalName" are one.
std::string PlainName(absl::string_view name);

// A name as ingest compares it (NFKC_Casefold, UAX #44): what differs in case only, in any
// alphabet, or in how it is composed, is the same. Of ASCII the lower case.
std::string CaseFolded(absl::string_view name);

// A 64-bit hash of several texts, case-folded; differs between
// processes. Used to recognise what was seen before without keeping it. Two
// different lists share a hash with probability 2^-64: among 100 million, one such
// pair is expected in one import of 3,700.
uint64_t Fingerprint(std::initializer_list<absl::string_view> parts);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_TEXT_MATCH_H_
