#ifndef TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_PAGE_FIXTURE_H_
#define TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_PAGE_FIXTURE_H_

#include <cstdint>

#include "common/window/day.h"
#include "services/cli/report/html_page.h"
#include "tests/unit/services/cli/report/report_fixture.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

inline PageContent AContent() {
  PageContent content;
  content.display_name = "Acme";
  content.score = FromText<score::v1::Score>(kScore);
  content.history = {content.score, content.score};
  content.history[1].set_end_day("2026-11-15");
  content.generated_at = "2026-11-23 21:30 UTC";
  content.version = "1";
  return content;
}

inline score::v1::Estimate AnEstimate(double value, double margin) {
  score::v1::Estimate estimate;
  estimate.set_value(value);
  estimate.set_margin(margin);
  return estimate;
}

// A content whose trend has levels: total 70 to 74 with margin 2, teamwork of 40.
inline PageContent AContentWithLevels() {
  PageContent content = AContent();
  content.history.clear();
  for (int i = 4; i >= 0; --i) {
    score::v1::Score& score = content.history.emplace_back(content.score);
    score.set_end_day(FormatDay(Day(2026, 10, 25) + int64_t{7} * i));
    *score.mutable_level()->mutable_percent() = AnEstimate(70 + i, 2);
    *score.mutable_categories(1)->mutable_level()->mutable_points() = AnEstimate(40, 4);
  }
  content.history[1].mutable_level()->set_may_be_changing(true);
  content.score = content.history[0];
  return content;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_PAGE_FIXTURE_H_
