#ifndef TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_FIGURES_FIXTURE_H_
#define TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_FIGURES_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/unit/services/cli/report/report_fixture.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

inline score::v1::Score AScore() { return FromText<score::v1::Score>(kScore); }

// A line with those that go on with it, which are indented.
inline std::string TextLine(const std::string& text, const std::string& beginning) {
  std::string found;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!found.empty() && !absl::StartsWith(line, "      ")) break;
    if (!found.empty()) absl::StrAppend(&found, " ", absl::StripAsciiWhitespace(line));
    if (found.empty() && absl::StartsWith(line, "  " + beginning)) found = std::string(line);
  }
  return found;
}

// The fields of each record, by RFC 4180.
inline std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> records(1, std::vector<std::string>(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& field = records.back().back();
    if (quoted && text.compare(i, 2, "\"\"") == 0) {
      field += '"';
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      records.back().emplace_back();
    } else if (!quoted && text.compare(i, 2, "\r\n") == 0) {
      records.emplace_back(1);
      ++i;
    } else {
      field += text[i];
    }
  }
  records.pop_back();
  return records;
}

// The field of a column in the record of a figure.
inline std::string CsvField(const std::string& csv, const std::string& id,
                            const std::string& column) {
  const auto records = ParseCsv(csv);
  for (const auto& record : records) {
    EXPECT_EQ(record.size(), records[0].size());
    if (record[4] != id) continue;
    for (size_t i = 0; i < record.size(); ++i) {
      if (records[0][i] == column) return record[i];
    }
  }
  return "no such figure or column";
}

// A score whose total and first category have levels.
inline score::v1::Score AScoreWithLevels() {
  score::v1::Score score = AScore();
  score::v1::Level& total = *score.mutable_level();
  total.mutable_points()->set_value(150);
  total.mutable_points()->set_margin(4);
  total.mutable_percent()->set_value(75);
  total.mutable_percent()->set_margin(2);
  total.set_windows(17);
  total.set_holding_since_end_day("2026-08-02");
  score::v1::Level& category = *score.mutable_categories(0)->mutable_level();
  category.mutable_points()->set_value(61.5);
  category.mutable_points()->set_margin(3.5);
  category.set_may_be_changing(true);
  category.set_windows(17);
  return score;
}

// Joins lines that were broken to fit.
inline std::string Unwrapped(const std::string& text) {
  return absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty()), " ");
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_FIGURES_FIXTURE_H_
