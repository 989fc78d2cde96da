#ifndef TUTTI_SERVICES_CLI_REPORT_SCORE_TEXT_H_
#define TUTTI_SERVICES_CLI_REPORT_SCORE_TEXT_H_

#include <string>
#include <vector>

#include "tutti/score/v1/score.pb.h"

namespace tutti {

// How text is laid out.
struct TextStyle {
  bool color = false;  // ANSI colours
  int bar_width = 30;  // characters of a bar, 10 to 60
};

// An estimate as text: "78.2 ± 3.1", "at least 95.0". `decimals` is 0 to 2.
std::string FormatEstimate(const score::v1::Estimate& estimate, int decimals);

// A bar of `width` characters over 0..full: what is there, and the margin drawn
// around its end.
std::string DrawBar(const score::v1::Estimate& estimate, double full, const TextStyle& style);

// One score: the total, every category with its margin or the reason why it is
// withheld, and the measures that explain it.
std::string RenderScore(const score::v1::Score& score, bool with_measures, const TextStyle& style);

// Scores over time, given newest first, drawn oldest first.
std::string RenderHistory(const std::vector<score::v1::Score>& scores, const TextStyle& style);

// One table.
std::string RenderTable(const score::v1::Table& table, const TextStyle& style);

// The privacy statement; the short form is the claim, the figures and where to
// read on.
std::string RenderStatement(const score::v1::PrivacyStatement& statement, bool brief,
                            const TextStyle& style);

// What the organisation can do.
std::string RenderRecommendations(const score::v1::ListRecommendationsResponse& response,
                                  const TextStyle& style);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_SCORE_TEXT_H_
