#include "common/rpc/part_check.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr std::chrono::milliseconds kBetweenQuestions(500);
constexpr std::chrono::milliseconds kBetweenLooks(100);

}  // namespace

PartCheck::PartCheck(HealthService& health, std::string part, std::function<absl::Status()> ask,
                     absl::Duration patience)
    : health_(health), part_(std::move(part)), ask_(std::move(ask)), patience_(patience) {
  asking_ = std::thread([this] { Ask(); });
  watching_ = std::thread([this] { WatchForSilence(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return said_; });
}

PartCheck::~PartCheck() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  asking_.join();
  watching_.join();
}

void PartCheck::Ask() {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    asked_at_ = clock_.SinceStart();
    lock.unlock();
    const absl::Status answer = ask_();
    lock.lock();
    // Told with the lock held: silence is not noted over an answer.
    health_.SetAnswerTime(part_, clock_.SinceStart() - *asked_at_);
    asked_at_.reset();
    health_.SetPart(part_, answer);
    said_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kBetweenQuestions, [this] { return ends_; });
  }
}

void PartCheck::WatchForSilence() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kBetweenLooks, [this] { return ends_; })) {
    if (!asked_at_.has_value()) continue;
    const absl::Duration silence = clock_.SinceStart() - *asked_at_;
    if (silence < patience_) continue;
    health_.SetAnswerTime(part_, silence);
    health_.SetPart(part_, absl::UnavailableError(
                               absl::StrCat("no answer within ", absl::FormatDuration(patience_))));
    said_ = true;
    changed_.notify_all();
  }
}

}  // namespace tutti
