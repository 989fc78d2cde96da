#ifndef TUTTI_COMMON_UPLOAD_SOURCE_TAKER_H_
#define TUTTI_COMMON_UPLOAD_SOURCE_TAKER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "common/sources/source.h"
#include "common/upload/customer_choice.h"
#include "common/upload/import_run.h"
#include "common/upload/step_progress.h"
#include "common/upload/tenant_run.h"

namespace tutti {

// What the takers of one import share. All of it outlives them.
struct TakerContext {
  const ImportOptions& options;
  const ImportTargets& targets;
  Ownership ownership = Ownership::kNone;
  const TimeRange& times;
  int64_t last_second = 0;  // that ingest does not take for the future
  TenantRuns& runs;
  CustomerChoice& customers;
  ImportSummary& summary;
};

// Notes whose the rows of a survey are, and takes nothing else.
class SurveyTaker final : public SourceSink {
 public:
  SurveyTaker(const TakerContext& context, StepProgress& progress)
      : context_(context), progress_(progress) {}

  absl::StatusOr<bool> OnOwner(absl::string_view owner) override;
  bool OnRow(absl::string_view) override { return false; }
  void OnTime(int64_t) override {}
  absl::Status OnRejected(RejectionReason) override;
  absl::Status OnRowRejected(RejectionReason) override { return absl::OkStatus(); }
  void OnExcluded(Exclusion) override {}
  void OnIgnored(absl::string_view) override {}
  bool OnPerson(const Actor&) override { return false; }
  void OnActed() override {}
  void OnSubject(absl::string_view) override {}
  absl::Status OnActivity(const MappedActivity&) override { return absl::OkStatus(); }
  void OnUnknownApp(absl::string_view) override {}
  void OnLicensed(absl::string_view) override {}
  void OnListing(Listing) override {}
  void OnOffered(const MappedActivity&) override {}
  void OnWarning(absl::string_view) override {}
  bool IsOfPeople(absl::string_view) const override { return false; }
  const TimeRange& times() const override { return context_.times; }

 private:
  const TakerContext context_;
  StepProgress& progress_;
};

// Counts what a source says and sends its activities.
class SourceTaker final : public SourceSink {
 public:
  SourceTaker(const TakerContext& context, StepProgress& progress);

  // The next input begins; its name stands before its warnings.
  void Begin(std::string input) {
    SettleListed();
    input_ = std::move(input);
  }
  // The last row has ended.
  void Finish();

  absl::StatusOr<bool> OnOwner(absl::string_view owner) override;
  bool OnRow(absl::string_view key) override;
  void OnTime(int64_t seconds) override { run_->summary.Saw(seconds); }
  absl::Status OnRejected(RejectionReason reason) override;
  absl::Status OnRowRejected(RejectionReason reason) override;
  void OnExcluded(Exclusion why) override { run_->summary.Exclude(why); }
  void OnIgnored(absl::string_view operation) override { run_->summary.Ignore(operation); }
  bool OnPerson(const Actor& actor) override;
  void OnActed() override;
  void OnSubject(absl::string_view subject) override { SetSubject(std::string(subject)); }
  absl::Status OnActivity(const MappedActivity& activity) override;
  void OnUnknownApp(absl::string_view name) override { run_->summary.CountUnknownApp(name); }
  void OnLicensed(absl::string_view product) override;
  void OnListing(Listing listing) override;
  void OnOffered(const MappedActivity& activity) override { run_->fed.Add(activity); }
  void OnWarning(absl::string_view text) override;
  bool IsOfPeople(absl::string_view type) const override;
  const TimeRange& times() const override { return context_.times; }

 private:
  // The input has ended. Of inputs that did not say whom they list nobody knows more than kPart.
  void SettleListed();
  absl::Status Send(const MappedActivity& mapped);
  // The last subject did something of this type: it counts as what it is.
  void CountSubject(absl::string_view type);
  // Of a type's subjects; null when the catalogue has not the type.
  const CatalogKind* KindOf(absl::string_view type) const;
  // Counts what ingest would refuse of it, and ignore.
  void Rehearse(const MappedActivity& mapped);
  void SetSubject(std::string subject) {
    subject_ = std::move(subject);
    is_person_ = acted_ = false;
  }

  const TakerContext context_;
  StepProgress& progress_;
  std::string input_;
  TenantRun* run_;  // of the row; of sources without tenants the only one
  // The last of this row, empty when it has none yet; a person's in lower case.
  std::string subject_;
  bool is_person_ = false;  // that subject, as the source has it
  bool acted_ = false;      // it
  // The catalogue's ids, whose names may be shown.
  absl::flat_hash_set<std::string> apps_;
  absl::flat_hash_set<std::string> traits_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_SOURCE_TAKER_H_
