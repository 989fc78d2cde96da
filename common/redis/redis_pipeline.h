#ifndef TUTTI_COMMON_REDIS_REDIS_PIPELINE_H_
#define TUTTI_COMMON_REDIS_REDIS_PIPELINE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/redis/connection.h"

namespace tutti {

// Appends one word of a command in the wire format.
void AppendWord(std::string& out, absl::string_view word);

// Commands in the wire format, to be sent in one go.
class RedisPipeline {
 public:
  // With `asking`, commands go to a node that only takes over their slot and serves who says
  // so: each is announced by ASKING, a transaction once.
  explicit RedisPipeline(bool asking) : asking_(asking) {}

  void Add(const RedisWords& words);
  // A command that is in the wire format already.
  void AddRaw(const std::string& command);
  // MULTI and EXEC, around the commands of a transaction.
  void BeginTransaction();
  void Execute();

  const std::string& bytes() const { return bytes_; }
  // For each reply that will come whether it answers a command of the caller's, and not ASKING.
  const std::vector<bool>& replies() const { return replies_; }

 private:
  void Announce();

  const bool asking_;
  bool in_transaction_ = false;
  std::string bytes_;
  std::vector<bool> replies_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_REDIS_REDIS_PIPELINE_H_
