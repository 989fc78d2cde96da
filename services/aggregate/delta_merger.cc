#include "services/aggregate/delta_merger.h"

#include <set>
#include <utility>

#include "absl/container/btree_map.h"
#include "common/status/graver.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "common/window/window_proto.h"

namespace tutti {

using aggregate::v1::DeltaOutcome;
using aggregate::v1::StoredOrganization;
using aggregate::v1::WindowDelta;

namespace {

absl::Status NobodyWaits() {
  return absl::CancelledError("the call was given up, or its deadline has passed");
}

}  // namespace

struct DeltaMerger::Judged {
  DeltaOutcome outcome = aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH;
  Window window;
  bool begins = false;       // the window must be bound to the delta's key first
  bool invalidates = false;  // the window must be marked incomplete
};

DeltaMerger::Judged DeltaMerger::JudgeOne(const ScheduledOrganization& organization,
                                          const WindowDelta& delta, absl::Time now) const {
  Judged judged;
  const absl::StatusOr<Window> window = WindowFrom(delta);
  const int kind = catalog_.FindKind(delta.kind());
  if (!window.ok() || kind < 0 || delta.key_id().empty()) return judged;
  judged.window = *window;
  if (!organization.TakesActivity()) {
    judged.outcome = aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE;
    return judged;
  }
  const Schedule& schedule = organization.schedule();
  if (!organization.Has(*window)) return judged;
  const bool backfilling = organization.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
  // What ingest took until the close is merged while its lease lasts, for which closers wait: how
  // long it was on its way, which depends on what was new, does not decide.
  if (organization.IsClosed(*window) ||
      (!backfilling && now >= organization.SettledTime(*window))) {
    judged.outcome = aggregate::v1::DELTA_OUTCOME_LATE;
    return judged;
  }
  // The caller's clock is ahead. Nothing goes into a window whose terms may yet change.
  if (now < schedule.OpenTime(*window)) return judged;
  const BitmapShape shape = organization.ShapeOf(catalog_.kind(kind), *window);
  if (shape.columns == 0 || shape.size.kept_log2 != delta.kept_slots_log2()) return judged;
  for (const uint32_t position : delta.positions()) {
    if (position >= shape.bits()) return judged;
  }
  judged.outcome = aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH;
  if (organization.LostKeyring(*window) || shape.incomplete) return judged;
  const aggregate::v1::BegunWindow* begun = organization.FindBegun(*window);
  if (begun != nullptr && begun->key_id() != delta.key_id()) {
    judged.invalidates = !begun->incomplete();
    return judged;
  }
  if (begun != nullptr && (begun->incomplete() || !HasBitmap(*begun, delta.kind()))) return judged;
  judged.begins = begun == nullptr;
  judged.outcome = aggregate::v1::DELTA_OUTCOME_MERGED;
  return judged;
}

absl::Status DeltaMerger::Record(const std::string& organization, absl::Span<const int> indexes,
                                 const aggregate::v1::MergeDeltasRequest& request) {
  std::set<Window> guarded;
  const auto change = [&](const ScheduledOrganization& current, StoredOrganization& next,
                          std::vector<NewBitmap>& bitmaps) {
    absl::btree_map<Window, aggregate::v1::BegunWindow*> begun;
    for (aggregate::v1::BegunWindow& window : *next.mutable_begun()) {
      if (absl::StatusOr<Window> key = WindowFrom(window); key.ok()) begun[*key] = &window;
    }
    for (const int index : indexes) {
      const WindowDelta& delta = request.deltas(index);
      // Anew: since it was judged, somebody may have paused the organisation, or closed the
      // window.
      const Judged judgement = JudgeOne(current, delta, clock_.Now());
      if (!judgement.begins && !judgement.invalidates) continue;
      if (guarded.count(judgement.window) > 0) continue;
      aggregate::v1::BegunWindow*& entry = begun[judgement.window];
      if (entry != nullptr) {
        if (entry->key_id() != delta.key_id()) entry->set_incomplete(true);
        continue;
      }
      entry = next.add_begun();
      SetWindow(judgement.window, *entry);
      entry->set_key_id(delta.key_id());
      for (const CatalogKind& kind : catalog_.kinds()) {
        const BitmapShape shape = current.ShapeOf(kind, judgement.window);
        if (shape.columns == 0 || shape.incomplete) continue;
        entry->add_kinds(kind.proto->id());
        bitmaps.push_back({{organization, judgement.window, kind.proto->id()}, shape.bits()});
      }
    }
    return absl::OkStatus();
  };
  // What can be begun is begun, however many others are closed.
  while (true) {
    const size_t known = guarded.size();
    absl::Status recorded = repository_.Modify(organization, change, nullptr, &guarded).status();
    if (!absl::IsFailedPrecondition(recorded) || guarded.size() == known) return recorded;
  }
}

absl::Status DeltaMerger::Judge(const std::string& organization, Known known,
                                absl::Span<const int> indexes,
                                const aggregate::v1::MergeDeltasRequest& request,
                                std::vector<Judged>& judged) {
  RETURN_IF_ERROR(known.status());
  const auto judge_all = [&] {
    const absl::Time now = clock_.Now();  // the same for all of them
    bool records = false;
    for (const int index : indexes) {
      Judged& judgement = judged[static_cast<size_t>(index)];
      judgement = JudgeOne(**known, request.deltas(index), now);
      records |= judgement.begins || judgement.invalidates;
    }
    return records;
  };
  if (!judge_all()) return absl::OkStatus();
  RETURN_IF_ERROR(Record(organization, indexes, request));
  known = repository_.Read(organization);
  RETURN_IF_ERROR(known.status());
  judge_all();
  return absl::OkStatus();
}

absl::Status DeltaMerger::MarkLost(const BitmapId& id) {
  return repository_
      .Modify(id.organization,
              [&](const ScheduledOrganization&, StoredOrganization& next, std::vector<NewBitmap>&) {
                for (aggregate::v1::BegunWindow& begun : *next.mutable_begun()) {
                  absl::StatusOr<Window> window = WindowFrom(begun);
                  if (!window.ok() || *window != id.window) continue;
                  if (HasBitmap(begun, id.kind)) begun.add_lost_kinds(id.kind);
                }
                return absl::OkStatus();
              })
      .status();
}

absl::Status DeltaMerger::Write(const aggregate::v1::MergeDeltasRequest& request,
                                std::vector<Judged>& judged) {
  std::vector<BitmapDelta> deltas;
  std::vector<size_t> origin;
  for (size_t i = 0; i < judged.size(); ++i) {
    if (judged[i].outcome != aggregate::v1::DELTA_OUTCOME_MERGED || judged[i].begins) continue;
    const WindowDelta& delta = request.deltas(static_cast<int>(i));
    deltas.push_back({{delta.organization(), judged[i].window, delta.kind()},
                      absl::MakeConstSpan(delta.positions())});
    origin.push_back(i);
  }
  const absl::StatusOr<std::vector<MergeOutcome>> merged = counters_.Merge(deltas);
  absl::Status failed = merged.status();
  for (size_t i = 0; i < origin.size(); ++i) {
    DeltaOutcome& outcome = judged[origin[i]].outcome;
    switch (merged.ok() ? (*merged)[i] : MergeOutcome::kUnavailable) {
      case MergeOutcome::kMerged:
        break;
      case MergeOutcome::kLate:
        outcome = aggregate::v1::DELTA_OUTCOME_LATE;
        break;
      case MergeOutcome::kUnavailable:
        outcome = aggregate::v1::DELTA_OUTCOME_UNAVAILABLE;
        break;
      case MergeOutcome::kMissing:
        const absl::Status lost = MarkLost(deltas[i].id);
        outcome = lost.ok()                ? aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH
                  : absl::IsNotFound(lost) ? aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE
                                           : aggregate::v1::DELTA_OUTCOME_UNAVAILABLE;
        if (!absl::IsNotFound(lost)) KeepGraver(lost, failed);
        break;
    }
  }
  return failed;
}

absl::StatusOr<std::vector<DeltaOutcome>> DeltaMerger::Merge(
    const aggregate::v1::MergeDeltasRequest& request, const std::function<bool()>& caller_gone) {
  std::vector<Judged> judged(static_cast<size_t>(request.deltas_size()));
  absl::btree_map<std::string, std::vector<int>> by_organization;
  for (int i = 0; i < request.deltas_size(); ++i) {
    by_organization[request.deltas(i).organization()].push_back(i);
  }
  std::vector<std::string> organizations;
  organizations.reserve(by_organization.size());
  for (const auto& [organization, indexes] : by_organization) organizations.push_back(organization);
  std::vector<Known> known = repository_.ReadCached(organizations);
  absl::Status failed;
  auto next = known.begin();
  for (const auto& [organization, indexes] : by_organization) {
    if (caller_gone()) return NobodyWaits();
    const absl::Status status = Judge(organization, std::move(*next++), indexes, request, judged);
    if (status.ok()) continue;
    // It may have been erased at any moment of this.
    const bool gone = absl::IsNotFound(status);
    if (!gone) KeepGraver(status, failed);
    for (const int index : indexes) {
      Judged& judgement = judged[static_cast<size_t>(index)];
      judgement = Judged();
      judgement.outcome =
          gone ? aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE : aggregate::v1::DELTA_OUTCOME_UNAVAILABLE;
    }
  }
  if (caller_gone()) return NobodyWaits();
  KeepGraver(Write(request, judged), failed);

  std::vector<DeltaOutcome> outcomes;
  outcomes.reserve(judged.size());
  bool known_of_any = false;
  for (const Judged& judgement : judged) {
    // A window that could not be begun was closed by somebody else.
    outcomes.push_back(judgement.begins ? aggregate::v1::DELTA_OUTCOME_LATE : judgement.outcome);
    known_of_any |= outcomes.back() != aggregate::v1::DELTA_OUTCOME_UNAVAILABLE;
  }
  if (failed.ok()) return outcomes;
  if (!known_of_any) return failed;
  // Who sent the deltas is told to send them again, which does not help here.
  if (!absl::IsUnavailable(failed) && lines_.Take(steady_clock_.SinceStart())) {
    LogError("deltas cannot be merged", {{"problem", std::string(failed.message())}});
  }
  return outcomes;
}

}  // namespace tutti
