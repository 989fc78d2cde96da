#include "common/upload/import_run.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/admission/admission.h"
#include "common/sources/checked_time.h"
#include "common/sources/input/open_input.h"
#include "common/status/status_macros.h"
#include "common/upload/customer_choice.h"
#include "common/upload/import_trace.h"
#include "common/upload/source_taker.h"
#include "common/upload/step_progress.h"
#include "common/upload/tenant_run.h"

namespace tutti {
namespace {

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
  // A file on standard input is read on from where it stands.
  const bool standard = path == "-" || path == "/dev/stdin";
  const bool found =
      standard ? fstat(STDIN_FILENO, &status) == 0 : stat(path.c_str(), &status) == 0;
  if (!found || (!standard && !S_ISFIFO(status.st_mode))) return absl::nullopt;
  return std::make_pair(status.st_dev, status.st_ino);
}

// Names sources: "google-reports and m365-audit".
std::string NamesOf(const std::set<absl::string_view>& names) {
  return absl::StrJoin(names, " and ");
}

class Importer {
 public:
  Importer(const ImportOptions& options, const ImportTargets& targets)
      : options_(options),
        targets_(targets),
        now_(options.now ? options.now() : absl::Now()),
        times_(now_),
        runs_(*options.catalog),
        customers_(options.customer) {}

  // What was read before an error is sent and counted too.
  absl::Status Run() {
    absl::Status status = ReadInputs();
    if (targets_.uploader != nullptr) status.Update(targets_.uploader->Flush());
    return status;
  }

  ImportSummary TakeSummary() {
    for (const auto& [tenant, run] : runs_.all()) {
      if (!run->wanted) continue;
      run->summary.tenant = tenant;
      run->summary.organization = run->organization;
      run->summary.feeds = run->fed.Names();
      if (targets_.uploader != nullptr) {
        run->summary.upload = targets_.uploader->SummaryOf(run->organization);
      }
      summary_.tenants.push_back(std::move(run->summary));
    }
    for (const auto& type : options_.catalog->proto().activity_types()) {
      summary_.known_types.insert(type.id());
    }
    summary_.source = source_;
    if (summary_.rows == summary_.Rejected()) {
      summary_.warnings.emplace_back("nothing that could be read was found");
    }
    return std::move(summary_);
  }

 private:
  TakerContext Context() {
    return {options_,         targets_, source_->ownership(), times_,
            LastSecond(now_), runs_,    customers_,           summary_};
  }

  // The error of an input, with its name; ingest's is none's.
  absl::Status AtInput(size_t index, const absl::Status& status) const {
    const bool of_ingest = targets_.uploader != nullptr && targets_.uploader->status() == status;
    if (status.ok() || of_ingest) return status;
    return absl::Status(status.code(),
                        absl::StrCat(InputName(options_, index), ": ", status.message()));
  }

  absl::Status ReadInputs() {
    RETURN_IF_ERROR(OpenAll());
    RETURN_IF_ERROR(CheckOwners());
    const bool twice = source_->ownership() != Ownership::kNone;
    for (auto& [i, input] : read_once_) {
      if (!twice) {
        input.spool->Forget();
      } else if (absl::Status status = input.spool->Keep(); !status.ok()) {
        return AtInput(i, status);
      }
    }
    const std::unique_ptr<SourceReader> reader = source_->MakeReader(options_.reading);
    if (twice) {
      RETURN_IF_ERROR(Survey(*reader));
    }
    return Import(*reader);
  }

