#ifndef TUTTI_TESTS_PRIVACY_ATTACKS_ORDER_OF_WRITES_H_
#define TUTTI_TESTS_PRIVACY_ATTACKS_ORDER_OF_WRITES_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutti {

// The rank correlation of the order in which people of a flush did something with the
// order in which their slots are written, over many flushes of 20 people.
class OrderOfWrites {
 public:
  static constexpr int kFlush = 20;

  // Where each person's slot is in what is written, of those that are in it.
  void Add(const std::vector<uint32_t>& slots, const std::vector<uint32_t>& written) {
    for (size_t person = 0; person < slots.size(); ++person) {
      const auto at = std::find(written.begin(), written.end(), slots[person]);
      if (at == written.end()) continue;
      const double event = static_cast<double>(person) - (kFlush - 1) / 2.0;
      const double write = static_cast<double>(at - written.begin()) -
                           (static_cast<double>(written.size()) - 1) / 2.0;
      both_ += event * write;
      events_ += event * event;
      writes_ += write * write;
      ++n_;
    }
  }
  double correlation() const { return both_ / std::sqrt(events_ * writes_); }
  double limit() const { return 3 / std::sqrt(n_); }
  int n() const { return n_; }

 private:
  double both_ = 0;
  double events_ = 0;
  double writes_ = 0;
  int n_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_ATTACKS_ORDER_OF_WRITES_H_
