#ifndef TUTTI_SERVICES_CLI_IMPORT_REPORT_TAKER_H_
#define TUTTI_SERVICES_CLI_IMPORT_REPORT_TAKER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "services/cli/import/report_sink.h"
#include "services/cli/import/step_progress.h"
#include "services/cli/import/tenant_run.h"
#include "services/cli/import/text_match.h"

namespace tutti {

// Counts what a report says and hands it on.
class ReportTaker final : public ReportSink {
 public:
  // Whether a time lies in the range that is taken.
  using InRange = std::function<bool(int64_t)>;

  ReportTaker(TenantRun& run, ImportSummary& summary, StepProgress& progress, InRange in_range)
      : run_(run), summary_(summary), progress_(progress), in_range_(std::move(in_range)) {}

  bool OnRow(absl::string_view key) override {
    progress_.Record();
    ++summary_.rows;
    ++run_.summary.records;
    if (!key.empty() && !rows_.insert(Fingerprint({key})).second) {
      ++run_.summary.duplicates;
      return false;
    }
    ++run_.summary.distinct;
    return true;
  }
  absl::Status OnRejected(RejectionReason reason) override {
    progress_.Record();
    ++summary_.rows;
    ++summary_.rejected[static_cast<size_t>(reason)];
    return absl::OkStatus();
  }
  void OnExcluded(Exclusion why) override { run_.summary.Exclude(why); }
  absl::Status OnReported(const MappedActivity& activity) override {
    if (!in_range_(activity.seconds)) {
      ++summary_.rejected[static_cast<size_t>(RejectionReason::kTimeOutOfRange)];
      return absl::OkStatus();
    }
    run_.summary.Saw(activity.seconds);
    ++run_.summary.activities[std::string(activity.type)];
    if (subjects_.insert(Fingerprint({activity.subject})).second) ++run_.summary.people;
    return run_.sink.OnActivity(activity);
  }
  void OnLicensed(absl::string_view product, absl::string_view subject) override {
    if (licensed_.insert(Fingerprint({product, subject})).second) {
      ++run_.summary.licensed[std::string(product)];
    }
  }
  void OnFeeds(absl::string_view category) override {
    if (run_.summary.feeds.count(std::string(category)) == 0) {
      run_.summary.feeds.emplace(category);
    }
  }

 private:
  TenantRun& run_;
  ImportSummary& summary_;
  StepProgress& progress_;
  const InRange in_range_;
  absl::flat_hash_set<uint64_t> rows_;
  absl::flat_hash_set<uint64_t> subjects_;
  absl::flat_hash_set<uint64_t> licensed_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_REPORT_TAKER_H_
