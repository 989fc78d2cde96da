#ifndef TUTTI_TESTS_UNIT_COMMON_UPLOAD_REPORT_FIXTURE_H_
#define TUTTI_TESTS_UNIT_COMMON_UPLOAD_REPORT_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/upload/import_run.h"
#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {

// Reports go through a whole import, whatever they are: it finds out.
class ReportImport : public ::testing::Test {
 protected:
  absl::StatusOr<ImportSummary> Run(const std::vector<std::string>& texts) {
    std::vector<std::unique_ptr<TemporaryFile>> files;
    options_.inputs.clear();
    for (const std::string& text : texts) {
      files.push_back(std::make_unique<TemporaryFile>(text));
      options_.inputs.push_back(files.back()->path());
    }
    activities_.texts.clear();
    activities_.seconds.clear();
    return RunImport(options_, {.observer = &activities_});
  }
  TenantSummary Imported(const std::string& text) {
    const absl::StatusOr<ImportSummary> summary = Run({text});
    EXPECT_TRUE(summary.ok()) << summary.status();
    if (!summary.ok() || summary->tenants.size() != 1) return {};
    rows_ = summary->rows;
    rejected_ = summary->Rejected();
    return summary->tenants[0];
  }

  ImportOptions options_ = OptionsFor({});
  RecordedActivities activities_;
  int64_t rows_ = 0;
  int64_t rejected_ = 0;
};

inline constexpr char kMailHeader[] =
    "Report Refresh Date,User Principal Name,Is Deleted,Last Activity Date,Send Count,"
    "Read Count,Assigned Products,Report Period\n";

inline std::string MailRow(const std::string& name, const std::string& day,
                           const std::string& products = "OFFICE") {
  return absl::StrCat("2026-06-20,", name, ",False,", day, ",2,1,", products, ",1\n");
}

inline std::string GoogleUser(const std::string& email, const std::string& rest = "") {
  return absl::StrCat(R"("actor":{"callerType":"USER","email":")", email, "\"", rest, "}");
}

// An activity of Google's reports; `rest` is its actor and what stands beside that.
inline std::string Google(const std::string& application, int unique, const std::string& rest,
                          const std::string& events, const std::string& customer = "C0made0up") {
  return absl::StrCat(
      R"({"kind":"admin#reports#activity","id":{"time":"2026-05-04T12:00:00.123Z",)",
      R"("uniqueQualifier":")", unique, R"(","applicationName":")", application,
      R"(","customerId":")", customer, R"("},)", rest, R"(,"events":)", events, "}\n");
}

inline std::string ChatPost(const std::string& parameters) {
  return absl::StrCat(R"([{"name":"message_posted","parameters":[)", parameters, "]}]");
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMMON_UPLOAD_REPORT_FIXTURE_H_
