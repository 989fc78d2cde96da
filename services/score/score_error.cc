#include "services/score/score_error.h"

#include "common/rpc/error_details.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

absl::Status NothingPublished() {
  return WithReason(
      absl::NotFoundError("nothing is published: there is no such organisation, or its "
                          "first window of 28 full days has not closed yet, or it has too few "
                          "people for any figure to be shown"),
      score::v1::REASON_NOTHING_PUBLISHED);
}

absl::Status NoSuchWindow() {
  return WithReason(absl::NotFoundError("no record was published for that day; see ListScores"),
                    score::v1::REASON_NO_SUCH_WINDOW);
}

absl::Status FromStore(const absl::Status& status) {
  return absl::IsUnavailable(status) ? WithReason(status, score::v1::REASON_STORE_UNAVAILABLE)
                                     : status;
}

}  // namespace tutti
