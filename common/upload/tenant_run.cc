#include "common/upload/tenant_run.h"

#include <utility>

#include "common/status/status_macros.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

absl::Status MappedSink::OnActivity(const MappedActivity& mapped) {
  fed_.Add(mapped);
  if (targets_.observer != nullptr) {
    RETURN_IF_ERROR(targets_.observer->OnActivity(mapped));
  }
  if (targets_.uploader == nullptr || organization_.empty()) return absl::OkStatus();
  ingest::v1::Activity activity;
  activity.set_subject(mapped.subject.data(), mapped.subject.size());
  activity.set_type(mapped.type.data(), mapped.type.size());
  activity.mutable_occurred_at()->set_seconds(mapped.seconds);
  activity.set_app(mapped.app.data(), mapped.app.size());
  activity.set_platform(mapped.platform.data(), mapped.platform.size());
  for (size_t bit = 0; bit < kTraitNames.size(); ++bit) {
    if ((mapped.traits & (TraitSet{1} << bit)) == 0) continue;
    activity.add_traits(kTraitNames[bit].data(), kTraitNames[bit].size());
  }
  return targets_.uploader->Add(organization_, std::move(activity));
}

}  // namespace tutti
