#ifndef TUTTI_SERVICES_SCORE_RECORD_READER_H_
#define TUTTI_SERVICES_SCORE_RECORD_READER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/storage/publication_store.h"
#include "common/window/day.h"
#include "services/score/bounded_cache.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The last `limit` of ascending end days that are not after `end_day`, fewer where there are no
// more. Worked example: of 1, 8, 15 and 22, up to 15, two: 8 and 15.
absl::Span<const Day> EndDaysUpTo(absl::Span<const Day> end_days, Day end_day, size_t limit);

// Reads published records. A record never changes, so those that were read last are kept, up to
// a number of bytes; which records there are is asked of the store by every call that says so.
// The calls that ask the store wait for it. Thread-safe. Errors carry a reason of
// score.v1.Reason.
class RecordReader {
 public:
  using Record = std::shared_ptr<const publication::v1::Publication>;

  // One call of the store reads no more records than this.
  static constexpr size_t kMostReadTogether = 32;

  // `publications` outlives this.
  explicit RecordReader(PublicationReader& publications, size_t cached_bytes = size_t{64} << 20)
      : publications_(publications), kept_(cached_bytes) {}

  // The end days of all records, ascending. Empty where nothing is published. Asks the store.
  absl::StatusOr<std::vector<Day>> EndDays(const std::string& organization);

  // The same; NotFound where nothing is published.
  absl::StatusOr<std::vector<Day>> SomeEndDays(const std::string& organization);

  // The end day that each query means; absent where it is not published. Asks the store; many
  // cost hardly more than one.
  absl::StatusOr<std::vector<std::optional<Day>>> Find(absl::Span<const PublicationQuery> queries);

  // The end day of each organisation's latest record; absent where nothing is published. Asks
  // the store; many cost hardly more than one.
  absl::StatusOr<std::vector<std::optional<Day>>> LatestDays(
      absl::Span<const std::string> organizations);

  // The records of end days that are published, in the order of the days. Asks the store for
  // those that are not kept, kMostReadTogether at a time. Each has a status of its own: DataLoss
  // where it cannot be read; Unavailable, or NotFound because the organisation was erased, where
  // the store said so of it and those that were asked for with it. For the records up to a
  // window see EndDaysUpTo.
  std::vector<absl::StatusOr<Record>> ReadAll(const std::string& organization,
                                              absl::Span<const Day> end_days);

  // The same of one.
  absl::StatusOr<Record> Read(const std::string& organization, Day end_day);

  // The latest record; absent where nothing is published. Asks the store.
  absl::StatusOr<std::optional<publication::v1::Publication>> Latest(
      const std::string& organization);

  // How many complete records the series of a record has with it, of the kMostLevelWindows that end
  // with it at most. Asks the store.
  absl::StatusOr<int> CountOfSeries(const std::string& organization,
                                    const publication::v1::Publication& last);

 private:
  using Key = std::pair<std::string, Day>;  // the organisation and the end day

  // Reads end days from the store, kMostReadTogether at most, and keeps the records.
  std::vector<absl::StatusOr<Record>> Fetch(const std::string& organization,
                                            absl::Span<const Day> end_days);
  // Why the store did not find a record.
  absl::Status Missing(const std::string& organization);

  PublicationReader& publications_;
  std::mutex mutex_;
  BoundedCache<Key, publication::v1::Publication> kept_;  // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_RECORD_READER_H_
