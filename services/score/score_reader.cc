#include "services/score/score_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/rpc/error_details.h"
#include "common/scoring/peer_benchmark.h"
#include "common/scoring/score_change.h"
#include "common/scoring/table_breakdown.h"
#include "common/window/schedule.h"
#include "services/score/recommendations.h"

namespace tutti {
namespace {

using publication::v1::Publication;

absl::Status Error(const absl::Status& status, score::v1::Reason reason) {
  return WithReason(status, "score.tutti",
                    score::v1::Reason_Name(reason).substr(sizeof("REASON_") - 1));
}

absl::Status NothingPublished() {
  return Error(absl::NotFoundError("nothing is published: there is no such organisation, or its "
                                   "first window of 28 full days has not closed yet"),
               score::v1::REASON_NOTHING_PUBLISHED);
}

absl::Status NoSuchWindow() {
  return Error(absl::NotFoundError("no record was published for that day; see ListScores"),
               score::v1::REASON_NO_SUCH_WINDOW);
}

absl::Status FromStore(const absl::Status& status) {
  return absl::IsUnavailable(status) ? Error(status, score::v1::REASON_STORE_UNAVAILABLE) : status;
}

// The breakdown of one table, by index, under the name of its score.
absl::StatusOr<score::v1::Table> NamedBreakdown(const Catalog& catalog, const Publication& record,
                                                const std::string& score_name, int table) {
  absl::StatusOr<score::v1::Table> rows = BreakDown(catalog, record, table);
  if (!rows.ok()) return rows.status();
  rows->set_name(absl::StrCat(score_name, "/tables/",
                              catalog.tables()[static_cast<size_t>(table)].proto->id()));
  return rows;
}

std::string ScoreNameOf(const std::string& organization, Day end_day) {
  return absl::StrCat("organizations/", organization, "/scores/", FormatDay(end_day));
}

}  // namespace

ScoreReader::ScoreReader(PublicationReader& publications, CohortStore& cohorts,
                         std::vector<const Catalog*> catalogs, size_t cached_bytes)
    : publications_(publications),
      cohorts_(cohorts),
      lookup_(publications),
      catalogs_(std::move(catalogs)),
      max_bytes_(cached_bytes) {}

absl::StatusOr<std::vector<Day>> ScoreReader::ReadIndex(const std::string& organization) {
  absl::StatusOr<std::vector<Day>> index = publications_.ListEndDays(organization);
  if (!index.ok()) return FromStore(index.status());
  if (index->empty()) return NothingPublished();
  return index;
}

absl::StatusOr<Day> ScoreReader::EndDayOf(const ScoreName& name) {
  if (name.end_day.has_value()) return *name.end_day;
  absl::StatusOr<Day> latest = publications_.LatestEndDay(name.organization);
  if (absl::IsNotFound(latest.status())) return NothingPublished();
  if (!latest.ok()) return FromStore(latest.status());
  return latest;
}

absl::StatusOr<std::string> ScoreReader::ReadBytes(const std::string& organization, Day end_day) {
  absl::StatusOr<std::vector<std::string>> bytes =
      publications_.Read(organization, absl::MakeConstSpan(&end_day, 1));
  if (absl::IsNotFound(bytes.status())) {
    // The answer differs when there is nothing at all.
    const absl::StatusOr<std::vector<Day>> index = ReadIndex(organization);
    return index.ok() ? NoSuchWindow() : index.status();
  }
  if (!bytes.ok()) return FromStore(bytes.status());
  return std::move(bytes->front());
}

absl::StatusOr<Publication> ScoreReader::ReadRecord(const std::string& organization, Day end_day) {
  const absl::StatusOr<std::string> bytes = ReadBytes(organization, end_day);
  if (!bytes.ok()) return bytes.status();
  Publication record;
  if (!record.ParseFromString(*bytes)) {
    return absl::DataLossError("a published record cannot be read");
  }
  return record;
}

absl::StatusOr<const Catalog*> ScoreReader::CatalogOf(const Publication& record) const {
  for (const Catalog* catalog : catalogs_) {
    if (catalog->fingerprint() == record.catalog_fingerprint()) return catalog;
  }
  return Error(absl::FailedPreconditionError(
                   "the record was counted by a catalogue that this service does not have; start "
                   "it with --past_catalogs"),
               score::v1::REASON_CATALOG_MISMATCH);
}

ScoreReader::Answer ScoreReader::FindKept(const Key& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, found->second.age);
  return found->second.answer;
}

ScoreReader::Answer ScoreReader::Keep(const Key& key, std::string answer) {
  auto kept = std::make_shared<const std::string>(std::move(answer));
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [slot, fresh] = answers_.try_emplace(key);
  // Another call made the same.
  if (!fresh) return slot->second.answer;
  ages_.push_front(key);
  slot->second = {kept, ages_.begin()};
  bytes_ += kept->size();
  while (bytes_ > max_bytes_ && ages_.size() > 1) {
    const auto oldest = answers_.find(ages_.back());
    bytes_ -= oldest->second.answer->size();
    answers_.erase(oldest);
    ages_.pop_back();
  }
  return kept;
}

