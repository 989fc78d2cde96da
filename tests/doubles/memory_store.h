#ifndef TUTTI_TESTS_DOUBLES_MEMORY_STORE_H_
#define TUTTI_TESTS_DOUBLES_MEMORY_STORE_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/storage/counter_store.h"
#include "common/storage/counting_history_store.h"
#include "common/storage/journal_identity_store.h"
#include "common/storage/organization_store.h"
#include "common/storage/publication_store.h"

namespace tutti {

// All stores but that of cohorts in memory, by the same contracts as the real ones. For tests
// that close windows many thousands of times. Thread-safe.
class MemoryStore : public OrganizationStore,
                    public CounterStore,
                    public PublicationStore,
                    public JournalIdentityStore,
                    public CountingHistoryStore {
 public:
  absl::StatusOr<VersionedOrganization> Read(const std::string& organization) override;
  std::vector<absl::StatusOr<VersionedOrganization>> ReadEach(
      absl::Span<const std::string> organizations) override;
  absl::Status Create(const std::string& organization,
                      const aggregate::v1::StoredOrganization& stored, absl::Time due) override;
  absl::StatusOr<VersionedOrganization> Replace(
      const std::string& organization, const VersionedOrganization& old,
      const aggregate::v1::StoredOrganization& stored) override;
  absl::StatusOr<VersionedOrganization> Begin(const std::string& organization,
                                              const VersionedOrganization& old,
                                              const aggregate::v1::StoredOrganization& stored,
                                              const std::vector<NewBitmap>& bitmaps,
                                              std::set<Window>& guarded) override;
  absl::Status SetDue(const std::string& organization, absl::Time due) override;
  absl::StatusOr<std::vector<std::string>> ListDue(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<ListedOrganization>> List(const std::string& cursor,
                                                       int limit) override;
  absl::StatusOr<bool> TakeLease(const std::string& organization, const LeaseToken& token,
                                 absl::Duration duration) override;
  absl::Status ReleaseLease(const std::string& organization, const LeaseToken& token) override;
  absl::StatusOr<int64_t> Erase(const std::string& organization,
                                const aggregate::v1::StoredOrganization& tombstone) override;

  absl::StatusOr<std::vector<MergeOutcome>> Merge(absl::Span<const BitmapDelta> deltas) override;
  absl::StatusOr<bool> Seal(const WindowBitmaps& window) override;
  absl::StatusOr<std::string> ReadSealed(const BitmapId& id) override;
  absl::Status DropSealed(const WindowBitmaps& window) override;
  absl::Status Drop(const WindowBitmaps& window) override;
  absl::Status StoreTally(const WindowBitmaps& day, const DayTally& tally,
                          const LeaseToken& lease) override;
  absl::Status DiscardDay(const WindowBitmaps& day) override;
  absl::StatusOr<std::map<Day, DayTally>> ReadTallies(const std::string& organization) override;
  absl::Status DropTallies(const std::string& organization) override;
  void Forget(const std::string&) override {}
  void ForgetIdle() override {}
  size_t remembered_bytes() override { return 0; }
  absl::Status ScrubFiles(const std::function<bool()>&) override { return absl::OkStatus(); }

  absl::StatusOr<std::vector<Day>> ListEndDays(const std::string& organization) override;
  absl::StatusOr<Day> LatestEndDay(const std::string& organization) override;
  absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) override;
  absl::StatusOr<std::vector<std::string>> Read(const std::string& organization,
                                                absl::Span<const Day> end_days) override;
  absl::Status Stage(const std::string& organization, const StagedRecord& staged) override;
  absl::StatusOr<std::string> ReadStaged(const std::string& organization, Day end_day) override;
  absl::Status DropStaged(const std::string& organization, Day end_day) override;
  absl::Status Promote(const std::string& organization, Day end_day) override;
  absl::Status Charge(const std::string& organization, Day end_day, const Costs& nano_rho) override;
  absl::StatusOr<Ledger> ReadLedger(const std::string& organization) override;

  absl::StatusOr<std::string> ReadJournal() override;
  absl::Status ReplaceJournal(const std::string& old, const std::string& identity) override;

  absl::StatusOr<VersionedHistory> ReadHistory() override;
  absl::Status ReplaceHistory(const std::string& old,
                              const aggregate::v1::CountingHistory& history) override;

  // Loses the bitmap of an open window.
  void Lose(const BitmapId& id);
  // The windows and kinds of an organisation that have a bitmap, open or sealed.
  std::vector<std::pair<Window, std::string>> Bitmaps(const std::string& organization);

 private:
  struct Organization {
    bool exists = false;
    std::string profile;
    std::map<std::pair<Window, std::string>, std::string> open;
    std::map<std::pair<Window, std::string>, std::string> sealed;
    std::map<std::pair<Window, std::string>, bool> guards;  // true: of one that was dropped
    std::map<Day, DayTally> tallies;
    std::map<Day, std::string> staged;
    std::map<Day, std::string> published;
    Ledger ledger;
    absl::Time due = absl::InfiniteFuture();
    LeaseToken lease;
  };

  std::mutex mutex_;
  std::map<std::string, Organization> organizations_;  // guarded by mutex_
  std::string journal_;                                // guarded by mutex_
  std::string history_;                                // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_MEMORY_STORE_H_
