#include "services/score/score_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rpc/error_details.h"
#include "common/window/window.h"
#include "services/score/score_builder.h"

namespace tutti {
namespace {

using publication::v1::Publication;
using score::v1::Score;

constexpr size_t kMaxCached = 20'000;
constexpr int kTrendDays = 180;

absl::Status Error(absl::Status status, score::v1::Reason reason) {
  return WithReason(std::move(status), "score.tutti",
                    score::v1::Reason_Name(reason).substr(sizeof("REASON_") - 1));
}

absl::Status NothingPublished() {
  return Error(absl::NotFoundError("nothing is published: there is no such organisation, or its "
                                   "first window of 28 full days has not closed yet"),
               score::v1::REASON_NOTHING_PUBLISHED);
}

absl::Status FromStore(const absl::Status& status) {
  return absl::IsUnavailable(status) ? Error(status, score::v1::REASON_STORE_UNAVAILABLE) : status;
}

}  // namespace

absl::StatusOr<std::vector<Day>> ScoreReader::ReadIndex(const std::string& organization) {
  absl::StatusOr<std::vector<Day>> index = publications_.ListEndDays(organization);
  if (!index.ok()) return FromStore(index.status());
  if (index->empty()) return NothingPublished();
  return index;
}

absl::StatusOr<Publication> ScoreReader::ReadRecord(const std::string& organization, Day end_day) {
  const absl::StatusOr<std::vector<std::string>> bytes =
      publications_.Read(organization, absl::MakeConstSpan(&end_day, 1));
  if (absl::IsNotFound(bytes.status())) return NothingPublished();
  if (!bytes.ok()) return FromStore(bytes.status());
  Publication record;
  if (!record.ParseFromString(bytes->front())) {
    return absl::DataLossError("a published record cannot be read");
  }
  if (record.catalog_fingerprint() != catalog_.fingerprint()) {
    return Error(absl::FailedPreconditionError(
                     "the record was counted by another catalogue than this service runs"),
                 score::v1::REASON_CATALOG_MISMATCH);
  }
  return record;
}

absl::StatusOr<std::shared_ptr<const ScoreReader::Entry>> ScoreReader::Load(
    const std::string& organization, Day end_day, const std::vector<Day>& index) {
  const Key key(organization, end_day);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = cache_.find(key);
    if (found != cache_.end()) {
      ages_.splice(ages_.begin(), ages_, found->second.second);
      return found->second.first;
    }
  }
  absl::StatusOr<Publication> record = ReadRecord(organization, end_day);
  if (!record.ok()) return record.status();
  auto entry = std::make_shared<Entry>();
  entry->end_day = end_day;
  entry->record = *std::move(record);
  auto score = std::make_shared<Score>(BuildScore(catalog_, entry->record));
  const auto earlier = [&](int days) -> absl::StatusOr<std::optional<Score>> {
    // The record of exactly so many days ago, or the last before that, at most a
    // window away.
    const auto after = std::upper_bound(index.begin(), index.end(), end_day - days);
    if (after == index.begin() || end_day - days - *(after - 1) >= kReachDays) return std::nullopt;
    absl::StatusOr<Publication> before = ReadRecord(organization, *(after - 1));
    // A record of an older catalogue cannot be compared.
    if (absl::IsFailedPrecondition(before.status())) return std::nullopt;
    if (!before.ok()) return before.status();
    return BuildScore(catalog_, *before);
  };
  const absl::StatusOr<std::optional<Score>> last = earlier(kReachDays);
  if (!last.ok()) return last.status();
  if (last->has_value()) AddChanges(**last, *score);
  const absl::StatusOr<std::optional<Score>> old = earlier(kTrendDays);
  if (!old.ok()) return old.status();
  if (old->has_value()) AddTrend(**old, *score);
  entry->score = std::move(score);

  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [slot, fresh] = cache_.try_emplace(key);
  if (fresh) {
    ages_.push_front(key);
    slot->second = {entry, ages_.begin()};
  }
  std::shared_ptr<const Entry> result = slot->second.first;
  while (cache_.size() > kMaxCached) {
    cache_.erase(ages_.back());
    ages_.pop_back();
  }
  return result;
}

absl::StatusOr<std::shared_ptr<const ScoreReader::Entry>> ScoreReader::LoadNamed(
    const ScoreName& name) {
  const absl::StatusOr<std::vector<Day>> index = ReadIndex(name.organization);
  if (!index.ok()) return index.status();
  const Day end_day = name.end_day.value_or(index->back());
  if (!std::binary_search(index->begin(), index->end(), end_day)) {
    return Error(absl::NotFoundError("no record was published for that day; see ListScores"),
                 score::v1::REASON_NO_SUCH_WINDOW);
  }
  return Load(name.organization, end_day, *index);
}

absl::StatusOr<std::shared_ptr<const Score>> ScoreReader::GetScore(const ScoreName& name) {
  const absl::StatusOr<std::shared_ptr<const Entry>> entry = LoadNamed(name);
  if (!entry.ok()) return entry.status();
  return (*entry)->score;
}

absl::StatusOr<std::vector<std::shared_ptr<const Score>>> ScoreReader::ListScores(
    const std::string& organization, std::optional<Day> before, int limit, bool& more) {
  const absl::StatusOr<std::vector<Day>> index = ReadIndex(organization);
  if (!index.ok()) return index.status();
  auto end =
      before.has_value() ? std::lower_bound(index->begin(), index->end(), *before) : index->end();
  std::vector<std::shared_ptr<const Score>> scores;
  while (end != index->begin() && static_cast<int>(scores.size()) < limit) {
    --end;
    const absl::StatusOr<std::shared_ptr<const Entry>> entry = Load(organization, *end, *index);
    if (!entry.ok()) return entry.status();
    scores.push_back((*entry)->score);
  }
  more = end != index->begin();
  return scores;
}

absl::StatusOr<score::v1::Table> ScoreReader::GetTable(const ScoreName& name) {
  const int table = catalog_.FindTable(name.table);
  if (table < 0 || catalog_.tables()[static_cast<size_t>(table)].is_habit()) {
    return Error(absl::NotFoundError("the catalogue has no such table, or it is a habit's"),
                 score::v1::REASON_TABLE_UNKNOWN);
  }
  const absl::StatusOr<std::shared_ptr<const Entry>> entry = LoadNamed(name);
  if (!entry.ok()) return entry.status();
  return BuildTable(catalog_, (*entry)->record, table);
}

absl::StatusOr<std::vector<score::v1::Recommendation>> ScoreReader::Recommend(
    const ScoreName& name) {
  const absl::StatusOr<std::shared_ptr<const Entry>> entry = LoadNamed(name);
  if (!entry.ok()) return entry.status();
  return BuildRecommendations(catalog_, (*entry)->record);
}

absl::StatusOr<std::optional<Publication>> ScoreReader::Latest(const std::string& organization) {
  const absl::StatusOr<std::shared_ptr<const Entry>> entry =
      LoadNamed({organization, std::nullopt, ""});
  if (absl::IsNotFound(entry.status())) return std::nullopt;
  if (!entry.ok()) return entry.status();
  return (*entry)->record;
}

}  // namespace tutti
