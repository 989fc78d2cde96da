#ifndef TUTTI_SERVICES_CLI_REPORT_HTML_SECTIONS_H_
#define TUTTI_SERVICES_CLI_REPORT_HTML_SECTIONS_H_

#include <string>

#include "services/cli/report/html_page.h"

namespace tutti {

// The style sheet of the page.
extern const char kPageStyle[];

// Parts of the page: each a <section> under a heading of the second level whose id is
// in the page's navigation.
std::string ScoreSection(const PageContent& content);            // id "score"
std::string CategoriesSection(const PageContent& content);       // id "categories"
std::string TrendSection(const PageContent& content);            // id "trend"
std::string RecommendationsSection(const PageContent& content);  // id "recommendations"
std::string BenchmarkSection(const PageContent& content);        // id "benchmark"
std::string MeasuresSection(const PageContent& content);         // id "measures"
std::string BreakdownsSection(const PageContent& content);       // id "breakdowns"
std::string AbsentSection(const PageContent& content);           // id "absent"
std::string StatementSection(const PageContent& content);        // id "statement"

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_HTML_SECTIONS_H_
