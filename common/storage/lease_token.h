#ifndef TUTTI_COMMON_STORAGE_LEASE_TOKEN_H_
#define TUTTI_COMMON_STORAGE_LEASE_TOKEN_H_

#include <string>
#include <utility>

namespace tutti {

// Tells a store who has a closing lease. The default one has none: what it stores is
// stored only while nobody has the lease.
class LeaseToken {
 public:
  LeaseToken() = default;
  // `text` is unique, and not empty.
  explicit LeaseToken(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }

  friend bool operator==(const LeaseToken& a, const LeaseToken& b) { return a.text_ == b.text_; }

 private:
  std::string text_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_LEASE_TOKEN_H_
