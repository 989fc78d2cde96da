#include "services/score/score_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/rpc/error_details.h"
#include "common/scoring/peer_benchmark.h"
#include "common/scoring/score_change.h"
#include "common/scoring/score_views.h"
#include "common/scoring/score_words.h"
#include "common/scoring/table_breakdown.h"
#include "common/status/status_macros.h"
#include "common/window/schedule.h"
#include "services/score/recommendations.h"

namespace tutti {
namespace {

using publication::v1::Publication;

// Most of what they do is to wait for the store.
constexpr int kWorkers = 4;

absl::Status NothingPublished() {
  return WithReason(
      absl::NotFoundError("nothing is published: there is no such organisation, or its "
                          "first window of 28 full days has not closed yet"),
      score::v1::REASON_NOTHING_PUBLISHED);
}

absl::Status NoSuchWindow() {
  return WithReason(absl::NotFoundError("no record was published for that day; see ListScores"),
                    score::v1::REASON_NO_SUCH_WINDOW);
}

absl::Status FromStore(const absl::Status& status) {
  return absl::IsUnavailable(status) ? WithReason(status, score::v1::REASON_STORE_UNAVAILABLE)
                                     : status;
}

// The breakdown of one table, by index, under the name of its score.
absl::StatusOr<score::v1::Table> NamedBreakdown(const Catalog& catalog, const Publication& record,
                                                const std::string& score_name, int table) {
  ASSIGN_OR_RETURN(score::v1::Table rows, BreakDown(catalog, record, table));
  rows.set_name(absl::StrCat(score_name, "/tables/", catalog.table(table).proto->id()));
  return rows;
}

AnswerKind ScoreKind(AnswerView view) {
  return view == AnswerView::kBasic ? AnswerKind::kBasicScore : AnswerKind::kFullScore;
}

std::string ScoreNameOf(const std::string& organization, Day end_day) {
  return absl::StrCat("organizations/", organization, "/scores/", FormatDay(end_day));
}

}  // namespace

ScoreReader::ScoreReader(PublicationReader& publications, CohortStore& cohorts,
                         std::vector<const Catalog*> catalogs, const SteadyClock& clock,
                         size_t cached_bytes)
    : publications_(publications),
      cohorts_(cohorts),
      catalogs_(std::move(catalogs)),
      cache_(cached_bytes),
      days_([this](
                absl::Span<const PublicationQuery> queries) { return publications_.Find(queries); },
            clock, workers_),
      indexes_(
          [this](absl::Span<const std::string> organizations) {
            return ReadIndexes(organizations);
          },
          clock, workers_),
      workers_(kWorkers) {
  for (const Catalog* catalog : catalogs_) {
    score::v1::GetCatalogResponse response;
    *response.mutable_catalog() = WordsOf(*catalog);
    words_[catalog->fingerprint()] =
        std::make_shared<const std::string>(response.SerializeAsString());
  }
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::GetCatalog(const std::string& fingerprint) const {
  const auto found =
      words_.find(fingerprint.empty() ? catalogs_.front()->fingerprint() : fingerprint);
  if (found != words_.end()) return found->second;
  return WithReason(
      absl::NotFoundError(
          "this service runs on no catalogue of that fingerprint: take the one that its "
          "latest answer names, or leave it empty; for older answers, start the service "
          "with --past_catalogs"),
      score::v1::REASON_CATALOG_UNKNOWN);
}

absl::StatusOr<std::vector<std::optional<ScoreReader::Index>>> ScoreReader::ReadIndexes(
    absl::Span<const std::string> organizations) {
  std::vector<std::optional<Index>> indexes;
  indexes.reserve(organizations.size());
  for (const std::string& organization : organizations) {
    ASSIGN_OR_RETURN(std::vector<Day> days, publications_.ListEndDays(organization));
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
    if (!day.ok()) return done(FromStore(day.status()));
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

absl::StatusOr<std::vector<Day>> ScoreReader::ReadIndex(const std::string& organization) {
  absl::StatusOr<std::vector<Day>> index = publications_.ListEndDays(organization);
  if (!index.ok()) return FromStore(index.status());
  if (index->empty()) return NothingPublished();
  return index;
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
  ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(organization, end_day));
  Publication record;
  if (!record.ParseFromString(bytes)) {
    return absl::DataLossError("a published record cannot be read");
  }
  return record;
}

absl::StatusOr<const Catalog*> ScoreReader::CatalogOf(const Publication& record) const {
  const auto counted =
      std::find_if(catalogs_.begin(), catalogs_.end(),
                   [&](const Catalog* catalog) { return IsCountedBy(*catalog, record); });
  if (counted != catalogs_.end()) {
    // What is shown follows the first that counts alike, also what an older one names.
    return *std::find_if(catalogs_.begin(), catalogs_.end(), [&](const Catalog* catalog) {
      return catalog->counting_fingerprint() == (*counted)->counting_fingerprint();
    });
  }
  return WithReason(
      absl::FailedPreconditionError(
          "the record was counted by a catalogue that this service does not have; start "
          "it with --past_catalogs"),
      score::v1::REASON_CATALOG_MISMATCH);
}

absl::StatusOr<std::optional<ScoredPublication>> ScoreReader::ScoreBase(
    const std::string& organization, std::optional<Day> end_day, const Catalog& catalog) {
  if (!end_day.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const Publication record, ReadRecord(organization, *end_day));
  // Like is compared with like.
  const absl::StatusOr<const Catalog*> counted = CatalogOf(record);
  if (!counted.ok() || *counted != &catalog) return std::nullopt;
  return ScorePublication(catalog, record);
}

absl::StatusOr<score::v1::Score> ScoreReader::Compute(const std::string& organization,
                                                      Day end_day) {
  ASSIGN_OR_RETURN(const std::vector<Day> index, ReadIndex(organization));
  ASSIGN_OR_RETURN(const Publication record, ReadRecord(organization, end_day));
  ASSIGN_OR_RETURN(const Catalog* const catalog, CatalogOf(record));
  ASSIGN_OR_RETURN(ScoredPublication scored, ScorePublication(*catalog, record));
  ASSIGN_OR_RETURN(const auto change,
                   ScoreBase(organization, ChangeBase(index, end_day), *catalog));
  if (change.has_value()) AddChanges(*change, scored);
  ASSIGN_OR_RETURN(const auto trend, ScoreBase(organization, TrendBase(index, end_day), *catalog));
  if (trend.has_value()) AddTrend(*trend, scored);
  return std::move(scored.score);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeScore(const AnswerKey& key) {
  absl::StatusOr<score::v1::Score> score = Compute(key.organization, key.end_day);
  if (!score.ok()) return score.status();
  score::v1::GetScoreResponse response;
  *response.mutable_score() = *std::move(score);
  Answer full = cache_.Keep({key.organization, key.end_day, AnswerKind::kFullScore, ""},
                            response.SerializeAsString());
  ReduceToBasic(*response.mutable_score());
  Answer basic = cache_.Keep({key.organization, key.end_day, AnswerKind::kBasicScore, ""},
                             response.SerializeAsString());
  return key.kind == AnswerKind::kFullScore ? full : basic;
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::ScoreOf(const std::string& organization,
                                                         Day end_day, AnswerView view) {
  const AnswerKey key{organization, end_day, ScoreKind(view), ""};
  return cache_.Get(key, [&] { return MakeScore(key); });
}

void ScoreReader::GetScore(const ScoreName& name, AnswerView view, const Done& done) {
  Reply(name, ScoreKind(view), &ScoreReader::MakeScore, done);
}

absl::StatusOr<std::optional<ScoreReader::Page>> ScoreReader::MakePage(
    const PageQuery& query, const std::vector<Day>& index, bool only_kept) {
  auto end = query.before.has_value() ? std::lower_bound(index.begin(), index.end(), *query.before)
                                      : index.end();
  Page page;
  size_t bytes = 0;
  while (end != index.begin() && page.scores.size() < static_cast<size_t>(query.limit)) {
    const Day day = *(end - 1);
    Answer kept = cache_.Find({query.organization, day, ScoreKind(query.view), ""});
    if (kept == nullptr && only_kept) return std::nullopt;
    ASSIGN_OR_RETURN(Answer answer, kept != nullptr ? std::move(kept)
                                                    : ScoreOf(query.organization, day, query.view));
    bytes += answer->size();
    if (bytes > kMaxPageBytes && !page.scores.empty()) break;
    page.scores.push_back({day, std::move(answer)});
    --end;
  }
  page.more = end != index.begin();
  return page;
}

void ScoreReader::ListScores(const PageQuery& query,
                             const std::function<void(const absl::StatusOr<Page>&)>& done) {
  indexes_.Ask(query.organization, [this, query,
                                    done](const absl::StatusOr<std::optional<Index>>& index) {
    if (!index.ok()) return done(FromStore(index.status()));
    if (!index->has_value()) return done(NothingPublished());
    if (auto page = MakePage(query, ***index, /*only_kept=*/true); page.ok() && page->has_value()) {
      return done(**std::move(page));
    }
    workers_.Run([this, query, done, days = **index] {
      auto page = MakePage(query, *days, /*only_kept=*/false);
      done(page.ok() ? absl::StatusOr<Page>(**std::move(page)) : page.status());
    });
  });
}

absl::StatusOr<std::vector<ScoreReader::Dated>> ScoreReader::ScoresAfter(
    const std::string& organization, std::optional<Day> after, AnswerView view) {
  const absl::StatusOr<std::vector<Day>> index = publications_.ListEndDays(organization);
  if (!index.ok()) return FromStore(index.status());
  std::vector<Dated> scores;
  auto day = after.has_value() ? std::upper_bound(index->begin(), index->end(), *after)
                               : index->end() - (index->empty() ? 0 : 1);
  size_t bytes = 0;
  for (; day != index->end() && bytes < kMaxPageBytes; ++day) {
    ASSIGN_OR_RETURN(Answer answer, ScoreOf(organization, *day, view));
    bytes += answer->size();
    scores.push_back({*day, std::move(answer)});
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

void ScoreReader::GetTable(const ScoreName& name, AnswerView view, const Done& done) {
  Reply(name, view == AnswerView::kBasic ? AnswerKind::kBasicTable : AnswerKind::kFullTable,
        &ScoreReader::MakeTable, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeTable(const AnswerKey& key) {
  ASSIGN_OR_RETURN(const Publication record, ReadRecord(key.organization, key.end_day));
  ASSIGN_OR_RETURN(const Catalog* const catalog, CatalogOf(record));
  const int index = catalog->FindTable(key.table);
  if (index < 0) {
    return WithReason(absl::NotFoundError("the catalogue has no such table; see ListTables"),
                      score::v1::REASON_TABLE_UNKNOWN);
  }
  ASSIGN_OR_RETURN(
      score::v1::Table table,
      NamedBreakdown(*catalog, record, ScoreNameOf(key.organization, key.end_day), index));
  score::v1::GetTableResponse response;
  *response.mutable_table() = std::move(table);
  if (key.kind == AnswerKind::kBasicTable) ReduceToBasic(*response.mutable_table());
  return cache_.Keep(key, response.SerializeAsString());
}

void ScoreReader::ListTables(const ScoreName& name, const Done& done) {
  Reply(name, AnswerKind::kTables, &ScoreReader::MakeTables, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeTables(const AnswerKey& key) {
  ASSIGN_OR_RETURN(const Publication record, ReadRecord(key.organization, key.end_day));
  ASSIGN_OR_RETURN(const Catalog* const catalog, CatalogOf(record));
  score::v1::ListTablesResponse response;
  const int count = static_cast<int>(catalog->tables().size());
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(
        score::v1::Table table,
        NamedBreakdown(*catalog, record, ScoreNameOf(key.organization, key.end_day), i));
    *response.add_tables() = std::move(table);
  }
  return cache_.Keep(key, response.SerializeAsString());
}

void ScoreReader::Recommend(const ScoreName& name, const Done& done) {
  Reply(name, AnswerKind::kRecommendations, &ScoreReader::MakeRecommendations, done);
}

absl::StatusOr<ScoreReader::Answer> ScoreReader::MakeRecommendations(const AnswerKey& key) {
  const absl::StatusOr<score::v1::Score> score = Compute(key.organization, key.end_day);
  if (!score.ok()) return score.status();
  score::v1::ListRecommendationsResponse response;
  for (auto& recommendation : RecommendActions(*catalogs_.front(), *score)) {
    *response.add_recommendations() = std::move(recommendation);
  }
  response.set_notice(score->notice());
  return cache_.Keep(key, response.SerializeAsString());
}

absl::StatusOr<score::v1::GetBenchmarkResponse> ScoreReader::Benchmark(const ScoreName& name) {
  ASSIGN_OR_RETURN(const std::vector<Day> index, ReadIndex(name.organization));
  // Cohorts are of every fourth week and come some days later than scores.
  Day end_day = LastFourWeeklyEnd(name.end_day.value_or(index.back()));
  for (int tries = 0; tries < 2; ++tries, end_day -= 28) {
    if (!std::binary_search(index.begin(), index.end(), end_day)) continue;
    ASSIGN_OR_RETURN(const Publication record, ReadRecord(name.organization, end_day));
    ASSIGN_OR_RETURN(const Catalog* const catalog, CatalogOf(record));
    ASSIGN_OR_RETURN(const ScoredPublication own, ScorePublication(*catalog, record));
    for (const PeerGroup& group : PeerGroupsOf(record)) {
      const absl::StatusOr<std::string> bytes = cohorts_.Read(end_day, group.id);
      if (absl::IsNotFound(bytes.status())) continue;
      if (!bytes.ok()) return FromStore(bytes.status());
      ASSIGN_OR_RETURN(const auto cohort, ReadCohort(*bytes, end_day));
      auto mean = MeanOfOthers(cohort, name.organization, own.score);
      if (!mean.has_value()) continue;
      mean->set_cohort(group.words);
      mean->set_end_day(cohort.end_day());
      mean->set_notice(own.score.notice());
      return *std::move(mean);
    }
  }
  return score::v1::GetBenchmarkResponse();
}

absl::StatusOr<std::optional<Publication>> ScoreReader::Latest(const std::string& organization) {
  const absl::StatusOr<Day> latest = publications_.LatestEndDay(organization);
  if (absl::IsNotFound(latest.status())) return std::nullopt;
  if (!latest.ok()) return FromStore(latest.status());
  ASSIGN_OR_RETURN(Publication record, ReadRecord(organization, *latest));
  return record;
}

}  // namespace tutti
