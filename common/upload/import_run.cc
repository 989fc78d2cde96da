#include "common/upload/import_run.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sources/activities/activities_reader.h"
#include "common/sources/actor.h"
#include "common/sources/checked_time.h"
#include "common/sources/google/google_reports.h"
#include "common/sources/import_input.h"
#include "common/sources/input/text_match.h"
#include "common/sources/m365_usage/usage_report.h"
#include "common/sources/telemetry/device_telemetry.h"
#include "common/status/status_macros.h"
#include "common/upload/customer_choice.h"
#include "common/upload/import_trace.h"
#include "common/upload/known_names.h"
#include "common/upload/report_taker.h"
#include "common/upload/step_progress.h"
#include "common/upload/tenant_run.h"

namespace tutti {
namespace {

using ingest::v1::Activity;

constexpr int64_t kExportCap = 50000;

// How an input is named to whoever named it: its path without what a terminal would obey, and,
// among several, its number.
std::string InputName(const ImportOptions& options, size_t index) {
  const std::string& path = options.inputs[index];
  std::string name = path == "-" ? "standard input" : absl::Utf8SafeCHexEscape(path);
  if (options.inputs.size() == 1) return name;
  return absl::StrCat("input ", index + 1, " of ", options.inputs.size(), ", ", name);
}

// What an input that can be read only once is known by; nothing of any other.
absl::optional<std::pair<dev_t, ino_t>> StreamOf(const std::string& path) {
  struct stat status = {};
  const bool found =
      path == "-" ? fstat(STDIN_FILENO, &status) == 0 : stat(path.c_str(), &status) == 0;
  if (!found || S_ISREG(status.st_mode)) return absl::nullopt;
  return std::make_pair(status.st_dev, status.st_ino);
}

absl::Status ReadReport(TextInput& input, InputShape shape, ReportSink& sink) {
  if (shape == InputShape::kUsageReport) return ReadUsageReport(input, sink);
  if (shape == InputShape::kGoogleReports) return ReadGoogleReports(input, sink);
  return ReadDeviceTelemetry(input, sink);
}

class Importer {
 public:
  Importer(const ImportOptions& options, const ImportTargets& targets)
      : options_(options),
        targets_(targets),
        times_(options.now ? options.now() : absl::Now()),
        customers_(options.customer) {}

  // What was read before an error is sent and counted too.
  absl::Status Run() {
    absl::Status status = ReadInputs();
    if (targets_.uploader != nullptr) status.Update(targets_.uploader->Flush());
    return status;
  }

  ImportSummary TakeSummary() {
    for (auto& [tenant, run] : tenants_) {
      if (!run->wanted) continue;
      run->summary.tenant = tenant;
      run->summary.organization = run->organization;
      // A report says itself what it can feed.
      if (!reports_) run->summary.feeds = run->fed.Names();
      if (targets_.uploader != nullptr) {
        run->summary.upload = targets_.uploader->SummaryOf(run->organization);
      }
      summary_.tenants.push_back(std::move(run->summary));
    }
    if (summary_.rows == summary_.Rejected()) {
      summary_.warnings.emplace_back("nothing that could be read was found");
    }
    return std::move(summary_);
  }

 private:
  // Reads one pass: tells the progress, counts rows, and finds a record's tenant.
  class Pass : public RecordSink, public ActivityLineSink {
   public:
    Pass(Importer& importer, StepProgress& progress) : importer_(importer), progress_(progress) {}

    absl::Status OnRecord(const AuditRecord& record) override {
      progress_.Record();
      const CheckedTime time = importer_.TimeOf(record);
      const bool mapping = importer_.mapping_;
      if (mapping) ++importer_.summary_.rows;
      if (!time.seconds.has_value()) {
        if (mapping) importer_.Reject(time.problem);
        return absl::OkStatus();
      }
      TenantRun& run = importer_.RunOf(record[Field::kTenant]);
      if (!run.wanted) {
        if (mapping) ++importer_.summary_.other_tenants;
        return absl::OkStatus();
      }
      if (!mapping) run.facts.Observe(record);
      return mapping ? run.mapper.Map(record, *time.seconds, run.sink) : absl::OkStatus();
    }

    absl::Status OnActivityLine(Activity activity) override {
      progress_.Record();
      ++importer_.summary_.rows;
      return importer_.TakeActivity(std::move(activity));
    }

