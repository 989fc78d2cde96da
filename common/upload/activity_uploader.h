#ifndef TUTTI_COMMON_UPLOAD_ACTIVITY_UPLOADER_H_
#define TUTTI_COMMON_UPLOAD_ACTIVITY_UPLOADER_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/upload/batch_sink.h"
#include "common/upload/import_summary.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

struct UploadOptions {
  size_t batch_activities = 5000;  // 1 to 10,000
  size_t batch_bytes = 4 << 20;    // 1 KiB to 15 MiB; a batch ends before it has more
  int in_flight = 4;               // 1 to 32 batches unanswered at a time
  absl::Duration first_backoff = absl::Milliseconds(250);
  absl::Duration max_backoff = absl::Seconds(30);
  // For how long one batch is sent again: no attempt begins later after its first.
  absl::Duration retry_for = absl::Minutes(10);
  std::function<void(absl::Duration)> sleep;  // absl::SleepFor when absent
  // Is told why a batch is sent again because ingest was lost, and after which pause; and OK when
  // one is answered after that. By one thread at a time. May be absent.
  std::function<void(const absl::Status&, absl::Duration)> tell;
};

// Gathers activities to batches and sends several at a time. A batch that fails
// with UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED or CANCELLED is sent again after a
// pause: half to all of first_backoff x 2^n, at most max_backoff, and not less than the error
// asks for; exactly that after RESOURCE_EXHAUSTED, for a place is kept until then. Ingest takes
// the same activities twice without counting them twice. Any other error, or one
// when retry_for is over, ends the upload. One thread adds; the batches go out on threads of
// its own.
class ActivityUploader {
 public:
  // Options outside their range are brought to its nearer end.
  ActivityUploader(BatchSink& sink, UploadOptions options);
  // Waits for what is being sent, drops the rest.
  ~ActivityUploader();
  ActivityUploader(const ActivityUploader&) = delete;
  ActivityUploader& operator=(const ActivityUploader&) = delete;

  // Takes one activity for "organizations/acme"; waits while too many batches are
  // unanswered. The error of an earlier batch when there was one.
  absl::Status Add(const std::string& organization, ingest::v1::Activity activity);

  // Sends what is left and waits for every answer.
  absl::Status Flush();

  // The error that has ended the upload; OK when none has.
  absl::Status status() const;

  // What became of an organisation's activities; complete after Flush.
  UploadSummary SummaryOf(const std::string& organization) const;

 private:
  struct Pending {
    ingest::v1::IngestActivitiesRequest batch;
    size_t bytes = 0;
  };

  absl::Status Enqueue(Pending* pending);
  void Work();
  void Deliver(const ingest::v1::IngestActivitiesRequest& batch);
  absl::Duration PauseAfter(const absl::Status& error, int attempt);
  bool MayGoOn() const;
  void Tell(const absl::Status& status, absl::Duration pause);
  void Count(const ingest::v1::IngestActivitiesRequest& batch,
             const absl::StatusOr<ingest::v1::IngestActivitiesResponse>& answer, int retries);

  BatchSink& sink_;
  UploadOptions options_;
  std::map<std::string, Pending> pending_;  // the adding thread's alone

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ingest::v1::IngestActivitiesRequest> queue_;
  int sending_ = 0;
  bool stopping_ = false;
  absl::Status error_;
  std::map<std::string, UploadSummary> summaries_;
  bool lost_ = false;
  absl::BitGen jitter_;
  std::vector<std::thread> threads_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_ACTIVITY_UPLOADER_H_
