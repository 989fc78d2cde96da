#ifndef TUTTI_COMMON_UPLOAD_PROGRESS_H_
#define TUTTI_COMMON_UPLOAD_PROGRESS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace tutti {

// How far an import is.
struct Progress {
  absl::string_view step;    // "surveying", "importing"
  int64_t records = 0;       // read in this step
  uint64_t bytes = 0;        // read in this step
  uint64_t total_bytes = 0;  // of this step; 0: not known
};

// Is told how far an import is, often. Called by one thread.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void Update(const Progress& progress) = 0;
  // The step has come to its end.
  virtual void Done(const Progress& progress) = 0;
};

// Writes progress for people. On a terminal one line that renews itself at most
// ten times a second: a bar, the share, the rate, the time that is left. Elsewhere
// a line every five seconds. Nothing but counts is written.
class TerminalProgress : public ProgressSink {
 public:
  // `write` gets the text to append; `now` is a clock that does not go back.
  TerminalProgress(bool is_terminal, std::function<void(absl::string_view)> write,
                   std::function<absl::Time()> now);

  void Update(const Progress& progress) override;
  void Done(const Progress& progress) override;

 private:
  std::string Line(const Progress& progress, absl::Time now) const;

  bool is_terminal_;
  std::function<void(absl::string_view)> write_;
  std::function<absl::Time()> now_;
  std::string step_;
  absl::Time started_;
  absl::Time written_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_PROGRESS_H_
