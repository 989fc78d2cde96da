#ifndef TUTTI_SERVICES_AGGREGATE_ORGANIZATION_CACHE_H_
#define TUTTI_SERVICES_AGGREGATE_ORGANIZATION_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/retention/lifetimes.h"

namespace tutti {

class ScheduledOrganization;

// Remembers organisations as they were read, for seconds, and no more of them than fit into
// a number of bytes: those that were read first give way. Thread-safe.
class OrganizationCache {
 public:
  static constexpr absl::Duration kMaxAge = kProfileLife;

  // One that is larger than `max_bytes` by itself is not kept.
  explicit OrganizationCache(size_t max_bytes = size_t{64} << 20) : max_bytes_(max_bytes) {}

  // Null when it is not known, or was read kMaxAge before `now` or earlier, or after `now`: the
  // clock was set back.
  std::shared_ptr<const ScheduledOrganization> Find(const std::string& id, absl::Time now) const;

  // Remembers what was read at `now`, and forgets what is too old.
  void Keep(const std::string& id, std::shared_ptr<const ScheduledOrganization> organization,
            absl::Time now);

  void Forget(const std::string& id);

  // The memory of everything that is remembered, about.
  size_t bytes() const;

 private:
  struct Entry {
    std::string id;
    absl::Time read_at;
    size_t bytes = 0;
    std::shared_ptr<const ScheduledOrganization> organization;
  };
  using Entries = std::list<Entry>;

  static bool Fresh(const Entry& entry, absl::Time now);
  void Erase(Entries::iterator entry);  // mutex_ is held

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;  // last read first; guarded by mutex_
  absl::flat_hash_map<std::string, Entries::iterator> places_;  // guarded by mutex_
  size_t bytes_ = 0;                                            // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_ORGANIZATION_CACHE_H_