    absl::Status OnRejected(RejectionReason reason) override {
      progress_.Record();
      if (!importer_.mapping_) return absl::OkStatus();
      ++importer_.summary_.rows;
      importer_.Reject(reason);
      return absl::OkStatus();
    }

   private:
    Importer& importer_;
    StepProgress& progress_;
  };

  // The error of an input, with its name; ingest's is none's.
  absl::Status AtInput(size_t index, const absl::Status& status) const {
    const bool of_ingest = targets_.uploader != nullptr && targets_.uploader->status() == status;
    if (status.ok() || of_ingest) return status;
    return absl::Status(status.code(),
                        absl::StrCat(InputName(options_, index), ": ", status.message()));
  }

  absl::Status ReadInputs() {
    RETURN_IF_ERROR(OpenAll());
    if (!customers_.asked().empty() && shapes_.front() != InputShape::kGoogleReports) {
      return absl::InvalidArgumentError(
          "--customer is for Google's reports: the records of these inputs name no customer");
    }
    const bool twice = !activities_ && (!reports_ || shapes_.front() == InputShape::kGoogleReports);
    for (auto& [i, input] : read_once_) {
      if (!twice) {
        input.spool->Forget();
      } else if (absl::Status status = input.spool->Keep(); !status.ok()) {
        return AtInput(i, status);
      }
    }
    if (!activities_ && !reports_) return ImportAudit();
    return activities_ ? ImportActivities() : ImportReports();
  }

  absl::Status OpenAll() {
    if (options_.inputs.empty()) return absl::InvalidArgumentError("no input is named");
    std::set<std::pair<dev_t, ino_t>> streams;
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      const auto stream = StreamOf(options_.inputs[i]);
      if (stream.has_value() && !streams.insert(*stream).second) {
        return AtInput(i, absl::InvalidArgumentError(
                              "it is named twice, and can be read only once: name it once"));
      }
      absl::StatusOr<ImportInput> input = OpenInput(options_.inputs[i], options_.shape);
      if (!input.ok()) return AtInput(i, input.status());
      shapes_.push_back(input->shape);
      total_bytes_ += input->text->size();
      if (input->spool != nullptr) read_once_.emplace(i, *std::move(input));
    }
    SettleShapes();
    const auto of_activities =
        static_cast<size_t>(std::count(shapes_.begin(), shapes_.end(), InputShape::kActivities));
    const auto of_reports =
        static_cast<size_t>(std::count_if(shapes_.begin(), shapes_.end(), IsReport));
    if (of_activities != 0 && of_activities != shapes_.size()) {
      return absl::InvalidArgumentError(
          "some inputs are audit logs and some are activities: import them one after the other");
    }
    if (of_reports != 0 && std::count(shapes_.begin(), shapes_.end(), shapes_.front()) !=
                               static_cast<int64_t>(shapes_.size())) {
      return absl::InvalidArgumentError(
          "some inputs are reports and some are not, or reports of another sort: import them one "
          "after the other");
    }
    activities_ = of_activities != 0;
    reports_ = of_reports != 0;
    summary_.inputs = static_cast<int64_t>(shapes_.size());
    return absl::OkStatus();
  }

  // An input from its beginning.
  absl::StatusOr<std::unique_ptr<TextInput>> OpenAgain(size_t i) {
    const auto found = read_once_.find(i);
    if (found == read_once_.end()) {
      ASSIGN_OR_RETURN(ImportInput input, OpenInput(options_.inputs[i], shapes_[i]));
      return std::move(input.text);
    }
    if (found->second.text != nullptr) return std::move(found->second.text);
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> copy, found->second.spool->Open());
    return OpenText(std::move(copy));
  }

  // What was read as something that it is not.
  void WarnOfBytes(size_t i, const TextInput& text) {
    if (text.guessed_bytes() > 0) {
      summary_.warnings.push_back(absl::StrCat(
          InputName(options_, i), " is not all UTF-8: ", text.guessed_bytes(),
          " bytes were taken for Windows-1252; save it as CSV UTF-8 if that is not what it is"));
    }
    if (text.replaced_bytes() > 0) {
      summary_.warnings.push_back(absl::StrCat(
          InputName(options_, i), " is not all UTF-8: ", text.replaced_bytes(),
          " bytes could not be read; who or what they name is not known, so write it as UTF-8"));
    }
  }

