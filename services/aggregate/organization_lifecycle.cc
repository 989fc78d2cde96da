#include "services/aggregate/organization_lifecycle.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "common/rpc/resource_name.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/aggregate_error.h"
#include "services/aggregate/closing_lease.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/organization_profile.h"

namespace tutti {
namespace {

using aggregate::v1::StoredOrganization;
using Profile = aggregate::v1::Organization;
using google::protobuf::util::MessageDifferencer;

constexpr int kMaxBackfillDays = 800;

void Count(StoredOrganization& stored) {
  Profile& organization = *stored.mutable_organization();
  uint64_t version = 0;
  // The etag is a plain counter: callers treat it as opaque.
  if (!absl::SimpleAtoi(organization.etag(), &version)) version = 0;
  organization.set_etag(absl::StrCat(version + 1));
}

// Copies what a caller may set.
void CopySettable(const Profile& wanted, Profile& organization) {
  organization.set_display_name(wanted.display_name());
  organization.set_headcount(wanted.headcount());
  *organization.mutable_entitlements() = wanted.entitlements();
  *organization.mutable_sources() = wanted.sources();
  *organization.mutable_source_contents() = wanted.source_contents();
  organization.set_cadence(wanted.cadence() == window::v1::CADENCE_UNSPECIFIED
                               ? window::v1::CADENCE_AUTO
                               : wanted.cadence());
  organization.set_time_zone(wanted.time_zone().empty() ? "UTC" : wanted.time_zone());
  organization.set_region(wanted.region());
  organization.set_industry(wanted.industry());
  organization.set_generated_data(wanted.generated_data());
}

void FillTerms(const Profile& organization, Day from, window::v1::Cadence cadence,
               aggregate::v1::Terms& terms) {
  terms.set_from_day(FormatDay(from));
  terms.set_headcount(organization.headcount());
  terms.set_cadence(cadence);
  terms.set_time_zone(organization.time_zone());
  terms.set_region(organization.region());
  terms.set_industry(organization.industry());
}

// Moves the first day forward to where a window begins.
absl::Status AlignFirstDay(Day from, StoredOrganization& stored) {
  stored.mutable_organization()->set_first_day(FormatDay(from));
  ASSIGN_OR_RETURN(Schedule schedule, Schedule::Create(stored, absl::ZeroDuration()));
  const Day first_end = schedule.NextReachEnd(from);
  stored.mutable_organization()->set_first_day(FormatDay(first_end - (kReachDays - 1)));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::Create(
    const std::string& id, const Profile& wanted, bool backfill) {
  RETURN_IF_ERROR(ValidateProfile(wanted, parts_.catalog));
  StoredOrganization stored;
  Profile& organization = *stored.mutable_organization();
  organization.set_name(FormatOrganizationName(id));
  CopySettable(wanted, organization);
  const absl::TimeZone zone = *LoadZone(organization.time_zone());
  const absl::Time now = parts_.clock.Now();
  *stored.mutable_create_time() =
      google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(now));
  const Day today(absl::ToCivilDay(now, zone));
  Day first = today + 1;
  if (backfill) {
    absl::StatusOr<Day> wanted_first = ParseDay(wanted.first_day());
    if (!wanted_first.ok() || *wanted_first > today || *wanted_first < today - kMaxBackfillDays) {
      return FieldError("first_day", absl::StrCat("must be a day, YYYY-MM-DD, of the last ",
                                                  kMaxBackfillDays, " days, for a back-fill"));
    }
    first = *wanted_first;
  }
  organization.set_state(backfill ? aggregate::v1::ORGANIZATION_STATE_BACKFILLING
                                  : aggregate::v1::ORGANIZATION_STATE_ACTIVE);
  const window::v1::Cadence cadence = ChooseCadence(
      organization.headcount(), organization.cadence(), window::v1::CADENCE_UNSPECIFIED);
  organization.set_effective_cadence(cadence);
  FillTerms(organization, first, cadence, *stored.add_terms());
  RETURN_IF_ERROR(AlignFirstDay(first, stored));
  Count(stored);

  ASSIGN_OR_RETURN(const Organization scheduled, parts_.repository.Derive(id, stored));
  if (absl::Status created = parts_.organizations.Create(id, stored, NextLook(*scheduled, now));
      !created.ok()) {
    if (absl::IsAlreadyExists(created)) {
      return WithReason(
          absl::AlreadyExistsError("name: this id is or was in use, and is never used again; "
                                   "choose another"),
          aggregate::v1::REASON_ORGANIZATION_EXISTS);
    }
    return created;
  }
  return scheduled;
}

absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::Update(
    const std::string& id, const Profile& wanted) {
  RETURN_IF_ERROR(ValidateProfile(wanted, parts_.catalog));
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        Profile& organization = *next.mutable_organization();
        if (!wanted.etag().empty() && wanted.etag() != organization.etag()) {
          return WithReason(
              absl::AbortedError("etag: the organisation was changed since it was read; read it "
                                 "again and repeat the change"),
              aggregate::v1::REASON_ETAG_STALE);
        }
        CopySettable(wanted, organization);
        const aggregate::v1::Terms& last = next.terms(next.terms_size() - 1);
        const window::v1::Cadence cadence =
            ChooseCadence(organization.headcount(), organization.cadence(), last.cadence());
        organization.set_effective_cadence(cadence);
        if (last.headcount() == organization.headcount() && last.cadence() == cadence &&
            last.time_zone() == organization.time_zone() &&
            last.region() == organization.region() && last.industry() == organization.industry()) {
          return absl::OkStatus();
        }
        // In the new zone, too, the first day that it applies to has not begun.
        const absl::Time now = parts_.clock.Now();
        const Day opened = std::max(
            current.schedule().LastOpenedDay(now),
            Day(absl::ToCivilDay(now + kChangeNotice, *LoadZone(organization.time_zone()))));
        next.set_opened_day(FormatDay(opened));
        const Day from = std::max(opened + 1, current.schedule().first_day());
        // A change that has not begun to apply is replaced by the new one.
        while (next.terms_size() > 0 &&
               next.terms(next.terms_size() - 1).from_day() >= FormatDay(from)) {
          next.mutable_terms()->RemoveLast();
        }
        FillTerms(organization, from, cadence, *next.add_terms());
        return absl::OkStatus();
      });
}

