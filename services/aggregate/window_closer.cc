#include "services/aggregate/window_closer.h"

#include <algorithm>
#include <utility>

#include "common/rpc/resource_name.h"
#include "common/scoring/planned_margins.h"
#include "common/status/status_macros.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/sealed_window.h"
#include "services/aggregate/slot_counts.h"

namespace tutti {
namespace {

using aggregate::v1::CloseOutcome;
using publication::v1::KindRecord;
using publication::v1::Publication;

constexpr int kMaxAttempts = 3;

// The later of a stored day (empty: none) and another: whoever overslept finds that others
// came farther, and what was closed stays closed.
std::string Later(const std::string& stored, Day day) { return std::max(stored, FormatDay(day)); }

// What a record cost.
absl::StatusOr<Costs> CostsOf(const std::string& record) {
  Publication publication;
  if (!publication.ParseFromString(record)) {
    return absl::DataLossError("a staged record cannot be read");
  }
  Costs costs;
  for (const KindRecord& kind : publication.kinds()) {
    if (kind.state() == publication::v1::KIND_STATE_COMPLETE) {
      costs[kind.kind()] = kind.nano_rho();
    }
  }
  return costs;
}

}  // namespace

WindowCloser::WindowCloser(CloserParts parts)
    : parts_(std::move(parts)), drawer_(parts_.counters, parts_.catalog, parts_.make_noise) {}

absl::StatusOr<CloseReport> WindowCloser::CloseDue(const std::string& organization,
                                                   const Pace& pace, size_t most) {
  CloseReport report;
  RETURN_IF_ERROR(MayClose());
  ASSIGN_OR_RETURN(const std::unique_ptr<ClosingLease> lease,
                   ClosingLease::Take(parts_.organizations, organization));
  if (lease == nullptr) {
    report.busy = true;
    return report;
  }
  absl::Status closed = CloseAll(organization, *lease, pace, most, report);
  // A store that hangs would hang again.
  if (stopping_ && absl::IsUnavailable(closed)) lease->Leave();
  if (!closed.ok()) return closed;
  return report;
}

absl::Status WindowCloser::CloseAll(const std::string& id, ClosingLease& lease, const Pace& pace,
                                    size_t most, CloseReport& report) {
  while (true) {
    absl::StatusOr<Organization> organization = parts_.repository.Read(id);
    if (!organization.ok()) return organization.status();
    if ((*organization)->Discards()) {
      report.deleted = true;
      RETURN_IF_ERROR(parts_.lifecycle.EndPause(id));
      organization = parts_.repository.Read(id);
      if (!organization.ok()) return organization.status();
    }
    const absl::Time now = parts_.clock.Now();
    report.next_due = NextDue(**organization);
    ASSIGN_OR_RETURN(const bool strays, DropStrays(*organization));
    report.deleted |= strays;
    if (report.next_due > now) {
      return parts_.organizations.SetDue(id, NextLook(**organization, now));
    }
    if (stopping_ || report.windows.size() == most) return absl::OkStatus();

    const Day end_day = (*organization)->next_reach_end();
    ASSIGN_OR_RETURN(const bool days, CloseDays(*organization, end_day, now, lease));
    report.deleted |= days;
    if ((*organization)->SettledTime({WindowKind::kReach, end_day}) > now) {
      // Only days were due.
      if (!days) return absl::InternalError("an organisation is due, and nothing of it is");
      continue;
    }
    RETURN_IF_ERROR(lease.Prolong());
    organization = parts_.repository.Read(id);
    if (!organization.ok()) return organization.status();
    ASSIGN_OR_RETURN(CloseOutcome outcome, Publish(**organization, end_day, lease, pace));
    RETURN_IF_ERROR(Finish(*organization, end_day));
    report.deleted = true;
    aggregate::v1::ClosedWindow& window = report.windows.emplace_back();
    window.set_score(FormatScoreName(id, end_day));
    window.set_outcome(outcome);
  }
}

absl::StatusOr<bool> WindowCloser::CloseDays(const Organization& organization, Day last,
                                             absl::Time now, const ClosingLease& lease) {
  Day day = organization->next_day();
  while (day <= last && organization->SettledTime({WindowKind::kDay, day}) <= now) {
    RETURN_IF_ERROR(CloseDay(*organization, day, lease));
    parts_.on_step(CloseStep::kDayTallied);
    ++day;
  }
  if (day == organization->next_day()) return false;
  RETURN_IF_ERROR(parts_.repository
                      .Modify(
                          organization->id(),
                          [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
                              std::vector<NewBitmap>&) {
                            next.set_last_closed_day(Later(next.last_closed_day(), day - 1));
                            EraseBegun(next, [&](Window window) {
                              return window.kind == WindowKind::kDay && window.end_day < day &&
                                     organization->FindBegun(window) != nullptr;
                            });
                            return absl::OkStatus();
                          },
                          organization)
                      .status());
  parts_.on_step(CloseStep::kDaysRecorded);
  return true;
}

absl::StatusOr<bool> WindowCloser::DropStrays(Organization& organization) {
  const Organization before = organization;
  bool found = false;
  for (const auto& [window, unused] : before->begun()) {
    if (!before->IsClosed(window)) continue;
    RETURN_IF_ERROR(parts_.counters.Drop(before->BitmapsOf(window)));
    found = true;
  }
  if (!found) return false;
  ASSIGN_OR_RETURN(Organization recorded,
                   parts_.repository.Modify(
                       before->id(),
                       [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
                           std::vector<NewBitmap>&) {
                         EraseBegun(next, [&](Window window) {
                           return before->IsClosed(window) && before->FindBegun(window) != nullptr;
                         });
                         return absl::OkStatus();
                       },
                       before));
  organization = std::move(recorded);
  return true;
}

absl::StatusOr<bool> WindowCloser::Seal(const ScheduledOrganization& organization, Window window) {
  ASSIGN_OR_RETURN(const bool whole, parts_.counters.Seal(organization.BitmapsOf(window)));
  const aggregate::v1::BegunWindow* begun = organization.FindBegun(window);
  return whole && !organization.LostKeyring(window) && (begun == nullptr || !begun->incomplete());
}

absl::Status WindowCloser::CloseDay(const ScheduledOrganization& organization, Day day,
                                    const ClosingLease& lease) {
  const Window window{WindowKind::kDay, day};
  const Schedule& schedule = organization.schedule();
  const bool keep = schedule.PublicationTaking(day).has_value();
  ASSIGN_OR_RETURN(const bool whole, Seal(organization, window));
  ASSIGN_OR_RETURN(auto tallies, parts_.counters.ReadTallies(organization.id()));
  const WindowBitmaps bitmaps = organization.BitmapsOf(window);
  // A crash came after the tally and before it was recorded. Others may have begun the day since.
  if (tallies.count(day) != 0) return parts_.counters.DropSealed(bitmaps);

  DayTally tally;
  for (const CatalogKind& kind : parts_.catalog.kinds()) {
    const BitmapShape shape = organization.ShapeOf(kind, window);
    if (!keep || shape.columns == 0) continue;
    const absl::StatusOr<std::string> bitmap =
        ReadSealedBits(parts_.counters, organization, window, kind.proto->id(), shape);
    if (!whole || absl::IsNotFound(bitmap.status())) {
      tally.lost_kinds.insert(kind.proto->id());
      continue;
    }
    if (!bitmap.ok()) return bitmap.status();
    for (const int index : kind.habit_tables) {
      const CatalogTable& table = parts_.catalog.table(index);
      tally.counts[table.proto->id()] =
          CountPatterns(*bitmap, shape.size.kept(), table.columns).back();
    }
  }
  if (!keep) return parts_.counters.DiscardDay(bitmaps);
  return parts_.counters.StoreTally(bitmaps, tally, lease.token());
}

absl::StatusOr<CloseOutcome> WindowCloser::Publish(const ScheduledOrganization& organization,
                                                   Day end_day, const ClosingLease& lease,
                                                   const Pace& pace) {
  const std::string& id = organization.id();
  // Also where the record is there: what has been begun since it was made is sealed, too.
  ASSIGN_OR_RETURN(const bool whole, Seal(organization, {WindowKind::kReach, end_day}));
  parts_.on_step(CloseStep::kSealed);
  // Again when another replica, whose lease ran out while it was at it, staged
  // first: then its record is the window's.
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const absl::Status published =
        parts_.publications.Read(id, absl::MakeConstSpan(&end_day, 1)).status();
    if (published.ok()) return aggregate::v1::CLOSE_OUTCOME_PUBLISHED;
    if (!absl::IsNotFound(published)) return published;

    absl::StatusOr<std::string> staged = parts_.publications.ReadStaged(id, end_day);
    if (absl::IsNotFound(staged.status())) {
      absl::StatusOr<CloseOutcome> drawn = Draw(organization, end_day, whole, lease);
      if (absl::IsAlreadyExists(drawn.status())) continue;
      if (!drawn.ok() || *drawn != aggregate::v1::CLOSE_OUTCOME_PUBLISHED) return drawn;
      staged = parts_.publications.ReadStaged(id, end_day);
      if (absl::IsNotFound(staged.status())) continue;
    }
    if (!staged.ok()) return staged.status();
    ASSIGN_OR_RETURN(const Costs costs, CostsOf(*staged));
    const absl::Status journaled = parts_.binding.journal().Record(id, end_day, *staged, costs);
    if (absl::IsAlreadyExists(journaled)) return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
    if (!journaled.ok()) return journaled;
    parts_.on_step(CloseStep::kJournaled);
    pace.AwaitTick();
    const absl::Status promoted = parts_.publications.Promote(id, end_day);
    if (!promoted.ok() && !absl::IsAlreadyExists(promoted)) return promoted;
    parts_.on_step(CloseStep::kPromoted);
    return aggregate::v1::CLOSE_OUTCOME_PUBLISHED;
  }
  // Paid for, and there is no record: it was lost.
  return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
}

