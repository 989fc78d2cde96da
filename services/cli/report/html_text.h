#ifndef TUTTI_SERVICES_CLI_REPORT_HTML_TEXT_H_
#define TUTTI_SERVICES_CLI_REPORT_HTML_TEXT_H_

#include <string>
#include <vector>

#include "services/cli/report/figures.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Text that shows as it is, inside an element and inside a quoted attribute; made plain (see
// PlainText).
std::string EscapeHtml(const std::string& text);

// The same as HTML of its own, in which no day (ISO 8601) is broken over lines.
std::string TextHtml(const std::string& text);

// A name within a line: whichever way it is written, what stands beside it stays in its order.
std::string NameHtml(const std::string& name);

// A word for ids of the page, of any text: letters, digits and dashes.
std::string HtmlId(const std::string& text);

// A number for an attribute: "12.5".
std::string HtmlNumber(double value);

// A quantity in a <data> element that carries the number shown to four places; no line breaks
// between a value and its margin.
std::string QuantityHtml(const Quantity& quantity);

// A paragraph on how a figure changed, of class "change", without the day since when;
// empty when there is nothing to compare with. `unit` is for people: "points".
std::string ChangeHtml(const score::v1::Change& change, const char* unit);

// Why a figure is not shown: "withheld: the margin would be ...".
std::string StateHtml(score::v1::FigureState state, const std::string& reason);

// An <ul> of lines.
std::string ListHtml(const std::vector<std::string>& lines);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_TEXT_H_
