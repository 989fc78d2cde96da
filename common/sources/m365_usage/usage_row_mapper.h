#ifndef TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_ROW_MAPPER_H_
#define TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_ROW_MAPPER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/sources/checked_time.h"
#include "common/sources/input/audit_time.h"
#include "common/sources/m365_usage/usage_columns.h"
#include "common/sources/source.h"

namespace tutti {

// What sort of report it is; its columns say.
enum class UsageReportKind {
  kActivity,     // what people did
  kPosts,        // the same in communities
  kSites,        // the same with files in sites; OneDrive's is otherwise the same
  kDrives,       // OneDrive accounts
  kActiveUsers,  // who has which licence
  kAssistant,    // Copilot's: when each of its licensees last used it, by application
};

// Turns rows of a usage report into licences and activities, and says what it leaves out; see
// ReadUsageReport. Not thread-safe.
class UsageRowMapper {
 public:
  // The references must outlive the mapper.
  UsageRowMapper(const UsageColumns& columns, SourceSink& sink) : columns_(columns), sink_(sink) {}

  // FailedPrecondition when the name is concealed; otherwise fails when the sink does.
  absl::Status Map(UsageReportKind kind, UsageRow row, DayOrder order);

  // After the last row. `everybody`: the report is of what everybody has. Its people are the
  // organisation's then, unless it names products and no suite among them: then it was cut down to
  // the licensees of one.
  void TellWhomItLists(bool everybody);

 private:
  void TellLicences(UsageReportKind kind, UsageRow row);
  // A day on which somebody did something: it is not after the report's own.
  CheckedTime DayOf(absl::string_view text, UsageRow row, DayOrder order) const;
  absl::Status MapCells(UsageReportKind kind, UsageRow row, DayOrder order);
  // The day of the last use of each application is a day on which the person used it, whatever
  // the days that the report is about. A cell that cannot be read costs itself.
  absl::Status MapAssisted(UsageRow row, DayOrder order);

  const UsageColumns& columns_;
  SourceSink& sink_;
  bool lists_ = false;  // anybody
  bool names_products_ = false;
  bool names_suites_ = false;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_ROW_MAPPER_H_
