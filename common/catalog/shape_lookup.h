#ifndef TUTTI_COMMON_CATALOG_SHAPE_LOOKUP_H_
#define TUTTI_COMMON_CATALOG_SHAPE_LOOKUP_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/catalog/index.h"
#include "common/catalog/term_lookup.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

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
  absl::Span<const absl::string_view> traits;
};

// Counts of values that the catalogue does not know.
struct IgnoredTerms {
  int apps = 0;
  int platforms = 0;
  int traits = 0;
};

// Answers what an activity sets. Every answer is worked out beforehand, so asking
// is a few lookups, allocates nothing and takes no lock. Immutable and thread-safe.
//
// For each activity type, only the apps, platforms and traits that some rule for
// it names make a difference. Each combination of these (one app or another, one
// platform or another, any set of traits) has a place in one array, which holds
// the number of its shape; combinations that set the same share a shape.
class ShapeLookup {
 public:
  // All types together may have at most this many combinations (a megabyte).
  static constexpr uint64_t kMaxCombinations = uint64_t{1} << 18;

  // Compiles a catalogue that passed validation, which must outlive this; the index
  // need not. ResourceExhausted above kMaxCombinations, naming the
  // activity type that has most.
  static absl::StatusOr<ShapeLookup> Create(const catalog::v1::Catalog& catalog,
                                            const CatalogIndex& index);

  // See Catalog::Classify.
  const ActivityShape* Find(const ActivityTraits& activity, IgnoredTerms& ignored) const;

  // Every shape that some activity has.
  const std::vector<ActivityShape>& shapes() const { return shapes_; }

 private:
  // Where an activity type's combinations are, and what each term adds to a place.
  // Terms count by their position in the catalogue; those that no rule names add
  // nothing.
  struct Places {
    uint32_t first = 0;
    std::vector<uint32_t> app;
    std::vector<uint32_t> platform;
    std::vector<uint32_t> trait;  // one bit each, so that a repeated trait is one
  };
  friend class ShapeCompiler;

  explicit ShapeLookup(const catalog::v1::Catalog& catalog);

  TermLookup types_;
  TermLookup apps_;
  TermLookup platforms_;
  TermLookup traits_;
  std::vector<Places> places_;  // by activity type
  std::vector<uint32_t> shape_numbers_;
  std::vector<ActivityShape> shapes_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_SHAPE_LOOKUP_H_
