#ifndef TUTTI_COMMON_UPLOAD_STEP_PROGRESS_H_
#define TUTTI_COMMON_UPLOAD_STEP_PROGRESS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "common/sources/input/text_input.h"
#include "common/upload/progress.h"

namespace tutti {

// Tells a ProgressSink about a step over several inputs.
class StepProgress {
 public:
  StepProgress(ProgressSink* sink, absl::string_view step, uint64_t total) : sink_(sink) {
    progress_.step = step;
    progress_.total_bytes = total;
  }
  void Begin(const TextInput& input) { input_ = &input; }
  void Record() {
    constexpr int64_t kProgressRecords = 1024;
    if (++progress_.records % kProgressRecords == 0 && sink_ != nullptr) sink_->Update(Now());
  }
  void End() {
    bytes_ += input_->bytes_read();
    input_ = nullptr;
  }
  void Done() {
    if (sink_ != nullptr) sink_->Done(Now());
  }

 private:
  Progress Now() {
    progress_.bytes = bytes_ + (input_ == nullptr ? 0 : input_->bytes_read());
    return progress_;
  }

  ProgressSink* sink_;
  Progress progress_;
  uint64_t bytes_ = 0;  // of inputs that are done
  const TextInput* input_ = nullptr;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_STEP_PROGRESS_H_
