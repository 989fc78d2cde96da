#ifndef TUTTI_TESTS_UNIT_COMMON_UPLOAD_IMPORT_FIXTURE_H_
#define TUTTI_TESTS_UNIT_COMMON_UPLOAD_IMPORT_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/catalog/shipped_catalog.h"
#include "common/upload/import_run.h"

namespace tutti {

inline constexpr absl::string_view kTenantA = "aaaaaaaa-0000-4000-8000-000000000001";
inline constexpr absl::string_view kTenantB = "bbbbbbbb-0000-4000-8000-000000000002";

// A file with these bytes, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(absl::string_view bytes) {
    static int count = 0;
    path_ = absl::StrCat(::testing::TempDir(), "/tutti_import_", getpid(), "_", ++count);
    std::ofstream(path_, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Keeps mapped activities as text: "amy@example.com mail.sent outlook web +trait".
class RecordedActivities : public ActivitySink {
 public:
  absl::Status OnActivity(const MappedActivity& activity) override {
    std::string text = absl::StrCat(activity.subject, " ", activity.type, " ", Dash(activity.app),
                                    " ", Dash(activity.platform));
    ForEachTrait(activity,
                 [&text](absl::string_view trait) { absl::StrAppend(&text, " +", trait); });
    texts.push_back(std::move(text));
    seconds.push_back(activity.seconds);
    return absl::OkStatus();
  }

  std::vector<std::string> texts;
  std::vector<int64_t> seconds;

 private:
  static absl::string_view Dash(absl::string_view text) { return text.empty() ? "-" : text; }
};

// The members that every audit record has, to be continued with its own and a "}".
// The id is made of `number`; who, operation and workload as given.
inline std::string RecordStart(int number, absl::string_view tenant, absl::string_view user,
                               absl::string_view workload, absl::string_view operation) {
  return absl::StrCat(R"({"Id":"record-)", number, R"(","OrganizationId":")", tenant,
                      R"(","CreationTime":"2026-05-04T09:00:00","UserType":0,"UserId":")", user,
                      R"(","Workload":")", workload, R"(","Operation":")", operation, R"(")");
}

inline const Catalog& TheShippedCatalog() {
  static const Catalog& catalog = *ShippedCatalog().value().release();
  return catalog;
}

inline ImportOptions OptionsFor(std::vector<std::string> inputs) {
  ImportOptions options;
  options.catalog = &TheShippedCatalog();
  options.inputs = std::move(inputs);
  options.now = [] { return absl::FromUnixSeconds(1782000000); };  // 2026-06-21
  return options;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMMON_UPLOAD_IMPORT_FIXTURE_H_
