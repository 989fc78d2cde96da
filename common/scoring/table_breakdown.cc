#include "common/scoring/table_breakdown.h"

#include <algorithm>
#include <functional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/scoring/measure_formulas.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/published_counts.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/visibility.h"

namespace tutti {
namespace {

using score::v1::Table;
using score::v1::TableRow;

constexpr double kPercent = 100;

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
  const catalog::v1::Table& table = *catalog.tables()[static_cast<size_t>(index)].proto;
  TableRow row;
  for (int i = 0; i < table.features_size(); ++i) {
    if ((features >> i & 1U) != 0) row.add_features(table.features(i).id());
  }
  row.set_kind(exactly ? score::v1::ROW_KIND_EXACTLY : score::v1::ROW_KIND_ANY);
  row.set_display_name(RowName(catalog, index, features, exactly));
  return row;
}

// The estimate of a number that was moved to `shown`, so that its interval holds
// what the interval of `estimate` allows from 0 on. One below 0 counts as 0 there: that
// noise took it far below says nothing of how near to 0 the truth is.
Figure Moved(const Figure& estimate, double shown) {
  const double margin = MarginOf(estimate);
  const double high = std::max(estimate.value, 0.0) + margin;
  const double low = std::max(estimate.value - margin, 0.0);
  const double wide = std::max({high - shown, shown - low, 0.0});
  Figure figure;
  figure.value = shown;
  figure.bias = {wide, wide};
  return figure;
}

// Fills the rows of a table of a reach window.
class Breakdown {
 public:
  Breakdown(const Catalog& catalog, const PublicTerms& terms, const PublishedCounts& counts,
            int table, unsigned unfed)
      : catalog_(catalog),
        formulas_(catalog, terms),
        counts_(counts),
        table_(table),
        proto_(*catalog.tables()[static_cast<size_t>(table)].proto),
        patterns_(1U << proto_.features_size()),
        fed_((patterns_ - 1) & ~unfed),
        population_(IsPopulation(catalog, table) ? ExpectedSubjects(catalog, terms, table) : 0) {
    std::vector<double> raw;
    for (unsigned pattern = 1; pattern < patterns_; ++pattern) {
      raw.push_back(Estimated(Exactly(pattern)).value);
    }
    consistent_ = ConsistentNumbers(raw);
    for (const double number : consistent_) total_ += number;
    // More than there are cannot be: a noise that says so must not show two
    // combinations that exclude each other as nearly everybody.
    if (population_ > 0 && total_ > population_) {
      for (double& number : consistent_) number *= population_ / total_;
      total_ = population_;
    }
    const double highest = (1 - kTailShare) * population_;
    if (population_ > 0 && total_ > highest) scale_ = highest / total_;
    for (double& number : consistent_) number *= scale_;
  }

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
  Figure Estimated(PatternSet set) const {
    const UnionWeights weights = WeightsOf(set, proto_.features_size());
    const TableCounts& counts = counts_.tables.at(table_);
    Figure figure;
    figure.value = counts.Sum(weights);
    figure.errors[table_] = counts.ErrorOf(weights);
    return figure;
  }

  double Shown(PatternSet set) const {
    double sum = 0;
    for (unsigned pattern = 1; pattern < patterns_; ++pattern) {
      if ((set >> pattern & 1U) != 0) sum += consistent_[pattern - 1];
    }
    return sum;
  }

  void Append(TableRow row, PatternSet set, Table& out) const {
    const double denominator = population_ > 0 ? population_ : total_;
    const double shown = Shown(set);
    const double before = shown / scale_;
    Figure subjects = Moved(Estimated(set), before);
    subjects.value = shown;
    // What scaling may have taken away.
    if (scale_ < 1) {
      const double widened = kTailShare / (1 - kTailShare) * shown;
      subjects.bias.above += widened;
      subjects.bias.below += widened;
    }
    if (population_ > 0 &&
        (shown < kTailShare * population_ || before > (1 - kTailShare) * population_)) {
      Figure tail;
      tail.value = shown < kTailShare * population_ ? 0 : population_;
      subjects = formulas_.ClampedNumber(table_, set, tail);
    }
    *row.mutable_subjects() = ToEstimate(subjects);
    if (denominator > 0) {
      *row.mutable_share() = ToEstimate(Scaled(subjects, kPercent / denominator));
    }
    *out.add_rows() = std::move(row);
  }

  const Catalog& catalog_;
  const MeasureFormulas formulas_;
  const PublishedCounts& counts_;
  const int table_;
  const catalog::v1::Table& proto_;
  const unsigned patterns_;
  const unsigned fed_;              // features, as bits
  const double population_;         // 0: the number of subjects is not public
  std::vector<double> consistent_;  // of pattern i + 1
  double total_ = 0;
  double scale_ = 1;
};

}  // namespace

std::vector<double> ConsistentNumbers(absl::Span<const double> numbers) {
  std::vector<double> sorted(numbers.begin(), numbers.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0;
  for (const double number : sorted) sum += number;
  const double target = std::max(sum, 0.0);
  // The projection takes the same amount from every number that stays above 0
  // (Held, Wolfe, Crowder 1974).
  double taken = 0;
  double head = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    head += sorted[i];
    const double amount = (head - target) / static_cast<double>(i + 1);
    if (sorted[i] - amount <= 0 && i > 0) break;
    taken = amount;
  }
  std::vector<double> out;
  for (const double number : numbers) out.push_back(std::max(number - taken, 0.0));
  return out;
}

std::string RowName(const Catalog& catalog, int table, unsigned features, bool exactly) {
  const CatalogTable& compiled = catalog.tables()[static_cast<size_t>(table)];
  std::string name = CombinationName(*compiled.proto, features, exactly);
  if (compiled.is_habit()) name += ", mean of a day";
  return name;
}

std::string ShareWords(const Catalog& catalog, int table) {
  if (IsPopulation(catalog, table)) return "everyone in the organisation (its headcount)";
  const auto kind = static_cast<size_t>(catalog.tables()[static_cast<size_t>(table)].kind);
  return absl::StrCat("all ", catalog.kinds()[kind].proto->plural(), " in this table");
}

absl::StatusOr<Table> BreakDown(const Catalog& catalog,
                                const publication::v1::Publication& publication, int table) {
  const absl::StatusOr<PublishedCounts> counts = ReadCounts(catalog, publication);
  if (!counts.ok()) return counts.status();
  const PublicTerms terms = TermsOf(catalog, publication);
  const CatalogTable& compiled = catalog.tables()[static_cast<size_t>(table)];
  const catalog::v1::SubjectKind& kind = *catalog.kinds()[static_cast<size_t>(compiled.kind)].proto;

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
    Breakdown(catalog, terms, *counts, table, visibility.UnfedFeatures(table)).Fill(out);
    return out;
  }
  const double expected = ExpectedSubjects(catalog, terms, table);
  const Figure mean = MeasureFormulas(catalog, terms).MeasuredHabitNumber(table, expected, *counts);
  TableRow row = MakeRow(catalog, table, 1, false);
  *row.mutable_subjects() = ToEstimate(mean);
  *row.mutable_share() = ToEstimate(Scaled(mean, kPercent / expected));
  *out.add_rows() = std::move(row);
  return out;
}

}  // namespace tutti
