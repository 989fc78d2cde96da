#ifndef TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_
#define TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/catalog/catalog.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/batch_view.h"
#include "services/ingest/day_verdicts.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/refusal.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// One batch on its way: first judged (identities become digests, digests become
// positions), then waiting to be durable. Keeps nothing of the request, and zeroes
// its digests at its end. Not thread-safe: used by one thread after another.
class ActivityBatch final : public PendingBatch {
 public:
  using Done = std::function<void(const std::optional<Refusal>&)>;

  // References, and the response, live until `done` was called.
  ActivityBatch(const IngestParts& parts, ColumnLayout layout,
                std::shared_ptr<const OrganizationPolicy> policy,
                ingest::v1::IngestActivitiesResponse& response, Done done);
  ~ActivityBatch() override;

  // Judges every activity; fills in the response's rejections and `deltas`.
  void Judge(const BatchView& batch);

  // After Judge: present when nothing could be kept because a key is missing, or when
  // there are people in the batch and who has opted out cannot be read.
  std::optional<Refusal> refusal() const;

  // Completes the response by the outcomes of the deltas and calls `done`.
  void Finish(const absl::Status& status) override;

 private:
  // An accepted activity that brings something new; its digest and columns stand
  // at the same place in subjects_ and columns_.
  struct Fresh {
    int index = 0;
    const ActivityShape* shape = nullptr;
    const DayVerdict* verdict = nullptr;
  };
  class Judging;

  // Judges one activity: adds it to the fresh ones or says why not.
  ingest::v1::Reason JudgeOne(int index, const ActivityView& activity, Judging& judging);
  void Reject(int index, ingest::v1::Reason reason);
  // Drops from the fresh what the cache knows, and counts.
  void DropKnown();
  void AddPositions(size_t fresh);
  BatchDelta& DeltaOf(int window, int kind);
  // The outcome of what was sent for a kind to a window; MERGED when nothing was.
  aggregate::v1::DeltaOutcome OutcomeOf(int window, int kind) const;
  // What the outcomes of its windows mean for a fresh activity.
  void Reconsider(size_t index);
  std::optional<Refusal> RefusalOfOutcomes() const;
  void SortRejections();

  const IngestParts& parts_;
  const ColumnLayout layout_;
  ingest::v1::IngestActivitiesResponse& response_;
  const Done done_;
  const absl::Time now_;

  DayVerdicts verdicts_;
  std::vector<Fresh> fresh_;
  std::vector<SubjectDay> subjects_;
  std::vector<uint64_t> columns_;                     // layout_.words() for each
  absl::flat_hash_map<int64_t, size_t> delta_index_;  // window and kind -> deltas
  int accepted_ = 0;
  int partly_late_ = 0;
  int key_missing_ = 0;
  bool opt_outs_unreadable_ = false;  // and needed
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_ACTIVITY_BATCH_H_
