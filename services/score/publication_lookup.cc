#include "services/score/publication_lookup.h"

#include <utility>

#include "absl/container/flat_hash_map.h"

namespace tutti {

void PublicationLookup::Ask(PublicationQuery query, Done done) {
  std::vector<Question> questions;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back({std::move(query), std::move(done)});
    if (asking_) return;
    asking_ = true;
    questions.swap(waiting_);
  }
  while (!questions.empty()) {
    Answer(questions);
    questions.clear();
    const std::lock_guard<std::mutex> lock(mutex_);
    questions.swap(waiting_);
    asking_ = !questions.empty();
  }
}

void PublicationLookup::Answer(const std::vector<Question>& questions) {
  // Many ask the same.
  absl::flat_hash_map<PublicationQuery, size_t> places;
  std::vector<PublicationQuery> queries;
  std::vector<size_t> place_of;
  place_of.reserve(questions.size());
  for (const Question& question : questions) {
    const auto [entry, fresh] = places.try_emplace(question.query, queries.size());
    if (fresh) queries.push_back(question.query);
    place_of.push_back(entry->second);
  }
  const absl::StatusOr<std::vector<std::optional<Day>>> found = publications_.Find(queries);
  for (size_t i = 0; i < questions.size(); ++i) {
    questions[i].done(found.ok() ? absl::StatusOr<std::optional<Day>>((*found)[place_of[i]])
                                 : found.status());
  }
}

}  // namespace tutti
