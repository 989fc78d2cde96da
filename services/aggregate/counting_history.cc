#include "services/aggregate/counting_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/retention/lifetimes.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "google/protobuf/util/time_util.h"

namespace tutti {
namespace {

using aggregate::v1::CatalogEra;
using google::protobuf::util::TimeUtil;

// A catalogue counts from so long after its first process starts: by then every process
// knows of it, also one whose clock is behind, and one that runs another takes nothing of what
// it counts otherwise.
constexpr absl::Duration kNotice = absl::Minutes(15);
constexpr absl::Duration kRecent = absl::Minutes(1);
constexpr int kMaxAttempts = 20;
constexpr size_t kKeyringIdBytes = 16;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixMillis(TimeUtil::TimestampToMilliseconds(timestamp));
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(time));
}

// Empty when the era does not have the kind.
std::string FingerprintIn(const CatalogEra& era, const std::string& kind) {
  for (const aggregate::v1::CountedKind& counted : era.kinds()) {
    if (counted.kind() == kind) return counted.fingerprint();
  }
  return "";
}

// Ids are public: no key can be worked out from one.
absl::Status RefuseKeyring(const std::string& own, const std::string& current) {
  return absl::FailedPreconditionError(absl::StrCat(
      "this ingest's keyring (",
      own.empty() ? "it has no id: tutti keyring rotate gives it one" : absl::BytesToHexString(own),
      ") is not the suite's (", absl::BytesToHexString(current),
      "): all ingests of a suite share one keyring, and under another every open window would be "
      "incomplete. Give --keyring the suite's",
      own.empty() ? ""
                  : absl::StrCat(". If that is lost for good, start one aggregate once with "
                                 "--adopt_keyring=",
                                 absl::BytesToHexString(own),
                                 ": windows that are open are then never published")));
}

}  // namespace

bool CountingEras::LostKeyringSince(absl::Time opened) const {
  for (int i = 1; i < history_.keyrings_size(); ++i) {
    if (ToTime(history_.keyrings(i).begin_time()) > opened) return true;
  }
  return false;
}

CountingEras::Counted CountingEras::HowCounted(const CatalogKind& kind, absl::Time opened) const {
  if (history_.catalogs().empty()) return Counted::kAlike;
  int first = history_.catalogs_size() - 1;
  while (first > 0 && ToTime(history_.catalogs(first).begin_time()) > opened) --first;
  const std::string& id = kind.proto->id();
  if (FingerprintIn(history_.catalogs(first), id).empty()) return Counted::kNotAtAll;
  for (int i = first; i < history_.catalogs_size(); ++i) {
    if (FingerprintIn(history_.catalogs(i), id) != kind.fingerprint) return Counted::kInPart;
  }
  return Counted::kAlike;
}

template <typename Change>
absl::Status CountingHistory::Modify(Change change) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    ASSIGN_OR_RETURN(VersionedHistory stored, store_.ReadHistory());
    aggregate::v1::CountingHistory next = stored.history;
    if (change(next)) {
      absl::Status replaced = store_.ReplaceHistory(stored.version, next);
      if (absl::IsAborted(replaced)) continue;
      if (!replaced.ok()) return replaced;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    eras_ = std::make_shared<const CountingEras>(std::move(next));
    read_at_ = clock_.Now();
    return absl::OkStatus();
  }
  return absl::UnavailableError("the history of keyrings is being changed by others; try again");
}

