#ifndef TUTTI_COMMON_SCORING_LEVEL_MAKER_H_
#define TUTTI_COMMON_SCORING_LEVEL_MAKER_H_

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "common/scoring/figure.h"
#include "common/scoring/filter/level_filter.h"
#include "common/scoring/level_parts.h"
#include "common/scoring/measure_formulas.h"
#include "common/window/day.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// The windows that levels are compared with; absent where there are none.
struct LevelBases {
  std::optional<Day> change;
  std::optional<Day> trend;
};

enum LevelBase : size_t { kChangeBase, kTrendBase, kLevelBases };
static_assert(kLevelBases <= kMostBases);

// What was filtered of one part, against one base.
struct PartSince {
  Figure share;           // of the base, clamped
  double difference = 0;  // in shares, from the base to now
};

// A part as it was filtered.
struct FilteredPart {
  size_t index = 0;  // of the parts
  Figure share;      // clamped
  std::array<std::optional<PartSince>, kLevelBases> since;
  // What the last window alone says of it, clamped, where that leads.
  std::optional<Figure> alone;
};

// Parts whose points are summed, over the rows that have them all.
struct LevelSum {
  std::vector<FilteredPart> parts;
  std::vector<size_t> rows;
  // What the sum is divided by to be of the order of a category.
  double categories = 1;
};

// A weighted sum of shares, or of their points, of the order of points of 100, over the rows that
// know them all.
struct LevelSeries {
  std::vector<size_t> rows;
  std::vector<LevelObservation> observed;
  FilteredSeries filtered;
  // Where in `rows` and in filtered.since the bases are.
  std::array<std::optional<size_t>, kLevelBases> base_rows;
  std::array<std::optional<size_t>, kLevelBases> since;
};

// The level of a sum.
struct SumLevel {
  Figure points;
  std::array<std::optional<Figure>, kLevelBases> differences;
  // Of the parts that follow their shares, if any.
  std::optional<LevelSeries> series;
  // Of the points that windows alone show, where the last one shows any.
  std::optional<LevelSeries> shown;
  // Whether the points are those of the window alone.
  bool of_window_alone = false;
};

// Filters the shares of one series, and sums them to levels.
//
// The value of a level is what the formulas of categories make of filtered shares, so parts add
// up. Its error is that of the same sum filtered as a series of its own, which holds however the
// shares move together, and how far the two sums are apart. A share that is clamped, or above
// its full mark, stays out of that series: nothing that is shown follows from what it was. Marks
// are made of the points that windows alone show, so that a fall into a tail is marked too.
class LevelMaker {
 public:
  // `rows` are of one series, ascending, at least one. What is given outlives it; `formulas` are
  // of the last row's record.
  LevelMaker(const MeasureFormulas& formulas, absl::Span<const LevelPart> parts,
             absl::Span<const LevelRow* const> rows, const LevelBases& bases);

  // The parts of a category; absent where its level cannot be told or is not shown.
  std::optional<LevelSum> PartsOf(int category) const;

  // The end day of the window of a number in a category's series, counted from 1: of one that it
  // does not have yet, for the windows that it has do not show the category.
  Day EndDayOfWindow(int category, int number) const;

  // Whether a base is there and its sources gave the same categories as those of the last window:
  // a total of others is another sum.
  bool GivesTheSameAt(LevelBase base) const;

  // All of them together; absent where a level of that cannot be told.
  std::optional<LevelSum> Total(const std::vector<const LevelSum*>& categories) const;

  // Whether earlier windows are not expected to make a level's margin narrower than that of the
  // last window alone. What is planned decides, never what came out: the narrower of two margins is
  // too often that of the one which is wrong.
  bool SaysAsMuchAlone(const SumLevel& level) const;

  // Makes the level of a sum what the last window alone says of it. Changes stay what windows
  // together say: those of windows alone are mistaken five times as often.
  void TakeWindowAlone(LevelSum& sum) const;

  // With the differences from some bases.
  SumLevel LevelOf(const LevelSum& sum, absl::Span<const LevelBase> bases) const;

  // `figures` are marked together.
  score::v1::Level ToLevel(const LevelSum& sum, const SumLevel& level, int figures) const;

 private:
  // What a part weighs in a series.
  struct Weight {
    size_t part = 0;
    double weight = 0;
  };
  using Parts = std::vector<const FilteredPart*>;

  std::vector<size_t> RowsWith(const std::vector<FilteredPart>& parts) const;
  // The parts of a category, not filtered yet, and the rows that have them.
  LevelSum RowsOf(int category) const;
  bool IsEnough(const std::vector<size_t>& rows) const;
  // What was planned of a category at some rows decides; a row that lacks a kind of it shows none.
  bool IsShown(int category, const std::vector<size_t>& rows) const;

  const Figure& ShareAt(size_t row, size_t part) const { return *rows_[row]->shares[part]; }
  // As the window alone shows it; open to both sides where it says nothing.
  const Figure& ClampedShareAt(size_t row, size_t part) const;
  // Whether the window alone says something of it.
  bool IsShownAt(size_t row, size_t part) const;
  // The row of a base among some.
  std::optional<size_t> BaseRow(const std::vector<size_t>& rows, LevelBase base) const;
  int StepsBetween(const std::vector<size_t>& rows, size_t i) const;

  // One part or the sum of some at a row, in the unit of a series, from its shares or from the
  // points that the window alone shows.
  enum class Values { kShares, kShownPoints };
  LevelSeries FilterSum(const std::vector<size_t>& rows, const std::vector<Weight>& weights,
                        Values values, LevelsWanted wanted) const;
  LevelSeries FilterTogether(const LevelSum& sum, const Parts& parts, Values values,
                             LevelsWanted wanted) const;
  // The parts of which the last window alone says something.
  Parts ShownParts(const LevelSum& sum) const;
  // Whether the points of some parts follow their shares at every row.
  bool AreLinear(const std::vector<size_t>& rows, const Parts& parts) const;
  // The share that a level is, with the other errors of the row that it is at.
  Figure ShareOf(const LevelEstimate& level, size_t row, size_t part) const;
  void Filter(const std::vector<size_t>& rows, FilteredPart& part) const;

  // Whether points follow the share, so that its series tells of them and of nothing hidden.
  bool IsLinear(size_t part, const Figure& share) const;
  // `series` is that of `together`.
  std::optional<Figure> DifferenceSince(const LevelSum& sum, LevelBase base, const Parts& together,
                                        const std::optional<LevelSeries>& series) const;

  const MeasureFormulas& formulas_;
  const absl::Span<const LevelPart> parts_;
  const absl::Span<const LevelRow* const> rows_;
  const int step_days_;  // between windows of the series
  const LevelModel model_;
  const std::array<std::optional<Day>, kLevelBases> base_days_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_LEVEL_MAKER_H_
