#include "services/aggregate/organization_cache.h"

#include <iterator>
#include <utility>

#include "services/aggregate/scheduled_organization.h"

namespace tutti {

bool OrganizationCache::Fresh(const Entry& entry, absl::Time now) {
  return entry.read_at <= now && now - entry.read_at < kMaxAge;
}

std::shared_ptr<const ScheduledOrganization> OrganizationCache::Find(const std::string& id,
                                                                     absl::Time now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = places_.find(id);
  if (place == places_.end() || !Fresh(*place->second, now)) return nullptr;
  return place->second->organization;
}

void OrganizationCache::Keep(const std::string& id,
                             std::shared_ptr<const ScheduledOrganization> organization,
                             absl::Time now) {
  // The id stands here twice.
  const size_t bytes = organization->bytes() + sizeof(Entry) + 2 * (sizeof(id) + id.size());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto place = places_.find(id); place != places_.end()) Erase(place->second);
  entries_.push_front({id, now, bytes, std::move(organization)});
  places_[id] = entries_.begin();
  bytes_ += bytes;
  while (!entries_.empty() && (bytes_ > max_bytes_ || !Fresh(entries_.back(), now))) {
    Erase(std::prev(entries_.end()));
  }
}

void OrganizationCache::Forget(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto place = places_.find(id); place != places_.end()) Erase(place->second);
}

size_t OrganizationCache::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return bytes_;
}

void OrganizationCache::Erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  places_.erase(entry->id);
  entries_.erase(entry);
}

}  // namespace tutti
