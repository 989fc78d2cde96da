#ifndef TUTTI_SERVICES_CLI_REPORT_HTML_ABSENT_H_
#define TUTTI_SERVICES_CLI_REPORT_HTML_ABSENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/report/html_page.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// What a figure is called: "measure", "measures".
struct FigureKind {
  std::string singular;
  std::string plural;
};

// A figure that is not shown.
struct AbsentFigure {
  FigureKind kind;
  std::string id;    // of its element; may be empty
  std::string name;  // for people
  score::v1::FigureState state = score::v1::FIGURE_STATE_WITHHELD;
  score::v1::StateReason code = score::v1::STATE_REASON_UNSPECIFIED;
  std::string reason;
  std::vector<std::string> sources;  // ids of those that could give it, if that is known
  int64_t shown_from = 0;            // the headcount from which it is shown; 0: not known
};

// Which figures are not shown, each reason once and with their number: what is withheld first.
// The names are folded away where there are more than a few of them. Figures of one kind stand
// together.
std::string AbsentHtml(const PageContent& content, const std::vector<AbsentFigure>& figures);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_ABSENT_H_
