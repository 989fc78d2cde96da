#ifndef TUTTI_COMMON_CATALOG_CATALOG_H_
#define TUTTI_COMMON_CATALOG_CATALOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/catalog/index.h"
#include "common/catalog/shape_lookup.h"
#include "google/protobuf/text_format.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// One table, compiled.
struct CatalogTable {
  const catalog::v1::Table* proto = nullptr;
  int kind = 0;                   // index into Catalog::kinds()
  std::vector<uint32_t> columns;  // of each feature, in the order of the features
  // Mixed into the slot hash, so that a person's slots in two tables are
  // unrelated. Stable across catalogue editions (see TableSalt).
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
  std::string fingerprint;        // of what is counted, see CountingFingerprint
  bool are_people = false;        // see SubjectKind.are_people
};

// A validated catalogue, compiled into lookups. Immutable and thread-safe.
class Catalog {
 public:
  // Reads a text-format catalogue of at most 1 MiB. NotFound when the file cannot
  // be read; InvalidArgument when something is wrong in it: the message has every
  // error found, one a line, as "file:line: entry: reason".
  static absl::StatusOr<std::unique_ptr<const Catalog>> Load(const std::string& path);

  // Validates and compiles. `origin` stands for the file's name in errors; there
  // are no line numbers.
  static absl::StatusOr<std::unique_ptr<const Catalog>> Build(catalog::v1::Catalog proto,
                                                              const std::string& origin);

  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const catalog::v1::Catalog& proto() const { return proto_; }
  // See CatalogFingerprint: changes with every word, and with no formatting.
  const std::string& fingerprint() const { return fingerprint_; }
  // See CountingFingerprint: changes with what is counted, and with no word.
  const std::string& counting_fingerprint() const { return counting_fingerprint_; }

  // In the order of the file.
  const std::vector<CatalogKind>& kinds() const { return kinds_; }
  const std::vector<CatalogTable>& tables() const { return tables_; }
  // The index is the one that FindKind and FindTable give.
  const CatalogKind& kind(int index) const { return kinds_[static_cast<size_t>(index)]; }
  const CatalogTable& table(int index) const { return tables_[static_cast<size_t>(index)]; }

  // Indexes, or -1 / nullptr when there is no such thing.
  int FindKind(absl::string_view id) const;
  int FindTable(absl::string_view id) const;
  const catalog::v1::Measure* FindMeasure(absl::string_view id) const;
  const catalog::v1::Category* FindCategory(absl::string_view id) const;

  // What an activity sets; nullptr when its type is unknown, and then `ignored` is
  // left alone. Otherwise one is added to `ignored` for an app, a platform and each
  // trait that the catalogue does not list; an empty app or platform is none, and
  // is not counted. Never allocates, never locks. The result lives as long as the
  // catalogue.
  const ActivityShape* Classify(const ActivityTraits& activity, IgnoredTerms& ignored) const {
    return shapes_->Find(activity, ignored);
  }
  // Every one that Classify gives.
  const std::vector<ActivityShape>& shapes() const { return shapes_->shapes(); }

 private:
  explicit Catalog(catalog::v1::Catalog proto);

  static absl::StatusOr<std::unique_ptr<const Catalog>> Compile(
      catalog::v1::Catalog proto, const std::string& origin,
      const google::protobuf::TextFormat::ParseInfoTree* tree);
  void CompileTables();

  const catalog::v1::Catalog proto_;
  const CatalogIndex index_;  // refers to proto_
  std::string fingerprint_;
  std::string counting_fingerprint_;
  std::vector<CatalogKind> kinds_;
  std::vector<CatalogTable> tables_;
  std::unique_ptr<const ShapeLookup> shapes_;  // refers to proto_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_CATALOG_H_
