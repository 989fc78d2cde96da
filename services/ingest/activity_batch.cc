#include "services/ingest/activity_batch.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/bits.h"
#include "common/admission/admission.h"
#include "common/identity/digester.h"
#include "common/identity/subject_id.h"
#include "common/keyring/opt_out_store.h"
#include "services/ingest/ingest_error.h"
#include "services/ingest/rejection.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;
using ingest::v1::Reason;

const Day kEpoch(1970, 1, 1);

}  // namespace

// What lives only while a batch is judged.
class ActivityBatch::Judging {
 public:
  Judging(const IngestParts& parts, const OrganizationPolicy& policy, absl::Time now)
      : digester(policy.keys()->digester().NewSession()),
        last_second(LastSecond(now)),
        kinds_(parts.catalog.kinds()),
        opt_outs_(parts.opt_outs.snapshot()) {
    if (opt_outs_ != nullptr && opt_outs_->Has(policy.organization())) {
      opted_out_.emplace(opt_outs_->MembersOf(policy.organization()));
    }
  }

  // Whether it can be told who of a kind has opted out.
  bool KnowsOptOuts(int kind) const { return !ArePeople(kind) || opt_outs_ != nullptr; }

  bool OptedOut(int kind, const SubjectId& subject) {
    return opted_out_.has_value() && ArePeople(kind) && opted_out_->Contain(subject);
  }

  Digester::Session digester;
  IgnoredTerms ignored;
  const int64_t last_second;  // that is not in the future

 private:
  bool ArePeople(int kind) const { return kinds_[static_cast<size_t>(kind)].are_people; }

  const std::vector<CatalogKind>& kinds_;
  const std::shared_ptr<const OptOutList> opt_outs_;
  std::optional<OptOutList::Members> opted_out_;
};

ActivityBatch::ActivityBatch(const IngestParts& parts, const ColumnTables& tables,
                             std::shared_ptr<const OrganizationPolicy> organization_policy,
                             size_t activity_count, ingest::v1::IngestActivitiesResponse& response,
                             Done done)
    : parts_(parts),
      tables_(tables),
      response_(response),
      done_(std::move(done)),
      now_(parts.clock.Now()),
      verdicts_(*organization_policy, parts.catalog, now_),
      folded_(tables.layout().words(), activity_count) {
  policy = std::move(organization_policy);
  activities = activity_count;
  delta_index_.resize(static_cast<size_t>(policy->window_count()) * parts.catalog.kinds().size());
}

void ActivityBatch::Judge(const BatchView& batch) {
  accepted_.reserve(activities);
  Judging judging(parts_, *policy, now_);
  for (size_t i = 0; i < activities; ++i) {
    const auto index = static_cast<int>(i);
    const Reason reason = JudgeOne(index, batch.activity(i), judging);
    // The batch is refused whole: its producer sends all of it again.
    opt_outs_unreadable_ = reason == ingest::v1::REASON_OPT_OUTS_UNREADABLE;
    if (opt_outs_unreadable_) return;
    if (reason != ingest::v1::REASON_UNSPECIFIED) Reject(index, reason);
  }
  if (judging.ignored.apps + judging.ignored.platforms + judging.ignored.traits > 0) {
    response_.mutable_ignored()->set_apps(judging.ignored.apps);
    response_.mutable_ignored()->set_platforms(judging.ignored.platforms);
    response_.mutable_ignored()->set_traits(judging.ignored.traits);
  }
  accepted_count_ = static_cast<int>(accepted_.size());
  for (const Accepted& accepted : accepted_) partly_late_ += accepted.verdict->partly_late ? 1 : 0;
  for (const DayVerdict* const verdict : verdicts_.taken()) {
    for (const int window : verdict->windows) DeltaOf(window, verdict->kind);
  }
  own_deltas_ = deltas.size();
  folded_.Fold();
  // From here on it matters who is known or has opted out.
  parts_.acknowledged.RemoveKnown(folded_.subjects(), folded_.columns());
  folded_.ClearOptedOut();
  AddPositions();
  folded_.DropEmpty();
  // A window under another key learns of ours by an empty delta: aggregate then
  // knows that it is incomplete.
  for (const DayVerdicts::Mismatch& mismatch : verdicts_.mismatches()) {
    DeltaOf(mismatch.window, mismatch.kind);
  }
}

