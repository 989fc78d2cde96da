#include "services/aggregate/window_closer.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/scoring/planned_margins.h"
#include "common/window/window_proto.h"
#include "services/aggregate/ingest_policy.h"
#include "services/aggregate/slot_counts.h"
#include "sodium.h"

namespace tutti {
namespace {

using aggregate::v1::CloseOutcome;
using publication::v1::KindRecord;
using publication::v1::Publication;

constexpr absl::Duration kLease = absl::Seconds(60);

std::string NewToken() {
  std::string token(16, '\0');
  randombytes_buf(token.data(), token.size());
  return absl::BytesToHexString(token);
}

bool Contains(const aggregate::v1::BegunWindow& begun, const std::string& kind) {
  return std::find(begun.kinds().begin(), begun.kinds().end(), kind) != begun.kinds().end();
}

}  // namespace

WindowCloser::WindowCloser(CloserParts parts) : parts_(std::move(parts)) {
  for (const CatalogKind& kind : parts_.catalog.kinds()) kinds_.push_back(kind.proto->id());
}

absl::StatusOr<CloseReport> WindowCloser::CloseDue(const std::string& organization) {
  CloseReport report;
  const std::string token = NewToken();
  absl::StatusOr<bool> taken = parts_.organizations.TakeLease(organization, token, kLease);
  if (!taken.ok()) return taken.status();
  if (!*taken) {
    report.busy = true;
    return report;
  }
  const auto release = absl::MakeCleanup([&] {
    // An unreleased lease ends by itself.
    parts_.organizations.ReleaseLease(organization, token).IgnoreError();
  });
  absl::Status closed = CloseAll(organization, token, report);
  if (!closed.ok()) return closed;
  return report;
}

absl::Status WindowCloser::CloseAll(const std::string& id, const std::string& token,
                                    CloseReport& report) {
  while (true) {
    absl::StatusOr<Organization> organization = parts_.directory.Read(id);
    if (!organization.ok()) return organization.status();
    const absl::Time now = parts_.clock.Now();
    report.next_due = parts_.directory.NextDue(**organization);
    if (report.next_due > now) return parts_.organizations.SetDue(id, report.next_due);

    const Day end_day = (*organization)->next_reach_end();
    absl::StatusOr<bool> days = CloseDays(id, **organization, end_day, now);
    if (!days.ok()) return days.status();
    report.deleted |= *days;
    const absl::Time close_time =
        (*organization)->schedule().CloseTime({WindowKind::kReach, end_day}) +
        parts_.directory.timing().policy_lease;
    if (close_time > now) {
      // Only days were due.
      if (!*days) return absl::InternalError("an organisation is due, and nothing of it is");
      continue;
    }
    absl::StatusOr<bool> still = parts_.organizations.TakeLease(id, token, kLease);
    if (!still.ok()) return still.status();
    if (!*still) return absl::AbortedError("the closing lease was lost; another replica goes on");
    organization = parts_.directory.Read(id);
    if (!organization.ok()) return organization.status();
    absl::StatusOr<CloseOutcome> outcome = CloseReach(id, **organization, end_day);
    if (!outcome.ok()) return outcome.status();
    report.deleted = true;
    aggregate::v1::ClosedWindow& window = report.windows.emplace_back();
    window.set_score(absl::StrCat("organizations/", id, "/scores/", FormatDay(end_day)));
    window.set_outcome(*outcome);
  }
}

absl::StatusOr<bool> WindowCloser::CloseDays(const std::string& id,
                                             const ScheduledOrganization& organization, Day last,
                                             absl::Time now) {
  const Schedule& schedule = organization.schedule();
  const absl::Duration lease = parts_.directory.timing().policy_lease;
  Day day = organization.next_day();
  while (day <= last && schedule.CloseTime({WindowKind::kDay, day}) + lease <= now) {
    if (absl::Status closed = CloseDay(id, organization, day); !closed.ok()) return closed;
    ++day;
  }
  if (day == organization.next_day()) return false;
  absl::StatusOr<Organization> recorded = parts_.directory.Modify(
      id, [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
              std::vector<NewBitmap>&) {
        next.set_last_closed_day(FormatDay(day - 1));
        auto& begun = *next.mutable_begun();
        begun.erase(std::remove_if(begun.begin(), begun.end(),
                                   [&](const aggregate::v1::BegunWindow& window) {
                                     return window.window_kind() == keyring::v1::WINDOW_KIND_DAY &&
                                            window.end_day() < FormatDay(day);
                                   }),
                    begun.end());
        return absl::OkStatus();
      });
  if (!recorded.ok()) return recorded.status();
  return true;
}

absl::Status WindowCloser::CloseDay(const std::string& id,
                                    const ScheduledOrganization& organization, Day day) {
  const Window window{WindowKind::kDay, day};
  const Schedule& schedule = organization.schedule();
  const bool keep = schedule.PublicationTaking(day).has_value();
  if (absl::Status sealed = parts_.counters.Seal(id, window, kinds_); !sealed.ok()) return sealed;
  absl::StatusOr<std::map<Day, DayTally>> tallies = parts_.counters.ReadTallies(id);
  if (!tallies.ok()) return tallies.status();
  // A crash came after the tally and before it was recorded.
  if (tallies->count(day) != 0) return absl::OkStatus();

  DayTally tally;
  const aggregate::v1::BegunWindow* begun = organization.FindBegun(window);
  for (const CatalogKind& kind : parts_.catalog.kinds()) {
    const BitmapShape shape = ShapeOf(schedule, kind, window);
    if (!keep || shape.columns == 0 || begun == nullptr) continue;
    absl::StatusOr<std::string> bitmap = parts_.counters.ReadSealed({id, window, kind.proto->id()});
    if (absl::IsNotFound(bitmap.status()) || begun->incomplete()) {
      tally.lost = true;
      continue;
    }
    if (!bitmap.ok()) return bitmap.status();
    for (const int index : kind.habit_tables) {
      const CatalogTable& table = parts_.catalog.tables()[static_cast<size_t>(index)];
      tally.counts[table.proto->id()] =
          CountPatterns(*bitmap, shape.size.kept(), table.columns).back();
    }
  }
  return parts_.counters.StoreTally(id, day, tally, keep, kinds_);
}

absl::StatusOr<CloseOutcome> WindowCloser::CloseReach(const std::string& id,
                                                      const ScheduledOrganization& organization,
                                                      Day end_day) {
  CloseOutcome outcome = aggregate::v1::CLOSE_OUTCOME_PUBLISHED;
  absl::StatusOr<std::vector<std::string>> published =
      parts_.publications.Read(id, absl::MakeConstSpan(&end_day, 1));
  if (absl::IsNotFound(published.status())) {
    absl::StatusOr<std::string> staged = parts_.publications.ReadStaged(id, end_day);
    if (absl::IsNotFound(staged.status())) {
      absl::StatusOr<CloseOutcome> drawn = Draw(id, organization, end_day);
      if (!drawn.ok()) return drawn.status();
      outcome = *drawn;
      staged = parts_.publications.ReadStaged(id, end_day);
    }
    if (outcome == aggregate::v1::CLOSE_OUTCOME_PUBLISHED) {
      if (!staged.ok()) return staged.status();
      absl::Status journaled = parts_.journal.Record(id, end_day, *staged);
      parts_.on_step(CloseStep::kJournaled);
      if (absl::IsAlreadyExists(journaled)) {
        outcome = aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
      } else if (!journaled.ok()) {
        return journaled;
      } else {
        absl::Status promoted = parts_.publications.Promote(id, end_day);
        if (!promoted.ok() && !absl::IsAlreadyExists(promoted)) return promoted;
        parts_.on_step(CloseStep::kPromoted);
      }
    }
  } else if (!published.ok()) {
    return published.status();
  }
  if (absl::Status finished = Finish(id, organization, end_day); !finished.ok()) return finished;
  return outcome;
}

absl::StatusOr<CloseOutcome> WindowCloser::Draw(const std::string& id,
                                                const ScheduledOrganization& organization,
                                                Day end_day) {
  const Window window{WindowKind::kReach, end_day};
  if (absl::Status sealed = parts_.counters.Seal(id, window, kinds_); !sealed.ok()) return sealed;
  parts_.on_step(CloseStep::kSealed);
  // The journal outlives a restored backup: what it knows was drawn, and is lost.
  absl::StatusOr<bool> drawn_before = parts_.journal.Knows(id, end_day);
  if (!drawn_before.ok()) return drawn_before.status();
  if (*drawn_before) return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;

  const Schedule& schedule = organization.schedule();
  const WindowTerms& terms = schedule.TermsAt(window.first_day());
  const std::vector<Day> step_days = schedule.StepDays(end_day);
  const int step = static_cast<int>(step_days.size());
  if (!AnythingShown(parts_.catalog, terms.headcount, terms.cadence, step)) {
    return aggregate::v1::CLOSE_OUTCOME_TOO_SMALL;
  }
  absl::StatusOr<Ledger> ledger = parts_.publications.ReadLedger(id);
  if (!ledger.ok()) return ledger.status();
  absl::StatusOr<std::map<Day, DayTally>> tallies = parts_.counters.ReadTallies(id);
  if (!tallies.ok()) return tallies.status();

  Publication record;
  const aggregate::v1::Organization& profile = organization.stored().organization();
  record.set_organization(id);
  record.set_end_day(FormatDay(end_day));
  record.set_step_days(static_cast<uint32_t>(step));
  record.set_cadence(terms.cadence);
  record.set_headcount(terms.headcount);
  *record.mutable_entitlements() = profile.entitlements();
  *record.mutable_sources() = profile.sources();
  record.set_catalog_fingerprint(parts_.catalog.fingerprint());
  record.set_catalog_version(parts_.catalog.proto().version());
  record.set_generated_data(profile.generated_data());

  StagedRecord staged;
  const std::unique_ptr<NoiseSource> noise = parts_.make_noise();
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    const BitmapShape shape = ShapeOf(schedule, parts_.catalog.kinds()[kind], window);
    if (shape.columns == 0) continue;
    absl::StatusOr<KindRecord> drawn =
        DrawKind(id, organization, end_day, static_cast<int>(kind), *tallies, *noise);
    if (!drawn.ok()) return drawn.status();
    if (drawn->state() == publication::v1::KIND_STATE_COMPLETE) {
      absl::Status affordable = CheckBudget(*ledger, drawn->kind(), end_day, drawn->nano_rho());
      if (absl::IsResourceExhausted(affordable)) {
        return aggregate::v1::CLOSE_OUTCOME_BUDGET_EXHAUSTED;
      }
      if (!affordable.ok()) return affordable;
      staged.nano_rho[drawn->kind()] = drawn->nano_rho();
    }
    *record.add_kinds() = *std::move(drawn);
  }
  if (staged.nano_rho.empty()) return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
  parts_.on_step(CloseStep::kDrawn);
  staged.end_day = end_day;
  staged.record = record.SerializeAsString();
  staged.tallied_days = step_days;
  absl::Status stored = parts_.publications.Stage(id, staged);
  // The ledger knows a record that is nowhere: it was drawn, and is lost.
  if (absl::IsAlreadyExists(stored)) return aggregate::v1::CLOSE_OUTCOME_INCOMPLETE;
  if (!stored.ok()) return stored;
  parts_.on_step(CloseStep::kStaged);
  return aggregate::v1::CLOSE_OUTCOME_PUBLISHED;
}

