#ifndef TUTTI_SERVICES_CLI_REPORT_HTML_PAGE_H_
#define TUTTI_SERVICES_CLI_REPORT_HTML_PAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "tutti/catalog/v1/catalog.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// What a page shows: answers about one organisation, of the window of `score`.
struct PageContent {
  std::string display_name;  // of the organisation; its id when empty
  score::v1::Score score;
  std::vector<score::v1::Score> history;  // newest first; with `score`
  std::vector<score::v1::Table> tables;
  score::v1::ListRecommendationsResponse recommendations;
  std::optional<score::v1::GetBenchmarkResponse> benchmark;  // absent: not served
  score::v1::Score compared;  // own score of its window, if it has a cohort
  score::v1::PrivacyStatement statement;
  score::v1::Catalog words;      // of the catalogue of `score`; empty: not known
  catalog::v1::Catalog catalog;  // the same catalogue itself
  std::string generated_at;      // "2026-11-23 21:30 UTC"
  std::string version;           // of this program
};

// One self-contained HTML page: no script, no address that anything is loaded from,
// and a policy that forbids both. Every text of the answers is escaped.
std::string RenderPage(const PageContent& content);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_PAGE_H_