  absl::Status OpenAll() {
    if (options_.inputs.empty()) return absl::InvalidArgumentError("no input is named");
    std::set<std::pair<dev_t, ino_t>> streams;
    std::set<absl::string_view> found;
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      const auto stream = StreamOf(options_.inputs[i]);
      if (stream.has_value() && !streams.insert(*stream).second) {
        return AtInput(i, absl::InvalidArgumentError(
                              "it is named twice, and can be read only once: name it once"));
      }
      absl::StatusOr<OpenedInput> input = OpenInput(options_.inputs[i]);
      if (!input.ok()) return AtInput(i, input.status());
      absl::StatusOr<const Source*> source = SourceOf(i, *input->text);
      if (!source.ok()) return AtInput(i, source.status());
      // What holds nothing is of whatever source the others are.
      if (*source != nullptr) source_ = *source;
      if (*source != nullptr) found.insert((*source)->name());
      total_bytes_ += input->text->size();
      if (input->spool != nullptr) read_once_.emplace(i, *std::move(input));
    }
    if (found.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat("the inputs are of several sources, ",
                                                     NamesOf(found),
                                                     ": import them one after the other"));
    }
    if (source_ == nullptr) source_ = of_nothing_;
    if (source_ == nullptr) source_ = &options_.sources->otherwise();
    summary_.inputs = static_cast<int64_t>(options_.inputs.size());
    return absl::OkStatus();
  }

  // Null when it holds nothing.
  absl::StatusOr<const Source*> SourceOf(size_t i, TextInput& text) {
    if (options_.source != nullptr) return options_.source;
    ASSIGN_OR_RETURN(const absl::string_view beginning, text.Peek());
    const Source* const source = options_.sources->Detect(beginning);
    if (options_.sources->HoldsNothing(beginning)) {
      if (source != nullptr) of_nothing_ = source;
      return nullptr;
    }
    if (source != nullptr) return source;
    if (!IsJson(beginning)) return UnknownTable();
    summary_.warnings.push_back(absl::StrCat(
        InputName(options_, i), " begins as nothing that is known, and was read as ",
        options_.sources->otherwise().name(), ": if that is not what it is, say so with --format"));
    return &options_.sources->otherwise();
  }

  // Says what a table has to have, for nothing of its own may be said.
  absl::Status UnknownTable() const {
    std::vector<std::string> known;
    for (const Source* source : options_.sources->all()) {
      known.push_back(absl::StrCat(source->name(), " has ", source->signs()));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "it is a table or a text that is none of those known here: its first line names no column "
        "of theirs. Leave the header in, in English, and export one of these: ",
        absl::StrJoin(known, "; ")));
  }

  // Owners are chosen of what has such, and without tenants there is one place to send to.
  absl::Status CheckOwners() const {
    const Ownership ownership = source_->ownership();
    if (!customers_.asked().empty() && ownership != Ownership::kCustomer) {
      return absl::InvalidArgumentError(
          "--customer is for Google's reports: the records of these inputs name no customer");
    }
    if (ownership == Ownership::kTenant) return absl::OkStatus();
    if (!options_.tenants.tenant.empty() || !options_.tenants.organizations.empty()) {
      return absl::InvalidArgumentError(
          "--tenant and --tenant-organization are for audit logs: the records of these inputs name "
          "no tenant");
    }
    if (targets_.uploader != nullptr && options_.tenants.organization.empty()) {
      return absl::FailedPreconditionError(
          "give --organization: the organisation that the activities go to");
    }
    return absl::OkStatus();
  }

  // An input from its beginning.
  absl::StatusOr<std::unique_ptr<TextInput>> OpenAgain(size_t i) {
    const auto found = read_once_.find(i);
    if (found == read_once_.end()) {
      ASSIGN_OR_RETURN(OpenedInput input, OpenInput(options_.inputs[i]));
      return std::move(input.text);
    }
    if (found->second.text != nullptr) return std::move(found->second.text);
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> copy, found->second.spool->Open());
    return OpenText(std::move(copy));
  }

  // What was read as something that it is not, or that something else held.
  void TellOfBytes(size_t i, const TextInput& text) {
    if (text.unpacked()) {
      summary_.notes.push_back(
          absl::StrCat(InputName(options_, i), ": gzip data; what it holds was read"));
    }
    if (text.guessed_bytes() > 0) {
      summary_.warnings.push_back(absl::StrCat(
          InputName(options_, i), " is not all UTF-8: ", text.guessed_bytes(),
          " bytes were taken for Windows-1252; save it as CSV UTF-8 if that is not what it is"));
    }
    if (const std::vector<int64_t>& lines = text.broken_lines(); !lines.empty()) {
      summary_.warnings.push_back(absl::StrCat(
          InputName(options_, i), ": a quote is not closed, or not where a field ends, on ",
          lines.size() == 1 ? "line " : "lines ", absl::StrJoin(lines, ", "),
          lines.size() == TextInput::kNotedLines ? ", and perhaps others" : "",
          ": each costs its row, and the lines after it are read"));
    }
    if (text.replaced_bytes() > 0) {
      summary_.warnings.push_back(absl::StrCat(
          InputName(options_, i), " is not all UTF-8: ", text.replaced_bytes(),
          " bytes could not be read; who or what they name is not known, so write it as UTF-8"));
    }
  }

  // Looks through all inputs for whose their rows are, so that nothing is sent when nobody has
  // said whose are meant.
  absl::Status Survey(SourceReader& reader) {
    const bool tenants = source_->ownership() == Ownership::kTenant;
    if (tenants) {
      ASSIGN_OR_RETURN(absl::optional<ImportPlan> chosen,
                       ImportPlan::WithoutSurvey(options_.tenants));
      if (chosen.has_value()) runs_.Follow(*std::move(chosen));
    }
    StepProgress progress(targets_.progress, "surveying", total_bytes_);
    SurveyTaker taker(Context(), progress);
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      const absl::StatusOr<std::unique_ptr<TextInput>> input = OpenAgain(i);
      if (!input.ok()) return AtInput(i, input.status());
      progress.Begin(**input);
      const absl::Status status = reader.Survey(**input, taker);
      progress.End();
      if (!status.ok()) return AtInput(i, status);
    }
    progress.Done();
    return tenants ? SettleTenants() : customers_.Check();
  }

  absl::Status SettleTenants() {
    std::vector<std::string> found;
    for (const auto& [tenant, run] : runs_.all()) found.push_back(tenant);
    ASSIGN_OR_RETURN(ImportPlan plan, ImportPlan::ForTenants(options_.tenants, found));
    runs_.Follow(std::move(plan));
    if (targets_.uploader == nullptr || options_.tenants.every_tenant) return absl::OkStatus();
    // With somewhere to send to, every wanted tenant needs an organisation.
    for (const auto& [tenant, run] : runs_.all()) {
      if (run->wanted && run->organization.empty()) {
        return absl::FailedPreconditionError(
            "give --organization: the organisation that the activities go to");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Import(SourceReader& reader) {
    StepProgress progress(targets_.progress, "importing", total_bytes_);
    SourceTaker taker(Context(), progress);
    absl::Status status;
    for (size_t i = 0; i < options_.inputs.size() && status.ok(); ++i) {
      const absl::StatusOr<std::unique_ptr<TextInput>> input = OpenAgain(i);
      if (!input.ok()) {
        status = AtInput(i, input.status());
        break;
      }
      taker.Begin(InputName(options_, i));
      progress.Begin(**input);
      status = AtInput(i, reader.Read(**input, taker));
      progress.End();
      TellOfBytes(i, **input);
    }
    taker.Finish();
    RETURN_IF_ERROR(status);
    progress.Done();
    RETURN_IF_ERROR(CheckTenants());
    return CheckDomains();
  }

  // Whether anything is of a tenant that was asked for, when there are others.
  absl::Status CheckTenants() const {
    if (summary_.other_tenants == 0 || source_->ownership() != Ownership::kTenant) {
      return absl::OkStatus();
    }
    size_t others = 0;
    for (const auto& [tenant, run] : runs_.all()) {
      if (run->wanted) return absl::OkStatus();
      ++others;
    }
    return absl::OutOfRangeError(
        absl::StrCat(options_.tenants.tenant.empty() ? "--tenant-organization" : "--tenant",
                     ": none of the ", summary_.other_tenants, " records is of ",
                     options_.tenants.tenant.empty() ? "these tenants" : "that tenant",
                     ": they are of ", others, others == 1 ? " other. " : " others. ",
                     "Give the OrganizationId that stands in the records"));
  }

  // Whether anybody is of a domain that was asked for, when there are others.
  absl::Status CheckDomains() const {
    int64_t foreign = 0;
    absl::flat_hash_set<uint64_t> domains;
    for (const auto& [tenant, run] : runs_.all()) {
      if (run->has_person || run->summary.fates.Of(Fate::kActivity) > 0) return absl::OkStatus();
      foreign += run->summary.Excluded(Exclusion::kForeignDomain);
      domains.insert(run->foreign_domains.begin(), run->foreign_domains.end());
    }
    if (foreign == 0) return absl::OkStatus();
    return absl::OutOfRangeError(absl::StrCat(
        "--domain: nobody in the input is of ", options_.reading.accepted_domains.size(),
        options_.reading.accepted_domains.size() == 1 ? " domain that was" : " domains that were",
        " given: all ", foreign, " that were left out for it are of ", domains.size(),
        domains.size() == 1 ? " other. " : " others. ",
        "Give each domain of the organisation's addresses"));
  }

  const ImportOptions& options_;
  const ImportTargets& targets_;
  const absl::Time now_;
  const TimeRange times_;
  const Source* source_ = nullptr;
  const Source* of_nothing_ = nullptr;  // whose an input is that holds nothing
  TenantRuns runs_;
  CustomerChoice customers_;
  std::map<size_t, OpenedInput> read_once_;  // of the inputs, those that cannot be opened again
  uint64_t total_bytes_ = 0;
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
