#ifndef TUTTI_SERVICES_INGEST_ORGANIZATION_POLICY_H_
#define TUTTI_SERVICES_INGEST_ORGANIZATION_POLICY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/identity/digester.h"
#include "common/keyring/key_store.h"
#include "common/window/calendar.h"
#include "common/window/window.h"
#include "tutti/aggregate/v1/aggregate.pb.h"

namespace tutti {

// The slots of one subject kind in one window: a hash is masked to V slots and
// kept when below M.
struct KindSlots {
  uint64_t slot_mask = 0;  // V - 1
  uint32_t kept = 0;       // M; 0 when the kind is not collected
  uint32_t kept_log2 = 0;
  bool incomplete = false;  // takes nothing more
};

// One window of a policy.
struct PolicyWindow {
  enum class Key {
    kOurs,       // `hash` is the window's key
    kMissing,    // this keyring has none
    kDifferent,  // the window is bound to another one; `hash` is ours
  };

  Window window;
  absl::Time close_time = absl::InfiniteFuture();  // from here on nothing is sent
  bool incomplete = false;
  Key key = Key::kMissing;
  SlotHash hash;                 // unless kMissing
  std::vector<KindSlots> kinds;  // by the catalogue's index of the kind
};

// A lease of aggregate, compiled for one edition of the keyring: which windows
// take an organisation's activities, and under which keys. Immutable, but for
// ClaimMismatchReport, and thread-safe.
class OrganizationPolicy {
 public:
  // Internal when aggregate's answer is malformed. The catalogue outlives this.
  static absl::StatusOr<std::shared_ptr<const OrganizationPolicy>> Create(
      const std::string& organization, const aggregate::v1::GetIngestPolicyResponse& response,
      const Catalog& catalog, std::shared_ptr<const KeySnapshot> keys);

  const std::string& organization() const { return organization_; }
  // From here on nothing of the policy may be used.
  absl::Time expire_time() const { return expire_time_; }
  bool takes_activity() const { return takes_activity_; }
  const Calendar& calendar() const { return calendar_; }
  Day first_day() const { return first_day_; }
  const std::shared_ptr<const KeySnapshot>& keys() const { return keys_; }
  // Indexed as the catalogue's kinds.
  const DigestScope& scope(int kind) const { return scopes_[static_cast<size_t>(kind)]; }

  const PolicyWindow& window(int index) const { return windows_[static_cast<size_t>(index)]; }
  int window_count() const { return static_cast<int>(windows_.size()); }
  // Indexes of the windows that contain the day.
  absl::Span<const int> WindowsContaining(Day day) const;

  // True for the first caller that asks about a window: it is the one to report to
  // aggregate that the window is bound to another key.
  bool ClaimMismatchReport(int index) const {
    return !mismatch_reported_[static_cast<size_t>(index)].exchange(true);
  }

 private:
  OrganizationPolicy() = default;
  absl::Status AddZones(const aggregate::v1::GetIngestPolicyResponse& response);
  absl::Status AddWindow(const aggregate::v1::OpenWindow& open, const Catalog& catalog);
  void IndexByDay();

  std::string organization_;
  absl::Time expire_time_;
  bool takes_activity_ = false;
  Calendar calendar_;
  Day first_day_;
  std::shared_ptr<const KeySnapshot> keys_;
  std::vector<DigestScope> scopes_;
  std::vector<PolicyWindow> windows_;
  mutable std::vector<std::atomic<bool>> mismatch_reported_;  // by window
  Day index_begin_;                                           // the first day of any window
  std::vector<std::vector<int>> by_day_;                      // from index_begin_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_ORGANIZATION_POLICY_H_
