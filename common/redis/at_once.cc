#include "common/redis/at_once.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace tutti {
namespace {

constexpr size_t kMaxAtOnce = 16;

}  // namespace

void DoAtOnce(size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  const auto work_on = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> others;
  others.reserve(kMaxAtOnce);
  for (size_t i = 1; i < std::min(count, kMaxAtOnce); ++i) {
    try {
      others.emplace_back(work_on);
    } catch (const std::system_error&) {
      break;  // no thread is to be had: those that are there do it all
    }
  }
  work_on();
  for (std::thread& other : others) other.join();
}

}  // namespace tutti
