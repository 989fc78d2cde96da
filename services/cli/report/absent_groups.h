#ifndef TUTTI_SERVICES_CLI_REPORT_ABSENT_GROUPS_H_
#define TUTTI_SERVICES_CLI_REPORT_ABSENT_GROUPS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Figures that are not shown, those of one state and reason together: what is withheld before what
// is incomplete before what is not measured, else in the order given. A figure has a `state` and a
// `reason`; those that are measured are left out.
template <typename Figure>
std::vector<std::vector<const Figure*>> GroupAbsent(const std::vector<Figure>& figures) {
  std::vector<std::vector<const Figure*>> groups;
  for (const score::v1::FigureState state :
       {score::v1::FIGURE_STATE_WITHHELD, score::v1::FIGURE_STATE_INCOMPLETE,
        score::v1::FIGURE_STATE_NOT_MEASURED, score::v1::FIGURE_STATE_UNSPECIFIED}) {
    const auto first = static_cast<std::ptrdiff_t>(groups.size());
    for (const Figure& figure : figures) {
      if (figure.state != state) continue;
      const auto found = std::find_if(
          groups.begin() + first, groups.end(),
          [&figure](const auto& group) { return group.front()->reason == figure.reason; });
      if (found == groups.end()) {
        groups.push_back({&figure});
      } else {
        found->push_back(&figure);
      }
    }
  }
  return groups;
}

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_ABSENT_GROUPS_H_
