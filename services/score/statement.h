#ifndef TUTTI_SERVICES_SCORE_STATEMENT_H_
#define TUTTI_SERVICES_SCORE_STATEMENT_H_

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "services/score/statement_thresholds.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// Writes privacy statements from the catalogue, and from what aggregate wrote into an
// organisation's latest record, so that they cannot drift from what the services do: what
// aggregate is told by flags is told to nobody twice. Thread-safe.
class StatementWriter {
 public:
  // `catalog` outlives it.
  explicit StatementWriter(const Catalog& catalog) : catalog_(catalog), thresholds_(catalog) {}

  // For an organisation whose latest record is given, and how many records its series has with it.
  score::v1::PrivacyStatement Write(const publication::v1::Publication& latest, int records);

  // For one that has published nothing yet. `planned` is valid.
  score::v1::PrivacyStatement Write(const score::v1::PlannedProfile& planned);

 private:
  const Catalog& catalog_;
  StatementThresholds thresholds_;
};

// InvalidArgument, with a reason, for what no organisation's profile may say.
absl::Status CheckPlan(const score::v1::PlannedProfile& planned);

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_STATEMENT_H_
