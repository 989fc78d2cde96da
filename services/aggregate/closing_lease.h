#ifndef TUTTI_SERVICES_AGGREGATE_CLOSING_LEASE_H_
#define TUTTI_SERVICES_AGGREGATE_CLOSING_LEASE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/storage/organization_store.h"

namespace tutti {

// The sole right to close an organisation's windows, or to drop them, for a minute at a
// time. Given back when it is destroyed; one that a dead process held ends by itself.
class ClosingLease {
 public:
  // Null when another has it.
  static absl::StatusOr<std::unique_ptr<ClosingLease>> Take(OrganizationStore& organizations,
                                                            const std::string& organization);
  // Waits some seconds for whoever has it; Unavailable when they keep it.
  static absl::StatusOr<std::unique_ptr<ClosingLease>> Await(OrganizationStore& organizations,
                                                             const std::string& organization);
  ~ClosingLease();
  ClosingLease(const ClosingLease&) = delete;
  ClosingLease& operator=(const ClosingLease&) = delete;

  // Keeps it for another minute. Aborted when it ran out and another has it.
  absl::Status Prolong();

  // Does not give it back: it ends by itself.
  void Leave() { left_ = true; }

  // Tells the store whose it is.
  const LeaseToken& token() const { return token_; }

 private:
  ClosingLease(OrganizationStore& organizations, std::string organization);

  OrganizationStore& organizations_;
  const std::string organization_;
  const LeaseToken token_;
  bool left_ = false;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_CLOSING_LEASE_H_