Reason ActivityBatch::JudgeOne(int index, const ActivityView& activity, Judging& judging) {
  const Admission admission = Admit(activity, parts_.catalog, judging.last_second, judging.ignored);
  if (admission.refusal != ingest::v1::REASON_UNSPECIFIED) return admission.refusal;
  const int kind = admission.shape->kind;
  const auto& subject = std::get<SubjectId>(admission.subject);
  const Day day = verdicts_.DayOf(activity.seconds);
  const DayVerdict& verdict = verdicts_.Of(day, kind);
  if (verdict.refusal != ingest::v1::REASON_UNSPECIFIED) return verdict.refusal;
  if (!judging.KnowsOptOuts(kind)) return ingest::v1::REASON_OPT_OUTS_UNREADABLE;

  accepted_.push_back({index, &verdict});
  const Digest digest = judging.digester.Compute(policy->scope(kind), subject);
  const bool added = folded_.Add({digest, static_cast<int32_t>(day - kEpoch)}, verdict,
                                 tables_.ColumnsOf(*admission.shape));
  if (added && judging.OptedOut(kind, subject)) folded_.OptOutLast();
  return ingest::v1::REASON_UNSPECIFIED;
}

void ActivityBatch::Reject(int index, Reason reason) {
  FillRejection(index, reason, policy->first_day(), *response_.add_rejections());
  key_missing_ += reason == ingest::v1::REASON_KEY_MISSING ? 1 : 0;
  parts_.counters.refused_activities[static_cast<size_t>(reason)].fetch_add(
      1, std::memory_order_relaxed);
}

void ActivityBatch::AddPositions() {
  const size_t words = tables_.layout().words();
  std::vector<uint64_t> wanted(static_cast<size_t>(policy->window_count()) * words);
  std::vector<int> windows;
  folded_.ForEachSubject([&](absl::Span<const size_t> entries) {
    windows.clear();
    // What the subject did on any of a window's days.
    for (const size_t entry : entries) {
      if (folded_.IsEmpty(entry)) continue;
      for (const int window : folded_.verdict(entry).windows) {
        windows.push_back(window);
        uint64_t* const own = &wanted[static_cast<size_t>(window) * words];
        for (size_t w = 0; w < words; ++w) own[w] |= folded_.columns(entry)[w];
      }
    }
    for (const int window : windows) {
      AddPositions(window, folded_.verdict(entries.front()).kind,
                   folded_.subjects()[entries.front()].digest,
                   &wanted[static_cast<size_t>(window) * words]);
    }
  });
}

void ActivityBatch::AddPositions(int window_index, int kind, const Digest& digest,
                                 uint64_t* columns) {
  const PolicyWindow& window = policy->window(window_index);
  const KindSlots& slots = window.kinds[static_cast<size_t>(kind)];
  const bool is_day = window.window.kind == WindowKind::kDay;
  const ColumnLayout& layout = tables_.layout();
  const auto tables = tables_.Of(kind, window.window.kind);
  uint64_t* const own = columns + (is_day ? layout.reach_words : 0);
  BatchDelta& delta = DeltaOf(window_index, kind);
  for (size_t w = 0; w < (is_day ? layout.day_words : layout.reach_words); ++w) {
    while (own[w] != 0) {
      const CatalogTable& table = *tables[w * 64 + static_cast<size_t>(absl::countr_zero(own[w]))];
      const uint64_t slot = window.hash.Hash(table.salt, digest) & slots.slot_mask;
      for (const uint32_t column : table.columns) {
        uint64_t& word = own[column / 64];
        const uint64_t bit = uint64_t{1} << (column % 64);
        if ((word & bit) == 0) continue;
        word &= ~bit;
        if (slot >= slots.kept) continue;
        delta.positions.push_back(column * slots.kept + static_cast<uint32_t>(slot));
      }
    }
  }
  std::fill_n(columns, layout.words(), 0);
}

BatchDelta& ActivityBatch::DeltaOf(int window, int kind) {
  const size_t kinds = parts_.catalog.kinds().size();
  uint32_t& place = delta_index_[static_cast<size_t>(window) * kinds + static_cast<size_t>(kind)];
  if (place == 0) {
    deltas.emplace_back();
    deltas.back().window = window;
    deltas.back().kind = kind;
    place = static_cast<uint32_t>(deltas.size());
  }
  return deltas[place - 1];
}

