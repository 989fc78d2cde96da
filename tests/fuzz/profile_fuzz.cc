// Stored profiles, and the policies that aggregate makes of them for ingest: whatever is
// stored, the windows that follow from it fit together, and ingest understands what
// aggregate says of them.

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/keyring/keyring_operations.h"
#include "common/window/window_proto.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/ingest_policy.h"
#include "services/ingest/organization_policy.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"
#include "tests/support/organizations.h"
#include "tests/support/reach_ends.h"

namespace tutti {
namespace {

using aggregate::v1::GetIngestPolicyResponse;
using aggregate::v1::StoredOrganization;

constexpr Day kToday(2026, 6, 10);

// Aggregate's classes and ingest's keys.
struct Parts {
  std::unique_ptr<const Catalog> catalog = *Catalog::Load(
      std::string(std::getenv("TUTTI_SOURCE_DIR")) + "/deploy/catalog/adoption.textproto");
  absl::Time now = absl::FromCivil(absl::CivilHour(kToday) + 12, absl::UTCTimeZone());
  MemoryStore store;
  FakeWallClock clock{now};
  Organizations organizations{store, store, store, store, *catalog, clock};
  std::shared_ptr<const KeySnapshot> keys = *KeySnapshot::Create(*NewKeyring(now, kDefaultGrace));
};

Parts& TheParts() {
  static auto& parts = *new Parts();
  return parts;
}

StoredOrganization DrawProfile(FuzzedDataProvider& draw) {
  StoredOrganization stored;
  auto& organization = *stored.mutable_organization();
  organization.set_name("organizations/acme");
  organization.set_state(draw.ConsumeBool() ? aggregate::v1::ORGANIZATION_STATE_ACTIVE
                                            : aggregate::v1::ORGANIZATION_STATE_BACKFILLING);
  Day day = kToday - draw.ConsumeIntegralInRange(0, 200);
  organization.set_first_day(FormatDay(day));
  for (int count = draw.ConsumeIntegralInRange(1, 4); count > 0; --count) {
    auto& terms = *stored.add_terms();
    terms.set_from_day(FormatDay(day));
    terms.set_headcount(draw.ConsumeIntegralInRange<int64_t>(1, 10'000'000));
    terms.set_cadence(draw.PickValueInArray(
        {window::v1::CADENCE_DAILY, window::v1::CADENCE_WEEKLY, window::v1::CADENCE_FOUR_WEEKLY}));
    terms.set_time_zone(draw.PickValueInArray({"UTC", "Pacific/Kiritimati", "America/Anchorage"}));
    day += draw.ConsumeIntegralInRange(1, 60);
  }
  for (int count = draw.ConsumeIntegralInRange(0, 3); count > 0; --count) {
    auto& begun = *stored.add_begun();
    const Day end = kToday + draw.ConsumeIntegralInRange(-10, 30);
    SetWindow({draw.ConsumeBool() ? WindowKind::kReach : WindowKind::kDay, end}, begun);
    begun.set_key_id(draw.ConsumeBytesAsString(kKeyIdBytes));
    begun.set_incomplete(draw.ConsumeBool());
  }
  if (draw.ConsumeBool()) stored.set_last_closed_day(FormatDay(kToday - 4));
  return stored;
}

void RequireFits(const Schedule& schedule, Day day) {
  const std::vector<Day> ends = ReachEndsContaining(schedule, day);
  for (const Day end : ends) {
    Require(Window{WindowKind::kReach, end}.Contains(day), "a window has the days it contains");
    Require(schedule.IsReachEnd(end), "and ends when a window does");
  }
  const Day next = schedule.NextReachEnd(day);
  Require(next > day && schedule.IsReachEnd(next), "the next end is one");
  Require(
      std::find_if(ends.begin(), ends.end(), [&](Day end) { return end > day; }) == ends.end() ||
          *std::find_if(ends.begin(), ends.end(), [&](Day end) { return end > day; }) == next,
      "and the first one");
  if (const auto taking = schedule.PublicationTaking(day); taking.has_value()) {
    const std::vector<Day> step = schedule.StepDays(*taking);
    Require(std::find(step.begin(), step.end(), day) != step.end(), "who takes a day has it");
    Require(step.back() == *taking, "and the days until its end");
  }
  for (const CatalogKind& kind : TheParts().catalog->kinds()) {
    const auto size = schedule.SizeOf(*kind.proto, {WindowKind::kReach, next});
    if (!size.has_value()) continue;
    Require(size->kept() >= 64 && size->kept() <= size->slots(),
            "some slots are kept, and no more than there are");
  }
}

// Ingest's index of days agrees with the windows themselves.
void RequireIndexed(const OrganizationPolicy& policy, Day day) {
  const absl::Span<const int> found = policy.WindowsContaining(day);
  for (int i = 0; i < policy.window_count(); ++i) {
    const bool listed = std::find(found.begin(), found.end(), i) != found.end();
    Require(listed == policy.window(i).window.Contains(day), "a day's windows are found");
    for (const KindSlots& slots : policy.window(i).kinds) {
      Require(slots.kept == 0 || (slots.kept - 1 <= slots.slot_mask &&
                                  slots.kept == uint32_t{1} << slots.kept_log2),
              "slots that are kept are slots");
    }
  }
}

// False when what is stored makes no sense. Mutation: any headcount makes sense.
bool ReadStored(const StoredOrganization& stored, Day day) {
  Parts& parts = TheParts();
  const auto organization = ScheduledOrganization::Create(
      "acme", {stored, ""},
      {*parts.catalog, WindowTiming(), std::make_shared<const CountingEras>()});
  if (!organization.ok()) {
    Require(absl::IsDataLoss(organization.status()), "or it is refused as lost");
    return false;
  }
  RequireFits((*organization)->schedule(), day);
  static_cast<void>(NextDue(**organization));
  const GetIngestPolicyResponse told = MakeIngestPolicy(**organization, *parts.catalog, parts.now);
  const auto policy = OrganizationPolicy::Create("acme", told, *parts.catalog, parts.keys);
  Require(policy.ok(), "ingest understands aggregate");
  Require((*policy)->takes_activity() == (*organization)->TakesActivity() &&
              (*policy)->window_count() == told.windows_size(),
          "of every window");
  RequireIndexed(**policy, day);
  return true;
}

Day DrawDay(FuzzedDataProvider& draw) { return kToday + draw.ConsumeIntegralInRange(-220, 60); }

void ReadWhatIsGood(FuzzedDataProvider& draw) {
  const Day day = DrawDay(draw);
  Require(ReadStored(DrawProfile(draw), day), "a good profile is taken");
}

void ChangeAProfile(FuzzedDataProvider& draw) {
  const Day day = DrawDay(draw);
  StoredOrganization stored = DrawProfile(draw);
  for (int changes = draw.ConsumeIntegralInRange(1, 3); changes > 0; --changes) {
    ChangeOneField(draw, stored);
  }
  ReadStored(stored, day);
}

void ReadAnything(FuzzedDataProvider& draw) {
  const std::string bytes = draw.ConsumeRemainingBytesAsString();
  if (StoredOrganization stored; stored.ParseFromString(bytes)) ReadStored(stored, kToday);
}

void ReadPolicy(const GetIngestPolicyResponse& told, Day day) {
  Parts& parts = TheParts();
  const auto policy = OrganizationPolicy::Create("acme", told, *parts.catalog, parts.keys);
  if (policy.ok()) RequireIndexed(**policy, day);
  Require(policy.ok() || absl::IsInternal(policy.status()), "or it is refused as malformed");
}

void ChangeAPolicy(FuzzedDataProvider& draw) {
  Parts& parts = TheParts();
  const Day day = DrawDay(draw);
  const auto organization = ScheduledOrganization::Create(
      "acme", {DrawProfile(draw), ""},
      {*parts.catalog, WindowTiming(), std::make_shared<const CountingEras>()});
  Require(organization.ok(), "a good profile is taken");
  GetIngestPolicyResponse told = MakeIngestPolicy(**organization, *parts.catalog, parts.now);
  for (int changes = draw.ConsumeIntegralInRange(1, 3); changes > 0; --changes) {
    ChangeOneField(draw, told);
  }
  ReadPolicy(told, day);
}

void ReadAnyPolicy(FuzzedDataProvider& draw) {
  const std::string bytes = draw.ConsumeRemainingBytesAsString();
  if (GetIngestPolicyResponse told; told.ParseFromString(bytes)) ReadPolicy(told, kToday);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::SilenceProtobuf();
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 4)) {
    case 0:
      tutti::ReadWhatIsGood(draw);
      break;
    case 1:
      tutti::ChangeAProfile(draw);
      break;
    case 2:
      tutti::ChangeAPolicy(draw);
      break;
    case 3:
      tutti::ReadAnyPolicy(draw);
      break;
    default:
      tutti::ReadAnything(draw);
  }
  return 0;
}
