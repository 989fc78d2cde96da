#ifndef TUTTI_SERVICES_CLI_REPORT_STATEMENT_TEXT_H_
#define TUTTI_SERVICES_CLI_REPORT_STATEMENT_TEXT_H_

#include <string>

#include "services/cli/report/text_layout.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The privacy statement, for everybody first; the short form is that, the claim, the figures
// and what is never measured.
std::string RenderStatement(const score::v1::PrivacyStatement& given, bool brief,
                            const TextStyle& style);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_STATEMENT_TEXT_H_
