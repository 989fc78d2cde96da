#ifndef TUTTI_SERVICES_AGGREGATE_SCHEDULED_ORGANIZATION_H_
#define TUTTI_SERVICES_AGGREGATE_SCHEDULED_ORGANIZATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/storage/organization_store.h"
#include "common/window/schedule.h"
#include "services/aggregate/counting_history.h"

namespace tutti {

// How long things last.
struct WindowTiming {
  absl::Duration grace = absl::Hours(48);           // see Schedule
  absl::Duration policy_lease = absl::Seconds(20);  // of what ingest may rely on
};

// What an organisation's windows follow from beside itself. The catalogue outlives whatever is
// made of it.
struct SchedulingParts {
  const Catalog& catalog;
  WindowTiming timing;
  std::shared_ptr<const CountingEras> eras;
};

// What a bitmap of one kind looks like in one window; `columns` is 0 when the kind is not
// collected there.
struct BitmapShape {
  SlotSize size;
  uint32_t columns = 0;
  // The window will never show the kind: not all that happens is counted alike.
  bool incomplete = false;

  uint32_t bits() const { return columns * size.kept(); }
};

// Whether a kind's bitmap was made when the window was begun, and is not known to be lost.
bool HasBitmap(const aggregate::v1::BegunWindow& begun, const std::string& kind);

// Notes no longer that windows were begun: those of which `gone` says so.
void EraseBegun(aggregate::v1::StoredOrganization& stored, const std::function<bool(Window)>& gone);

// An organisation, and the windows that follow from it. Says of every window what it is, by
// one rule, from the history of the organisation and that of keyrings and catalogues at the
// instant at which the window opens; nothing changes that afterwards. Immutable.
class ScheduledOrganization {
 public:
  // DataLoss when what is stored makes no sense.
  static absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> Create(
      std::string id, VersionedOrganization versioned, const SchedulingParts& parts);

  // Bare ("acme").
  const std::string& id() const { return id_; }

  const VersionedOrganization& versioned() const { return versioned_; }
  const aggregate::v1::StoredOrganization& stored() const { return versioned_.stored; }
  const Schedule& schedule() const { return schedule_; }
  const WindowTiming& timing() const { return parts_.timing; }
  aggregate::v1::OrganizationState state() const { return stored().organization().state(); }
  // Whether activity is taken.
  bool TakesActivity() const;
  // Whether a pause has not deleted all that had been counted.
  bool Discards() const;
  // Whether the window exists, closed or not.
  bool Has(Window window) const;
  // Whether the window lost its keyring: it takes nothing and is never published.
  bool LostKeyring(Window window) const;
  // What the bitmap of a kind is like in a window that exists.
  BitmapShape ShapeOf(const CatalogKind& kind, Window window) const;

  // The bitmaps that a window may have: of the catalogue's kinds, and of those that an earlier or
  // a newer one had when some window was begun. A begun window is noted with its kinds in the same
  // step that makes its bitmaps, and until they are gone: so nothing else need be asked, also of
  // windows that an earlier edition has begun; and a kind that was never begun must be closed, too.
  WindowBitmaps BitmapsOf(Window window) const;

  // The begun window; nullptr when nothing was written to it.
  const aggregate::v1::BegunWindow* FindBegun(Window window) const;
  const absl::flat_hash_map<Window, const aggregate::v1::BegunWindow*>& begun() const {
    return begun_;
  }

  // The day window and the reach window that are to be closed next.
  Day next_day() const { return next_day_; }
  Day next_reach_end() const { return next_reach_end_; }
  // Whether the window was closed before.
  bool IsClosed(Window window) const;
  // From when nothing more is merged into the window: ingest stops at its close time by what it
  // was told, and is told anew in time.
  absl::Time SettledTime(Window window) const {
    return schedule_.CloseTime(window) + timing().policy_lease;
  }

  // The memory that this takes, about.
  size_t bytes() const;

 private:
  ScheduledOrganization(std::string id, VersionedOrganization versioned, Schedule schedule,
                        SchedulingParts parts)
      : id_(std::move(id)),
        versioned_(std::move(versioned)),
        schedule_(std::move(schedule)),
        parts_(std::move(parts)) {}

  std::string id_;
  VersionedOrganization versioned_;
  Schedule schedule_;
  SchedulingParts parts_;
  Day next_day_;
  Day next_reach_end_;
  absl::flat_hash_map<Window, const aggregate::v1::BegunWindow*> begun_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_SCHEDULED_ORGANIZATION_H_
