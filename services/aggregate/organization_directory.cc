#include "services/aggregate/organization_directory.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/feeding/declared_sources.h"
#include "common/rpc/error_details.h"
#include "common/window/window_proto.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/aggregate_error.h"
#include "services/aggregate/closing_lease.h"
#include "services/aggregate/first_score.h"
#include "services/aggregate/organization_profile.h"

namespace tutti {
namespace {

using aggregate::v1::Organization;
using aggregate::v1::StoredOrganization;
using google::protobuf::util::MessageDifferencer;

constexpr int kMaxBackfillDays = 800;
// An organisation of which nothing is to be closed is looked at this often.
constexpr absl::Duration kIdleLook = absl::Hours(6);
// A window is named in the policy this long before it can take anything.
constexpr int kDaysAhead = 1;
constexpr int kMaxAttempts = 50;

void Count(StoredOrganization& stored) {
  Organization& organization = *stored.mutable_organization();
  uint64_t version = 0;
  // The etag is a plain counter: callers treat it as opaque.
  if (!absl::SimpleAtoi(organization.etag(), &version)) version = 0;
  organization.set_etag(absl::StrCat(version + 1));
}

// Copies what a caller may set.
void CopySettable(const Organization& wanted, Organization& organization) {
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

void FillTerms(const Organization& organization, Day from, window::v1::Cadence cadence,
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
  absl::StatusOr<Schedule> schedule = Schedule::Create(stored, absl::ZeroDuration());
  if (!schedule.ok()) return schedule.status();
  const Day first_end = schedule->NextReachEnd(from);
  stored.mutable_organization()->set_first_day(FormatDay(first_end - (kReachDays - 1)));
  return absl::OkStatus();
}

absl::Status NotBackfilling() {
  return WithReason(absl::FailedPreconditionError("the organisation is paused; resume it first"),
                    aggregate::v1::REASON_ORGANIZATION_PAUSED);
}

absl::Status NotFound() {
  return WithReason(absl::NotFoundError("there is no such organisation"),
                    aggregate::v1::REASON_ORGANIZATION_NOT_FOUND);
}

}  // namespace

OrganizationDirectory::OrganizationDirectory(OrganizationStore& organizations,
                                             CounterStore& counters, PublicationStore& publications,
                                             CountingHistoryStore& history, const Catalog& catalog,
                                             const WallClock& clock, WindowTiming timing)
    : organizations_(organizations),
      counters_(counters),
      publications_(publications),
      catalog_(catalog),
      clock_(clock),
      timing_(timing),
      history_(history, catalog, clock) {}

absl::StatusOr<Organization> OrganizationDirectory::Create(const std::string& id,
                                                           const Organization& wanted,
                                                           bool backfill) {
  if (absl::Status valid = ValidateProfile(wanted, catalog_); !valid.ok()) return valid;
  StoredOrganization stored;
  Organization& organization = *stored.mutable_organization();
  organization.set_name(absl::StrCat("organizations/", id));
  CopySettable(wanted, organization);
  const absl::TimeZone zone = *LoadZone(organization.time_zone());
  const absl::Time now = clock_.Now();
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
  if (absl::Status aligned = AlignFirstDay(first, stored); !aligned.ok()) return aligned;
  Count(stored);

  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> scheduled = Derive({stored, ""});
  if (!scheduled.ok()) return scheduled.status();
  if (absl::Status created = organizations_.Create(id, stored, NextLook(**scheduled));
      !created.ok()) {
    if (absl::IsAlreadyExists(created)) {
      return WithReason(
          absl::AlreadyExistsError("name: this id is or was in use, and is never used again; "
                                   "choose another"),
          aggregate::v1::REASON_ORGANIZATION_EXISTS);
    }
    return created;
  }
  return Describe(**scheduled);
}

Organization OrganizationDirectory::Describe(const ScheduledOrganization& organization) const {
  Organization described = organization.stored().organization();
  const FirstScore first = ExpectFirstScore(catalog_, organization, timing_.policy_lease);
  if (first.expected.has_value()) {
    *described.mutable_first_score_expected() =
        google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
            absl::ToUnixMillis(*first.expected));
  }
  described.set_first_score_headcount(first.smallest_headcount);
  for (std::string& category :
       DeclaredSources(catalog_, described.sources(), described.source_contents())
           .FedCategories()) {
    described.add_fed_categories(std::move(category));
  }
  return described;
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> OrganizationDirectory::Derive(
    VersionedOrganization versioned) {
  absl::StatusOr<std::shared_ptr<const CountingEras>> eras = history_.Current();
  if (!eras.ok()) return eras.status();
  return ScheduledOrganization::Create(std::move(versioned), timing_.grace, *std::move(eras));
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> OrganizationDirectory::Remember(
    const std::string& id, VersionedOrganization versioned) {
  if (versioned.stored.organization().state() == aggregate::v1::ORGANIZATION_STATE_ERASED) {
    cache_.Forget(id);
    return NotFound();
  }
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> scheduled =
      Derive(std::move(versioned));
  if (!scheduled.ok()) return scheduled.status();
  cache_.Keep(id, *scheduled, clock_.Now());
  return scheduled;
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> OrganizationDirectory::Read(
    const std::string& id) {
  absl::StatusOr<VersionedOrganization> versioned = organizations_.Read(id);
  if (absl::IsNotFound(versioned.status())) return NotFound();
  if (!versioned.ok()) return versioned.status();
  return Remember(id, *std::move(versioned));
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> OrganizationDirectory::ReadCached(
    const std::string& id) {
  if (auto known = cache_.Find(id, clock_.Now()); known != nullptr) return known;
  return Read(id);
}

absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> OrganizationDirectory::Modify(
    const std::string& id, const Change& change, std::shared_ptr<const ScheduledOrganization> known,
    std::set<Window>* guarded) {
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> current = std::move(known);
  if (*current == nullptr) current = Read(id);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (!current.ok()) return current.status();
    StoredOrganization next = (*current)->stored();
    std::vector<NewBitmap> bitmaps;
    if (absl::Status changed = change(**current, next, bitmaps); !changed.ok()) return changed;
    std::set<Window> closed;
    absl::StatusOr<VersionedOrganization> stored =
        bitmaps.empty() ? organizations_.Replace(id, (*current)->versioned(), next)
                        : organizations_.Begin(id, (*current)->versioned(), next, bitmaps, closed);
    if (guarded != nullptr) guarded->insert(closed.begin(), closed.end());
    if (stored.ok()) return Remember(id, *std::move(stored));
    if (!absl::IsAborted(stored.status())) return stored.status();
    current = Read(id);
  }
  return WithReason(
      absl::UnavailableError("the organisation is being changed by others; try again"),
      aggregate::v1::REASON_ORGANIZATION_BUSY);
}

absl::StatusOr<Organization> OrganizationDirectory::Get(const std::string& id) {
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> found = Read(id);
  if (!found.ok()) return found.status();
  return Describe(**found);
}

absl::StatusOr<std::vector<Organization>> OrganizationDirectory::List(int limit,
                                                                      std::string& cursor) {
  std::vector<Organization> page;
  while (static_cast<int>(page.size()) < limit) {
    const int wanted = limit - static_cast<int>(page.size());
    const absl::StatusOr<std::vector<ListedOrganization>> listed =
        organizations_.List(cursor, wanted);
    if (!listed.ok()) return listed.status();
    for (const ListedOrganization& entry : *listed) {
      absl::StatusOr<Organization> organization = Get(entry.id);
      if (absl::IsNotFound(organization.status())) continue;
      if (!organization.ok()) return organization.status();
      page.push_back(*std::move(organization));
    }
    if (static_cast<int>(listed->size()) < wanted) {
      cursor.clear();
      return page;
    }
    cursor = listed->back().id;
  }
  return page;
}

absl::StatusOr<std::vector<Organization>> OrganizationDirectory::ListAmong(
    const std::set<std::string, std::less<>>& ids, int limit, std::string& cursor) {
  std::vector<Organization> page;
  for (auto id = ids.upper_bound(cursor); id != ids.end(); ++id) {
    if (static_cast<int>(page.size()) == limit) return page;
    cursor = *id;
    absl::StatusOr<Organization> organization = Get(*id);
    if (absl::IsNotFound(organization.status())) continue;
    if (!organization.ok()) return organization.status();
    page.push_back(*std::move(organization));
  }
  cursor.clear();
  return page;
}

absl::StatusOr<Organization> OrganizationDirectory::Update(const std::string& id,
                                                           const Organization& wanted) {
  if (absl::Status valid = ValidateProfile(wanted, catalog_); !valid.ok()) return valid;
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        Organization& organization = *next.mutable_organization();
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
        const absl::Time now = clock_.Now();
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
absl::StatusOr<Organization> OrganizationDirectory::ChangeState(const std::string& id,
                                                                const Change& change) {
  absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> changed =
      Modify(id,
             [&](const ScheduledOrganization& current, StoredOrganization& next,
                 std::vector<NewBitmap>& bitmaps) -> absl::Status {
               if (absl::Status status = change(current, next, bitmaps); !status.ok())
                 return status;
               // What changes nothing takes no other caller's etag away.
               if (!MessageDifferencer::Equals(next, current.stored())) Count(next);
               const auto scheduled = Derive({next, ""});
               if (!scheduled.ok()) return scheduled.status();
               return organizations_.SetDue(id, std::min(NextLook(current), NextLook(**scheduled)));
             });
  if (!changed.ok()) return changed.status();
  if (absl::Status due = organizations_.SetDue(id, NextLook(**changed)); !due.ok()) return due;
  return Describe(**changed);
}

absl::StatusOr<Organization> OrganizationDirectory::FinishBackfill(const std::string& id) {
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        if (current.state() == aggregate::v1::ORGANIZATION_STATE_ACTIVE) return absl::OkStatus();
        if (current.state() != aggregate::v1::ORGANIZATION_STATE_BACKFILLING) {
          return NotBackfilling();
        }
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
        // Leases given while back-filling name no closing times.
        *next.mutable_close_not_before() =
            google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
                absl::ToUnixMillis(clock_.Now() + timing_.policy_lease));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<Day>> OrganizationDirectory::ClosedByFinishing(const std::string& id) {
  const absl::StatusOr<std::shared_ptr<const ScheduledOrganization>> found = Read(id);
  if (!found.ok()) return found.status();
  const ScheduledOrganization& organization = **found;
  if (organization.state() == aggregate::v1::ORGANIZATION_STATE_PAUSED) return NotBackfilling();
  std::vector<Day> ends;
  if (organization.state() != aggregate::v1::ORGANIZATION_STATE_BACKFILLING) return ends;
  const Schedule& schedule = organization.schedule();
  for (Day end = organization.next_reach_end();
       schedule.CloseTime({WindowKind::kReach, end}) <= clock_.Now();
       end = schedule.NextReachEnd(end)) {
    ends.push_back(end);
  }
  return ends;
}

absl::StatusOr<Organization> OrganizationDirectory::Pause(const std::string& id) {
  // A close that is under way ends first: nothing is published after this.
  const auto lease = ClosingLease::Await(organizations_, id);
  if (!lease.ok()) return lease.status();
  absl::StatusOr<Organization> paused = ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        next.set_opened_day(FormatDay(current.schedule().LastOpenedDay(clock_.Now())));
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_PAUSED);
        next.set_discards(true);
        return absl::OkStatus();
      });
  if (!paused.ok()) return paused;
  if (absl::Status ended = EndPause(id); !ended.ok()) return ended;
  return paused;
}

absl::Status OrganizationDirectory::EndPause(const std::string& id) {
  const auto paused = Read(id);
  if (!paused.ok()) return paused.status();
  if (!(*paused)->Discards()) return absl::OkStatus();
  const std::vector<std::string> kinds = (*paused)->KindsWithBitmaps(catalog_);
  for (const auto& [window, unused] : (*paused)->begun()) {
    if (absl::Status gone = counters_.Drop(id, window, kinds); !gone.ok()) return gone;
  }
  // What a close that ended early has staged. The window may not have begun, and is then
  // still to come when scoring resumes: it is not closed.
  const Window next_reach{WindowKind::kReach, (*paused)->next_reach_end()};
  absl::Status left = publications_.DropStaged(id, next_reach.end_day);
  left.Update(counters_.DropSealed(id, next_reach, kinds));
  if (!left.ok()) return left;
  if (absl::Status gone = counters_.DropTallies(id); !gone.ok()) return gone;
  // Last, so that whoever comes after an early end goes on where this one stopped. Scoring may
  // have been resumed meanwhile: what was begun since is another's.
  return Modify(id,
                [&](const ScheduledOrganization&, StoredOrganization& next,
                    std::vector<NewBitmap>&) -> absl::Status {
                  auto& begun = *next.mutable_begun();
                  begun.erase(std::remove_if(
                                  begun.begin(), begun.end(),
                                  [&](const aggregate::v1::BegunWindow& entry) {
                                    const absl::StatusOr<Window> window = WindowFrom(entry);
                                    return window.ok() && (*paused)->FindBegun(*window) != nullptr;
                                  }),
                              begun.end());
                  next.clear_discards();
                  return absl::OkStatus();
                })
      .status();
}

absl::StatusOr<Organization> OrganizationDirectory::Resume(const std::string& id) {
  // Tallies and a staged record of before would have no owner, and stay.
  if (absl::Status ended = EndPause(id); !ended.ok()) return ended;
  return ChangeState(
      id,
      [&](const ScheduledOrganization& current, StoredOrganization& next,
          std::vector<NewBitmap>&) -> absl::Status {
        if (current.state() != aggregate::v1::ORGANIZATION_STATE_PAUSED) return absl::OkStatus();
        next.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
        // Nothing of a window that was open before or during the pause is ever published.
        const Day opened = current.schedule().LastOpenedDay(clock_.Now());
        next.set_opened_day(FormatDay(opened));
        return AlignFirstDay(opened + 1, next);
      });
}

absl::StatusOr<int64_t> OrganizationDirectory::Erase(const std::string& id) {
  const absl::StatusOr<VersionedOrganization> current = organizations_.Read(id);
  if (absl::IsNotFound(current.status())) return NotFound();
  if (!current.ok()) return current.status();
  const bool again =
      current->stored.organization().state() == aggregate::v1::ORGANIZATION_STATE_ERASED;
  // Nothing closes windows of an organisation that is erased.
  absl::StatusOr<std::unique_ptr<ClosingLease>> lease = nullptr;
  if (!again) lease = ClosingLease::Await(organizations_, id);
  if (!lease.ok()) return lease.status();
  StoredOrganization tombstone;
  tombstone.mutable_organization()->set_name(absl::StrCat("organizations/", id));
  tombstone.mutable_organization()->set_state(aggregate::v1::ORGANIZATION_STATE_ERASED);
  absl::StatusOr<int64_t> deleted = organizations_.Erase(id, tombstone);
  counters_.Forget(id);
  // What an erasure could not reach on some node, the next one sees to.
  if (again && deleted.ok() && *deleted == 0) return NotFound();
  cache_.Forget(id);
  return deleted;
}

absl::Time OrganizationDirectory::NextDue(const ScheduledOrganization& organization) const {
  if (organization.state() != aggregate::v1::ORGANIZATION_STATE_ACTIVE) {
    return absl::InfiniteFuture();
  }
  const Schedule& schedule = organization.schedule();
  const absl::Time day = schedule.CloseTime({WindowKind::kDay, organization.next_day()});
  const absl::Time reach = schedule.CloseTime({WindowKind::kReach, organization.next_reach_end()});
  absl::Time due = std::min(day, reach) + timing_.policy_lease;
  if (organization.stored().has_close_not_before()) {
    due = std::max(due,
                   absl::FromUnixMillis(google::protobuf::util::TimeUtil::TimestampToMilliseconds(
                       organization.stored().close_not_before())));
  }
  return due;
}

absl::Time OrganizationDirectory::NextLook(const ScheduledOrganization& organization) const {
  const absl::Time due = NextDue(organization);
  return due == absl::InfiniteFuture() ? clock_.Now() + kIdleLook : due;
}

std::vector<Window> OrganizationDirectory::OpenWindows(const ScheduledOrganization& organization,
                                                       absl::Time now) const {
  const Schedule& schedule = organization.schedule();
  const bool backfilling = organization.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
  const Day last = schedule.calendar().DayOf(now) + kDaysAhead;
  const auto is_open = [&](Window window) {
    return !organization.IsClosed(window) && (backfilling || now < schedule.CloseTime(window));
  };
  std::vector<Window> windows;
  for (Day day = organization.next_day(); day <= last; ++day) {
    const Window window{WindowKind::kDay, day};
    if (is_open(window) && organization.Has(window)) windows.push_back(window);
  }
  for (Day end = organization.next_reach_end(); end < last + kReachDays; ++end) {
    const Window window{WindowKind::kReach, end};
    if (organization.Has(window) && is_open(window)) windows.push_back(window);
  }
  return windows;
}

}  // namespace tutti