absl::StatusOr<Ledger> WindowCloser::ReadWholeLedger(const std::string& id, Day end_day,
                                                     const std::map<Day, Costs>& drawn) {
  absl::StatusOr<Ledger> ledger = parts_.publications.ReadLedger(id);
  if (!ledger.ok()) return ledger;
  const auto last = drawn.upper_bound(end_day + (kBudgetDays - 1));
  for (auto entry = drawn.lower_bound(end_day - (kBudgetDays - 1)); entry != last; ++entry) {
    const auto& [day, costs] = *entry;
    bool lacking = false;
    for (const auto& [kind, cost] : costs) lacking |= ledger->try_emplace({kind, day}, cost).second;
    if (!lacking) continue;
    RETURN_IF_ERROR(parts_.publications.Charge(id, day, costs));
  }
  return ledger;
}

absl::StatusOr<CloseOutcome> WindowCloser::Draw(const ScheduledOrganization& organization,
                                                Day end_day, bool whole,
                                                const ClosingLease& lease) {
  const std::string& id = organization.id();
  ASSIGN_OR_RETURN(const auto drawn, parts_.binding.journal().Read(id));
  if (const auto before = drawn.find(end_day); before != drawn.end()) {
    // A store that lost the record has lost what it cost as well, and may say of the
    // organisation what was so long before.
    RETURN_IF_ERROR(parts_.publications.Charge(id, end_day, before->second));
    return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
  }

  const Schedule& schedule = organization.schedule();
  const WindowTerms& terms = schedule.TermsAt(Window{WindowKind::kReach, end_day}.first_day());
  const int step = static_cast<int>(schedule.StepDays(end_day).size());
  const auto& sources = organization.stored().organization().sources();
  if (!IsDrawn(parts_.catalog, {sources.begin(), sources.end()}, terms.headcount, terms.cadence,
               step)) {
    return aggregate::v1::CLOSE_OUTCOME_TOO_SMALL;
  }
  if (!whole) return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
  ASSIGN_OR_RETURN(const Ledger ledger, ReadWholeLedger(id, end_day, drawn));
  // Somebody has drawn it: a second draw is made for nobody, not even to be refused.
  for (const auto& [entry, nano_rho] : ledger) {
    if (entry.second == end_day) return absl::AlreadyExistsError("the window is paid for");
  }
  ASSIGN_OR_RETURN(DrawnRecord record, drawer_.Draw(organization, end_day, ledger));
  if (record.outcome != aggregate::v1::CLOSE_OUTCOME_PUBLISHED) return record.outcome;
  parts_.on_step(CloseStep::kDrawn);
  record.staged.lease = lease.token();
  RETURN_IF_ERROR(parts_.publications.Stage(id, record.staged));
  parts_.on_step(CloseStep::kStaged);
  return record.outcome;
}

absl::Status WindowCloser::Finish(const Organization& organization, Day end_day) {
  const Window window{WindowKind::kReach, end_day};
  // A window that was not published leaves nothing behind either.
  for (const Day day : organization->schedule().StepDays(end_day)) {
    RETURN_IF_ERROR(parts_.counters.DiscardDay(organization->BitmapsOf({WindowKind::kDay, day})));
  }
  parts_.on_step(CloseStep::kTalliesDropped);
  absl::Status dropped = parts_.publications.DropStaged(organization->id(), end_day);
  dropped.Update(parts_.counters.DropSealed(organization->BitmapsOf(window)));
  if (!dropped.ok()) return dropped;
  parts_.on_step(CloseStep::kDropped);
  absl::StatusOr<Organization> recorded = parts_.repository.Modify(
      organization->id(),
      [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
          std::vector<NewBitmap>&) {
        next.set_last_closed_end_day(Later(next.last_closed_end_day(), end_day));
        EraseBegun(next, [&](Window begun) {
          return begun == window && organization->FindBegun(begun) != nullptr;
        });
        return absl::OkStatus();
      },
      organization);
  if (recorded.ok()) parts_.on_step(CloseStep::kRecorded);
  return recorded.status();
}

}  // namespace tutti
