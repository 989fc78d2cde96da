#include "common/scoring/table_breakdown.h"

#include <algorithm>
#include <functional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/scoring/consistent_rows.h"
#include "common/scoring/law_sampler.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/published_counts.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/visibility.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using score::v1::Table;
using score::v1::TableRow;

constexpr double kPercent = 100;
constexpr PatternSet kAllPatterns = 0xffff;

PatternSet Exactly(unsigned pattern) { return static_cast<PatternSet>(1U << pattern); }

PatternSet AnyOf(unsigned features, unsigned patterns) {
  unsigned any = 0;
  for (unsigned pattern = 1; pattern < patterns; ++pattern) {
    if ((pattern & features) != 0) any |= 1U << pattern;
  }
  return static_cast<PatternSet>(any);
}

// "Word" and "AI" keep their look only at the beginning; "Sent mail" does not.
std::string Continued(std::string name) {
  if (name.size() < 2 || !absl::ascii_isupper(static_cast<unsigned char>(name[1]))) {
    name[0] = static_cast<char>(absl::ascii_tolower(static_cast<unsigned char>(name[0])));
  }
  return name;
}

std::string CombinationName(const catalog::v1::Table& table, unsigned features, bool exactly) {
  std::vector<std::string> names;
  for (int i = 0; i < table.features_size(); ++i) {
    if ((features >> i & 1U) == 0) continue;
    const std::string& name = table.features(i).display_name();
    names.push_back(names.empty() ? name : Continued(name));
  }
  const bool all = static_cast<int>(names.size()) == table.features_size();
  if (!exactly) {
    if (names.size() == 1) return all ? names[0] : absl::StrCat(names[0], ", with or without more");
    return "Any of these";
  }
  const std::string last = names.back();
  names.pop_back();
  const std::string list =
      names.empty() ? last : absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
  return all ? list : absl::StrCat(list, " only");
}

TableRow MakeRow(const Catalog& catalog, int index, unsigned features, bool exactly) {
  const catalog::v1::Table& table = *catalog.table(index).proto;
  TableRow row;
  for (int i = 0; i < table.features_size(); ++i) {
    if ((features >> i & 1U) != 0) row.add_features(table.features(i).id());
  }
  row.set_kind(exactly ? score::v1::ROW_KIND_EXACTLY : score::v1::ROW_KIND_ANY);
  row.set_display_name(RowName(catalog, index, features, exactly));
  return row;
}

// From the public bytes of the record: what is drawn to find margins is the same for ever.
uint64_t SeedOf(const publication::v1::Publication& publication, const std::string& table) {
  SeedBuilder seed;
  seed.Add(publication.organization()).Add(publication.end_day()).Add(table);
  for (const publication::v1::KindRecord& kind : publication.kinds()) {
    for (const publication::v1::TableRecord& record : kind.tables()) {
      if (record.table() != table) continue;
      seed.Add({record.cells().data(), static_cast<size_t>(record.cells_size())});
    }
  }
  return seed.Seed();
}

// Fills the rows of a table of a reach window.
class Breakdown {
 public:
  Breakdown(const Catalog& catalog, const PublicTerms& terms, const PublishedCounts& counts,
            int table, unsigned unfed, uint64_t seed)
      : catalog_(catalog),
        formulas_(catalog, terms),
        table_(table),
        proto_(*catalog.table(table).proto),
        patterns_(1U << proto_.features_size()),
        fed_((patterns_ - 1) & ~unfed),
        population_(IsPopulation(catalog, table) ? ExpectedSubjects(catalog, terms, table) : 0),
        rows_(ModelOf(catalog, terms, table), counts.tables.at(table), fed_, population_, seed),
        total_(rows_.Total()) {}

  // Only of features that something gives: the others would be shown as nobody's.
  void Fill(Table& out) const {
    std::vector<unsigned> order;
    for (unsigned pattern = 1; pattern < patterns_; ++pattern) {
      if ((pattern & ~fed_) == 0) order.push_back(pattern);
    }
    if (order.size() > 1) {
      for (const unsigned pattern : order) {
        Append(MakeRow(catalog_, table_, pattern, true), Exactly(pattern), out);
      }
    }
    for (int i = 0; i < proto_.features_size(); ++i) {
      const unsigned feature = 1U << i;
      if ((feature & fed_) != 0) {
        Append(MakeRow(catalog_, table_, feature, false), AnyOf(feature, patterns_), out);
      } else {
        out.add_unmeasured_features(proto_.features(i).display_name());
        out.add_unmeasured_feature_ids(proto_.features(i).id());
      }
    }
    if (order.size() > 1)
      Append(MakeRow(catalog_, table_, fed_, false), AnyOf(fed_, patterns_), out);
  }

