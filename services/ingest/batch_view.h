#ifndef TUTTI_SERVICES_INGEST_BATCH_VIEW_H_
#define TUTTI_SERVICES_INGEST_BATCH_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/admission/admission.h"

namespace tutti {

// An ingest.v1.IngestActivitiesRequest in the wire format of protobuf. Reads it
// without a copy of any text, which costs a fifth of making the message, and leaves
// no copy of an identifier to be erased. What protobuf reads means the same here:
// fields in any order, repeated ones, unknown ones. Unlike protobuf it takes texts
// that are not UTF-8, and no groups. Keeps no more activities, or traits of one, than tell
// that there are too many: an activity may take two bytes of a message, and sixty times as
// much here. Not thread-safe.
class BatchView {
 public:
  // Reads a message; what was read before stays, as if both messages were one. The
  // bytes must outlive every use. False, and the view is of no use until it is
  // cleared, when they are not such a message.
  bool Append(absl::string_view bytes);
  void Clear();

  absl::string_view organization() const { return organization_; }
  // The number of activities that were read; the first kMaxActivities can be looked at.
  size_t size() const { return size_; }
  // How many bytes are kept, those of the message included.
  size_t memory() const;
  // With at most one trait more than kMaxTraits. Views of the message's bytes, good until the view
  // is changed.
  ActivityView activity(size_t index) const;

 private:
  struct Item {
    ActivityView activity;  // without traits
    size_t first_trait = 0;
    size_t traits = 0;
  };
  bool AppendActivity(absl::string_view bytes);

  absl::string_view organization_;
  size_t bytes_ = 0;
  size_t size_ = 0;
  std::vector<Item> items_;
  std::vector<absl::string_view> traits_;  // of all activities, one after the other
};

// An ingest.v1.StreamActivitiesRequest. Adds what is in its batch to `batch` and
// returns true, or false when the bytes are not such a message.
bool ReadStreamRequest(absl::string_view bytes, absl::string_view& request_id, BatchView& batch);

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_BATCH_VIEW_H_
