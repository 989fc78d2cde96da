#ifndef TUTTI_COMMON_TEXT_PLAIN_TEXT_H_
#define TUTTI_COMMON_TEXT_PLAIN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// Text that came from somebody else, a name or a message, as one line that can do nothing
// but be read. Each character that a terminal or a reader of text would act on becomes U+FFFD:
// the controls U+0000 to U+001F (of which tab, line feed and carriage return become spaces),
// U+007F and U+0080 to U+009F, with which escape sequences begin; the marks, embeddings,
// overrides and isolates that change in which direction text is shown; the separators of lines
// and paragraphs; what is invisible and joins nothing (U+200B, U+2060 to U+2064, U+206A to
// U+206F, U+FEFF, U+FFF9 to U+FFFB, U+E0000 to U+E007F); and each byte that is not UTF-8. Joiners
// (U+200C, U+200D) stay: names are written with them.
std::string PlainText(absl::string_view text);

// The same of several lines, whose ends (line feeds) stay.
std::string PlainLines(absl::string_view text);

// The same for a text in JSON: these characters, which can only stand in its strings, as \u
// escapes; the ends of its lines stay. Of other text it makes no JSON.
std::string PlainJson(absl::string_view json);

}  // namespace tutti

#endif  // TUTTI_COMMON_TEXT_PLAIN_TEXT_H_
