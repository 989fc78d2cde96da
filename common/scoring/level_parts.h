#ifndef TUTTI_COMMON_SCORING_LEVEL_PARTS_H_
#define TUTTI_COMMON_SCORING_LEVEL_PARTS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/scoring/figure.h"
#include "common/scoring/measure_formulas.h"
#include "common/window/day.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// A share that a category's points are made of: points += weight x share + constant, where the
// share counts up to `full`.
struct LevelPart {
  int category = 0;                          // index into Catalog::proto().categories()
  const catalog::v1::Measure* measure = {};  // or
  const catalog::v1::Practice* practice = {};
  double weight = 0;  // points of the category; below 0 for a fault
  double constant = 0;
  double full = 1;
};

// Every part of every category, in the order of the catalogue, which outlives them.
std::vector<LevelPart> LevelPartsOf(const Catalog& catalog);

// What records of one series have in common.
struct SeriesTerms {
  window::v1::Cadence cadence = window::v1::CADENCE_UNSPECIFIED;
  std::string time_zone;
  std::string counting_fingerprint;
};

SeriesTerms SeriesTermsOf(const publication::v1::Publication& publication);

// Records of editions that did not say a zone or a fingerprint are taken for the same.
bool AreOneSeries(const SeriesTerms& a, const SeriesTerms& b);

// What one record alone says of the parts.
struct LevelRow {
  Day end_day;
  SeriesTerms series;
  // As the categories of the catalogue: whether the record's sources give them. Public.
  std::vector<bool> fed;
  // As the parts of the catalogue: shares before they are clamped, never shown as they are. Absent
  // where no source gave the category, the kind is not counted or something was lost, which is
  // public; open on both sides where nothing can be said.
  std::vector<std::optional<Figure>> shares;
  // Those of them that the window alone shows clamped, as it shows them; by part.
  std::map<size_t, Figure> clamped;
  // As the categories of the catalogue: what was planned of their points. Public.
  std::vector<std::optional<Figure>> planned;
};

// DataLoss when the record does not fit the catalogue.
absl::StatusOr<LevelRow> LevelRowOf(const Catalog& catalog, absl::Span<const LevelPart> parts,
                                    const publication::v1::Publication& publication);

// Whether nothing is known of a share, or it was clamped.
bool IsOpen(const Figure& share);

// A share after it was filtered, clamped in its tails. Clamped ones have the error that is
// planned at the clamped share, which public terms alone decide.
Figure ClampedPart(const MeasureFormulas& formulas, const LevelPart& part, const Figure& share);

// The points that a share of a part comes to.
Figure PointsOf(const LevelPart& part, const Figure& share);

}  // namespace tutti

#endif  // TUTTI_COMMON_SCORING_LEVEL_PARTS_H_
