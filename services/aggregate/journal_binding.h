#ifndef TUTTI_SERVICES_AGGREGATE_JOURNAL_BINDING_H_
#define TUTTI_SERVICES_AGGREGATE_JOURNAL_BINDING_H_

#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/storage/journal_identity_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"
#include "services/aggregate/organization_repository.h"
#include "services/aggregate/publication_journal.h"

namespace tutti {

// What the binding works with. References outlive it.
struct BindingParts {
  PublicationJournal& journal;
  JournalIdentityStore& identities;
  OrganizationStore& organizations;
  PublicationStore& publications;
  OrganizationRepository& repository;
  const Catalog& catalog;
  const WallClock& clock;
  // The identity of a journal that is lost, which this one replaces, kNoJournal, or empty.
  std::string adopt = {};
};

// Sees to it that all who close windows of one store share one journal: a window that one of
// them drew and the store lost would be drawn again by another with a journal of its own.
// The store keeps the identity of its journal.
//
// A store without one takes the first journal that had no store yet, if its ledgers know no
// window: both are new. A journal that had a store remembers what the other has lost, and is bound
// to nothing by itself. Where both are new, nothing is adopted: a journal that is mistyped would
// take the place of the one that remembers. A process that bound them knows that they are not, for
// as long as it lives. Thread-safe.
class JournalBinding {
 public:
  // What BindingParts::adopt says where the store has lost the identity, alone or with all it had.
  static constexpr char kNoJournal[] = "none";

  explicit JournalBinding(BindingParts parts);

  // OK when the store's journal is this one: windows may be closed. FailedPrecondition, with
  // what to do, when it is another, or this one had a store and the store names none: also while
  // the journal, bound before, does not answer. Asks the store each time; many organisations are
  // looked through when the store has no journal yet, or one is adopted.
  //
  // Adopting enters what the lost journal knew as far as that can be found out: every window
  // in the store's ledgers, and every window that is due by now, for a store restored from a
  // backup may have lost its record. Such a window is not published any more.
  absl::Status Check();

  // What Check would say, without binding or adopting anything; of a journal that is not begun,
  // too.
  absl::Status Compare();

  PublicationJournal& journal() { return parts_.journal; }

 private:
  // Whether Adopt is asked for, where the store has this identity. mutex_ is held.
  bool Adopts(const std::string& stored) const;
  // Whether a store that has this identity, and not the journal's own, may be given that. `knows`:
  // the journal had a store, as it said before the store was asked.
  absl::Status CheckGiven(const std::string& stored, absl::string_view own, bool knows);
  absl::Status CheckNothingPublished();
  // The same while the journal's identity cannot be asked for, for this reason.
  absl::Status CheckRemembered(const std::string& stored, const absl::Status& why) const;
  absl::Status Adopt();
  absl::Status EnterPaid(const std::string& organization, const Ledger& ledger);
  absl::Status EnterDue(const std::string& organization, const Ledger& ledger);
  // What every kind of a publication of that end day may cost at most.
  Costs CostsOf(const ScheduledOrganization& organization, Day end_day) const;

  const BindingParts parts_;
  std::mutex mutex_;
  std::string bound_;  // guarded by mutex_; the identity that the store has, durably
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_JOURNAL_BINDING_H_