absl::StatusOr<KindRecord> WindowCloser::DrawKind(const std::string& id,
                                                  const ScheduledOrganization& organization,
                                                  Day end_day, int kind,
                                                  const std::map<Day, DayTally>& tallies,
                                                  NoiseSource& noise) {
  const Window window{WindowKind::kReach, end_day};
  const Schedule& schedule = organization.schedule();
  const CatalogKind& catalog_kind = parts_.catalog.kinds()[static_cast<size_t>(kind)];
  const BitmapShape shape = ShapeOf(schedule, catalog_kind, window);
  const std::vector<Day> step_days = schedule.StepDays(end_day);
  KindRecord record;
  record.set_kind(catalog_kind.proto->id());
  record.set_state(publication::v1::KIND_STATE_INCOMPLETE);
  record.set_slots_log2(shape.size.slots_log2);
  record.set_kept_slots_log2(shape.size.kept_log2);

  std::string bitmap;  // empty is all zero
  if (const aggregate::v1::BegunWindow* begun = organization.FindBegun(window)) {
    if (begun->incomplete() || !Contains(*begun, record.kind())) return record;
    absl::StatusOr<std::string> sealed = parts_.counters.ReadSealed({id, window, record.kind()});
    if (absl::IsNotFound(sealed.status())) return record;
    if (!sealed.ok()) return sealed.status();
    bitmap = *std::move(sealed);
  }
  for (const Day day : step_days) {
    const auto tally = tallies.find(day);
    if (tally == tallies.end() || tally->second.lost) return record;
  }

  const NoisePlan plan =
      PlanNoise(parts_.catalog, kind, schedule.TermsAt(window.first_day()).cadence,
                static_cast<int>(step_days.size()));
  for (const TableNoise& planned : plan.reach) {
    const CatalogTable& table = parts_.catalog.tables()[static_cast<size_t>(planned.table)];
    publication::v1::TableRecord& out = *record.add_tables();
    out.set_table(table.proto->id());
    out.set_sigma_squared(planned.sigma_squared);
    for (const catalog::v1::Feature& feature : table.proto->features()) {
      out.add_features(feature.id());
    }
    std::vector<int64_t> counts = CountPatterns(bitmap, shape.size.kept(), table.columns);
    // Of two cells the first is the rest of M: one draw is enough.
    if (table.feature_count() == 1) counts.erase(counts.begin());
    for (const int64_t count : counts) {
      absl::StatusOr<int64_t> draw = noise.Draw(planned.sigma_squared);
      if (!draw.ok()) return draw.status();
      out.add_cells(count + *draw);
    }
  }
  for (const TableNoise& planned : plan.habits) {
    const std::string& table =
        parts_.catalog.tables()[static_cast<size_t>(planned.table)].proto->id();
    int64_t sum = 0;
    for (const Day day : step_days) {
      const DayTally& tally = tallies.at(day);
      if (const auto count = tally.counts.find(table); count != tally.counts.end()) {
        sum += count->second;
      }
    }
    absl::StatusOr<int64_t> draw = noise.Draw(planned.sigma_squared);
    if (!draw.ok()) return draw.status();
    publication::v1::HabitRecord& out = *record.add_habits();
    out.set_table(table);
    out.set_sigma_squared(planned.sigma_squared);
    out.set_sum(sum + *draw);
  }
  record.set_nano_rho(plan.nano_rho);
  record.set_state(publication::v1::KIND_STATE_COMPLETE);
  return record;
}

