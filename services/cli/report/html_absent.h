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
  int64_t shown_from = 0;            // from how many people on; 0: not known
  std::string entitled_product;      // shown_from counts who is entitled to it; empty: everybody
};

// Says from how many people on a figure is shown, by a threshold of the statement. A number that
// is reached tells nothing: something else keeps the figure back.
template <typename Threshold>
void SetShownFrom(int64_t people, const Threshold& threshold, AbsentFigure& figure) {
  figure.shown_from = people > threshold.people() ? people : 0;
  figure.entitled_product = threshold.entitled_product();
}

// Which figures are not shown, each reason once and with their number: what is withheld first.
// The names are folded away where there are more than a few of them. Figures of one kind stand
// together.
std::string AbsentHtml(const PageContent& content, const std::vector<AbsentFigure>& figures);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_ABSENT_H_