absl::StatusOr<std::optional<ScoredPublication>> ScoreReader::ScoreBase(
    const std::string& organization, std::optional<Day> end_day, const Catalog& catalog) {
  if (!end_day.has_value()) return std::nullopt;
  const absl::StatusOr<Publication> record = ReadRecord(organization, *end_day);
  if (!record.ok()) return record.status();
  // Like is compared with like.
  if (record->catalog_fingerprint() != catalog.fingerprint()) return std::nullopt;
  return ScorePublication(catalog, *record);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::Compute(const std::string& organization,
                                                         Day end_day,
                                                         const std::vector<Day>& index) {
  const absl::StatusOr<Publication> record = ReadRecord(organization, end_day);
  if (!record.ok()) return record.status();
  const absl::StatusOr<const Catalog*> catalog = CatalogOf(*record);
  if (!catalog.ok()) return catalog.status();
  absl::StatusOr<ScoredPublication> scored = ScorePublication(**catalog, *record);
  if (!scored.ok()) return scored.status();
  const auto change = ScoreBase(organization, ChangeBase(index, end_day), **catalog);
  if (!change.ok()) return change.status();
  if (change->has_value()) AddChanges(**change, *scored);
  const auto trend = ScoreBase(organization, TrendBase(index, end_day), **catalog);
  if (!trend.ok()) return trend.status();
  if (trend->has_value()) AddTrend(**trend, *scored);
  score::v1::GetScoreResponse response;
  *response.mutable_score() = std::move(scored->score);
  return Keep({organization, end_day}, response.SerializeAsString());
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::AnswerOf(const std::string& organization,
                                                          Day end_day,
                                                          const std::vector<Day>& index) {
  if (Answer kept = FindKept({organization, end_day}); kept != nullptr) return kept;
  return Compute(organization, end_day, index);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::GetScore(const ScoreName& name) {
  const absl::StatusOr<Day> end_day = EndDayOf(name);
  if (!end_day.ok()) return end_day.status();
  if (Answer kept = FindKept({name.organization, *end_day}); kept != nullptr) {
    if (!name.end_day.has_value()) return kept;  // the store was just asked
    const absl::StatusOr<std::string> bytes = ReadBytes(name.organization, *end_day);
    if (!bytes.ok()) return bytes.status();
    return kept;
  }
  const absl::StatusOr<std::vector<Day>> index = ReadIndex(name.organization);
  if (!index.ok()) return index.status();
  return Compute(name.organization, *end_day, *index);
}

void ScoreReader::GetScore(const ScoreName& name,
                           std::function<void(const absl::StatusOr<Answer>&)> done) {
  lookup_.Ask({name.organization, name.end_day},
              [this, name, done = std::move(done)](const absl::StatusOr<std::optional<Day>>& day) {
                if (!day.ok()) return done(FromStore(day.status()));
                if (day->has_value()) {
                  if (Answer kept = FindKept({name.organization, **day}); kept != nullptr) {
                    return done(std::move(kept));
                  }
                }
                // Once for each record, or to say why there is none.
                done(GetScore(name));
              });
}

absl::StatusOr<std::vector<ScoreReader::Answer>> ScoreReader::ListScores(
    const std::string& organization, std::optional<Day> before, int limit, bool& more) {
  const absl::StatusOr<std::vector<Day>> index = ReadIndex(organization);
  if (!index.ok()) return index.status();
  auto end =
      before.has_value() ? std::lower_bound(index->begin(), index->end(), *before) : index->end();
  std::vector<Answer> answers;
  size_t bytes = 0;
  while (end != index->begin() && answers.size() < static_cast<size_t>(limit)) {
    absl::StatusOr<Answer> answer = AnswerOf(organization, *(end - 1), *index);
    if (!answer.ok()) return answer.status();
    bytes += (*answer)->size();
    if (bytes > kMaxPageBytes && !answers.empty()) break;
    answers.push_back(*std::move(answer));
    --end;
  }
  more = end != index->begin();
  return answers;
}

absl::StatusOr<std::vector<ScoreReader::Dated>> ScoreReader::ScoresAfter(
    const std::string& organization, std::optional<Day> after) {
  const absl::StatusOr<std::vector<Day>> index = publications_.ListEndDays(organization);
  if (!index.ok()) return FromStore(index.status());
  std::vector<Dated> scores;
  auto day = after.has_value() ? std::upper_bound(index->begin(), index->end(), *after)
                               : index->end() - (index->empty() ? 0 : 1);
  for (; day != index->end(); ++day) {
    absl::StatusOr<Answer> answer = AnswerOf(organization, *day, *index);
    if (!answer.ok()) return answer.status();
    scores.push_back({*day, *std::move(answer)});
  }
  return scores;
}

absl::StatusOr<std::vector<std::optional<Day>>> ScoreReader::LatestDays(
    absl::Span<const std::string> organizations) {
  std::vector<PublicationQuery> queries;
  queries.reserve(organizations.size());
  for (const std::string& organization : organizations) queries.push_back({organization, {}});
  absl::StatusOr<std::vector<std::optional<Day>>> days = publications_.Find(queries);
  if (!days.ok()) return FromStore(days.status());
  return days;
}

absl::StatusOr<score::v1::Table> ScoreReader::GetTable(const ScoreName& name) {
  const absl::StatusOr<Day> end_day = EndDayOf(name);
  if (!end_day.ok()) return end_day.status();
  const absl::StatusOr<Publication> record = ReadRecord(name.organization, *end_day);
  if (!record.ok()) return record.status();
  const absl::StatusOr<const Catalog*> catalog = CatalogOf(*record);
  if (!catalog.ok()) return catalog.status();
  const int table = (*catalog)->FindTable(name.table);
  if (table < 0) {
    return Error(absl::NotFoundError("the catalogue has no such table; see ListTables"),
                 score::v1::REASON_TABLE_UNKNOWN);
  }
  return NamedBreakdown(**catalog, *record, ScoreNameOf(name.organization, *end_day), table);
}

absl::StatusOr<std::vector<score::v1::Table>> ScoreReader::ListTables(const ScoreName& name) {
  const absl::StatusOr<Day> end_day = EndDayOf(name);
  if (!end_day.ok()) return end_day.status();
  const absl::StatusOr<Publication> record = ReadRecord(name.organization, *end_day);
  if (!record.ok()) return record.status();
  const absl::StatusOr<const Catalog*> catalog = CatalogOf(*record);
  if (!catalog.ok()) return catalog.status();
  std::vector<score::v1::Table> tables;
  const int count = static_cast<int>((*catalog)->tables().size());
  tables.reserve((*catalog)->tables().size());
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<score::v1::Table> table =
        NamedBreakdown(**catalog, *record, ScoreNameOf(name.organization, *end_day), i);
    if (!table.ok()) return table.status();
    tables.push_back(*std::move(table));
  }
  return tables;
}

absl::StatusOr<score::v1::ListRecommendationsResponse> ScoreReader::Recommend(
    const ScoreName& name) {
  const absl::StatusOr<Answer> answer = GetScore(name);
  if (!answer.ok()) return answer.status();
  score::v1::GetScoreResponse response;
  if (!response.ParseFromString(**answer)) return absl::InternalError("a kept score is broken");
  score::v1::ListRecommendationsResponse out;
  for (auto& recommendation : RecommendActions(*catalogs_.front(), response.score())) {
    *out.add_recommendations() = std::move(recommendation);
  }
  out.set_notice(response.score().notice());
  return out;
}

absl::StatusOr<score::v1::GetBenchmarkResponse> ScoreReader::Benchmark(const ScoreName& name) {
  const absl::StatusOr<std::vector<Day>> index = ReadIndex(name.organization);
  if (!index.ok()) return index.status();
  // Cohorts are of every fourth week and come some days later than scores.
  Day end_day = LastFourWeeklyEnd(name.end_day.value_or(index->back()));
  for (int tries = 0; tries < 2; ++tries, end_day -= 28) {
    if (!std::binary_search(index->begin(), index->end(), end_day)) continue;
    const absl::StatusOr<Publication> record = ReadRecord(name.organization, end_day);
    if (!record.ok()) return record.status();
    const absl::StatusOr<Answer> answer = GetScore({name.organization, end_day, ""});
    if (!answer.ok()) return answer.status();
    score::v1::GetScoreResponse own;
    if (!own.ParseFromString(**answer)) return absl::InternalError("a kept score is broken");
    for (const PeerGroup& group : PeerGroupsOf(*record)) {
      const absl::StatusOr<std::string> bytes = cohorts_.Read(end_day, group.id);
      if (absl::IsNotFound(bytes.status())) continue;
      if (!bytes.ok()) return FromStore(bytes.status());
      const auto cohort = ReadCohort(*bytes, end_day);
      if (!cohort.ok()) return cohort.status();
      auto mean = MeanOfOthers(*cohort, name.organization, own.score());
      if (!mean.has_value()) continue;
      mean->set_cohort(group.words);
      mean->set_end_day(cohort->end_day());
      mean->set_notice(own.score().notice());
      return *std::move(mean);
    }
  }
  return score::v1::GetBenchmarkResponse();
}

absl::StatusOr<std::optional<Publication>> ScoreReader::Latest(const std::string& organization) {
  const absl::StatusOr<Day> latest = publications_.LatestEndDay(organization);
  if (absl::IsNotFound(latest.status())) return std::nullopt;
  if (!latest.ok()) return FromStore(latest.status());
  absl::StatusOr<Publication> record = ReadRecord(organization, *latest);
  if (!record.ok()) return record.status();
  return *std::move(record);
}

}  // namespace tutti
