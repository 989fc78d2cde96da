#include "services/aggregate/aggregate_service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rpc/resource_name.h"
#include "common/rpc/status.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/aggregate_error.h"
#include "services/aggregate/ingest_policy.h"

namespace tutti {
namespace {

using google::protobuf::util::TimeUtil;

// No error is without a reason of this service, or of the gate.
grpc::Status Answer(const absl::Status& status) { return ToGrpcStatus(WithSomeReason(status)); }

}  // namespace

absl::Status AggregateServiceImpl::CheckCatalog(const std::string& fingerprint) const {
  // Callers of earlier editions name the whole file.
  const auto& alike = parts_.catalog.proto().counted_alike();
  if (fingerprint == parts_.catalog.counting_fingerprint() ||
      fingerprint == parts_.catalog.fingerprint() ||
      std::find(alike.begin(), alike.end(), fingerprint) != alike.end()) {
    return absl::OkStatus();
  }
  return WithReason(
      absl::UnavailableError("catalog_fingerprint: this service counts by another catalogue; give "
                             "ingest and aggregate the same file"),
      aggregate::v1::REASON_CATALOG_MISMATCH);
}

absl::Status AggregateServiceImpl::NoteKeyring(const aggregate::v1::KeyringIdentity& keyring) {
  return parts_.history.NoteKeyring(
      keyring.id(), absl::FromUnixMillis(TimeUtil::TimestampToMilliseconds(keyring.birth_time())));
}

grpc::Status AggregateServiceImpl::ReportKeyring(grpc::ServerContext* /*context*/,
                                                 const aggregate::v1::ReportKeyringRequest* request,
                                                 aggregate::v1::ReportKeyringResponse* response) {
  response->set_counting_fingerprint(parts_.catalog.counting_fingerprint());
  response->mutable_grace()->set_seconds(absl::ToInt64Seconds(parts_.repository.timing().grace));
  response->set_store_servers(parts_.store.servers());
  if (!request->has_keyring()) return grpc::Status::OK;
  if (const absl::Status fit = parts_.store.Check(); !fit.ok()) return Answer(fit);
  return Answer(NoteKeyring(request->keyring()));
}

grpc::Status AggregateServiceImpl::GetIngestPolicy(
    grpc::ServerContext* context, const aggregate::v1::GetIngestPolicyRequest* request,
    aggregate::v1::GetIngestPolicyResponse* response) {
  const absl::StatusOr<std::string> id = ParseOrganizationName(request->organization());
  if (!id.ok()) return Answer(id.status());
  parts_.access.NoteIngest(context, *id);
  if (absl::Status same = CheckCatalog(request->catalog_fingerprint()); !same.ok()) {
    return Answer(same);
  }
  if (const absl::Status fit = parts_.store.Check(); !fit.ok()) return Answer(fit);
  if (request->has_keyring()) {
    if (absl::Status noted = NoteKeyring(request->keyring()); !noted.ok()) {
      return Answer(noted);
    }
  }
  const auto organization = parts_.repository.Read(*id);
  if (!organization.ok()) return Answer(organization.status());
  *response = MakeIngestPolicy(**organization, parts_.catalog, parts_.clock.Now());
  return grpc::Status::OK;
}

grpc::Status AggregateServiceImpl::MergeDeltas(grpc::ServerContext* context,
                                               const aggregate::v1::MergeDeltasRequest* request,
                                               aggregate::v1::MergeDeltasResponse* response) {
  for (const aggregate::v1::WindowDelta& delta : request->deltas()) {
    parts_.access.NoteIngest(context, delta.organization());
  }
  if (absl::Status same = CheckCatalog(request->catalog_fingerprint()); !same.ok()) {
    return Answer(same);
  }
  if (const absl::Status fit = parts_.store.Check(); !fit.ok()) return Answer(fit);
  const auto outcomes = parts_.merger.Merge(*request, [context] { return context->IsCancelled(); });
  if (!outcomes.ok()) return Answer(outcomes.status());
  for (const aggregate::v1::DeltaOutcome outcome : *outcomes) response->add_outcomes(outcome);
  return grpc::Status::OK;
}

grpc::Status AggregateServiceImpl::PublishDueWindows(
    grpc::ServerContext* context, const aggregate::v1::PublishDueWindowsRequest* request,
    aggregate::v1::PublishDueWindowsResponse* response) {
  const absl::Time begin = parts_.clock.Now();
  std::vector<aggregate::v1::ClosedWindow> windows;
  if (request->organization().empty()) {
    if (const absl::Status allowed = parts_.access.AdmitToAll(context); !allowed.ok())
      return Answer(allowed);
    absl::StatusOr<SweepReport> sweep = parts_.closing.Sweep();
    if (!sweep.ok()) return Answer(sweep.status());
    if (sweep->failed > 0) {
      return Answer(absl::UnavailableError(
          absl::StrCat(sweep->failed, " organisations could not be closed; repeat the call")));
    }
    windows = std::move(sweep->windows);
    response->set_busy_organizations(sweep->busy);
  } else {
    const absl::StatusOr<std::string> id =
        parts_.access.Admit(context, ParseOrganizationName(request->organization()));
    if (!id.ok()) return Answer(id.status());
    absl::StatusOr<CloseReport> report = parts_.closing.CloseOne(*id);
    if (!report.ok()) return Answer(report.status());
    windows = std::move(report->windows);
    response->set_busy_organizations(report->busy ? 1 : 0);
    if (report->next_due != absl::InfiniteFuture()) {
      *response->mutable_next_due_time() =
          TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(report->next_due));
    }
  }
  for (aggregate::v1::ClosedWindow& window : windows) *response->add_windows() = std::move(window);
  *response->mutable_elapsed() =
      TimeUtil::MillisecondsToDuration(absl::ToInt64Milliseconds(parts_.clock.Now() - begin));
  return grpc::Status::OK;
}

}  // namespace tutti
