#ifndef TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_
#define TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/storage/publication_store.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// Publications in memory, with a count of the calls. Thread-safe.
class FakePublications final : public PublicationReader {
 public:
  void Publish(publication::v1::Publication record, const std::string& end_day) {
    const std::lock_guard<std::mutex> lock(mutex_);
    record.set_end_day(end_day);
    records_[record.organization()][*ParseDay(end_day)] = record.SerializeAsString();
  }
  void PublishBytes(const std::string& organization, const std::string& end_day,
                    std::string bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    records_[organization][*ParseDay(end_day)] = std::move(bytes);
  }
  void Erase(const std::string& organization) {
    const std::lock_guard<std::mutex> lock(mutex_);
    records_.erase(organization);
  }
  void Fail(absl::Status status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = std::move(status);
  }
  int calls() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

  // How many records the largest call of Read asked for.
  size_t most_together() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return most_together_;
  }

  absl::StatusOr<std::vector<Day>> ListEndDays(const std::string& organization) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
    if (!failure_.ok()) return failure_;
    std::vector<Day> days;
    for (const auto& [day, record] : records_[organization]) days.push_back(day);
    return days;
  }

  absl::StatusOr<Day> LatestEndDay(const std::string& organization) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
    if (!failure_.ok()) return failure_;
    const auto& records = records_[organization];
    if (records.empty()) return absl::NotFoundError("nothing is published");
    return records.rbegin()->first;
  }

  absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
    if (!failure_.ok()) return failure_;
    std::vector<std::optional<Day>> found;
    for (const PublicationQuery& query : queries) {
      const auto& records = records_[query.organization];
      std::optional<Day> day = query.end_day;
      if (!day.has_value() && !records.empty()) day = records.rbegin()->first;
      found.push_back(day.has_value() && records.count(*day) != 0 ? day : std::nullopt);
    }
    return found;
  }

  absl::StatusOr<std::vector<std::string>> Read(const std::string& organization,
                                                absl::Span<const Day> end_days) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
    if (!failure_.ok()) return failure_;
    most_together_ = std::max(most_together_, end_days.size());
    std::vector<std::string> out;
    for (const Day day : end_days) {
      const auto& records = records_[organization];
      const auto found = records.find(day);
      if (found == records.end()) return absl::NotFoundError("not published");
      out.push_back(found->second);
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<Day, std::string>> records_;
  absl::Status failure_;
  int calls_ = 0;
  size_t most_together_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_
