#include "tests/doubles/memory_store.h"

#include <algorithm>

namespace tutti {

using aggregate::v1::StoredOrganization;
using Lock = std::lock_guard<std::mutex>;

absl::StatusOr<VersionedOrganization> MemoryStore::Read(const std::string& organization) {
  const Lock lock(mutex_);
  const Organization& entry = organizations_[organization];
  if (!entry.exists) return absl::NotFoundError("no such organisation");
  VersionedOrganization versioned;
  versioned.version = entry.profile;
  if (!versioned.stored.ParseFromString(entry.profile)) return absl::DataLossError("unreadable");
  return versioned;
}

std::vector<absl::StatusOr<VersionedOrganization>> MemoryStore::ReadEach(
    absl::Span<const std::string> organizations) {
  std::vector<absl::StatusOr<VersionedOrganization>> read;
  read.reserve(organizations.size());
  for (const std::string& organization : organizations) read.push_back(Read(organization));
  return read;
}

absl::Status MemoryStore::Create(const std::string& organization, const StoredOrganization& stored,
                                 absl::Time due) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[organization];
  if (entry.exists) return absl::AlreadyExistsError("the id was used");
  entry.exists = true;
  entry.profile = stored.SerializeAsString();
  entry.due = due;
  return absl::OkStatus();
}

absl::StatusOr<VersionedOrganization> MemoryStore::Replace(const std::string& organization,
                                                           const VersionedOrganization& old,
                                                           const StoredOrganization& stored) {
  std::set<Window> guarded;
  return Begin(organization, old, stored, {}, guarded);
}

absl::StatusOr<VersionedOrganization> MemoryStore::Begin(const std::string& organization,
                                                         const VersionedOrganization& old,
                                                         const StoredOrganization& stored,
                                                         const std::vector<NewBitmap>& bitmaps,
                                                         std::set<Window>& guarded) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[organization];
  if (entry.profile != old.version) return absl::AbortedError("changed by somebody else");
  for (const NewBitmap& bitmap : bitmaps) {
    if (entry.guards.count({bitmap.id.window, bitmap.id.kind}) != 0) {
      guarded.insert(bitmap.id.window);
    }
  }
  if (!guarded.empty()) return absl::FailedPreconditionError("some of the windows are closed");
  for (const NewBitmap& bitmap : bitmaps) {
    entry.open[{bitmap.id.window, bitmap.id.kind}].resize(bitmap.bits / 8);
  }
  entry.profile = stored.SerializeAsString();
  return VersionedOrganization{stored, entry.profile};
}

absl::Status MemoryStore::SetDue(const std::string& organization, absl::Time due) {
  const Lock lock(mutex_);
  organizations_[organization].due = due;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> MemoryStore::ListDue(absl::Time now, int limit) {
  const Lock lock(mutex_);
  std::vector<std::pair<absl::Time, std::string>> due;
  for (const auto& [id, entry] : organizations_) {
    if (entry.due <= now) due.emplace_back(entry.due, id);
  }
  std::sort(due.begin(), due.end());
  std::vector<std::string> ids;
  for (const auto& [time, id] : due) {
    if (static_cast<int>(ids.size()) < limit) ids.push_back(id);
  }
  return ids;
}

absl::StatusOr<std::vector<ListedOrganization>> MemoryStore::List(const std::string& cursor,
                                                                  int limit) {
  const Lock lock(mutex_);
  std::vector<ListedOrganization> page;
  for (auto entry = organizations_.upper_bound(cursor);
       entry != organizations_.end() && static_cast<int>(page.size()) < limit; ++entry) {
    if (entry->second.exists) page.push_back({entry->first, entry->second.due});
  }
  return page;
}

absl::StatusOr<bool> MemoryStore::TakeLease(const std::string& organization,
                                            const LeaseToken& token, absl::Duration) {
  const Lock lock(mutex_);
  LeaseToken& lease = organizations_[organization].lease;
  if (!lease.text().empty() && !(lease == token)) return false;
  lease = token;
  return true;
}

absl::Status MemoryStore::ReleaseLease(const std::string& organization, const LeaseToken& token) {
  const Lock lock(mutex_);
  LeaseToken& lease = organizations_[organization].lease;
  if (lease == token) lease = LeaseToken();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> MemoryStore::Erase(const std::string& organization,
                                           const StoredOrganization& tombstone) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[organization];
  const size_t keys = entry.open.size() + entry.sealed.size() + entry.guards.size() +
                      entry.staged.size() + entry.published.size();
  Organization erased;
  erased.exists = true;
  erased.profile = tombstone.SerializeAsString();
  entry = erased;
  return static_cast<int64_t>(keys);
}

absl::StatusOr<std::vector<MergeOutcome>> MemoryStore::Merge(absl::Span<const BitmapDelta> deltas) {
  const Lock lock(mutex_);
  std::vector<MergeOutcome> outcomes;
  for (const BitmapDelta& delta : deltas) {
    Organization& entry = organizations_[delta.id.organization];
    const std::pair<Window, std::string> key(delta.id.window, delta.id.kind);
    const auto bitmap = entry.open.find(key);
    if (entry.guards.count(key) != 0) {
      outcomes.push_back(MergeOutcome::kLate);
    } else if (bitmap == entry.open.end()) {
      outcomes.push_back(MergeOutcome::kMissing);
    } else {
      for (const uint32_t position : delta.positions) {
        char& byte = bitmap->second.at(position / 8);
        byte = static_cast<char>(static_cast<unsigned char>(byte) | (0x80U >> (position % 8)));
      }
      outcomes.push_back(MergeOutcome::kMerged);
    }
  }
  return outcomes;
}

absl::StatusOr<bool> MemoryStore::Seal(const WindowBitmaps& window) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[window.organization];
  bool dropped = false;
  for (const std::string& kind : window.kinds) {
    auto bitmap = entry.open.extract({window.window, kind});
    if (!bitmap.empty()) entry.sealed.insert(std::move(bitmap));
    dropped |= entry.guards.try_emplace({window.window, kind}, false).first->second;
  }
  return !dropped;
}

