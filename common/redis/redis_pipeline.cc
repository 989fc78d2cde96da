#include "common/redis/redis_pipeline.h"

#include "absl/strings/str_cat.h"

namespace tutti {

void AppendWord(std::string& out, absl::string_view word) {
  absl::StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
}

void RedisPipeline::Announce() {
  // Redis forgets it after the next command, or at the transaction's end.
  if (!asking_ || in_transaction_) return;
  bytes_.append("*1\r\n$6\r\nASKING\r\n");
  replies_.push_back(false);
}

void RedisPipeline::Add(const RedisWords& words) {
  Announce();
  absl::StrAppend(&bytes_, "*", words.size(), "\r\n");
  for (const std::string& word : words) AppendWord(bytes_, word);
  replies_.push_back(true);
}

void RedisPipeline::AddRaw(const std::string& command) {
  Announce();
  bytes_.append(command);
  replies_.push_back(true);
}

void RedisPipeline::BeginTransaction() {
  Add({"MULTI"});
  in_transaction_ = true;
}

void RedisPipeline::Execute() {
  Add({"EXEC"});
  in_transaction_ = false;
}

}  // namespace tutti
