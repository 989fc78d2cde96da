#ifndef TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_COLUMNS_H_
#define TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_COLUMNS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/sources/activity_kinds.h"

namespace tutti {

// The texts of a row in the order of UsageColumns.
using UsageRow = absl::Span<const absl::string_view>;

// What a cell that is not zero says.
struct UsageCell {
  const char* type;
  const char* app;
  const char* platform;
  TraitSet traits;
};

// Where somebody used the assistant: the day of the last time has a column of its own.
struct AssistedApp {
  const char* name;
  const char* app;
  TraitSet traits;
};

// The columns that are read of a usage report: those of Column, then one for each cell, for each
// application with the assistant, and for each such application that is not known. Not thread-safe.
class UsageColumns {
 public:
  // Those that say who a row is about and when come first.
  enum Column : size_t {
    kName,
    kLastActivity,  // these two must be there
    kDeleted,
    kProducts,
    kPeriod,
    kLicensed,
    kFiles,
    kActiveFiles,
    kRefreshed,
    kSite,        // of an account of OneDrive: a person may own several
    kFirstOwned,  // of active users: a licence for each service
    kColumnCount = kFirstOwned + 6,
  };

  UsageColumns();

  // For each column the names that it may have.
  const std::vector<std::vector<std::string>>& names() const { return names_; }

  // The column of a member of JSON.
  absl::optional<size_t> Find(absl::string_view member) const;

  // The column has this name alone.
  void Rename(Column column, absl::string_view name);

  // Takes note of a column of Copilot's that holds the day of the last use of an application: of a
  // known one, under another name, or of one that is not known, which adds a column. Whether it
  // did.
  bool Note(absl::string_view name);

  size_t cells() const { return cells_.size(); }
  // What a cell stands for, in a report of posts or in another: mails and posts that somebody read
  // have the same column.
  const UsageCell& CellOf(size_t cell, bool of_posts) const;
  static absl::string_view TextOf(UsageRow row, size_t cell) { return row[kColumnCount + cell]; }

  // Of the columns from this one on, each is an application's: of those that are known, then of
  // those that are not.
  static size_t FirstAssisted();
  static absl::Span<const AssistedApp> AssistedApps();
  const std::vector<std::string>& unknown_apps() const { return unknown_apps_; }
  // More applications were there than are kept.
  bool has_unread() const { return has_unread_; }

  // The columns that hold days, without those of applications that are not known.
  static std::vector<size_t> DayColumns();

 private:
  std::vector<std::vector<std::string>> names_;
  std::vector<UsageCell> cells_;
  std::vector<std::string> unknown_apps_;
  bool has_unread_ = false;
  absl::flat_hash_map<std::string, size_t> members_;  // by their plain names
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_COLUMNS_H_