absl::StatusOr<std::string> MemoryStore::ReadSealed(const BitmapId& id) {
  const Lock lock(mutex_);
  const auto& sealed = organizations_[id.organization].sealed;
  const auto bitmap = sealed.find({id.window, id.kind});
  if (bitmap == sealed.end()) return absl::NotFoundError("nothing was moved aside");
  return bitmap->second;
}

absl::Status MemoryStore::DropSealed(const WindowBitmaps& window) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[window.organization];
  for (const std::string& kind : window.kinds) entry.sealed.erase({window.window, kind});
  return absl::OkStatus();
}

absl::Status MemoryStore::Drop(const WindowBitmaps& window) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[window.organization];
  for (const std::string& kind : window.kinds) {
    entry.open.erase({window.window, kind});
    entry.sealed.erase({window.window, kind});
    entry.guards[{window.window, kind}] = true;
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::StoreTally(const WindowBitmaps& day, const DayTally& tally,
                                     const LeaseToken& lease) {
  {
    const Lock lock(mutex_);
    Organization& entry = organizations_[day.organization];
    if (!(entry.lease == lease)) return absl::AbortedError("the closing lease was lost");
    entry.tallies[day.window.end_day] = tally;
  }
  return DropSealed(day);
}

absl::Status MemoryStore::DiscardDay(const WindowBitmaps& day) {
  {
    const Lock lock(mutex_);
    organizations_[day.organization].tallies.erase(day.window.end_day);
  }
  return DropSealed(day);
}

absl::Status MemoryStore::DropTallies(const std::string& organization) {
  const Lock lock(mutex_);
  organizations_[organization].tallies.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::map<Day, DayTally>> MemoryStore::ReadTallies(const std::string& organization) {
  const Lock lock(mutex_);
  return organizations_[organization].tallies;
}

absl::StatusOr<std::vector<Day>> MemoryStore::ListEndDays(const std::string& organization) {
  const Lock lock(mutex_);
  std::vector<Day> days;
  for (const auto& [day, record] : organizations_[organization].published) days.push_back(day);
  return days;
}

absl::StatusOr<std::vector<std::optional<Day>>> MemoryStore::Find(
    absl::Span<const PublicationQuery> queries) {
  std::vector<std::optional<Day>> found;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const PublicationQuery& query : queries) {
    const auto& published = organizations_[query.organization].published;
    std::optional<Day> day = query.end_day;
    if (!day.has_value() && !published.empty()) day = published.rbegin()->first;
    found.push_back(day.has_value() && published.count(*day) != 0 ? day : std::nullopt);
  }
  return found;
}

absl::StatusOr<Day> MemoryStore::LatestEndDay(const std::string& organization) {
  const Lock lock(mutex_);
  const auto& published = organizations_[organization].published;
  if (published.empty()) return absl::NotFoundError("nothing is published");
  return published.rbegin()->first;
}

absl::StatusOr<std::vector<std::string>> MemoryStore::Read(const std::string& organization,
                                                           absl::Span<const Day> end_days) {
  const Lock lock(mutex_);
  const auto& published = organizations_[organization].published;
  std::vector<std::string> records;
  for (const Day day : end_days) {
    const auto record = published.find(day);
    if (record == published.end()) return absl::NotFoundError("not published");
    records.push_back(record->second);
  }
  return records;
}

absl::Status MemoryStore::Stage(const std::string& organization, const StagedRecord& staged) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[organization];
  const bool known = std::any_of(entry.ledger.begin(), entry.ledger.end(),
                                 [&](auto& spent) { return spent.first.second == staged.end_day; });
  if (known || entry.staged.count(staged.end_day) != 0 ||
      entry.published.count(staged.end_day) != 0) {
    return absl::AlreadyExistsError("the window has a record");
  }
  if (!(entry.lease == staged.lease)) return absl::AbortedError("the closing lease was lost");
  for (const auto& [kind, cost] : staged.nano_rho) entry.ledger[{kind, staged.end_day}] = cost;
  entry.staged[staged.end_day] = staged.record;
  for (const Day day : staged.tallied_days) entry.tallies.erase(day);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryStore::ReadStaged(const std::string& organization, Day end_day) {
  const Lock lock(mutex_);
  const auto& staged = organizations_[organization].staged;
  const auto record = staged.find(end_day);
  if (record == staged.end()) return absl::NotFoundError("nothing is staged");
  return record->second;
}

absl::Status MemoryStore::DropStaged(const std::string& organization, Day end_day) {
  const Lock lock(mutex_);
  organizations_[organization].staged.erase(end_day);
  return absl::OkStatus();
}

absl::Status MemoryStore::Promote(const std::string& organization, Day end_day) {
  const Lock lock(mutex_);
  Organization& entry = organizations_[organization];
  auto staged = entry.staged.find(end_day);
  const bool published = entry.published.count(end_day) != 0;
  if (staged == entry.staged.end()) {
    return published ? absl::OkStatus() : absl::NotFoundError("nothing is staged");
  }
  if (published) return absl::AlreadyExistsError("a record is published");
  entry.published[end_day] = staged->second;
  entry.staged.erase(staged);
  return absl::OkStatus();
}

absl::Status MemoryStore::Charge(const std::string& organization, Day end_day,
                                 const Costs& nano_rho) {
  const Lock lock(mutex_);
  for (const auto& [kind, cost] : nano_rho) {
    organizations_[organization].ledger.try_emplace({kind, end_day}, cost);
  }
  return absl::OkStatus();
}

absl::StatusOr<Ledger> MemoryStore::ReadLedger(const std::string& organization) {
  const Lock lock(mutex_);
  return organizations_[organization].ledger;
}

absl::StatusOr<std::string> MemoryStore::ReadJournal() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return journal_;
}

