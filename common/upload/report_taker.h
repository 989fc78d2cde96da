#ifndef TUTTI_COMMON_UPLOAD_REPORT_TAKER_H_
#define TUTTI_COMMON_UPLOAD_REPORT_TAKER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "common/sources/m365_audit/audit_mapper.h"
#include "common/sources/report_sink.h"
#include "common/upload/customer_choice.h"
#include "common/upload/step_progress.h"
#include "common/upload/tenant_run.h"

namespace tutti {

// Notes the customers of a report and takes nothing else from it.
class CustomerSurvey final : public ReportSink {
 public:
  CustomerSurvey(CustomerChoice& customers, StepProgress& progress, const TimeRange& times)
      : customers_(customers), progress_(progress), times_(times) {}

  absl::StatusOr<bool> OnCustomer(absl::string_view customer) override {
    progress_.Record();
    customers_.Survey(customer);
    return false;
  }
  bool OnRow(absl::string_view) override { return false; }
  absl::Status OnRejected(RejectionReason) override { return absl::OkStatus(); }
  absl::Status OnRowRejected(RejectionReason) override { return absl::OkStatus(); }
  void OnExcluded(Exclusion) override {}
  bool OnPerson(const Actor&) override { return false; }
  void OnDevice(absl::string_view) override {}
  absl::Status OnReported(const MappedActivity&) override { return absl::OkStatus(); }
  void OnLicensed(absl::string_view) override {}
  void OnFeeds(absl::string_view) override {}
  const TimeRange& times() const override { return times_; }

 private:
  CustomerChoice& customers_;
  StepProgress& progress_;
  const TimeRange& times_;
};

// Counts what a report says and hands it on. References outlive it.
class ReportTaker final : public ReportSink {
 public:
  ReportTaker(TenantRun& run, const MappingOptions& mapping, ImportSummary& summary,
              StepProgress& progress, CustomerChoice& customers, const TimeRange& times)
      : run_(run),
        mapping_(mapping),
        summary_(summary),
        progress_(progress),
        customers_(customers),
        times_(times) {}

  // The last row has ended.
  void Finish() { run_.summary.fates.End(); }

  absl::StatusOr<bool> OnCustomer(absl::string_view customer) override;
  bool OnRow(absl::string_view key) override;
  absl::Status OnRejected(RejectionReason reason) override;
  absl::Status OnRowRejected(RejectionReason reason) override;
  void OnExcluded(Exclusion why) override { run_.summary.Exclude(why); }
  bool OnPerson(const Actor& actor) override;
  void OnDevice(absl::string_view device) override;
  absl::Status OnReported(const MappedActivity& activity) override;
  void OnLicensed(absl::string_view product) override;
  void OnFeeds(absl::string_view category) override;
  const TimeRange& times() const override { return times_; }

 private:
  TenantRun& run_;
  const MappingOptions& mapping_;
  ImportSummary& summary_;
  StepProgress& progress_;
  CustomerChoice& customers_;
  const TimeRange& times_;
  std::string subject_;  // the last of this row, in lower case; empty when it has none yet
  absl::flat_hash_set<uint64_t> rows_;
  absl::flat_hash_set<uint64_t> subjects_;
  absl::flat_hash_set<uint64_t> licensed_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_REPORT_TAKER_H_
