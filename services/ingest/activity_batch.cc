#include "services/ingest/activity_batch.h"

#include <sodium.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "common/identity/digester.h"
#include "common/identity/subject_id.h"
#include "common/keyring/opt_out_store.h"
#include "services/ingest/rejection.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;
using ingest::v1::Reason;

constexpr char kPersonKind[] = "person";
constexpr int64_t kFirstSecond = 946'684'800;    // 2000-01-01T00:00:00Z
constexpr int64_t kLastSecond = 32'503'679'999;  // 2999-12-31T23:59:59Z
constexpr absl::Duration kClockTolerance = absl::Minutes(5);
const Day kEpoch(1970, 1, 1);

Reason ReasonFor(SubjectFault fault) {
  switch (fault) {
    case SubjectFault::kMissing:
      return ingest::v1::REASON_SUBJECT_MISSING;
    case SubjectFault::kTooLong:
      return ingest::v1::REASON_SUBJECT_TOO_LONG;
    case SubjectFault::kMalformed:
      return ingest::v1::REASON_SUBJECT_MALFORMED;
  }
  return ingest::v1::REASON_SUBJECT_MALFORMED;
}

// The columns that a shape sets, as words of the cache; each shape is worked out
// once a batch.
class ShapeColumns {
 public:
  ShapeColumns(const Catalog& catalog, ColumnLayout layout) : catalog_(catalog), layout_(layout) {}

  // Good until the next call.
  const uint64_t* Of(const ActivityShape* shape) {
    const auto [entry, added] = offsets_.try_emplace(shape, words_.size());
    if (added) {
      words_.resize(words_.size() + layout_.words());
      Set(shape->reach, &words_[entry->second]);
      Set(shape->day, &words_[entry->second] + layout_.reach_words);
    }
    return &words_[entry->second];
  }

 private:
  void Set(const std::vector<TableHit>& hits, uint64_t* words) const {
    for (const TableHit& hit : hits) {
      const CatalogTable& table = catalog_.tables()[static_cast<size_t>(hit.table)];
      for (size_t f = 0; f < table.columns.size(); ++f) {
        const uint32_t column = table.columns[f];
        if (((hit.features >> f) & 1) != 0) words[column / 64] |= uint64_t{1} << (column % 64);
      }
    }
  }

  const Catalog& catalog_;
  const ColumnLayout layout_;
  absl::flat_hash_map<const ActivityShape*, size_t> offsets_;
  std::vector<uint64_t> words_;
};

}  // namespace

// What lives only while a batch is judged.
class ActivityBatch::Judging {
 public:
  Judging(const IngestParts& parts, ColumnLayout layout, const OrganizationPolicy& policy,
          absl::Time now)
      : digester(policy.keys()->digester().NewSession()),
        columns(parts.catalog, layout),
        last_second(absl::ToUnixSeconds(now + kClockTolerance)),
        person_kind_(parts.catalog.FindKind(kPersonKind)),
        opt_outs_(parts.opt_outs.snapshot()) {
    if (opt_outs_ != nullptr && opt_outs_->Has(policy.organization())) {
      opted_out_.emplace(opt_outs_->MembersOf(policy.organization()));
    }
  }

  // Whether it can be told who of a kind has opted out.
  bool KnowsOptOuts(int kind) const { return kind != person_kind_ || opt_outs_ != nullptr; }

  bool OptedOut(int kind, const SubjectId& subject) {
    return opted_out_.has_value() && kind == person_kind_ && opted_out_->Contain(subject);
  }

  Digester::Session digester;
  ShapeColumns columns;
  IgnoredTerms ignored;
  const int64_t last_second;  // that is not in the future

 private:
  const int person_kind_;
  const std::shared_ptr<const OptOutList> opt_outs_;
  std::optional<OptOutList::Members> opted_out_;
};

ActivityBatch::ActivityBatch(const IngestParts& parts, ColumnLayout layout,
                             std::shared_ptr<const OrganizationPolicy> organization_policy,
                             ingest::v1::IngestActivitiesResponse& response, Done done)
    : parts_(parts),
      layout_(layout),
      response_(response),
      done_(std::move(done)),
      now_(parts.clock.Now()),
      verdicts_(*organization_policy, parts.catalog, now_) {
  policy = std::move(organization_policy);
}

ActivityBatch::~ActivityBatch() {
  if (!subjects_.empty()) sodium_memzero(subjects_.data(), subjects_.size() * sizeof(SubjectDay));
}

