#include "services/ingest/delta_coalescer.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/window/window_proto.h"

namespace tutti {

namespace {

// A look at many takes a while.
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(100);

}  // namespace

using aggregate::v1::DeltaOutcome;
using aggregate::v1::MergeDeltasRequest;
using aggregate::v1::MergeDeltasResponse;

// One delta of a flush: what all its batches bring to one bitmap.
struct DeltaCoalescer::Outgoing {
  const OrganizationPolicy* policy = nullptr;  // of the first batch; all agree
  const BatchDelta* example = nullptr;         // of the first batch; all agree
  std::vector<uint32_t> positions;
  std::vector<BatchDelta*> sources;
  absl::Status sent;                                                // of the first piece's call
  DeltaOutcome outcome = aggregate::v1::DELTA_OUTCOME_UNSPECIFIED;  // of the first piece
  bool all_merged = true;                                           // the other pieces
};

// The positions [begin, end) of one delta, as one call carries them.
struct DeltaCoalescer::Piece {
  size_t outgoing = 0;
  size_t begin = 0;
  size_t end = 0;
  bool first = true;  // of its delta
};

// What one tick sends, in one or several calls.
struct DeltaCoalescer::Flush {
  std::vector<std::unique_ptr<PendingBatch>> batches;
  std::vector<Outgoing> outgoing;
  size_t activities = 0;
  size_t activities_in_flight = 0;  // with those of others, when it began
  uint64_t answer_tick = 0;         // the first that may answer it
  absl::Duration begin;
  absl::Duration call_limit;

  std::mutex mutex;
  size_t calls_left = 0;  // guarded by mutex
  absl::Status status;    // the first error that is everybody's; guarded by mutex
};

bool DeltaCoalescer::WouldWaitInVain() const {
  const auto ahead = static_cast<double>(pending_activities_ + activities_in_flight_);
  const double rounds = 1 + ahead / static_cast<double>(flights_.value());
  return rounds * flights_.took() > limits_.patience * 3 / 4;
}

size_t DeltaCoalescer::Room() const {
  if (in_flight_ == 0) return std::min(limits_.flush_activities, flights_.value());
  if (in_flight_ >= limits_.max_flushes_in_flight || activities_in_flight_ >= flights_.value()) {
    return 0;
  }
  return std::min(limits_.flush_activities, flights_.value() - activities_in_flight_);
}

bool DeltaCoalescer::Submit(std::unique_ptr<PendingBatch>& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() >= limits_.max_pending_batches ||
        (!pending_.empty() &&
         (pending_activities_ + batch->activities > limits_.max_pending_activities ||
          WouldWaitInVain()))) {
      return false;
    }
    pending_activities_ += batch->activities;
    pending_.push_back({std::move(batch), clock_.SinceStart()});
  }
  if (std::shared_ptr<Flush> flush = Begin(limits_.flush_activities)) Send(flush);
  return true;
}

void DeltaCoalescer::AnswerWritten(uint64_t tick) {
  std::vector<std::shared_ptr<Flush>> due;
  {
    const std::lock_guard lock(mutex_);
    const auto later = std::stable_partition(
        written_.begin(), written_.end(),
        [tick](const std::shared_ptr<Flush>& flush) { return flush->answer_tick <= tick; });
    due.assign(written_.begin(), later);
    written_.erase(written_.begin(), later);
  }
  for (const std::shared_ptr<Flush>& flush : due) {
    for (const std::unique_ptr<PendingBatch>& batch : flush->batches) batch->Answer();
  }
}

size_t DeltaCoalescer::pending_batches() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return pending_.size();
}

void DeltaCoalescer::AnswerWritten() { AnswerWritten(UINT64_MAX); }

void DeltaCoalescer::Tick() {
  uint64_t tick = 0;
  {
    const std::lock_guard lock(mutex_);
    tick = ++ticks_;
  }
  AnswerWritten(tick);
  DropGone();
  size_t least = 0;
  while (std::shared_ptr<Flush> flush = Begin(least)) {
    Send(flush);
    least = limits_.flush_activities;
  }
}

