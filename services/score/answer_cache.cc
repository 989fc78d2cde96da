#include "services/score/answer_cache.h"

#include <future>

namespace tutti {

AnswerCache::Answer AnswerCache::Lookup(const AnswerKey& key) {
  const auto found = answers_.find(key);
  if (found == answers_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, found->second.age);
  return found->second.answer;
}

AnswerCache::Answer AnswerCache::Find(const AnswerKey& key) {
  const std::lock_guard lock(mutex_);
  return Lookup(key);
}

AnswerCache::Answer AnswerCache::Keep(const AnswerKey& key, std::string answer) {
  auto kept = std::make_shared<const std::string>(std::move(answer));
  std::vector<Answer> dropped;  // let go after the lock
  const std::lock_guard lock(mutex_);
  const auto [slot, fresh] = answers_.try_emplace(key);
  if (!fresh) return slot->second.answer;
  ages_.push_front(key);
  slot->second = {kept, ages_.begin()};
  bytes_ += kept->size() + kBytesOfAnEntry;
  while (bytes_ > max_bytes_ && ages_.size() > 1) {
    const auto oldest = answers_.find(ages_.back());
    bytes_ -= oldest->second.answer->size() + kBytesOfAnEntry;
    dropped.push_back(std::move(oldest->second.answer));
    answers_.erase(oldest);
    ages_.pop_back();
  }
  return kept;
}

void AnswerCache::Get(const AnswerKey& key, const Make& make, Done done) {
  {
    std::unique_lock lock(mutex_);
    if (Answer kept = Lookup(key); kept != nullptr) {
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
