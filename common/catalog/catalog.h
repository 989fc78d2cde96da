#ifndef TUTTI_COMMON_CATALOG_CATALOG_H_
#define TUTTI_COMMON_CATALOG_CATALOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// One table, compiled.
struct CatalogTable {
  const catalog::v1::Table* proto = nullptr;
  int kind = 0;                   // index into Catalog::kinds()
  std::vector<uint32_t> columns;  // of each feature, in the order of the features
  // Mixed into the slot hash, so that a person's slots in two tables are
  // unrelated. Stable across catalogue editions: derived from kind, table id and
  // role.
  uint64_t salt = 0;

  int feature_count() const { return static_cast<int>(columns.size()); }
  bool is_habit() const { return proto->role() == catalog::v1::TABLE_ROLE_HABIT; }
  // The feature's position in the table, or -1.
  int FindFeature(absl::string_view id) const;
};

// One subject kind, compiled.
struct CatalogKind {
  const catalog::v1::SubjectKind* proto = nullptr;
  std::vector<int> reach_tables;  // indexes into Catalog::tables(), primary first, then supporting
  std::vector<int> habit_tables;  // indexes into Catalog::tables()
  uint32_t reach_columns = 0;     // 1 + the largest column of a reach window; 0 when none
  uint32_t day_columns = 0;       // 1 + the largest column of a day window; 0 when none
};

// What one activity sets in one table: bit i stands for feature i.
struct TableHit {
  int table = 0;
  uint8_t features = 0;
};

// What an activity's type, app, platform and traits come to, whoever did it.
struct ActivityShape {
  int kind = 0;
  std::vector<TableHit> reach;  // ascending by table
  std::vector<TableHit> day;
};

// The parts of an activity that rules look at. Views into the caller's memory.
struct ActivityTraits {
  absl::string_view type;
  absl::string_view app;
  absl::string_view platform;
  absl::Span<const std::string* const> traits;
};

// Counts of values that the catalogue does not know.
struct IgnoredTerms {
  int apps = 0;
  int platforms = 0;
  int traits = 0;
};

// A validated catalogue, compiled into lookups. Immutable and thread-safe.
class Catalog {
 public:
  // Reads a text-format catalogue. Errors name the file, the entry and the
  // reason, every error found (not the first alone), one a line.
  static absl::StatusOr<std::unique_ptr<const Catalog>> Load(const std::string& path);

  // Validates and compiles. `origin` stands for the file's name in errors.
  static absl::StatusOr<std::unique_ptr<const Catalog>> Build(catalog::v1::Catalog proto,
                                                              const std::string& origin);

  const catalog::v1::Catalog& proto() const { return proto_; }
  // 32 hex digits of SHA-256 over the deterministic serialisation.
  const std::string& fingerprint() const { return fingerprint_; }

  const std::vector<CatalogKind>& kinds() const { return kinds_; }
  const std::vector<CatalogTable>& tables() const { return tables_; }

  // Indexes, or -1 / nullptr when there is no such thing.
  int FindKind(absl::string_view id) const;
  int FindTable(absl::string_view id) const;
  const catalog::v1::Measure* FindMeasure(absl::string_view id) const;
  const catalog::v1::Category* FindCategory(absl::string_view id) const;

  // What an activity sets; nullptr when its type is unknown. Never allocates for
  // a combination that was seen before. `ignored` is added to. The result lives
  // as long as the catalogue.
  const ActivityShape* Classify(const ActivityTraits& activity, IgnoredTerms& ignored) const;

 private:
  // (filled in by the implementation)
  catalog::v1::Catalog proto_;
  std::string fingerprint_;
  std::vector<CatalogKind> kinds_;
  std::vector<CatalogTable> tables_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_CATALOG_H_