void DeltaCoalescer::DropGone() {
  std::deque<Waiting> gone;
  {
    const std::lock_guard lock(mutex_);
    const absl::Duration now = clock_.SinceStart();
    if (Room() > 0 || now - looked_for_gone_ < kBetweenLooks) return;
    looked_for_gone_ = now;
    const auto first = std::stable_partition(
        pending_.begin(), pending_.end(),
        [](const Waiting& waiting) { return waiting.batch->remaining() > absl::ZeroDuration(); });
    std::move(first, pending_.end(), std::back_inserter(gone));
    pending_.erase(first, pending_.end());
    for (const Waiting& one : gone) pending_activities_ -= one.batch->activities;
  }
  for (const Waiting& one : gone) one.batch->Drop();
}

std::shared_ptr<DeltaCoalescer::Flush> DeltaCoalescer::Begin(size_t min_activities) {
  Batches gone;
  std::shared_ptr<Flush> flush = Take(min_activities, gone);
  for (const std::unique_ptr<PendingBatch>& batch : gone) batch->Drop();
  return flush;
}

std::shared_ptr<DeltaCoalescer::Flush> DeltaCoalescer::Take(size_t min_activities, Batches& gone) {
  const std::lock_guard lock(mutex_);
  const size_t room = Room();
  if (pending_.empty() || pending_activities_ < min_activities || room == 0) return nullptr;
  auto flush = std::make_shared<Flush>();
  flush->begin = clock_.SinceStart();
  absl::Duration since;
  absl::Duration longest;
  while (!pending_.empty()) {
    Waiting& next = pending_.front();
    const size_t activities = next.batch->activities;
    const absl::Duration remaining = next.batch->remaining();
    const bool waits = remaining > absl::ZeroDuration();
    // One is sent however large it is, when nothing else is under way.
    const bool alone = in_flight_ == 0 && flush->batches.empty();
    if (waits && !alone && flush->activities + activities > room) break;
    if (waits && flush->batches.empty()) since = next.since;
    if (waits) flush->activities += activities;
    longest = std::max(longest, remaining);
    pending_activities_ -= activities;
    (waits ? flush->batches : gone).push_back(std::move(next.batch));
    pending_.pop_front();
  }
  if (flush->batches.empty()) return nullptr;
  flush->call_limit = std::min(since + limits_.patience - flush->begin, longest);
  flush->answer_tick = ticks_ + (flush->activities < limits_.large_activities ? 1 : 2);
  ++in_flight_;
  activities_in_flight_ += flush->activities;
  flush->activities_in_flight = activities_in_flight_;
  return flush;
}

void DeltaCoalescer::Merge(Flush& flush) const {
  using Key = std::tuple<absl::string_view, Window, int, KeyId, uint32_t>;
  absl::flat_hash_map<Key, size_t> index;
  for (const std::unique_ptr<PendingBatch>& batch : flush.batches) {
    for (BatchDelta& delta : batch->deltas) {
      const PolicyWindow& window = batch->policy->window(delta.window);
      const auto [entry, added] = index.try_emplace(
          Key(batch->policy->organization(), window.window, delta.kind, window.hash.key_id(),
              window.kinds[static_cast<size_t>(delta.kind)].kept_log2),
          flush.outgoing.size());
      if (added) flush.outgoing.emplace_back();
      Outgoing& outgoing = flush.outgoing[entry->second];
      if (added) outgoing.policy = batch->policy.get();
      if (added) outgoing.example = &delta;
      outgoing.sources.push_back(&delta);
      if (outgoing.positions.empty()) {
        outgoing.positions.swap(delta.positions);
      } else {
        outgoing.positions.insert(outgoing.positions.end(), delta.positions.begin(),
                                  delta.positions.end());
      }
    }
  }
  for (Outgoing& outgoing : flush.outgoing) {
    std::vector<uint32_t>& positions = outgoing.positions;
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  }
}

