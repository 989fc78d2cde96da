#include "services/aggregate/organization_repository.h"

#include <utility>

#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"
#include "services/aggregate/aggregate_error.h"

namespace tutti {
namespace {

constexpr int kMaxAttempts = 50;

// What a caller is told of an organisation that was not read.
absl::Status Missing(const absl::Status& status) {
  return absl::IsNotFound(status) ? NoSuchOrganization() : status;
}

}  // namespace

absl::StatusOr<OrganizationRepository::Organization> OrganizationRepository::Derive(
    const std::string& id, VersionedOrganization versioned, Eras eras) {
  RETURN_IF_ERROR(eras.status());
  return ScheduledOrganization::Create(id, std::move(versioned),
                                       {catalog_, timing_, *std::move(eras)});
}

absl::StatusOr<OrganizationRepository::Organization> OrganizationRepository::Remember(
    const std::string& id, VersionedOrganization versioned, const Eras& eras) {
  if (versioned.stored.organization().state() == aggregate::v1::ORGANIZATION_STATE_ERASED) {
    cache_.Forget(id);
    return NoSuchOrganization();
  }
  ASSIGN_OR_RETURN(Organization scheduled, Derive(id, std::move(versioned), eras));
  cache_.Keep(id, scheduled, clock_.Now());
  return scheduled;
}

absl::StatusOr<OrganizationRepository::Organization> OrganizationRepository::Read(
    const std::string& id) {
  absl::StatusOr<VersionedOrganization> versioned = organizations_.Read(id);
  if (!versioned.ok()) return Missing(versioned.status());
  return Remember(id, *std::move(versioned), history_.Current());
}

std::vector<absl::StatusOr<OrganizationRepository::Organization>>
OrganizationRepository::ReadCached(absl::Span<const std::string> ids) {
  std::vector<absl::StatusOr<Organization>> organizations(ids.size());
  std::vector<std::string> unknown;
  std::vector<size_t> places;
  for (size_t i = 0; i < ids.size(); ++i) {
    Organization known = cache_.Find(ids[i], clock_.Now());
    if (known == nullptr) {
      unknown.push_back(ids[i]);
      places.push_back(i);
    } else {
      organizations[i] = std::move(known);
    }
  }
  if (unknown.empty()) return organizations;
  const Eras eras = history_.Recent();
  std::vector<absl::StatusOr<VersionedOrganization>> read = organizations_.ReadEach(unknown);
  for (size_t i = 0; i < unknown.size(); ++i) {
    organizations[places[i]] =
        read[i].ok() ? Remember(unknown[i], *std::move(read[i]), eras) : Missing(read[i].status());
  }
  return organizations;
}

absl::StatusOr<OrganizationRepository::Organization> OrganizationRepository::Modify(
    const std::string& id, const Change& change, Organization known, std::set<Window>* guarded) {
  absl::StatusOr<Organization> current = std::move(known);
  if (*current == nullptr) current = Read(id);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (!current.ok()) return current.status();
    aggregate::v1::StoredOrganization next = (*current)->stored();
    std::vector<NewBitmap> bitmaps;
    RETURN_IF_ERROR(change(**current, next, bitmaps));
    std::set<Window> closed;
    absl::StatusOr<VersionedOrganization> stored =
        bitmaps.empty() ? organizations_.Replace(id, (*current)->versioned(), next)
                        : organizations_.Begin(id, (*current)->versioned(), next, bitmaps, closed);
    if (guarded != nullptr) guarded->insert(closed.begin(), closed.end());
    if (stored.ok()) return Remember(id, *std::move(stored), history_.Current());
    if (!absl::IsAborted(stored.status())) return stored.status();
    current = Read(id);
  }
  return WithReason(
      absl::UnavailableError("the organisation is being changed by others; try again"),
      aggregate::v1::REASON_ORGANIZATION_BUSY);
}

absl::StatusOr<std::vector<OrganizationRepository::Organization>> OrganizationRepository::List(
    int limit, std::string& cursor) {
  std::vector<Organization> page;
  while (static_cast<int>(page.size()) < limit) {
    const int wanted = limit - static_cast<int>(page.size());
    ASSIGN_OR_RETURN(const std::vector<ListedOrganization> listed,
                     organizations_.List(cursor, wanted));
    for (const ListedOrganization& entry : listed) {
      absl::StatusOr<Organization> organization = Read(entry.id);
      if (absl::IsNotFound(organization.status())) continue;
      if (!organization.ok()) return organization.status();
      page.push_back(*std::move(organization));
    }
    if (static_cast<int>(listed.size()) < wanted) {
      cursor.clear();
      return page;
    }
    cursor = listed.back().id;
  }
  return page;
}

absl::StatusOr<std::vector<OrganizationRepository::Organization>> OrganizationRepository::ListAmong(
    const std::set<std::string, std::less<>>& ids, int limit, std::string& cursor) {
  std::vector<Organization> page;
  for (auto id = ids.upper_bound(cursor); id != ids.end(); ++id) {
    if (static_cast<int>(page.size()) == limit) return page;
    cursor = *id;
    absl::StatusOr<Organization> organization = Read(*id);
    if (absl::IsNotFound(organization.status())) continue;
    if (!organization.ok()) return organization.status();
    page.push_back(*std::move(organization));
  }
  cursor.clear();
  return page;
}

}  // namespace tutti
