#include "services/score/answer_cache.h"

#include <future>

namespace tutti {

AnswerCache::Answer AnswerCache::Find(const AnswerKey& key) {
  const std::lock_guard lock(mutex_);
  return answers_.Find(key);
}

AnswerCache::Answer AnswerCache::Keep(const AnswerKey& key, std::string answer) {
  const size_t bytes = answer.size();
  auto kept = std::make_shared<const std::string>(std::move(answer));
  const std::lock_guard lock(mutex_);
  return answers_.Keep(key, std::move(kept), bytes);
}

void AnswerCache::Get(const AnswerKey& key, const Make& make, Done done) {
  {
    std::unique_lock lock(mutex_);
    if (Answer kept = answers_.Find(key); kept != nullptr) {
      lock.unlock();
      return done(std::move(kept));
    }
    const auto [those, first] = making_.try_emplace(key);
    those->second.push_back(std::move(done));
    if (!first) return;
  }
  const absl::StatusOr<Answer> made = make();
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto those = making_.find(key);
    waiting.swap(those->second);
    making_.erase(those);
  }
  for (const Done& one : waiting) one(made);
}

absl::StatusOr<AnswerCache::Answer> AnswerCache::Get(const AnswerKey& key, const Make& make) {
  std::promise<absl::StatusOr<Answer>> answer;
  Get(key, make, [&](const absl::StatusOr<Answer>& made) { answer.set_value(made); });
  return answer.get_future().get();
}

}  // namespace tutti
