#include "services/aggregate/closing_lease.h"

#include <sodium.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/retention/lifetimes.h"
#include "common/rpc/error_details.h"
#include "common/status/status_macros.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kPollTime = absl::Milliseconds(50);

LeaseToken NewToken() {
  std::string token(16, '\0');
  randombytes_buf(token.data(), token.size());
  return LeaseToken(absl::BytesToHexString(token));
}

}  // namespace

ClosingLease::ClosingLease(OrganizationStore& organizations, std::string organization)
    : organizations_(organizations), organization_(std::move(organization)), token_(NewToken()) {}

absl::StatusOr<std::unique_ptr<ClosingLease>> ClosingLease::Take(OrganizationStore& organizations,
                                                                 const std::string& organization) {
  std::unique_ptr<ClosingLease> lease(new ClosingLease(organizations, organization));
  const absl::StatusOr<bool> taken =
      organizations.TakeLease(organization, lease->token_, kLeaseLife);
  if (taken.ok() && *taken) return lease;
  // Not ours, or nobody knows.
  lease->Leave();
  if (!taken.ok()) return taken.status();
  return nullptr;
}

absl::StatusOr<std::unique_ptr<ClosingLease>> ClosingLease::Await(OrganizationStore& organizations,
                                                                  const std::string& organization) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    absl::StatusOr<std::unique_ptr<ClosingLease>> lease = Take(organizations, organization);
    if (!lease.ok() || *lease != nullptr) return lease;
    if (absl::Now() >= deadline) {
      return WithRetryDelay(
          WithReason(
              absl::UnavailableError("windows of the organisation are being closed; try again"),
              aggregate::v1::REASON_ORGANIZATION_BUSY),
          kPatience);
    }
    absl::SleepFor(kPollTime);
  }
}

// An unreleased lease ends by itself.
ClosingLease::~ClosingLease() {
  if (!left_) organizations_.ReleaseLease(organization_, token_).IgnoreError();
}

absl::Status ClosingLease::Prolong() {
  ASSIGN_OR_RETURN(const bool still, organizations_.TakeLease(organization_, token_, kLeaseLife));
  return still ? absl::OkStatus()
               : absl::AbortedError("the closing lease was lost; another replica goes on");
}

}  // namespace tutti