absl::Status MemoryStore::ReplaceJournal(const std::string& old, const std::string& identity) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (journal_ != old && journal_ != identity) return absl::AbortedError("another is stored");
  journal_ = identity;
  return absl::OkStatus();
}

absl::StatusOr<VersionedHistory> MemoryStore::ReadHistory() {
  const Lock lock(mutex_);
  VersionedHistory versioned;
  versioned.version = history_;
  if (!versioned.history.ParseFromString(history_)) return absl::DataLossError("unreadable");
  return versioned;
}

absl::Status MemoryStore::ReplaceHistory(const std::string& old,
                                         const aggregate::v1::CountingHistory& history) {
  const Lock lock(mutex_);
  if (history_ != old) return absl::AbortedError("changed by somebody else");
  history_ = history.SerializeAsString();
  return absl::OkStatus();
}

void MemoryStore::Lose(const BitmapId& id) {
  const Lock lock(mutex_);
  organizations_[id.organization].open.erase({id.window, id.kind});
}

std::vector<std::pair<Window, std::string>> MemoryStore::Bitmaps(const std::string& organization) {
  const Lock lock(mutex_);
  std::vector<std::pair<Window, std::string>> bitmaps;
  const Organization& entry = organizations_[organization];
  for (const auto* some : {&entry.open, &entry.sealed}) {
    for (const auto& [bitmap, bits] : *some) bitmaps.push_back(bitmap);
  }
  return bitmaps;
}

}  // namespace tutti
