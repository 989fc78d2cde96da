#ifndef TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_
#define TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "services/ingest/batch_view.h"
#include "services/ingest/column_layout.h"
#include "services/ingest/day_verdicts.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/folded_batch.h"
#include "services/ingest/ingest_parts.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// One batch on its way: first judged (identities become digests, digests become
// positions), then waiting to be durable. Keeps nothing of the request but the places of
// what was accepted, and zeroes its digests at its end. Not thread-safe: used by one
// thread after another.
//
// It sends a delta, perhaps an empty one, to every window that takes an accepted activity,
// and is answered by what becomes of each: whether somebody is known already, or has opted
// out, makes no difference to either.
class ActivityBatch final : public PendingBatch {
 public:
  using Done = std::function<void(const absl::Status&)>;

  // References, and the response, live until `done` was called.
  ActivityBatch(const IngestParts& parts, const ColumnTables& tables,
                std::shared_ptr<const OrganizationPolicy> policy, size_t activity_count,
                ingest::v1::IngestActivitiesResponse& response, Done done);

  // Judges every activity of a batch that has as many as were announced; fills in the
  // response's rejections and `deltas`.
  void Judge(const BatchView& batch);

  // After Judge: an error when nothing could be kept because a key is missing, or when
  // there are people in the batch and who has opted out cannot be read.
  absl::Status judged() const;

  // Completes the response by the outcomes of the deltas.
  void Settle(const absl::Status& status) override;
  void Answer() override { done_(settled_); }
  void Drop() override;

 private:
  struct Accepted {
    int index = 0;
    const DayVerdict* verdict = nullptr;
  };
  // What became of the activities of a verdict, by the outcomes of its windows.
  struct Outcome {
    bool merged = false;  // somewhere, else refused
    bool late = false;    // somewhere
    bool incomplete = false;
  };
  class Judging;

  // Judges one activity: accepts it or says why not.
  ingest::v1::Reason JudgeOne(int index, const ActivityView& activity, Judging& judging);
  void Reject(int index, ingest::v1::Reason reason);
  // Adds the positions of the columns that are left, each subject's once.
  void AddPositions();
  // Those of one subject in one window. Clears the columns.
  void AddPositions(int window, int kind, const Digest& digest, uint64_t* columns);
  BatchDelta& DeltaOf(int window, int kind);
  Outcome OutcomeOf(const DayVerdict& verdict);
  // Judges what was accepted anew, by what became of its windows.
  void Reconsider();
  absl::Status CheckOutcomes() const;
  void SortRejections();

  const IngestParts& parts_;
  const ColumnTables& tables_;
  ingest::v1::IngestActivitiesResponse& response_;
  const Done done_;
  const absl::Time now_;

  DayVerdicts verdicts_;
  std::vector<Accepted> accepted_;
  FoldedBatch folded_;
  std::vector<uint32_t> delta_index_;  // by window and kind: 1 + its place in deltas, or 0
  size_t own_deltas_ = 0;              // of accepted activities; what follows are reports
  int accepted_count_ = 0;
  int partly_late_ = 0;
  int key_missing_ = 0;
  bool opt_outs_unreadable_ = false;  // and needed
  absl::Status settled_;              // the error of a batch that is refused whole
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_