// The due time and the profile are two writes, and others, closers too, write the due time of
// what they read a moment ago. So the earlier of the old and the new due time is written before
// the profile, and the new one after it. Whoever stops between any two of the three leaves a
// due time that is early, and the next look corrects it. What comes late from others is a
// NextLook of an earlier profile: finite, so at that time at the latest closers look again, and
// DueReconciler does before, where that is far away.
absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::ChangeState(
    const std::string& id, const OrganizationRepository::Change& change) {
  ASSIGN_OR_RETURN(const Organization changed,
                   parts_.repository.Modify(
                       id,
                       [&](const ScheduledOrganization& current, StoredOrganization& next,
                           std::vector<NewBitmap>& bitmaps) -> absl::Status {
                         RETURN_IF_ERROR(change(current, next, bitmaps));
                         // What changes nothing takes no other caller's etag away.
                         if (!MessageDifferencer::Equals(next, current.stored())) Count(next);
                         ASSIGN_OR_RETURN(const Organization scheduled,
                                          parts_.repository.Derive(id, next));
                         const absl::Time now = parts_.clock.Now();
                         return parts_.organizations.SetDue(
                             id, std::min(NextLook(current, now), NextLook(*scheduled, now)));
                       }));
  RETURN_IF_ERROR(parts_.organizations.SetDue(id, NextLook(*changed, parts_.clock.Now())));
  return changed;
}

absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::FinishBackfill(
    const std::string& id) {
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        if (current.state() == aggregate::v1::ORGANIZATION_STATE_ACTIVE) return absl::OkStatus();
        RETURN_IF_ERROR(CheckFinishable(current));
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
        // Leases given while back-filling name no closing times.
        *next.mutable_close_not_before() =
            google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
                absl::ToUnixMillis(parts_.clock.Now() + current.timing().policy_lease));
        return absl::OkStatus();
      });
}

absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::Pause(
    const std::string& id) {
  // A close that is under way ends first: nothing is published after this.
  ASSIGN_OR_RETURN(const std::unique_ptr<ClosingLease> lease,
                   ClosingLease::Await(parts_.organizations, id));
  absl::StatusOr<Organization> paused = ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        next.set_opened_day(FormatDay(current.schedule().LastOpenedDay(parts_.clock.Now())));
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_PAUSED);
        next.set_discards(true);
        return absl::OkStatus();
      });
  if (!paused.ok()) return paused;
  RETURN_IF_ERROR(EndPause(id));
  return paused;
}

absl::Status OrganizationLifecycle::EndPause(const std::string& id) {
  ASSIGN_OR_RETURN(const Organization paused, parts_.repository.Read(id));
  if (!paused->Discards()) return absl::OkStatus();
  for (const auto& [window, unused] : paused->begun()) {
    RETURN_IF_ERROR(parts_.counters.Drop(paused->BitmapsOf(window)));
  }
  // What a close that ended early has staged. The window may not have begun, and is then
  // still to come when scoring resumes: it is not closed.
  const Window next_reach{WindowKind::kReach, paused->next_reach_end()};
  absl::Status left = parts_.publications.DropStaged(id, next_reach.end_day);
  left.Update(parts_.counters.DropSealed(paused->BitmapsOf(next_reach)));
  if (!left.ok()) return left;
  RETURN_IF_ERROR(parts_.counters.DropTallies(id));
  // Last, so that whoever comes after an early end goes on where this one stopped. Scoring may
  // have been resumed meanwhile: what was begun since is another's.
  return parts_.repository
      .Modify(id,
              [&](const ScheduledOrganization&, StoredOrganization& next, std::vector<NewBitmap>&) {
                EraseBegun(next,
                           [&](Window window) { return paused->FindBegun(window) != nullptr; });
                next.clear_discards();
                return absl::OkStatus();
              })
      .status();
}

absl::StatusOr<OrganizationLifecycle::Organization> OrganizationLifecycle::Resume(
    const std::string& id) {
  // Tallies and a staged record of before would have no owner, and stay.
  RETURN_IF_ERROR(EndPause(id));
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        if (current.state() != aggregate::v1::ORGANIZATION_STATE_PAUSED) return absl::OkStatus();
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
        // Nothing of a window that was open before or during the pause is ever published.
        const Day opened = current.schedule().LastOpenedDay(parts_.clock.Now());
        next.set_opened_day(FormatDay(opened));
        return AlignFirstDay(opened + 1, next);
      });
}

absl::StatusOr<int64_t> OrganizationLifecycle::Erase(const std::string& id) {
  const absl::StatusOr<VersionedOrganization> current = parts_.organizations.Read(id);
  if (absl::IsNotFound(current.status())) return NoSuchOrganization();
  if (!current.ok()) return current.status();
  const bool again =
      current->stored.organization().state() == aggregate::v1::ORGANIZATION_STATE_ERASED;
  // Nothing closes windows of an organisation that is erased.
  absl::StatusOr<std::unique_ptr<ClosingLease>> lease = nullptr;
  if (!again) lease = ClosingLease::Await(parts_.organizations, id);
  if (!lease.ok()) return lease.status();
  StoredOrganization tombstone;
  tombstone.mutable_organization()->set_name(FormatOrganizationName(id));
  tombstone.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ERASED);
  absl::StatusOr<int64_t> deleted = parts_.organizations.Erase(id, tombstone);
  parts_.counters.Forget(id);
  // What an erasure could not reach on some node, the next one sees to.
  if (again && deleted.ok() && *deleted == 0) return NoSuchOrganization();
  parts_.repository.Forget(id);
  return deleted;
}

}  // namespace tutti
