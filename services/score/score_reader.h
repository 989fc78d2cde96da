#ifndef TUTTI_SERVICES_SCORE_SCORE_READER_H_
#define TUTTI_SERVICES_SCORE_SCORE_READER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/clock/clock.h"
#include "common/rpc/resource_name.h"
#include "common/storage/publication_store.h"
#include "services/score/answer_cache.h"
#include "services/score/answer_maker.h"
#include "services/score/coalesced_lookup.h"
#include "services/score/record_catalogs.h"
#include "services/score/record_reader.h"
#include "services/score/workers.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {

// How much of an answer is wanted.
enum class AnswerView : char { kBasic, kFull };

// Answers what published records come to. A record never changes, so the answer that was made of
// one is kept, serialised, up to a number of bytes. Which record is the latest, and that one was
// not erased, is asked of the store at most once in kFreshFor for each organisation, on behalf of
// all who ask; that nothing is published, for every call. Thread-safe. Errors carry a reason of
// score.v1.Reason.
//
// What takes a callback calls it once: on this thread when the answer is at hand, else on
// another.
class ScoreReader {
 public:
  // A serialised score.v1.GetScoreResponse or GetTableResponse. Their one field has the
  // number of the repeated one in ListScoresResponse and ListTablesResponse: several of
  // them in a row are that.
  using Answer = AnswerCache::Answer;
  using Done = AnswerCache::Done;
  // One who does not read it holds no more than a few times this.
  static constexpr size_t kMaxPageBytes = size_t{512} << 10;

  // References outlive this.
  ScoreReader(RecordReader& records, const RecordCatalogs& catalogs, const SteadyClock& clock,
              size_t cached_bytes = size_t{256} << 20);

  // NotFound when nothing is published, or not for that day.
  void GetScore(const ScoreName& name, AnswerView view, const Done& done);
  void GetTable(const ScoreName& name, AnswerView view, const Done& done);

  // A score with the day that it ends with.
  struct Dated {
    Day end_day;
    Answer answer;
  };

  // A page of scores, newest first.
  struct Page {
    std::vector<Dated> scores;
    bool more = false;  // whether there are older ones
  };
  using PageDone = std::function<void(const absl::StatusOr<Page>&)>;

  // Which page is wanted.
  struct PageQuery {
    std::string organization;
    std::optional<Day> before;  // absent: the newest
    int limit = 1;              // at least 1
    AnswerView view = AnswerView::kFull;
  };

  // The newest scores that end before a day, fewer when they come to more than
  // kMaxPageBytes.
  void ListScores(const PageQuery& query, const PageDone& done);

  // The scores that end after `after` (absent: the latest alone), oldest first, and no
  // more than come to kMaxPageBytes; empty when there are none. Asks the store, and waits.
  absl::StatusOr<std::vector<Dated>> ScoresAfter(const std::string& organization,
                                                 std::optional<Day> after, AnswerView view);

  // A serialised score.v1.ListTablesResponse: every table of one record, in the order of the
  // catalogue.
  void ListTables(const ScoreName& name, const Done& done);

  // A serialised score.v1.ListRecommendationsResponse: what the organisation can do, the
  // most room first.
  void Recommend(const ScoreName& name, const Done& done);

 private:
  using Index = std::shared_ptr<const std::vector<Day>>;  // ascending, never empty

  // The day that a name means, once it is known to be published.
  void FindDay(const ScoreName& name, std::function<void(const absl::StatusOr<Day>&)> done);
  using Make = absl::StatusOr<Answer> (ScoreReader::*)(const AnswerKey&);
  // What is kept of the record that a name means; else what a worker makes.
  void Reply(const ScoreName& name, AnswerKind kind, Make make, const Done& done);
  // These ask the store, and wait.
  absl::StatusOr<std::vector<std::optional<Index>>> ReadIndexes(
      absl::Span<const std::string> organizations);
  absl::StatusOr<Answer> MakeScore(const AnswerKey& key);
  absl::StatusOr<Answer> MakeTable(const AnswerKey& key);
  absl::StatusOr<Answer> MakeTables(const AnswerKey& key);
  absl::StatusOr<Answer> MakeRecommendations(const AnswerKey& key);
  // The score that is kept, or that `history` gives.
  absl::StatusOr<Answer> ScoreOf(const AnswerKey& key, ScoreHistory& history);
  // Keeps a score in every view, each as its bytes: the view of the key.
  Answer Keep(const AnswerKey& key, score::v1::Score score);
  // A page of what is published. Scores that are not kept come from `history`; where that is null
  // and some are not kept, the page is absent.
  absl::StatusOr<std::optional<Page>> MakePage(const PageQuery& query,
                                               const std::vector<Day>& index,
                                               ScoreHistory* history);

  RecordReader& records_;
  const AnswerMaker maker_;
  AnswerCache cache_;
  CoalescedLookup<PublicationQuery, Day> days_;
  CoalescedLookup<std::string, Index> indexes_;
  Workers workers_;  // last: its tasks use everything else
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SCORE_READER_H_
