#ifndef TUTTI_SERVICES_SCORE_RECORD_CATALOGS_H_
#define TUTTI_SERVICES_SCORE_RECORD_CATALOGS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The catalogues that records may have been counted by, the one that the services run on first.
// Immutable. Errors carry a reason of score.v1.Reason.
class RecordCatalogs {
 public:
  // At least one; they outlive this.
  explicit RecordCatalogs(std::vector<const Catalog*> catalogs);

  // The one that the services run on.
  const Catalog& current() const { return *catalogs_.front(); }

  // The catalogue that a record is shown by: the first of those that count as it was counted.
  // FailedPrecondition where there is none.
  absl::StatusOr<const Catalog*> CatalogOf(const publication::v1::Publication& record) const;

  // A serialised score.v1.GetCatalogResponse: the words of the catalogue that has the
  // fingerprint, or of the current one where that is empty. NotFound where there is none.
  absl::StatusOr<std::shared_ptr<const std::string>> WordsOf(const std::string& fingerprint) const;

 private:
  const std::vector<const Catalog*> catalogs_;
  std::map<std::string, std::shared_ptr<const std::string>> words_;  // by fingerprint
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_RECORD_CATALOGS_H_
