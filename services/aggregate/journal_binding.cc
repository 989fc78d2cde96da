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
      "redis-server has lost its data or is another: it names no journal, and this one (", own,
      ") had a store. Give it its files back, or a backup, and this goes on. If they are lost for "
      "good, start one aggregate once with --adopt_journal=",
      JournalBinding::kNoJournal,
      " and create the organisations again: what the journal knows is not published a second "
      "time"));
}

// All that still knows of it is this process.
absl::Status BothLost(const std::string& bound) {
  return absl::FailedPreconditionError(absl::StrCat(
      "redis-server and the journal have both lost their data: neither names the journal that they "
      "had (",
      bound,
      "). Give both their files back. If they are lost for good, restart aggregate: they are then "
      "taken for new, and what was published before must not be sent again"));
}

// What is meant is elsewhere: the journal that knows what a lost store published.
absl::Status NothingToAdopt(absl::string_view own) {
  return absl::FailedPreconditionError(absl::StrCat(
      "--adopt_journal: this journal (", own,
      ") never had a store, and redis-server holds nothing that was published, so there is nothing "
      "to adopt. Give --journal or --journal_redis as the lost store had it, or, if both are new, "
      "take --adopt_journal away"));
}

// What is said of a journal that is not begun.
constexpr char kNotBegun[] = "not begun";

}  // namespace

JournalBinding::JournalBinding(BindingParts parts) : parts_(std::move(parts)) {}

absl::Status JournalBinding::Check() {
  ASSIGN_OR_RETURN(std::string stored, parts_.identities.ReadJournal());
  const absl::StatusOr<std::string> own = parts_.journal.Identity();
  // Many ask at once, and the store may hang: once bound, none waits for another's answer.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!own.ok()) return CheckRemembered(stored, own.status());
  if (stored == *own && bound_ == *own) return absl::OkStatus();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    // First: another who binds them meanwhile tells the store before the journal.
    ASSIGN_OR_RETURN(const bool knows, parts_.journal.WasBound());
    ASSIGN_OR_RETURN(stored, parts_.identities.ReadJournal());
    if (stored == *own && bound_ == *own) return absl::OkStatus();
    if (stored != *own) {
      RETURN_IF_ERROR(CheckGiven(stored, *own, knows));
      if (Adopts(stored)) {
        RETURN_IF_ERROR(Adopt());
      }
    } else if (!parts_.adopt.empty()) {
      LogWarning("adopt_journal_not_needed",
                 {{"action",
                   "take --adopt_journal away, or a store that is lost later is taken "
                   "for a new one when aggregate restarts"}});
    }
    const absl::Status replaced = parts_.identities.ReplaceJournal(stored, *own);
    // Another was faster: what it stored decides.
    if (absl::IsAborted(replaced)) continue;
    RETURN_IF_ERROR(replaced);
    RETURN_IF_ERROR(parts_.journal.NoteBound());
    bound_ = *own;
    return absl::OkStatus();
  }
  return absl::UnavailableError("the store's journal changes all the time; try again");
}

bool JournalBinding::Adopts(const std::string& stored) const {
  // Once: a store that is lost under a process that was told so is not the one that was meant.
  if (stored.empty()) return parts_.adopt == kNoJournal && bound_.empty();
  return parts_.adopt == stored;
}

absl::Status JournalBinding::CheckRemembered(const std::string& stored,
                                             const absl::Status& why) const {
  if (!absl::IsUnavailable(why) || bound_.empty() || stored == bound_) return why;
  return stored.empty() ? Lost(bound_) : Refuse(bound_, stored);
}

absl::Status JournalBinding::Compare() {
  absl::StatusOr<std::string> own = parts_.journal.Identity();
  bool knows = false;
  if (absl::IsNotFound(own.status())) {
    own = kNotBegun;
  } else if (own.ok()) {
    ASSIGN_OR_RETURN(knows, parts_.journal.WasBound());
  }
  ASSIGN_OR_RETURN(const std::string stored, parts_.identities.ReadJournal());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!own.ok()) return CheckRemembered(stored, own.status());
  return stored == *own ? absl::OkStatus() : CheckGiven(stored, *own, knows);
}

absl::Status JournalBinding::CheckGiven(const std::string& stored, absl::string_view own,
                                        bool knows) {
  const bool adopts = Adopts(stored);
  if (!stored.empty()) return adopts ? absl::OkStatus() : Refuse(own, stored);
  if (knows) return adopts ? absl::OkStatus() : Lost(own);
  if (!bound_.empty() && own != bound_) return BothLost(bound_);
  const absl::Status nothing = CheckNothingPublished();
  if (absl::IsFailedPrecondition(nothing)) return adopts ? absl::OkStatus() : Refuse(own, stored);
  return adopts && nothing.ok() ? NothingToAdopt(own) : nothing;
}

absl::Status JournalBinding::CheckNothingPublished() {
  return ForEachOrganization(
      parts_.organizations, [&](const std::string& organization) -> absl::Status {
        const absl::StatusOr<Ledger> ledger = parts_.publications.ReadLedger(organization);
        // An erased one has totals, and no days to look at.
        const bool erased = absl::IsNotFound(ledger.status());
        if (!ledger.ok() && !erased) return ledger.status();
        return erased || !ledger->empty() ? absl::FailedPreconditionError("something was published")
                                          : absl::OkStatus();
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
