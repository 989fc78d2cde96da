#ifndef TUTTI_SERVICES_INGEST_DAY_VERDICTS_H_
#define TUTTI_SERVICES_INGEST_DAY_VERDICTS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "services/ingest/organization_policy.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// What becomes of the activities of one day and kind.
struct DayVerdict {
  int kind = 0;                                                 // by the catalogue's index
  ingest::v1::Reason refusal = ingest::v1::REASON_UNSPECIFIED;  // UNSPECIFIED: taken
  bool partly_late = false;  // a window of the day is closed, another is open
  std::vector<int> windows;  // that take them, by index; empty when refused
};

// Judges days by a policy as it stands at one instant: made for a batch, dropped
// with it. A day's windows are those of the policy that contain it and have columns
// of the kind.
//  - Before the organisation's first day: REASON_BEFORE_FIRST_DAY.
//  - An open window lacks its key: REASON_KEY_MISSING, whatever the others say, so
//    that an activity is never kept in part because of an operator's mistake.
//  - At least one window takes it: taken. It is partly late when another window of
//    it is past its close, or when its day lies in the past and has no day window
//    any more.
//  - Else REASON_WINDOW_INCOMPLETE when a window is, REASON_KIND_NOT_COLLECTED when
//    none collects the kind, or REASON_LATE.
// Not thread-safe.
class DayVerdicts {
 public:
  // An open window that is bound to another key than ours.
  struct Mismatch {
    int window = 0;
    int kind = 0;
  };

  // References outlive this.
  DayVerdicts(const OrganizationPolicy& policy, const Catalog& catalog, absl::Time now);

  // The civil day, in the organisation's zone, of an instant in seconds since 1970.
  // Fast for instants of few days.
  Day DayOf(int64_t unix_seconds);

  // The reference stays good as long as this lives.
  const DayVerdict& Of(Day day, int kind);

  // Those that were asked for and not refused, in the order of the asking.
  const std::vector<const DayVerdict*>& taken() const { return taken_; }

  // Windows to report to aggregate; each is found once for a policy.
  const std::vector<Mismatch>& mismatches() const { return mismatches_; }

 private:
  DayVerdict Judge(Day day, int kind);

  struct CachedDay {
    int64_t begin = 0;  // of the day, included
    int64_t end = 0;    // excluded; begin == end: nothing is cached
    Day day;
  };

  const OrganizationPolicy& policy_;
  const Catalog& catalog_;
  const absl::Time now_;
  const Day today_;
  std::array<CachedDay, 64> days_ = {};
  absl::node_hash_map<int64_t, DayVerdict> verdicts_;
  std::vector<const DayVerdict*> taken_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_INGEST_DAY_VERDICTS_H_