void ActivityBatch::Judge(const BatchView& batch) {
  const size_t count = batch.size();
  fresh_.reserve(count);
  subjects_.reserve(count);
  columns_.reserve(count * layout_.words());
  Judging judging(parts_, layout_, *policy, now_);
  for (size_t i = 0; i < count; ++i) {
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
  accepted_ = static_cast<int>(fresh_.size());
  for (const Fresh& fresh : fresh_) partly_late_ += fresh.verdict->partly_late ? 1 : 0;
  // Whatever the cache says, the tick must name the organisation.
  if (!fresh_.empty()) DeltaOf(fresh_.front().verdict->windows.front(), fresh_.front().shape->kind);
  DropKnown();
  for (size_t i = 0; i < fresh_.size(); ++i) AddPositions(i);
  // A window under another key learns of ours by an empty delta: aggregate then
  // knows that it is incomplete.
  for (const DayVerdicts::Mismatch& mismatch : verdicts_.mismatches()) {
    DeltaOf(mismatch.window, mismatch.kind);
  }
  uint64_t positions = 0;
  for (const BatchDelta& delta : deltas) positions += delta.positions.size();
  parts_.counters.sent_positions.fetch_add(positions, std::memory_order_relaxed);
}

Reason ActivityBatch::JudgeOne(int index, const ActivityView& activity, Judging& judging) {
  if (activity.traits.size() > kMaxTraits) return ingest::v1::REASON_TOO_MANY_TRAITS;
  if (!activity.has_time || activity.seconds < kFirstSecond || activity.seconds > kLastSecond ||
      activity.nanos < 0 || activity.nanos > 999'999'999) {
    return ingest::v1::REASON_TIME_MISSING;
  }
  if (activity.seconds > judging.last_second) return ingest::v1::REASON_TIME_IN_FUTURE;
  const ActivityTraits traits = {activity.type, activity.app, activity.platform, activity.traits};
  const ActivityShape* const shape = parts_.catalog.Classify(traits, judging.ignored);
  if (shape == nullptr) return ingest::v1::REASON_TYPE_UNKNOWN;
  auto subject = SubjectId::Parse(activity.subject);
  if (const auto* fault = std::get_if<SubjectFault>(&subject)) return ReasonFor(*fault);
  const Day day = verdicts_.DayOf(activity.seconds);
  const DayVerdict& verdict = verdicts_.Of(day, shape->kind);
  if (verdict.refusal != ingest::v1::REASON_UNSPECIFIED) return verdict.refusal;
  if (!judging.KnowsOptOuts(shape->kind)) return ingest::v1::REASON_OPT_OUTS_UNREADABLE;

  fresh_.push_back({index, shape, &verdict});
  subjects_.push_back(
      {judging.digester.Compute(policy->scope(shape->kind), std::get<SubjectId>(subject)),
       static_cast<int32_t>(day - kEpoch)});
  if (judging.OptedOut(shape->kind, std::get<SubjectId>(subject))) {
    // Answered like something known: a producer must not learn who has opted out.
    columns_.resize(columns_.size() + layout_.words());
    return ingest::v1::REASON_UNSPECIFIED;
  }
  const uint64_t* const columns = judging.columns.Of(shape);
  columns_.insert(columns_.end(), columns, columns + layout_.words());
  return ingest::v1::REASON_UNSPECIFIED;
}

void ActivityBatch::Reject(int index, Reason reason) {
  FillRejection(index, reason, *response_.add_rejections());
  key_missing_ += reason == ingest::v1::REASON_KEY_MISSING ? 1 : 0;
  parts_.counters.refused_activities[static_cast<size_t>(reason)].fetch_add(
      1, std::memory_order_relaxed);
}

void ActivityBatch::DropKnown() {
  if (fresh_.empty()) return;
  parts_.acknowledged.RemoveKnown(subjects_, absl::MakeSpan(columns_));
  const size_t words = layout_.words();
  size_t kept = 0;
  for (size_t i = 0; i < fresh_.size(); ++i) {
    const uint64_t* const columns = &columns_[i * words];
    if (std::all_of(columns, columns + words, [](uint64_t word) { return word == 0; })) continue;
    if (kept != i) {
      fresh_[kept] = fresh_[i];
      subjects_[kept] = subjects_[i];
      std::copy(columns, columns + words, &columns_[kept * words]);
    }
    ++kept;
  }
  sodium_memzero(subjects_.data() + kept, (subjects_.size() - kept) * sizeof(SubjectDay));
  fresh_.resize(kept);
  subjects_.resize(kept);
  columns_.resize(kept * words);
}

void ActivityBatch::AddPositions(size_t fresh) {
  const ActivityShape& shape = *fresh_[fresh].shape;
  const Digest& digest = subjects_[fresh].digest;
  const uint64_t* const reach_columns = &columns_[fresh * layout_.words()];
  for (const int index : fresh_[fresh].verdict->windows) {
    const PolicyWindow& window = policy->window(index);
    const KindSlots& slots = window.kinds[static_cast<size_t>(shape.kind)];
    const bool is_day = window.window.kind == WindowKind::kDay;
    const uint64_t* const wanted = reach_columns + (is_day ? layout_.reach_words : 0);
    BatchDelta* delta = nullptr;
    for (const TableHit& hit : is_day ? shape.day : shape.reach) {
      const CatalogTable& table = parts_.catalog.tables()[static_cast<size_t>(hit.table)];
      std::optional<uint64_t> slot;
      for (size_t f = 0; f < table.columns.size(); ++f) {
        const uint32_t column = table.columns[f];
        if (((hit.features >> f) & 1) == 0 || ((wanted[column / 64] >> (column % 64)) & 1) == 0) {
          continue;
        }
        if (!slot.has_value()) slot = window.hash.Hash(table.salt, digest) & slots.slot_mask;
        if (delta == nullptr) delta = &DeltaOf(index, shape.kind);
        if (*slot >= slots.kept) break;
        delta->positions.push_back(column * slots.kept + static_cast<uint32_t>(*slot));
      }
    }
  }
}

BatchDelta& ActivityBatch::DeltaOf(int window, int kind) {
  const int64_t key = int64_t{window} * static_cast<int64_t>(parts_.catalog.kinds().size()) + kind;
  const auto [entry, added] = delta_index_.try_emplace(key, deltas.size());
  if (added) {
    deltas.emplace_back();
    deltas.back().window = window;
    deltas.back().kind = kind;
  }
  return deltas[entry->second];
}

std::optional<Refusal> ActivityBatch::refusal() const {
  if (opt_outs_unreadable_) {
    return Refusal{absl::StatusCode::kUnavailable, ingest::v1::REASON_OPT_OUTS_UNREADABLE,
                   "activities",
                   "this ingest cannot read who has opted out: retry with backoff; an operator "
                   "must put an undamaged opt-out list back"};
  }
  if (accepted_ > 0 || key_missing_ == 0) return std::nullopt;
  return Refusal{absl::StatusCode::kFailedPrecondition, ingest::v1::REASON_KEY_MISSING,
                 "activities",
                 "this ingest has no key for windows that are open: an operator must rotate the "
                 "keyring, or extend it for the back-fill"};
}

void ActivityBatch::Finish(const absl::Status& status) {
  if (!status.ok()) return done_(RefusalFrom(status));
  if (const std::optional<Refusal> refusal = RefusalOfOutcomes()) {
    parts_.policies.Invalidate(policy->organization());
    return done_(refusal);
  }
  const auto repeated = static_cast<uint64_t>(accepted_) - fresh_.size();
  const bool all_merged = std::all_of(deltas.begin(), deltas.end(), [](const BatchDelta& delta) {
    return delta.outcome == aggregate::v1::DELTA_OUTCOME_MERGED;
  });
  if (!all_merged) {
    parts_.policies.Invalidate(policy->organization());
    for (size_t i = 0; i < fresh_.size(); ++i) Reconsider(i);
    SortRejections();
  }
  parts_.acknowledged.Add(subjects_, columns_);
  parts_.counters.accepted_activities.fetch_add(static_cast<uint64_t>(accepted_),
                                                std::memory_order_relaxed);
  parts_.counters.repeated_activities.fetch_add(repeated, std::memory_order_relaxed);
  response_.set_accepted_count(accepted_);
  response_.set_partly_late_count(partly_late_);
  done_(std::nullopt);
}

std::optional<Refusal> ActivityBatch::RefusalOfOutcomes() const {
  for (const BatchDelta& delta : deltas) {
    switch (delta.outcome) {
      case aggregate::v1::DELTA_OUTCOME_MERGED:
      case aggregate::v1::DELTA_OUTCOME_LATE:
      case aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH:
        break;
      case aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE:
        return Refusal{absl::StatusCode::kFailedPrecondition,
                       ingest::v1::REASON_ORGANIZATION_NOT_ACTIVE, "organization",
                       "the organisation was paused or erased meanwhile"};
      default:
        return Refusal{absl::StatusCode::kUnavailable, ingest::v1::REASON_STORE_UNAVAILABLE, "",
                       "the organisation's windows changed meanwhile: send the batch again"};
    }
  }
  return std::nullopt;
}

DeltaOutcome ActivityBatch::OutcomeOf(int window, int kind) const {
  const int64_t key = int64_t{window} * static_cast<int64_t>(parts_.catalog.kinds().size()) + kind;
  const auto found = delta_index_.find(key);
  return found == delta_index_.end() ? aggregate::v1::DELTA_OUTCOME_MERGED
                                     : deltas[found->second].outcome;
}

void ActivityBatch::Reconsider(size_t index) {
  const Fresh& fresh = fresh_[index];
  bool merged = false;
  bool late = false;
  bool incomplete = false;
  for (const int window : fresh.verdict->windows) {
    const DeltaOutcome outcome = OutcomeOf(window, fresh.shape->kind);
    merged |= outcome == aggregate::v1::DELTA_OUTCOME_MERGED;
    late |= outcome == aggregate::v1::DELTA_OUTCOME_LATE;
    incomplete |= outcome == aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH;
  }
  if (merged) {
    partly_late_ += late && !fresh.verdict->partly_late ? 1 : 0;
    return;
  }
  // Nothing of it is durable, so the cache must learn nothing.
  std::fill_n(&columns_[index * layout_.words()], layout_.words(), uint64_t{0});
  --accepted_;
  partly_late_ -= fresh.verdict->partly_late ? 1 : 0;
  Reject(fresh.index, incomplete ? ingest::v1::REASON_WINDOW_INCOMPLETE : ingest::v1::REASON_LATE);
}

void ActivityBatch::SortRejections() {
  std::sort(response_.mutable_rejections()->pointer_begin(),
            response_.mutable_rejections()->pointer_end(),
            [](const auto* a, const auto* b) { return a->index() < b->index(); });
}

}  // namespace tutti
