#include "services/ingest/batch_view.h"

#include "services/ingest/rejection.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

using ingest::v1::Activity;
using ingest::v1::IngestActivitiesRequest;
using ingest::v1::StreamActivitiesRequest;

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t Tag(int field, WireType type) {
  return (static_cast<uint32_t>(field) << 3) | type;
}

// google.protobuf.Timestamp.
constexpr int kTimestampSeconds = 1;
constexpr int kTimestampNanos = 2;

// Reads the fields of one message. After a failure it is at its end.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Goes to the next field; 0 at the end.
  uint32_t NextTag() {
    if (at_ == end_) return 0;
    const char* const begin = at_;
    // The rule is protobuf's: at most five bytes, of which 32 bits count.
    const auto tag = static_cast<uint32_t>(Varint());
    if (at_ - begin > 5 || tag >> 3 == 0) Fail();
    return failed_ ? 0 : tag;
  }

  uint64_t Varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      return static_cast<unsigned char>(*at_++);
    }
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }

  absl::string_view Bytes() {
    const uint64_t size = Varint();
    if (size > static_cast<uint64_t>(end_ - at_)) {
      Fail();
      return {};
    }
    const absl::string_view bytes(at_, static_cast<size_t>(size));
    at_ += size;
    return bytes;
  }

  void Skip(uint32_t tag) {
    switch (tag & 7U) {
      case kVarint:
        Varint();
        break;
      case kFixed64:
        SkipBytes(8);
        break;
      case kBytes:
        Bytes();
        break;
      case kFixed32:
        SkipBytes(4);
        break;
      default:
        Fail();
    }
  }

  bool good() const { return !failed_; }

 private:
  void SkipBytes(std::ptrdiff_t size) {
    if (end_ - at_ < size) return Fail();
    at_ += size;
  }
  void Fail() {
    failed_ = true;
    at_ = end_;
  }

  const char* at_;
  const char* const end_;
  bool failed_ = false;
};

bool ReadTimestamp(absl::string_view bytes, ActivityView& activity) {
  activity.has_time = true;
  WireReader reader(bytes);
  while (const uint32_t tag = reader.NextTag()) {
    switch (tag) {
      case Tag(kTimestampSeconds, kVarint):
        activity.seconds = static_cast<int64_t>(reader.Varint());
        break;
      case Tag(kTimestampNanos, kVarint):
        activity.nanos = static_cast<int32_t>(reader.Varint());
        break;
      default:
        reader.Skip(tag);
    }
  }
  return reader.good();
}

}  // namespace

bool BatchView::AppendActivity(absl::string_view bytes) {
  Item dropped;
  const bool kept = size_++ < kMaxActivities;
  Item& item = kept ? items_.emplace_back() : dropped;
  item.first_trait = traits_.size();
  ActivityView& activity = item.activity;
  WireReader reader(bytes);
  while (const uint32_t tag = reader.NextTag()) {
    switch (tag) {
      case Tag(Activity::kSubjectFieldNumber, kBytes):
        activity.subject = reader.Bytes();
        break;
      case Tag(Activity::kTypeFieldNumber, kBytes):
        activity.type = reader.Bytes();
        break;
      case Tag(Activity::kOccurredAtFieldNumber, kBytes):
        if (!ReadTimestamp(reader.Bytes(), activity)) return false;
        break;
      case Tag(Activity::kAppFieldNumber, kBytes):
        activity.app = reader.Bytes();
        break;
      case Tag(Activity::kPlatformFieldNumber, kBytes):
        activity.platform = reader.Bytes();
        break;
      case Tag(Activity::kTraitsFieldNumber, kBytes):
        if (const absl::string_view trait = reader.Bytes();
            kept && traits_.size() - item.first_trait <= kMaxTraits) {
          traits_.push_back(trait);
        }
        break;
      default:
        reader.Skip(tag);
    }
  }
  item.traits = traits_.size() - item.first_trait;
  return reader.good();
}

size_t BatchView::memory() const {
  return bytes_ + items_.capacity() * sizeof(Item) + traits_.capacity() * sizeof(absl::string_view);
}

bool BatchView::Append(absl::string_view bytes) {
  bytes_ += bytes.size();
  WireReader reader(bytes);
  while (const uint32_t tag = reader.NextTag()) {
    switch (tag) {
      case Tag(IngestActivitiesRequest::kOrganizationFieldNumber, kBytes):
        organization_ = reader.Bytes();
        break;
      case Tag(IngestActivitiesRequest::kActivitiesFieldNumber, kBytes):
        if (const absl::string_view activity = reader.Bytes();
            !reader.good() || !AppendActivity(activity)) {
          return false;
        }
        break;
      default:
        reader.Skip(tag);
    }
  }
  return reader.good();
}

void BatchView::Clear() {
  organization_ = {};
  bytes_ = 0;
  size_ = 0;
  items_.clear();
  traits_.clear();
}

ActivityView BatchView::activity(size_t index) const {
  const Item& item = items_[index];
  ActivityView activity = item.activity;
  activity.traits = absl::MakeConstSpan(traits_.data() + item.first_trait, item.traits);
  return activity;
}

bool ReadStreamRequest(absl::string_view bytes, absl::string_view& request_id, BatchView& batch) {
  WireReader reader(bytes);
  while (const uint32_t tag = reader.NextTag()) {
    switch (tag) {
      case Tag(StreamActivitiesRequest::kRequestIdFieldNumber, kBytes):
        request_id = reader.Bytes();
        break;
      case Tag(StreamActivitiesRequest::kBatchFieldNumber, kBytes):
        if (const absl::string_view message = reader.Bytes();
            !reader.good() || !batch.Append(message)) {
          return false;
        }
        break;
      default:
        reader.Skip(tag);
    }
  }
  return reader.good();
}

}  // namespace tutti
