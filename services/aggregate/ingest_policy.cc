#include "services/aggregate/ingest_policy.h"

#include "common/window/window_proto.h"
#include "google/protobuf/util/time_util.h"

namespace tutti {
namespace {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(time));
}

}  // namespace

BitmapShape ShapeOf(const Schedule& schedule, const CatalogKind& kind, Window window) {
  BitmapShape shape;
  const std::optional<SlotSize> size = schedule.SizeOf(*kind.proto, window);
  if (!size.has_value()) return shape;
  shape.size = *size;
  shape.columns = window.kind == WindowKind::kReach ? kind.reach_columns : kind.day_columns;
  return shape;
}

aggregate::v1::GetIngestPolicyResponse MakeIngestPolicy(const ScheduledOrganization& organization,
                                                        const OrganizationDirectory& directory,
                                                        const Catalog& catalog, absl::Time now) {
  aggregate::v1::GetIngestPolicyResponse policy;
  *policy.mutable_expire_time() = ToTimestamp(now + directory.timing().policy_lease);
  policy.set_state(organization.state());
  const Schedule& schedule = organization.schedule();
  policy.set_time_zone(schedule.TermsAt(schedule.DayOf(now)).zone.name());
  policy.set_first_day(FormatDay(schedule.first_day()));
  policy.mutable_grace()->set_seconds(absl::ToInt64Seconds(directory.timing().grace));
  if (!organization.TakesActivity()) return policy;
  const bool backfilling = organization.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
  for (const Window& window : directory.OpenWindows(organization, now)) {
    aggregate::v1::OpenWindow& open = *policy.add_windows();
    SetWindow(window, open);
    if (!backfilling) *open.mutable_close_time() = ToTimestamp(schedule.CloseTime(window));
    if (const aggregate::v1::BegunWindow* begun = organization.FindBegun(window)) {
      open.set_key_id(begun->key_id());
      open.set_incomplete(begun->incomplete());
    }
    for (const CatalogKind& kind : catalog.kinds()) {
      const BitmapShape shape = ShapeOf(schedule, kind, window);
      if (shape.columns == 0) continue;
      aggregate::v1::KindSize& size = *open.add_kinds();
      size.set_kind(kind.proto->id());
      size.set_slots_log2(shape.size.slots_log2);
      size.set_kept_slots_log2(shape.size.kept_log2);
    }
  }
  return policy;
}

}  // namespace tutti
