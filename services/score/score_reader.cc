#include "services/score/score_reader.h"

#include <algorithm>
#include <utility>

#include "common/scoring/score_views.h"
#include "common/status/status_macros.h"
#include "services/score/score_error.h"

namespace tutti {
namespace {

// Most of what they do is to wait for the store.
constexpr int kWorkers = 4;

AnswerKind ScoreKind(AnswerView view) {
  return view == AnswerView::kBasic ? AnswerKind::kBasicScore : AnswerKind::kFullScore;
}

}  // namespace

ScoreReader::ScoreReader(RecordReader& records, const RecordCatalogs& catalogs,
                         const SteadyClock& clock, size_t cached_bytes)
    : records_(records),
      maker_(records, catalogs),
      cache_(cached_bytes),
      days_([this](absl::Span<const PublicationQuery> queries) { return records_.Find(queries); },
            clock, workers_),
      indexes_(
          [this](absl::Span<const std::string> organizations) {
            return ReadIndexes(organizations);
          },
          clock, workers_),
      workers_(kWorkers) {}

absl::StatusOr<std::vector<std::optional<ScoreReader::Index>>> ScoreReader::ReadIndexes(
    absl::Span<const std::string> organizations) {
  std::vector<std::optional<Index>> indexes;
  indexes.reserve(organizations.size());
  for (const std::string& organization : organizations) {
    ASSIGN_OR_RETURN(std::vector<Day> days, records_.EndDays(organization));
    indexes.push_back(days.empty() ? std::nullopt
                                   : std::make_optional(std::make_shared<const std::vector<Day>>(
                                         std::move(days))));
  }
  return indexes;
}

void ScoreReader::FindDay(const ScoreName& name,
                          std::function<void(const absl::StatusOr<Day>&)> done) {
  days_.Ask({name.organization, name.end_day}, [this, name, done = std::move(done)](
                                                   const absl::StatusOr<std::optional<Day>>& day) {
    if (!day.ok()) return done(day.status());
    if (day->has_value()) return done(**day);
    if (!name.end_day.has_value()) return done(NothingPublished());
    // The answer differs when there is nothing at all.
    FindDay({name.organization, std::nullopt, ""}, [done](const absl::StatusOr<Day>& latest) {
      done(latest.ok() ? NoSuchWindow() : latest.status());
    });
  });
}

void ScoreReader::Reply(const ScoreName& name, AnswerKind kind, Make make, const Done& done) {
  // Most calls end here.
  if (const auto day = days_.Fresh({name.organization, name.end_day}); day.has_value()) {
    if (Answer kept = cache_.Find({name.organization, *day, kind, name.table}); kept != nullptr) {
      return done(std::move(kept));
    }
  }
  FindDay(name, [this, name, kind, make, done](const absl::StatusOr<Day>& day) {
    if (!day.ok()) return done(day.status());
    const AnswerKey key{name.organization, *day, kind, name.table};
    if (Answer kept = cache_.Find(key); kept != nullptr) return done(std::move(kept));
    workers_.Run([this, key, make, done] {
      cache_.Get(
          key, [&] { return (this->*make)(key); }, done);
    });
  });
}

ScoreReader::Answer ScoreReader::Keep(const AnswerKey& key, score::v1::Score score) {
  score::v1::GetScoreResponse response;
  *response.mutable_score() = std::move(score);
  Answer full = cache_.Keep({key.organization, key.end_day, AnswerKind::kFullScore, ""},
                            response.SerializeAsString());
  ReduceToBasic(*response.mutable_score());
  Answer basic = cache_.Keep({key.organization, key.end_day, AnswerKind::kBasicScore, ""},
                             response.SerializeAsString());
  return key.kind == AnswerKind::kFullScore ? full : basic;
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeScore(const AnswerKey& key) {
  ASSIGN_OR_RETURN(score::v1::Score score, maker_.MakeScore(key.organization, key.end_day));
  return Keep(key, std::move(score));
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::ScoreOf(const AnswerKey& key,
                                                         ScoreHistory& history) {
  return cache_.Get(key, [&]() -> absl::StatusOr<Answer> {
    ASSIGN_OR_RETURN(score::v1::Score score, history.ScoreOf(key.end_day));
    return Keep(key, std::move(score));
  });
}

void ScoreReader::GetScore(const ScoreName& name, AnswerView view, const Done& done) {
  Reply(name, ScoreKind(view), &ScoreReader::MakeScore, done);
}

absl::StatusOr<std::optional<ScoreReader::Page>> ScoreReader::MakePage(
    const PageQuery& query, const std::vector<Day>& index, ScoreHistory* history) {
  auto end = query.before.has_value() ? std::lower_bound(index.begin(), index.end(), *query.before)
                                      : index.end();
  Page page;
  size_t bytes = 0;
  while (end != index.begin() && page.scores.size() < static_cast<size_t>(query.limit)) {
    const Day day = *(end - 1);
    const AnswerKey key{query.organization, day, ScoreKind(query.view), ""};
    Answer kept = cache_.Find(key);
    if (kept == nullptr && history == nullptr) return std::nullopt;
    ASSIGN_OR_RETURN(Answer answer, kept != nullptr ? std::move(kept) : ScoreOf(key, *history));
    bytes += answer->size();
    if (bytes > kMaxPageBytes && !page.scores.empty()) break;
    page.scores.push_back({day, std::move(answer)});
    --end;
  }
  page.more = end != index.begin();
  return page;
}

void ScoreReader::ListScores(const PageQuery& query, const PageDone& done) {
  indexes_.Ask(query.organization,
               [this, query, done](const absl::StatusOr<std::optional<Index>>& index) {
                 if (!index.ok()) return done(index.status());
                 if (!index->has_value()) return done(NothingPublished());
                 if (auto page = MakePage(query, ***index, /*history=*/nullptr);
                     page.ok() && page->has_value()) {
                   return done(**std::move(page));
                 }
                 workers_.Run([this, query, done, days = **index] {
                   const auto together =
                       std::min(static_cast<size_t>(query.limit), RecordReader::kMostReadTogether);
                   ScoreHistory history = maker_.HistoryOf(query.organization, *days, together - 1);
                   auto page = MakePage(query, *days, &history);
                   done(page.ok() ? absl::StatusOr<Page>(**std::move(page)) : page.status());
                 });
               });
}

absl::StatusOr<std::vector<ScoreReader::Dated>> ScoreReader::ScoresAfter(
    const std::string& organization, std::optional<Day> after, AnswerView view) {
  ASSIGN_OR_RETURN(const std::vector<Day> index, records_.EndDays(organization));
  ScoreHistory history = maker_.HistoryOf(organization, index, /*ahead=*/0);
  std::vector<Dated> scores;
  auto day = after.has_value() ? std::upper_bound(index.begin(), index.end(), *after)
                               : index.end() - (index.empty() ? 0 : 1);
  size_t bytes = 0;
  for (; day != index.end() && bytes < kMaxPageBytes; ++day) {
    ASSIGN_OR_RETURN(Answer answer, ScoreOf({organization, *day, ScoreKind(view), ""}, history));
    bytes += answer->size();
    scores.push_back({*day, std::move(answer)});
  }
  return scores;
}

void ScoreReader::GetTable(const ScoreName& name, AnswerView view, const Done& done) {
  Reply(name, view == AnswerView::kBasic ? AnswerKind::kBasicTable : AnswerKind::kFullTable,
        &ScoreReader::MakeTable, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeTable(const AnswerKey& key) {
  score::v1::GetTableResponse response;
  ASSIGN_OR_RETURN(*response.mutable_table(),
                   maker_.MakeTable(key.organization, key.end_day, key.table));
  if (key.kind == AnswerKind::kBasicTable) ReduceToBasic(*response.mutable_table());
  return cache_.Keep(key, response.SerializeAsString());
}

void ScoreReader::ListTables(const ScoreName& name, const Done& done) {
  Reply(name, AnswerKind::kTables, &ScoreReader::MakeTables, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeTables(const AnswerKey& key) {
  ASSIGN_OR_RETURN(const score::v1::ListTablesResponse tables,
                   maker_.MakeTables(key.organization, key.end_day));
  return cache_.Keep(key, tables.SerializeAsString());
}

void ScoreReader::Recommend(const ScoreName& name, const Done& done) {
  Reply(name, AnswerKind::kRecommendations, &ScoreReader::MakeRecommendations, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeRecommendations(const AnswerKey& key) {
  // They are made of the score that is kept: a score is computed once, whatever is asked of it.
  const AnswerKey full{key.organization, key.end_day, AnswerKind::kFullScore, ""};
  ASSIGN_OR_RETURN(const Answer answer, cache_.Get(full, [&] { return MakeScore(full); }));
  score::v1::GetScoreResponse response;
  if (!response.ParseFromString(*answer)) return absl::InternalError("a kept score does not parse");
  return cache_.Keep(key, maker_.MakeRecommendations(response.score()).SerializeAsString());
}

}  // namespace tutti