absl::Status ActivityBatch::judged() const {
  if (opt_outs_unreadable_) {
    return BatchRefused(absl::StatusCode::kUnavailable, ingest::v1::REASON_OPT_OUTS_UNREADABLE,
                        "activities",
                        "this ingest cannot read who has opted out: retry with backoff; an "
                        "operator must put an undamaged opt-out list back");
  }
  if (!accepted_.empty() || key_missing_ == 0) return absl::OkStatus();
  return BatchRefused(absl::StatusCode::kFailedPrecondition, ingest::v1::REASON_KEY_MISSING,
                      "activities",
                      "this ingest has no key for windows that are open: an operator must rotate "
                      "the keyring, or extend it for the back-fill");
}

void ActivityBatch::Drop() { done_(CallerGone()); }

void ActivityBatch::Settle(const absl::Status& status) {
  if (!status.ok()) {
    settled_ = RefusedByAggregate(status);
    return;
  }
  settled_ = CheckOutcomes();
  const bool all_merged = std::all_of(deltas.begin(), deltas.end(), [](const BatchDelta& delta) {
    return delta.outcome == aggregate::v1::DELTA_OUTCOME_MERGED;
  });
  // Of a part of the store that is away there is nothing to learn.
  const bool outdated = std::any_of(deltas.begin(), deltas.end(), [](const BatchDelta& delta) {
    return delta.outcome != aggregate::v1::DELTA_OUTCOME_MERGED &&
           delta.outcome != aggregate::v1::DELTA_OUTCOME_UNAVAILABLE;
  });
  if (outdated) parts_.policies.Invalidate(policy->organization());
  if (!settled_.ok()) return;
  if (!all_merged) {
    Reconsider();
    SortRejections();
  }
  parts_.acknowledged.Add(folded_.subjects(), folded_.columns());
  parts_.counters.accepted_activities.fetch_add(static_cast<uint64_t>(accepted_count_),
                                                std::memory_order_relaxed);
  response_.set_accepted_count(accepted_count_);
  response_.set_partly_late_count(partly_late_);
}

absl::Status ActivityBatch::CheckOutcomes() const {
  for (size_t i = 0; i < own_deltas_; ++i) {
    switch (deltas[i].outcome) {
      case aggregate::v1::DELTA_OUTCOME_MERGED:
      case aggregate::v1::DELTA_OUTCOME_LATE:
      case aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH:
        break;
      case aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE:
        return BatchRefused(absl::StatusCode::kFailedPrecondition,
                            ingest::v1::REASON_ORGANIZATION_NOT_ACTIVE, "organization",
                            "the organisation was paused or erased meanwhile");
      case aggregate::v1::DELTA_OUTCOME_UNAVAILABLE:
        return RefusedByAggregate(absl::UnavailableError(""));
      default:
        return BatchRefused(absl::StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE,
                            "",
                            "the organisation's windows changed meanwhile: send the batch again");
    }
  }
  return absl::OkStatus();
}

ActivityBatch::Outcome ActivityBatch::OutcomeOf(const DayVerdict& verdict) {
  Outcome outcome;
  for (const int window : verdict.windows) {
    const DeltaOutcome merge = DeltaOf(window, verdict.kind).outcome;
    outcome.merged |= merge == aggregate::v1::DELTA_OUTCOME_MERGED;
    outcome.late |= merge == aggregate::v1::DELTA_OUTCOME_LATE;
    outcome.incomplete |= merge == aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH;
  }
  return outcome;
}

void ActivityBatch::Reconsider() {
  for (const auto& [index, verdict] : accepted_) {
    const Outcome outcome = OutcomeOf(*verdict);
    if (outcome.merged) {
      partly_late_ += outcome.late && !verdict->partly_late ? 1 : 0;
      continue;
    }
    --accepted_count_;
    partly_late_ -= verdict->partly_late ? 1 : 0;
    Reject(index,
           outcome.incomplete ? ingest::v1::REASON_WINDOW_INCOMPLETE : ingest::v1::REASON_LATE);
  }
  // Nothing of these is durable, so the cache must learn nothing.
  for (size_t i = 0; i < folded_.size(); ++i) {
    if (!OutcomeOf(folded_.verdict(i)).merged) folded_.Clear(i);
  }
  folded_.DropEmpty();
}

void ActivityBatch::SortRejections() {
  std::sort(response_.mutable_rejections()->pointer_begin(),
            response_.mutable_rejections()->pointer_end(),
            [](const auto* a, const auto* b) { return a->index() < b->index(); });
}

}  // namespace tutti
