#include "common/upload/source_taker.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/admission/admission.h"
#include "common/sources/input/text_match.h"
#include "common/status/status_macros.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

absl::StatusOr<bool> SurveyTaker::OnOwner(absl::string_view owner) {
  progress_.Record();
  if (context_.ownership == Ownership::kTenant) return context_.runs.Of(owner).wanted;
  context_.customers.Survey(owner);
  return false;
}

absl::Status SurveyTaker::OnRejected(RejectionReason /*reason*/) {
  progress_.Record();
  return absl::OkStatus();
}

SourceTaker::SourceTaker(const TakerContext& context, StepProgress& progress)
    : context_(context),
      progress_(progress),
      run_(context.ownership == Ownership::kTenant
               ? nullptr
               : &context.runs.Only(context.options.tenants.organization)) {
  const catalog::v1::Catalog& catalog = context.options.catalog->proto();
  for (const catalog::v1::Term& app : catalog.apps()) apps_.insert(app.id());
  for (const catalog::v1::Term& trait : catalog.traits()) traits_.insert(trait.id());
}

void SourceTaker::Finish() {
  SettleListed();
  for (const auto& [tenant, run] : context_.runs.all()) run->summary.fates.End();
}

absl::StatusOr<bool> SourceTaker::OnOwner(absl::string_view owner) {
  bool wanted = true;
  if (context_.ownership == Ownership::kTenant) {
    run_ = &context_.runs.Of(owner);
    wanted = run_->wanted;
  } else {
    ASSIGN_OR_RETURN(wanted, context_.customers.Wants(owner));
  }
  if (wanted) return true;
  progress_.Record();
  ++context_.summary.rows;
  ++context_.summary.other_tenants;
  return false;
}

bool SourceTaker::OnRow(absl::string_view key) {
  TenantSummary& summary = run_->summary;
  progress_.Record();
  SetSubject("");
  summary.fates.End();
  ++context_.summary.rows;
  ++summary.records;
  if (!key.empty() && !run_->rows.insert(Fingerprint({key})).second) {
    ++summary.duplicates;
    return false;
  }
  ++summary.distinct;
  summary.fates.Begin();
  return true;
}

absl::Status SourceTaker::OnRejected(RejectionReason reason) {
  progress_.Record();
  ++context_.summary.rows;
  ++context_.summary.rejected[static_cast<size_t>(reason)];
  return absl::OkStatus();
}

absl::Status SourceTaker::OnRowRejected(RejectionReason reason) {
  --run_->summary.records;
  --run_->summary.distinct;
  run_->summary.fates.Drop();
  SetSubject("");
  ++context_.summary.rejected[static_cast<size_t>(reason)];
  return absl::OkStatus();
}

bool SourceTaker::OnPerson(const Actor& actor) {
  SetSubject("");
  const ActorKind kind = ClassifyActor(actor, context_.options.reading.accepted_domains);
  if (kind != ActorKind::kPerson) {
    run_->summary.Exclude(ExclusionOf(kind));
    if (kind == ActorKind::kForeignDomain) {
      const absl::string_view name = AccountName(actor.name);
      const size_t at = name.find_first_of("@\\");
      run_->foreign_domains.insert(
          Fingerprint({name[at] == '@' ? name.substr(at + 1) : name.substr(0, at)}));
    }
    return false;
  }
  run_->has_person = true;
  SetSubject(absl::AsciiStrToLower(AccountName(actor.name)));
  is_person_ = true;
  return true;
}

void SourceTaker::OnActed() {
  is_person_ = true;
  if (std::exchange(acted_, true)) return;
  if (run_->people.insert(Fingerprint({subject_})).second) ++run_->summary.people;
}

void SourceTaker::CountSubject(absl::string_view type) {
  const CatalogKind* kind = KindOf(type);
  if (is_person_ || (kind != nullptr && kind->are_people)) return OnActed();
  if (kind == nullptr) return;
  const std::string& name = kind->proto->plural();
  if (run_->subjects.insert(Fingerprint({name, subject_})).second) {
    ++run_->summary.subjects[name];
  }
}

