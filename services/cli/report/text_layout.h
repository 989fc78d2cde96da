#ifndef TUTTI_SERVICES_CLI_REPORT_TEXT_LAYOUT_H_
#define TUTTI_SERVICES_CLI_REPORT_TEXT_LAYOUT_H_

#include <string>
#include <vector>

#include "tutti/score/v1/score.pb.h"

namespace tutti {

// How text is laid out.
struct TextStyle {
  bool color = false;  // ANSI colours
  int bar_width = 30;  // characters of a bar, 10 to 60
};

// What text can stand out as; nothing changes without colour.
std::string Bold(const TextStyle& style, const std::string& text);
std::string Faint(const TextStyle& style, const std::string& text);
std::string Warning(const TextStyle& style, const std::string& text);

// Columns that text takes: its characters, of which none is combining or wide, and
// not the escapes of its colours.
size_t Columns(const std::string& text);

// Fills with spaces up to `columns`; longer text is left as it is.
std::string PadRight(const std::string& text, size_t columns);
std::string PadLeft(const std::string& text, size_t columns);

// The lines that text takes in so many columns, at least one, broken between words, but not beside
// "±" or before "%"; a longer word is left as it is.
std::vector<std::string> Fold(const std::string& text, size_t columns);

// Breaks lines between words; every line begins with `indent` and ends with a
// newline.
std::string Wrap(const std::string& text, const std::string& indent);

// Wrapped lines, each behind a dash.
std::string Bullets(const std::vector<std::string>& lines);

// A bar of `style.bar_width` characters over 0..full: what is there, and the margin
// drawn around its end. An arrow at that end says that the value is a bound.
std::string DrawBar(const score::v1::Estimate& estimate, double full, const TextStyle& style);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_TEXT_LAYOUT_H_