  // Empty inputs are taken for what the others are.
  void SettleShapes() {
    const auto known = std::find_if(shapes_.begin(), shapes_.end(),
                                    [](InputShape shape) { return shape != InputShape::kDetect; });
    const InputShape settled = known == shapes_.end() ? InputShape::kAuditCsv : *known;
    std::replace(shapes_.begin(), shapes_.end(), InputShape::kDetect, settled);
  }

  absl::Status ReadAll(absl::string_view step) {
    StepProgress progress(targets_.progress, step, total_bytes_);
    Pass pass(*this, progress);
    RecordDecoder decoder;
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      const absl::StatusOr<std::unique_ptr<TextInput>> input = OpenAgain(i);
      if (!input.ok()) return AtInput(i, input.status());
      TextInput& text = **input;
      const int64_t rows_before = summary_.rows;
      progress.Begin(text);
      const absl::Status status =
          activities_ ? ReadActivities(text, pass) : ReadAuditLog(text, shapes_[i], decoder, pass);
      progress.End();
      if (mapping_) WarnOfBytes(i, text);
      if (!status.ok()) return AtInput(i, status);
      if (shapes_[i] == InputShape::kAuditCsv && summary_.rows - rows_before == kExportCap) {
        summary_.warnings.push_back(absl::StrCat(
            InputName(options_, i), " has exactly ", kExportCap,
            " rows, the most that an export gives: it is probably cut off; export shorter "
            "periods"));
      }
    }
    progress.Done();
    return absl::OkStatus();
  }

  absl::Status ImportAudit() {
    ASSIGN_OR_RETURN(absl::optional<ImportPlan> chosen,
                     ImportPlan::WithoutSurvey(options_.tenants));
    plan_ = std::move(chosen);
    RETURN_IF_ERROR(ReadAll("surveying"));
    std::vector<std::string> found;
    for (const auto& [tenant, run] : tenants_) found.push_back(tenant);
    ASSIGN_OR_RETURN(ImportPlan plan, ImportPlan::ForTenants(options_.tenants, found));
    plan_ = std::move(plan);
    for (auto& [tenant, run] : tenants_) {
      if (!run->wanted) continue;
      run->organization = plan_->OrganizationOf(tenant).value_or("");
    }
    mapping_ = true;
    RETURN_IF_ERROR(CheckOrganizations());
    RETURN_IF_ERROR(ReadAll("importing"));
    const std::string asked = absl::AsciiStrToLower(options_.tenants.tenant);
    if (!asked.empty() && tenants_.count(asked) == 0) {
      return absl::NotFoundError("--tenant: the input has no record of that tenant");
    }
    return absl::OkStatus();
  }

  // With somewhere to send to, every wanted tenant needs an organisation.
  absl::Status CheckOrganizations() const {
    if (targets_.uploader == nullptr || options_.tenants.every_tenant) return absl::OkStatus();
    for (const auto& [tenant, run] : tenants_) {
      if (run->wanted && run->organization.empty()) {
        return absl::FailedPreconditionError(
            "give --organization: the organisation that the activities go to");
      }
    }
    return absl::OkStatus();
  }

  absl::Status ImportActivities() {
    if (targets_.uploader != nullptr && options_.tenants.organization.empty()) {
      return absl::FailedPreconditionError(
          "give --organization: the organisation that the activities go to");
    }
    mapping_ = true;
    auto run =
        std::make_unique<TenantRun>(options_.mapping, targets_, options_.tenants.organization);
    last_run_ = run.get();
    tenants_.emplace("", std::move(run));
    return ReadAll("importing");
  }

  absl::Status ImportReports() {
    if (targets_.uploader != nullptr && options_.tenants.organization.empty()) {
      return absl::FailedPreconditionError(
          "give --organization: the organisation that the activities go to");
    }
    const auto placed = tenants_.emplace(
        "", std::make_unique<TenantRun>(options_.mapping, targets_, options_.tenants.organization));
    RETURN_IF_ERROR(SurveyCustomers());
    StepProgress progress(targets_.progress, "importing", total_bytes_);
    ReportTaker taker(*placed.first->second, options_.mapping, summary_, progress, customers_,
                      times_);
    mapping_ = true;
    absl::Status status = ReadReports(progress, taker);
    taker.Finish();
    return status;
  }

  // Looks through what names customers, that nothing is sent when there are several.
  absl::Status SurveyCustomers() {
    if (shapes_.front() != InputShape::kGoogleReports) return absl::OkStatus();
    StepProgress progress(targets_.progress, "surveying", total_bytes_);
    CustomerSurvey survey(customers_, progress, times_);
    RETURN_IF_ERROR(ReadReports(progress, survey));
    return customers_.Check();
  }

  absl::Status ReadReports(StepProgress& progress, ReportSink& sink) {
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      const absl::StatusOr<std::unique_ptr<TextInput>> input = OpenAgain(i);
      if (!input.ok()) return AtInput(i, input.status());
      progress.Begin(**input);
      const absl::Status status = ReadReport(**input, shapes_[i], sink);
      progress.End();
      if (mapping_) WarnOfBytes(i, **input);
      if (!status.ok()) return AtInput(i, status);
    }
    progress.Done();
    return absl::OkStatus();
  }

  absl::Status TakeActivity(Activity activity) {
    const int64_t seconds = activity.occurred_at().seconds();
    if (!times_.Holds(seconds)) {
      Reject(RejectionReason::kTimeOutOfRange);
      return absl::OkStatus();
    }
    TenantSummary& summary = last_run_->summary;
    ++summary.records;
    ++summary.distinct;
    summary.fates.Begin();
    const absl::Status status = TakeReadable(std::move(activity));
    summary.fates.End();
    return status;
  }

  absl::Status TakeReadable(Activity activity) {
    TenantSummary& summary = last_run_->summary;
    // A subject need not be an address; one that is says whose it is.
    if (IsActOfPerson(activity.type()) && absl::StrContains(activity.subject(), '@')) {
      const ActorKind kind = ClassifyActor({activity.subject()}, options_.mapping.accepted_domains);
      if (kind != ActorKind::kPerson) {
        summary.Exclude(ExclusionOf(kind));
        return absl::OkStatus();
      }
    }
    last_run_->fed.Add(activity);
    summary.Saw(activity.occurred_at().seconds());
    summary.Count(activity.type());
    if (subjects_.insert(Fingerprint({activity.subject()})).second) ++summary.people;
    if (targets_.uploader == nullptr) return absl::OkStatus();
    return targets_.uploader->Add(last_run_->organization, std::move(activity));
  }

  TenantRun& RunOf(absl::string_view tenant) {
    if (last_run_ != nullptr && tenant == last_tenant_) return *last_run_;
    last_tenant_ = std::string(tenant);
    const std::string key = absl::AsciiStrToLower(tenant);
    std::unique_ptr<TenantRun>& run = tenants_[key];
    if (run == nullptr) {
      absl::optional<std::string> organization = std::string();
      if (plan_.has_value()) organization = plan_->OrganizationOf(key);
      run = std::make_unique<TenantRun>(options_.mapping, targets_, std::move(organization));
    }
    last_run_ = run.get();
    return *run;
  }

  // The first time of a record that can be.
  CheckedTime TimeOf(const AuditRecord& record) const {
    const CheckedTime created = times_.Instant(record[Field::kCreated]);
    if (created.seconds.has_value() || record[Field::kStartTime].empty()) return created;
    const CheckedTime started = times_.Instant(record[Field::kStartTime]);
    return started.seconds.has_value() || record[Field::kCreated].empty() ? started : created;
  }

  void Reject(RejectionReason reason) { ++summary_.rejected[static_cast<size_t>(reason)]; }

  const ImportOptions& options_;
  const ImportTargets& targets_;
  const TimeRange times_;
  CustomerChoice customers_;  // of Google
  std::vector<InputShape> shapes_;
  std::map<size_t, ImportInput> read_once_;  // of the inputs, those that cannot be opened again
  uint64_t total_bytes_ = 0;
  bool activities_ = false;
  bool reports_ = false;
  bool mapping_ = false;  // in the pass that maps, not the survey
  absl::optional<ImportPlan> plan_;
  std::map<std::string, std::unique_ptr<TenantRun>> tenants_;
  std::string last_tenant_;
  TenantRun* last_run_ = nullptr;
  absl::flat_hash_set<uint64_t> subjects_;  // of activities that were given as such
  ImportSummary summary_;
};

}  // namespace

absl::StatusOr<ImportSummary> RunImport(const ImportOptions& options,
                                        const ImportTargets& targets) {
  Importer importer(options, targets);
  absl::Status status = importer.Run();
  ImportSummary summary = importer.TakeSummary();
  if (status.ok()) status = CheckTrace(summary);
  if (status.ok()) return summary;
  if (targets.unfinished != nullptr) *targets.unfinished = std::move(summary);
  return status;
}

}  // namespace tutti