absl::Status SourceTaker::OnActivity(const MappedActivity& activity) {
  if (subject_.empty()) return absl::InternalError("an activity is nobody's");
  CountSubject(activity.type);
  run_->summary.Saw(activity.seconds);
  run_->summary.Count(activity.type);
  if (!activity.app.empty()) {
    run_->summary.CountApp(activity.type, apps_.contains(activity.app) ? activity.app : "");
  }
  ForEachTrait(activity, [&](absl::string_view trait) {
    run_->summary.CountTrait(activity.type, traits_.contains(trait) ? trait : "");
  });
  run_->fed.Add(activity);
  MappedActivity of_subject = activity;
  of_subject.subject = subject_;
  if (context_.targets.observer != nullptr) {
    absl::Status status = context_.targets.observer->OnActivity(of_subject);
    if (!status.ok()) return status;
  }
  return Send(of_subject);
}

absl::Status SourceTaker::Send(const MappedActivity& mapped) {
  if (context_.targets.uploader == nullptr || run_->organization.empty()) {
    Rehearse(mapped);
    return absl::OkStatus();
  }
  ingest::v1::Activity activity;
  activity.set_subject(mapped.subject.data(), mapped.subject.size());
  activity.set_type(mapped.type.data(), mapped.type.size());
  activity.mutable_occurred_at()->set_seconds(mapped.seconds);
  activity.set_app(mapped.app.data(), mapped.app.size());
  activity.set_platform(mapped.platform.data(), mapped.platform.size());
  ForEachTrait(mapped, [&activity](absl::string_view trait) {
    activity.add_traits(trait.data(), trait.size());
  });
  return context_.targets.uploader->Add(run_->organization, std::move(activity));
}

void SourceTaker::Rehearse(const MappedActivity& mapped) {
  std::vector<absl::string_view> traits;
  ForEachTrait(mapped, [&traits](absl::string_view trait) { traits.push_back(trait); });
  ActivityView activity = {mapped.subject, mapped.type, mapped.app, mapped.platform, traits};
  activity.has_time = true;
  activity.seconds = mapped.seconds;
  IgnoredTerms ignored;
  const Admission admission =
      Admit(activity, *context_.options.catalog, context_.last_second, ignored);
  UploadSummary& upload = run_->summary.upload;
  upload.ignored_values += ignored.apps + ignored.platforms + ignored.traits;
  if (admission.refusal != ingest::v1::REASON_UNSPECIFIED) {
    ++upload.refused[ingest::v1::Reason_Name(admission.refusal)];
  }
}

void SourceTaker::OnLicensed(absl::string_view product) {
  if (subject_.empty()) return;
  if (product.empty()) {
    run_->listed.insert(Fingerprint({subject_}));
  } else if (run_->licensed.insert(Fingerprint({product, subject_})).second) {
    ++run_->summary.licensed[std::string(product)];
  }
}

void SourceTaker::OnListing(Listing listing) { run_->Settle(listing); }

void SourceTaker::SettleListed() {
  for (const auto& [tenant, run] : context_.runs.all()) {
    if (!run->listed.empty()) run->Settle(Listing::kPart);
  }
}

void SourceTaker::OnWarning(absl::string_view text) {
  context_.summary.warnings.push_back(absl::StrCat(input_, " ", text));
}

bool SourceTaker::IsOfPeople(absl::string_view type) const {
  const CatalogKind* kind = KindOf(type);
  return kind != nullptr && kind->are_people;
}

const CatalogKind* SourceTaker::KindOf(absl::string_view type) const {
  IgnoredTerms ignored;
  const ActivityShape* shape = context_.options.catalog->Classify({type, "", "", {}}, ignored);
  return shape == nullptr ? nullptr : &context_.options.catalog->kind(shape->kind);
}

}  // namespace tutti
