#ifndef TUTTI_TESTS_UNIT_COMMON_SOURCES_M365_AUDIT_AUDIT_CASES_H_
#define TUTTI_TESTS_UNIT_COMMON_SOURCES_M365_AUDIT_AUDIT_CASES_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {

struct Mapped {
  ImportSummary summary;
  std::vector<std::string> activities;
  std::vector<int64_t> seconds;

  int64_t Excluded(Exclusion why) const { return summary.tenants.at(0).Excluded(why); }
  const TenantSummary& tenant() const { return summary.tenants.at(0); }
};

// Builds a log of one tenant line by line and imports it.
class Log {
 public:
  // A record of Amy's.
  Log& Add(absl::string_view workload, absl::string_view operation, absl::string_view rest = "") {
    return AddBy("amy@example.com", workload, operation, rest);
  }
  Log& AddBy(absl::string_view user, absl::string_view workload, absl::string_view operation,
             absl::string_view rest = "") {
    absl::StrAppend(&text_, RecordStart(++number_, kTenantA, user, workload, operation), rest,
                    "}\n");
    return *this;
  }
  Log& AddAgain() {
    const size_t last = text_.rfind('\n', text_.size() - 2);
    text_ += text_.substr(last == std::string::npos ? 0 : last + 1);
    return *this;
  }
  Mapped Import(const ReadingOptions& reading = {}) const {
    const TemporaryFile file(text_);
    ImportOptions options = OptionsFor({file.path()});
    options.reading = reading;
    RecordedActivities recorded;
    const absl::StatusOr<ImportSummary> summary = RunImport(options, {.observer = &recorded});
    EXPECT_TRUE(summary.ok()) << summary.status();
    return {summary.value_or(ImportSummary()), recorded.texts, recorded.seconds};
  }

 private:
  std::string text_;
  int number_ = 0;
};

// One record of Amy's and what becomes of it ("" nothing).
struct Case {
  const char* workload;
  const char* operation;
  std::string rest;
  const char* expected;
};

inline void ExpectCases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Mapped mapped = Log().Add(c.workload, c.operation, c.rest).Import();
    EXPECT_EQ(absl::StrJoin(mapped.activities, ", "), c.expected)
        << c.workload << " " << c.operation << " " << c.rest;
  }
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMMON_SOURCES_M365_AUDIT_AUDIT_CASES_H_
