#ifndef TUTTI_COMMON_CATALOG_CATALOG_H_
#define TUTTI_COMMON_CATALOG_CATALOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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

  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

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
  // a combination that was seen before. `ignored` is added to. The result is valid
  // until the same thread's next call (in practice for the catalogue's life: only
  // beyond 65,536 combinations are they not kept).
  const ActivityShape* Classify(const ActivityTraits& activity, IgnoredTerms& ignored) const;

 private:
  // The rules of one feature, with terms as bits: a term of no rule has none.
  struct CompiledRule {
    int table = 0;
    uint8_t feature = 0;
    bool any_type = false;
    std::vector<int> types;
    uint64_t apps = 0;       // 0: every app
    uint32_t platforms = 0;  // 0: every platform
    uint64_t any_traits = 0;
    uint64_t all_traits = 0;
  };
  // What of an activity rules can see. Index 0 of an app or platform is "none".
  struct Signature {
    int type = 0;
    int app = 0;
    int platform = 0;
    uint64_t traits = 0;
    friend bool operator==(const Signature& a, const Signature& b) {
      return a.type == b.type && a.app == b.app && a.platform == b.platform && a.traits == b.traits;
    }
    template <typename H>
    friend H AbslHashValue(H state, const Signature& s) {
      return H::combine(std::move(state), s.type, s.app, s.platform, s.traits);
    }
  };
  class ShapeTable;

  Catalog();
  void Compile();
  void CompileRules();
  ActivityShape MakeShape(const Signature& signature) const;

  catalog::v1::Catalog proto_;
  std::string fingerprint_;
  std::vector<CatalogKind> kinds_;
  std::vector<CatalogTable> tables_;
  std::vector<CompiledRule> rules_;
  absl::flat_hash_map<std::string, int> kind_index_;
  absl::flat_hash_map<std::string, int> table_index_;
  absl::flat_hash_map<std::string, int> type_index_;
  absl::flat_hash_map<std::string, int> app_index_;       // from 1
  absl::flat_hash_map<std::string, int> platform_index_;  // from 1
  absl::flat_hash_map<std::string, int> trait_index_;     // from 0
  std::vector<int> type_kind_;
  std::vector<uint64_t> type_traits_;  // the traits that some rule for the type looks at
  std::unique_ptr<ShapeTable> shapes_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_CATALOG_H_
