#include "services/aggregate/scheduled_organization.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/window/window_proto.h"

namespace tutti {

bool HasBitmap(const aggregate::v1::BegunWindow& begun, const std::string& kind) {
  const auto contains = [&](const auto& kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  return contains(begun.kinds()) && !contains(begun.lost_kinds());
}

void EraseBegun(aggregate::v1::StoredOrganization& stored,
                const std::function<bool(Window)>& gone) {
  auto& begun = *stored.mutable_begun();
  begun.erase(std::remove_if(begun.begin(), begun.end(),
                             [&](const aggregate::v1::BegunWindow& entry) {
                               const absl::StatusOr<Window> window = WindowFrom(entry);
                               return window.ok() && gone(*window);
                             }),
              begun.end());
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> ScheduledOrganization::Create(
    std::string id, VersionedOrganization versioned, const SchedulingParts& parts) {
  absl::StatusOr<Schedule> schedule = Schedule::Create(versioned.stored, parts.timing.grace);
  if (!schedule.ok()) return absl::DataLossError(schedule.status().message());
  std::shared_ptr<ScheduledOrganization> result(
      new ScheduledOrganization(std::move(id), std::move(versioned), *std::move(schedule), parts));
  for (const aggregate::v1::BegunWindow& begun : result->stored().begun()) {
    absl::StatusOr<Window> window = WindowFrom(begun);
    if (!window.ok()) return absl::DataLossError(window.status().message());
    result->begun_.emplace(*window, &begun);
  }
  Day first = result->schedule_.first_day();
  result->next_day_ = first;
  if (absl::StatusOr<Day> day = ParseDay(result->stored().last_closed_day()); day.ok()) {
    result->next_day_ = std::max(first, *day + 1);
  }
  Day after = first;
  if (absl::StatusOr<Day> day = ParseDay(result->stored().last_closed_end_day()); day.ok()) {
    after = *day;
  }
  result->next_reach_end_ = result->schedule_.NextReachEnd(after);
  return result;
}

bool ScheduledOrganization::TakesActivity() const {
  return state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING ||
         state() == aggregate::v1::ORGANIZATION_STATE_ACTIVE;
}

bool ScheduledOrganization::Discards() const {
  // An earlier edition said so by its begun windows alone.
  return state() == aggregate::v1::ORGANIZATION_STATE_PAUSED &&
         (stored().discards() || stored().begun_size() > 0);
}

bool ScheduledOrganization::Has(Window window) const {
  if (window.kind == WindowKind::kReach) return schedule_.IsReachEnd(window.end_day);
  return window.end_day >= schedule_.first_day() &&
         schedule_.PublicationTaking(window.end_day).has_value();
}

bool ScheduledOrganization::LostKeyring(Window window) const {
  return parts_.eras->LostKeyringSince(schedule_.OpenTime(window));
}

BitmapShape ScheduledOrganization::ShapeOf(const CatalogKind& kind, Window window) const {
  BitmapShape shape;
  const std::optional<SlotSize> size = schedule_.SizeOf(*kind.proto, window);
  const CountingEras::Counted counted = parts_.eras->HowCounted(kind, schedule_.OpenTime(window));
  if (!size.has_value() || counted == CountingEras::Counted::kNotAtAll) return shape;
  shape.size = *size;
  shape.columns = window.kind == WindowKind::kReach ? kind.reach_columns : kind.day_columns;
  shape.incomplete = counted == CountingEras::Counted::kInPart;
  return shape;
}

WindowBitmaps ScheduledOrganization::BitmapsOf(Window window) const {
  std::set<std::string> kinds;
  for (const CatalogKind& kind : parts_.catalog.kinds()) kinds.insert(kind.proto->id());
  for (const aggregate::v1::BegunWindow& begun : stored().begun()) {
    kinds.insert(begun.kinds().begin(), begun.kinds().end());
  }
  return {id_, window, {kinds.begin(), kinds.end()}};
}

const aggregate::v1::BegunWindow* ScheduledOrganization::FindBegun(Window window) const {
  const auto found = begun_.find(window);
  return found == begun_.end() ? nullptr : found->second;
}

bool ScheduledOrganization::IsClosed(Window window) const {
  return window.end_day < (window.kind == WindowKind::kDay ? next_day_ : next_reach_end_);
}

size_t ScheduledOrganization::bytes() const {
  return sizeof(*this) + id_.capacity() + versioned_.version.capacity() + stored().SpaceUsedLong() +
         static_cast<size_t>(stored().terms_size()) * sizeof(WindowTerms) +
         begun_.capacity() * (sizeof(*begun_.begin()) + 1);
}

}  // namespace tutti
