#include "services/aggregate/journal_binding.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/privacy/budget.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "services/aggregate/closing_times.h"
#include "services/aggregate/every_organization.h"

namespace tutti {
namespace {

constexpr int kMaxAttempts = 3;

absl::Status Refuse(absl::string_view own, const std::string& stored) {
  const absl::string_view lost =
      stored.empty() ? absl::string_view(JournalBinding::kNoJournal) : absl::string_view(stored);
  return absl::FailedPreconditionError(absl::StrCat(
      "--journal, --journal_redis: this journal (", own, ") is not the store's (",
      stored.empty() ? "it names none, and has records that this journal does not know" : stored,
      "): all aggregates of one store share one journal, or a restored backup is published a "
      "second time. Give the store's journal. If it is lost for good, start one aggregate with "
      "--adopt_journal=",
      lost, ": windows that are due by then are not published any more"));
}

// Not bound anew while somebody can give it back: what was begun in the other would be lost.
absl::Status Lost(absl::string_view own) {
  return absl::FailedPreconditionError(absl::StrCat(
      "redis-server has lost its data or is another: it no longer names the journal (", own,
      "). Give it its files back, and this goes on. If they are lost for good, restart aggregate "
      "and "
      "create the organisations again: what the journal knows is not published a second time"));
}

}  // namespace

JournalBinding::JournalBinding(BindingParts parts) : parts_(std::move(parts)) {}

absl::Status JournalBinding::Check() {
  ASSIGN_OR_RETURN(const std::string own, parts_.journal.Identity());
  absl::StatusOr<std::string> stored = parts_.identities.ReadJournal();
  if (!stored.ok()) return stored.status();
  // Many ask at once, and the store may hang: once bound, none waits for another's answer.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (*stored == own && bound_) return absl::OkStatus();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    stored = parts_.identities.ReadJournal();
    if (!stored.ok()) return stored.status();
    if (*stored == own && bound_) return absl::OkStatus();
    if (stored->empty() && bound_) return Lost(own);
    bound_ = false;
    if (*stored != own) {
      absl::Status allowed = Adopts(*stored)   ? Adopt()
                             : stored->empty() ? CheckCovered()
                                               : absl::FailedPreconditionError("another journal");
      if (absl::IsFailedPrecondition(allowed)) return Refuse(own, *stored);
      if (!allowed.ok()) return allowed;
    }
    absl::Status replaced = parts_.identities.ReplaceJournal(*stored, own);
    bound_ = replaced.ok();
    // Another was faster: what it stored decides.
    if (!absl::IsAborted(replaced)) return replaced;
  }
  return absl::UnavailableError("the store's journal changes all the time; try again");
}

bool JournalBinding::Adopts(const std::string& stored) const {
  return parts_.adopt == (stored.empty() ? kNoJournal : stored);
}

absl::Status JournalBinding::Compare() {
  const absl::StatusOr<std::string> own_identity = parts_.journal.Identity();
  if (absl::IsNotFound(own_identity.status())) return absl::OkStatus();
  if (!own_identity.ok()) return own_identity.status();
  const std::string& own = *own_identity;
  ASSIGN_OR_RETURN(const std::string stored, parts_.identities.ReadJournal());
  if (stored == own || Adopts(stored)) return absl::OkStatus();
  if (!stored.empty()) return Refuse(own, stored);
  absl::Status covered = CheckCovered();
  return absl::IsFailedPrecondition(covered) ? Refuse(own, stored) : covered;
}

absl::Status JournalBinding::CheckCovered() {
  return ForEachOrganization(
      parts_.organizations, [&](const std::string& organization) -> absl::Status {
        const absl::StatusOr<Ledger> ledger = parts_.publications.ReadLedger(organization);
        // An erased one has totals, and no days to compare.
        const bool erased = absl::IsNotFound(ledger.status());
        if (!ledger.ok() && !erased) return ledger.status();
        ASSIGN_OR_RETURN(const auto known, parts_.journal.Read(organization));
        bool covered = !erased || !known.empty();
        if (ledger.ok()) {
          for (const auto& [entry, cost] : *ledger)
            covered = covered && known.count(entry.second) > 0;
        }
        return covered ? absl::OkStatus() : absl::FailedPreconditionError("not all is known");
      });
}

absl::Status JournalBinding::Adopt() {
  int64_t organizations = 0;
  absl::Status adopted = ForEachOrganization(
      parts_.organizations, [&](const std::string& organization) -> absl::Status {
        const absl::StatusOr<Ledger> ledger = parts_.publications.ReadLedger(organization);
        // Nothing is drawn for an erased one.
        if (absl::IsNotFound(ledger.status())) return absl::OkStatus();
        if (!ledger.ok()) return ledger.status();
        ++organizations;
        RETURN_IF_ERROR(EnterPaid(organization, *ledger));
        return EnterDue(organization, *ledger);
      });
  if (adopted.ok()) {
    LogWarning("journal_adopted", {{"organizations", absl::StrCat(organizations)}});
  }
  return adopted;
}

absl::Status JournalBinding::EnterPaid(const std::string& organization, const Ledger& ledger) {
  std::map<Day, Costs> paid;
  for (const auto& [entry, cost] : ledger) paid[entry.second][entry.first] = cost;
  for (const auto& [end_day, costs] : paid) {
    absl::StatusOr<std::string> record = parts_.publications.ReadStaged(organization, end_day);
    if (absl::IsNotFound(record.status())) {
      const absl::StatusOr<std::vector<std::string>> published =
          parts_.publications.Read(organization, absl::MakeConstSpan(&end_day, 1));
      record = published.ok() ? absl::StatusOr<std::string>(published->front())
                              : absl::StatusOr<std::string>(published.status());
    }
    // One that is paid for and lost: no record is empty, so none is ever taken for it.
    if (absl::IsNotFound(record.status())) record = std::string();
    if (!record.ok()) return record.status();
    absl::Status entered = parts_.journal.Record(organization, end_day, *record, costs);
    if (!entered.ok() && !absl::IsAlreadyExists(entered)) return entered;
  }
  return absl::OkStatus();
}

absl::Status JournalBinding::EnterDue(const std::string& organization, const Ledger& ledger) {
  const auto found = parts_.repository.Read(organization);
  // What is left of a creation that failed.
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  if (!found.ok()) return found.status();
  // Also of one that is back-filling or paused: the store may have lost that it went on.
  std::set<Day> paid;
  for (const auto& [entry, cost] : ledger) paid.insert(entry.second);
  const absl::Time closable = parts_.clock.Now() - (*found)->timing().policy_lease;
  for (const Day end_day : ReachEndsOver(**found, closable)) {
    if (paid.count(end_day) > 0) continue;
    const Costs costs = CostsOf(**found, end_day);
    if (costs.empty()) continue;  // too small for any kind: nothing was drawn
    absl::Status entered = parts_.journal.Record(organization, end_day, "", costs);
    if (!entered.ok() && !absl::IsAlreadyExists(entered)) return entered;
  }
  return absl::OkStatus();
}

// The stored terms count: those of a window are settled when it begins, four weeks and more
// before it is due, so only a backup older than that can have others.
Costs JournalBinding::CostsOf(const ScheduledOrganization& organization, Day end_day) const {
  const Window window{WindowKind::kReach, end_day};
  Costs costs;
  for (const CatalogKind& kind : parts_.catalog.kinds()) {
    if (organization.ShapeOf(kind, window).columns == 0) continue;
    costs[kind.proto->id()] =
        PublicationNanoRho(organization.schedule().TermsAt(window.first_day()).cadence);
  }
  return costs;
}

}  // namespace tutti