absl::Status CountingHistory::NoteCatalog(bool again) {
  const auto is_own = [&](const CatalogEra& era) {
    return era.kinds_size() == static_cast<int>(catalog_.kinds().size()) &&
           std::all_of(catalog_.kinds().begin(), catalog_.kinds().end(),
                       [&](const CatalogKind& kind) {
                         return FingerprintIn(era, kind.proto->id()) == kind.fingerprint;
                       });
  };
  return Modify([&](aggregate::v1::CountingHistory& history) {
    auto& catalogs = *history.mutable_catalogs();
    // One that another took over from is there, and stays where it is.
    if (again ? std::any_of(catalogs.begin(), catalogs.end(), is_own)
              : !catalogs.empty() && is_own(*catalogs.rbegin())) {
      return false;
    }
    CatalogEra& era = *catalogs.Add();
    *era.mutable_begin_time() = ToTimestamp(clock_.Now() + kNotice);
    for (const CatalogKind& kind : catalog_.kinds()) {
      aggregate::v1::CountedKind& counted = *era.add_kinds();
      counted.set_kind(kind.proto->id());
      counted.set_fingerprint(kind.fingerprint);
    }
    if (catalogs.size() > kMostCatalogsNoted)
      catalogs.DeleteSubrange(0, catalogs.size() - kMostCatalogsNoted);
    return true;
  });
}

absl::StatusOr<std::shared_ptr<const CountingEras>> CountingHistory::Current() {
  bool noted = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const absl::Duration age = clock_.Now() - read_at_;
    if (noted_ && age >= absl::ZeroDuration() && age < kCountingHistoryLife) return eras_;
    noted = noted_;
  }
  RETURN_IF_ERROR(NoteCatalog(/*again=*/noted));
  const std::lock_guard<std::mutex> lock(mutex_);
  noted_ = true;
  return eras_;
}

absl::StatusOr<std::shared_ptr<const CountingEras>> CountingHistory::Recent() {
  absl::StatusOr<std::shared_ptr<const CountingEras>> current = Current();
  if (!absl::IsUnavailable(current.status())) return current;
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Duration age = clock_.Now() - read_at_;
  const bool recent = noted_ && age >= absl::ZeroDuration() && age < kRecent;
  return recent ? eras_ : current;
}

absl::Status CountingHistory::NoteKeyring(const std::string& id, absl::Time birth) {
  if (!id.empty() && id.size() != kKeyringIdBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("keyring.id: must have ", kKeyringIdBytes, " bytes"));
  }
  const auto is_own = [&](const aggregate::v1::CountingHistory& history) {
    return history.keyrings().empty() ? id.empty() : history.keyrings().rbegin()->id() == id;
  };
  ASSIGN_OR_RETURN(const std::shared_ptr<const CountingEras> current, Current());
  if (is_own(current->history())) return absl::OkStatus();
  std::string replaced;
  absl::Status refused;
  RETURN_IF_ERROR(Modify([&](aggregate::v1::CountingHistory& history) {
    replaced.clear();
    refused = absl::OkStatus();
    if (is_own(history)) return false;
    auto& eras = *history.mutable_keyrings();
    const absl::Time now = clock_.Now();
    absl::Time begin = std::min(birth, now);
    if (!eras.empty()) {
      replaced = eras.rbegin()->id();
      // Once: what took its place since was meant to.
      if (id.empty() || id != adopt_ || adopted_) {
        refused = RefuseKeyring(id, replaced);
        return false;
      }
      const auto before =
          std::find_if(eras.begin(), eras.end(), [&](const auto& era) { return era.id() == id; });
      // One that is older than the one before it, or comes back, takes over only now: windows
      // that had opened meanwhile have keys of another.
      if (begin <= ToTime(eras.rbegin()->begin_time()) || before != eras.end()) begin = now;
      if (before != eras.end()) eras.erase(before);
    }
    aggregate::v1::KeyringEra& era = *eras.Add();
    era.set_id(id);
    *era.mutable_begin_time() = ToTimestamp(begin);
    return true;
  }));
  if (refused.ok() && !replaced.empty()) {
    adopted_ = true;
    LogWarning("keyring_adopted",
               {{"keyring", absl::BytesToHexString(id)},
                {"replaces", absl::BytesToHexString(replaced)},
                {"action",
                 "windows that had opened before it was made, or put back, are incomplete and are "
                 "never published; take --adopt_keyring away"}});
  }
  return refused;
}

}  // namespace tutti
