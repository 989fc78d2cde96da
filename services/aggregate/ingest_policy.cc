#include "services/aggregate/ingest_policy.h"

#include "common/window/window_proto.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/closing_times.h"

namespace tutti {
namespace {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(time));
}

}  // namespace

aggregate::v1::GetIngestPolicyResponse MakeIngestPolicy(const ScheduledOrganization& organization,
                                                        const Catalog& catalog, absl::Time now) {
  aggregate::v1::GetIngestPolicyResponse policy;
  *policy.mutable_expire_time() = ToTimestamp(now + organization.timing().policy_lease);
  policy.set_state(organization.state());
  const Schedule& schedule = organization.schedule();
  policy.set_time_zone(schedule.TermsAt(schedule.calendar().DayOf(now)).zone.name());
  for (const WindowTerms& terms : schedule.terms()) {
    const auto& zones = policy.zones();
    if (!zones.empty() && zones.rbegin()->time_zone() == terms.zone.name()) continue;
    aggregate::v1::ZoneChange& zone = *policy.add_zones();
    zone.set_from_day(FormatDay(terms.from_day));
    zone.set_time_zone(terms.zone.name());
  }
  policy.set_first_day(FormatDay(schedule.first_day()));
  policy.mutable_grace()->set_seconds(absl::ToInt64Seconds(organization.timing().grace));
  if (!organization.TakesActivity()) return policy;
  const bool backfilling = organization.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
  for (const Window& window : OpenWindows(organization, now)) {
    aggregate::v1::OpenWindow& open = *policy.add_windows();
    SetWindow(window, open);
    if (!backfilling) *open.mutable_close_time() = ToTimestamp(schedule.CloseTime(window));
    const aggregate::v1::BegunWindow* begun = organization.FindBegun(window);
    if (begun != nullptr) open.set_key_id(begun->key_id());
    open.set_incomplete(organization.LostKeyring(window) ||
                        (begun != nullptr && begun->incomplete()));
    for (const CatalogKind& kind : catalog.kinds()) {
      const BitmapShape shape = organization.ShapeOf(kind, window);
      if (shape.columns == 0) continue;
      aggregate::v1::KindSize& size = *open.add_kinds();
      size.set_kind(kind.proto->id());
      size.set_incomplete(shape.incomplete ||
                          (begun != nullptr && !HasBitmap(*begun, kind.proto->id())));
      size.set_slots_log2(shape.size.slots_log2);
      size.set_kept_slots_log2(shape.size.kept_log2);
    }
  }
  return policy;
}

}  // namespace tutti