 private:
  void Append(TableRow row, PatternSet set, Table& out) const {
    if (population_ > 0) {
      const Figure subjects = OfPopulation(set);
      *row.mutable_subjects() = ToEstimate(subjects, population_);
      *row.mutable_share() = ToEstimate(Scaled(subjects, kPercent / population_), kPercent);
    } else {
      *row.mutable_subjects() = ToPlainEstimate(With(rows_.Number(set), rows_.NumberMargin(set)));
      *row.mutable_share() = ToEstimate(Scaled(ShareOfTotal(set), kPercent), kPercent);
    }
    row.set_wide_margin(row.share().margin() > kWidestMarginShown);
    *out.add_rows() = std::move(row);
  }

  Figure OfPopulation(PatternSet set) const {
    const double shown = rows_.Number(set);
    const bool low = shown < kTailShare * population_;
    if (low || rows_.UnclampedNumber(set) > (1 - kTailShare) * population_) {
      Figure tail;
      tail.value = low ? 0 : population_;
      return formulas_.ClampedNumber(table_, set, tail);
    }
    return With(shown, rows_.NumberMargin(set));
  }

  // In 0..1. Of too few subjects to divide by, it may be anything.
  Figure ShareOfTotal(PatternSet set) const {
    const double share = total_ > 0 ? rows_.Number(set) / total_ : 0;
    const double anything = std::max(share, 1 - share);
    if (rows_.NumberMargin(kAllPatterns) >= kWidestDenominator * total_) {
      return With(share, anything);
    }
    return With(share, std::min(rows_.ShareMargin(set), anything));
  }

  static Figure With(double value, double margin) {
    Figure figure;
    figure.value = value;
    figure.bias = {margin, margin};
    return figure;
  }

  const Catalog& catalog_;
  const MeasureFormulas formulas_;
  const int table_;
  const catalog::v1::Table& proto_;
  const unsigned patterns_;
  const unsigned fed_;       // features, as bits
  const double population_;  // 0: the number of subjects is not public
  const ConsistentRows rows_;
  const double total_;
};

}  // namespace

std::string RowName(const Catalog& catalog, int table, unsigned features, bool exactly) {
  const CatalogTable& compiled = catalog.table(table);
  std::string name = CombinationName(*compiled.proto, features, exactly);
  if (compiled.is_habit()) name += ", mean of a day";
  return name;
}

std::string ShareWords(const Catalog& catalog, int table) {
  if (IsPopulation(catalog, table)) return "everyone in the organisation (its headcount)";
  const auto kind = static_cast<size_t>(catalog.table(table).kind);
  return absl::StrCat("all ", catalog.kinds()[kind].proto->plural(), " in this table");
}

absl::StatusOr<Table> BreakDown(const Catalog& catalog,
                                const publication::v1::Publication& publication, int table) {
  ASSIGN_OR_RETURN(const PublishedCounts counts, ReadCounts(catalog, publication));
  const PublicTerms terms = TermsOf(catalog, publication);
  const CatalogTable& compiled = catalog.table(table);
  const catalog::v1::SubjectKind& kind = *catalog.kind(compiled.kind).proto;

  Table out;
  out.set_display_name(compiled.proto->display_name());
  out.set_description(compiled.proto->description());
  out.set_subjects(kind.plural());
  out.set_share_words(ShareWords(catalog, table));
  out.set_generated_data(publication.generated_data());
  out.set_notice(NoticeFor(publication.generated_data()));
  out.set_catalog_fingerprint(catalog.fingerprint());
  out.set_headcount(publication.headcount());
  const Visibility visibility(catalog, terms, publication);
  const Shown shown = visibility.OfTable(table);
  out.set_state(shown.state);
  out.set_state_reason(StateReasonText(catalog, shown.reason, publication.headcount()));
  out.set_state_reason_code(shown.reason.code);
  out.set_state_reason_subject(shown.reason.subject);
  if (!shown.measured()) return out;
  if (!compiled.is_habit()) {
    Breakdown(catalog, terms, counts, table, visibility.UnfedFeatures(table),
              SeedOf(publication, compiled.proto->id()))
        .Fill(out);
    return out;
  }
  const double expected = ExpectedSubjects(catalog, terms, table);
  const Figure mean = MeasureFormulas(catalog, terms).MeasuredHabitNumber(table, expected, counts);
  TableRow row = MakeRow(catalog, table, 1, false);
  *row.mutable_subjects() = ToEstimate(mean, expected);
  *row.mutable_share() = ToEstimate(Scaled(mean, kPercent / expected), kPercent);
  *out.add_rows() = std::move(row);
  return out;
}

}  // namespace tutti
