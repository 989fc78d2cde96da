#ifndef TUTTI_TESTS_SUPPORT_SCORE_NOW_H_
#define TUTTI_TESTS_SUPPORT_SCORE_NOW_H_

#include <future>
#include <string>

#include "services/score/score_reader.h"

namespace tutti {

// Calls a method of a reader that takes a callback, and waits for what it is told.
template <typename Told, typename Call>
absl::StatusOr<Told> Await(const Call& call) {
  std::promise<absl::StatusOr<Told>> told;
  call([&](const absl::StatusOr<Told>& answer) { told.set_value(answer); });
  return told.get_future().get();
}

inline absl::StatusOr<ScoreReader::Answer> ScoreNow(ScoreReader& reader, const ScoreName& name,
                                                    AnswerView view = AnswerView::kFull) {
  return Await<ScoreReader::Answer>(
      [&](const ScoreReader::Done& done) { reader.GetScore(name, view, done); });
}

inline absl::StatusOr<ScoreReader::Answer> TableNow(ScoreReader& reader, const ScoreName& name,
                                                    AnswerView view = AnswerView::kFull) {
  return Await<ScoreReader::Answer>(
      [&](const ScoreReader::Done& done) { reader.GetTable(name, view, done); });
}

inline absl::StatusOr<ScoreReader::Page> PageNow(ScoreReader& reader,
                                                 const ScoreReader::PageQuery& query) {
  return Await<ScoreReader::Page>([&](const auto& done) { reader.ListScores(query, done); });
}

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_SCORE_NOW_H_
