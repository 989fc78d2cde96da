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
// A store without one takes the journal that comes first, if that knows every window that the
// store's ledgers know: a new store with a new journal, or a store that lost everything with
// the journal that remembers. Thread-safe.
class JournalBinding {
 public:
  // What BindingParts::adopt says where the store has lost the identity itself.
  static constexpr char kNoJournal[] = "none";

  explicit JournalBinding(BindingParts parts);

  // OK when the store's journal is this one: windows may be closed. FailedPrecondition, with
  // what to do, when it is another, or the store that had this one names none any more. Asks the
  // store each time; many organisations are looked through when the store has no journal yet, or
  // one is adopted.
  //
  // Adopting enters what the lost journal knew as far as that can be found out: every window
  // in the store's ledgers, and every window that is due by now, for a store restored from a
  // backup may have lost its record. Such a window is not published any more.
  absl::Status Check();

  // What Check would say, without binding or adopting anything; OK for a journal that is not begun.
  absl::Status Compare();

  PublicationJournal& journal() { return parts_.journal; }

 private:
  // Whether Adopt is asked for, where the store has this identity.
  bool Adopts(const std::string& stored) const;
  // Whether the journal can be that of a store that names none: it knows all that the
  // ledgers know.
  absl::Status CheckCovered();
  absl::Status Adopt();
  absl::Status EnterPaid(const std::string& organization, const Ledger& ledger);
  absl::Status EnterDue(const std::string& organization, const Ledger& ledger);
  // What every kind of a publication of that end day may cost at most.
  Costs CostsOf(const ScheduledOrganization& organization, Day end_day) const;

  const BindingParts parts_;
  std::mutex mutex_;
  bool bound_ = false;  // guarded by mutex_; the store's identity is this journal's, durably
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_JOURNAL_BINDING_H_
