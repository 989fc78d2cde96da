#include "services/score/record_catalogs.h"

#include <algorithm>
#include <utility>

#include "common/rpc/error_details.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/score_words.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

RecordCatalogs::RecordCatalogs(std::vector<const Catalog*> catalogs)
    : catalogs_(std::move(catalogs)) {
  for (const Catalog* catalog : catalogs_) {
    score::v1::GetCatalogResponse response;
    *response.mutable_catalog() = tutti::WordsOf(*catalog);
    *response.mutable_definition() = catalog->proto();
    words_[catalog->fingerprint()] =
        std::make_shared<const std::string>(response.SerializeAsString());
  }
}

absl::StatusOr<const Catalog*> RecordCatalogs::CatalogOf(
    const publication::v1::Publication& record) const {
  const auto counted =
      std::find_if(catalogs_.begin(), catalogs_.end(),
                   [&](const Catalog* catalog) { return IsCountedBy(*catalog, record); });
  if (counted != catalogs_.end()) {
    // What is shown follows the first that counts alike, also what an older one names.
    return *std::find_if(catalogs_.begin(), catalogs_.end(), [&](const Catalog* catalog) {
      return catalog->counting_fingerprint() == (*counted)->counting_fingerprint();
    });
  }
  return WithReason(
      absl::FailedPreconditionError(
          "the record was counted by a catalogue that this service does not have; start "
          "it with --past_catalogs"),
      score::v1::REASON_CATALOG_MISMATCH);
}

absl::StatusOr<std::shared_ptr<const std::string>> RecordCatalogs::WordsOf(
    const std::string& fingerprint) const {
  const auto found = words_.find(fingerprint.empty() ? current().fingerprint() : fingerprint);
  if (found != words_.end()) return found->second;
  return WithReason(
      absl::NotFoundError(
          "this service runs on no catalogue of that fingerprint: take the one that its "
          "latest answer names, or leave it empty; for older answers, start the service "
          "with --past_catalogs"),
      score::v1::REASON_CATALOG_UNKNOWN);
}

}  // namespace tutti
