#ifndef TUTTI_SERVICES_CLI_REPORT_FIGURE_FORMATS_H_
#define TUTTI_SERVICES_CLI_REPORT_FIGURE_FORMATS_H_

#include <string>

#include "services/cli/report/figures.h"
#include "services/cli/report/text_layout.h"

namespace tutti {

// Each takes text as it came, from a service that may have it from anybody.

// Aligned text with bars, for a terminal, which acts on none of it.
std::string RenderText(const Figures& given, const TextStyle& style);

// RFC 4180: one header, which is the same for every answer and names the units, and
// one record a figure; lines end in CR LF. A number that is not there is empty. A text that a
// spreadsheet would run as a formula has an apostrophe in front of it, and is shown.
std::string RenderCsv(const Figures& figures);

// Markdown: a table for each section.
std::string RenderMarkdown(const Figures& given);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_FIGURE_FORMATS_H_
