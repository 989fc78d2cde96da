#include "common/catalog/containment.h"

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using catalog::v1::Measure;
using catalog::v1::Predicate;
using catalog::v1::Share;

constexpr unsigned kPatterns = 16;

PatternSet With(PatternSet patterns, unsigned pattern) {
  return static_cast<PatternSet>(patterns | (1U << pattern));
}

bool Has(PatternSet patterns, unsigned pattern) { return (patterns & (1U << pattern)) != 0; }

// Adds the union of any two until there is nothing to add.
PatternSet CloseUnderUnion(PatternSet patterns) {
  for (PatternSet before = 0; before != patterns;) {
    before = patterns;
    for (unsigned a = 0; a < kPatterns; ++a) {
      for (unsigned b = 0; b < a; ++b) {
        if (Has(before, a) && Has(before, b)) patterns = With(patterns, a | b);
      }
    }
  }
  return patterns;
}

class Checker {
 public:
  Checker(const CatalogCheck& check, const std::vector<ActivityShape>& shapes)
      : check_(check), possible_(PossiblePatterns(check.catalog, shapes)) {}

  // What the predicate selects among the possible; an error when it is nothing.
  PatternSet Select(const Predicate& predicate, const CatalogEntry& entry) const {
    const int table = CatalogIndex::Find(check_.index.tables, predicate.table());
    const PatternSet selected = SelectedPatterns(predicate, check_.catalog.tables(table)) &
                                possible_[static_cast<size_t>(table)];
    if (selected == 0) {
      check_.errors.Add(entry, "selects nobody: no activities could ever satisfy it");
    }
    return selected;
  }

  void CheckShare(const Share& share, const CatalogEntry& entry) const {
    // Whoever shows nothing needs no activity.
    if (SelectsNone(share.numerator())) return;
    const PatternSet above = Select(share.numerator(), entry.Child("numerator", -1, "numerator"));
    if (!share.has_subjects()) return;
    const PatternSet below = Select(share.subjects(), entry.Child("subjects", -1, "denominator"));
    if (share.numerator().table() == share.subjects().table() && (above & ~below) != 0) {
      check_.errors.Add(
          entry, absl::StrCat("the denominator leaves out subjects of table '",
                              share.subjects().table(), "' that the numerator counts: widen it"));
    }
  }

 private:
  const CatalogCheck& check_;
  const std::vector<PatternSet> possible_;
};

}  // namespace

std::vector<PatternSet> PossiblePatterns(const catalog::v1::Catalog& catalog,
                                         const std::vector<ActivityShape>& shapes) {
  std::vector<PatternSet> possible(static_cast<size_t>(catalog.tables_size()), With(0, 0));
  for (const ActivityShape& shape : shapes) {
    for (const std::vector<TableHit>* hits : {&shape.reach, &shape.day}) {
      for (const TableHit& hit : *hits) {
        PatternSet& patterns = possible[static_cast<size_t>(hit.table)];
        patterns = With(patterns, hit.features);
      }
    }
  }
  for (PatternSet& patterns : possible) patterns = CloseUnderUnion(patterns);
  return possible;
}

void ValidateContainment(const CatalogCheck& check, const std::vector<ActivityShape>& shapes) {
  const Checker checker(check, shapes);
  for (int i = 0; i < check.catalog.measures_size(); ++i) {
    const Measure& measure = check.catalog.measures(i);
    const CatalogEntry entry = check.root.Child("measures", i, "measure", measure.id());
    if (measure.has_share()) {
      checker.CheckShare(measure.share(), entry.Child("share", -1, "share"));
    } else if (measure.has_count()) {
      checker.Select(measure.count(), entry.Child("count", -1, "count"));
    }
  }
}

}  // namespace tutti