absl::Status WindowCloser::Finish(const std::string& id, const ScheduledOrganization& organization,
                                  Day end_day) {
  const Window window{WindowKind::kReach, end_day};
  // A window that was not published leaves nothing behind either.
  for (const Day day : organization.schedule().StepDays(end_day)) {
    absl::Status dropped = parts_.counters.StoreTally(id, day, {}, /*keep=*/false, kinds_);
    if (!dropped.ok()) return dropped;
  }
  if (absl::Status dropped = parts_.counters.DropSealed(id, window, kinds_); !dropped.ok()) {
    return dropped;
  }
  parts_.on_step(CloseStep::kDropped);
  absl::StatusOr<Organization> recorded = parts_.directory.Modify(
      id, [&](const ScheduledOrganization&, aggregate::v1::StoredOrganization& next,
              std::vector<NewBitmap>&) {
        next.set_last_closed_end_day(FormatDay(end_day));
        auto& begun = *next.mutable_begun();
        begun.erase(std::remove_if(begun.begin(), begun.end(),
                                   [&](const aggregate::v1::BegunWindow& w) {
                                     return w.window_kind() == keyring::v1::WINDOW_KIND_REACH &&
                                            w.end_day() <= FormatDay(end_day);
                                   }),
                    begun.end());
        return absl::OkStatus();
      });
  parts_.on_step(CloseStep::kRecorded);
  return recorded.status();
}

}  // namespace tutti