void DeltaCoalescer::Send(const std::shared_ptr<Flush>& flush) {
  Merge(*flush);
  // The first piece of each delta, from which its outcome follows, goes out in a call that
  // follows from how many deltas there are, though it may be left without positions there.
  std::vector<std::vector<Piece>> calls;
  std::vector<Piece> rests;
  size_t room = 0;
  const auto begin_call = [&] {
    calls.emplace_back();
    room = limits_.call_positions;
  };
  for (size_t i = 0; i < flush->outgoing.size(); ++i) {
    if (i % limits_.call_deltas == 0) begin_call();
    const size_t size = flush->outgoing[i].positions.size();
    const size_t end = std::min(size, room);
    calls.back().push_back({i, 0, end, true});
    room -= end;
    if (end < size) rests.push_back({i, end, size, false});
  }
  if (!rests.empty()) begin_call();
  for (Piece& rest : rests) {
    while (rest.begin < rest.end) {
      if (room == 0 || calls.back().size() >= limits_.call_deltas) begin_call();
      const size_t end = std::min(rest.end, rest.begin + room);
      calls.back().push_back({rest.outgoing, rest.begin, end, false});
      room -= end - rest.begin;
      rest.begin = end;
    }
  }
  flush->calls_left = calls.size();
  for (std::vector<Piece>& pieces : calls) SendCall(flush, std::move(pieces));
}

void DeltaCoalescer::SendCall(const std::shared_ptr<Flush>& flush, std::vector<Piece> pieces) {
  MergeDeltasRequest request;
  request.mutable_deltas()->Reserve(static_cast<int>(pieces.size()));
  for (const Piece& piece : pieces) {
    const Outgoing& outgoing = flush->outgoing[piece.outgoing];
    const PolicyWindow& window = outgoing.policy->window(outgoing.example->window);
    const auto kind = static_cast<size_t>(outgoing.example->kind);
    aggregate::v1::WindowDelta& delta = *request.add_deltas();
    delta.set_organization(outgoing.policy->organization());
    SetWindow(window.window, delta);
    delta.set_kind(catalog_.kinds()[kind].proto->id());
    const KeyId& id = window.hash.key_id();
    delta.set_key_id(id.data(), id.size());
    delta.set_kept_slots_log2(window.kinds[kind].kept_log2);
    const uint32_t* const positions = outgoing.positions.data();
    delta.mutable_positions()->Add(positions + piece.begin, positions + piece.end);
  }
  client_.Merge(
      std::move(request), flush->call_limit,
      [this, flush,
       pieces = std::move(pieces)](const absl::StatusOr<MergeDeltasResponse>& response) {
        bool done = false;
        {
          const std::lock_guard lock(flush->mutex);
          absl::Status sent = response.status();
          if (sent.ok() && static_cast<size_t>(response->outcomes_size()) != pieces.size()) {
            sent = absl::InternalError("aggregate's answer lacks outcomes");
          }
          for (size_t i = 0; i < pieces.size(); ++i) {
            Outgoing& outgoing = flush->outgoing[pieces[i].outgoing];
            if (!pieces[i].first) flush->status.Update(sent);
            if (pieces[i].first) outgoing.sent = sent;
            if (!sent.ok()) continue;
            const DeltaOutcome outcome = response->outcomes(static_cast<int>(i));
            if (pieces[i].first) {
              outgoing.outcome = outcome;
            } else {
              outgoing.all_merged &= outcome == aggregate::v1::DELTA_OUTCOME_MERGED;
            }
          }
          done = --flush->calls_left == 0;
        }
        if (done) Complete(flush);
      });
}

void DeltaCoalescer::Complete(const std::shared_ptr<Flush>& flush) {
  for (Outgoing& outgoing : flush->outgoing) {
    // What became of the window meanwhile shows when the batch is sent again.
    if (outgoing.outcome == aggregate::v1::DELTA_OUTCOME_MERGED && !outgoing.all_merged) {
      outgoing.outcome = aggregate::v1::DELTA_OUTCOME_UNSPECIFIED;
    }
    for (BatchDelta* source : outgoing.sources) {
      source->sent = outgoing.sent;
      source->outcome = outgoing.outcome;
    }
  }
  for (const std::unique_ptr<PendingBatch>& batch : flush->batches) {
    absl::Status status = flush->status;
    for (const BatchDelta& delta : batch->deltas) status.Update(delta.sent);
    batch->Settle(status);
  }
  const std::lock_guard lock(mutex_);
  --in_flight_;
  const size_t beside = std::max(flush->activities_in_flight, activities_in_flight_);
  activities_in_flight_ -= flush->activities;
  flights_.Note(flush->begin, clock_.SinceStart(), flush->activities, beside);
  written_.push_back(flush);
}

}  // namespace tutti
