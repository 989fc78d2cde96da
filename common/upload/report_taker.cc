#include "common/upload/report_taker.h"

#include "absl/strings/ascii.h"
#include "common/sources/input/text_match.h"

namespace tutti {

absl::StatusOr<bool> ReportTaker::OnCustomer(absl::string_view customer) {
  const absl::StatusOr<bool> wanted = customers_.Wants(customer);
  if (!wanted.ok() || *wanted) return wanted;
  progress_.Record();
  ++summary_.rows;
  ++summary_.other_tenants;
  return false;
}

bool ReportTaker::OnRow(absl::string_view key) {
  TenantSummary& summary = run_.summary;
  progress_.Record();
  subject_.clear();
  summary.fates.End();
  ++summary_.rows;
  ++summary.records;
  if (!key.empty() && !rows_.insert(Fingerprint({key})).second) {
    ++summary.duplicates;
    return false;
  }
  ++summary.distinct;
  summary.fates.Begin();
  return true;
}

absl::Status ReportTaker::OnRejected(RejectionReason reason) {
  progress_.Record();
  ++summary_.rows;
  ++summary_.rejected[static_cast<size_t>(reason)];
  return absl::OkStatus();
}

absl::Status ReportTaker::OnRowRejected(RejectionReason reason) {
  --run_.summary.records;
  --run_.summary.distinct;
  run_.summary.fates.Drop();
  subject_.clear();
  ++summary_.rejected[static_cast<size_t>(reason)];
  return absl::OkStatus();
}

bool ReportTaker::OnPerson(const Actor& actor) {
  subject_.clear();
  const ActorKind kind = ClassifyActor(actor, mapping_.accepted_domains);
  if (kind != ActorKind::kPerson) {
    run_.summary.Exclude(ExclusionOf(kind));
    return false;
  }
  subject_ = absl::AsciiStrToLower(absl::StripAsciiWhitespace(actor.name));
  return true;
}

void ReportTaker::OnDevice(absl::string_view device) {
  subject_ = absl::AsciiStrToLower(absl::StripAsciiWhitespace(device));
}

absl::Status ReportTaker::OnReported(const MappedActivity& activity) {
  if (subject_.empty()) return absl::InternalError("a report's activity is nobody's");
  MappedActivity of_subject = activity;
  of_subject.subject = subject_;
  run_.summary.Saw(activity.seconds);
  run_.summary.Count(activity.type);
  if (subjects_.insert(Fingerprint({subject_})).second) ++run_.summary.people;
  return run_.sink.OnActivity(of_subject);
}

void ReportTaker::OnLicensed(absl::string_view product) {
  if (subject_.empty()) return;
  if (licensed_.insert(Fingerprint({product, subject_})).second) {
    ++run_.summary.licensed[std::string(product)];
  }
}

void ReportTaker::OnFeeds(absl::string_view category) {
  if (run_.summary.feeds.count(std::string(category)) == 0) {
    run_.summary.feeds.emplace(category);
  }
}

}  // namespace tutti
