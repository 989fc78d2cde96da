#ifndef TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_
#define TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/storage/publication_store.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// Publications in memory, with a count of the calls. Not thread-safe.
class FakePublications final : public PublicationReader {
 public:
  void Publish(publication::v1::Publication record, const std::string& end_day) {
    record.set_end_day(end_day);
    records_[record.organization()][*ParseDay(end_day)] = record.SerializeAsString();
  }
  void PublishBytes(const std::string& organization, const std::string& end_day,
                    std::string bytes) {
    records_[organization][*ParseDay(end_day)] = std::move(bytes);
  }
  void Erase(const std::string& organization) { records_.erase(organization); }
  void Fail(absl::Status status) { failure_ = std::move(status); }
  int calls() const { return calls_; }

  absl::StatusOr<std::vector<Day>> ListEndDays(const std::string& organization) override {
    ++calls_;
    if (!failure_.ok()) return failure_;
    std::vector<Day> days;
    for (const auto& [day, record] : records_[organization]) days.push_back(day);
    return days;
  }

  absl::StatusOr<Day> LatestEndDay(const std::string& organization) override {
    ++calls_;
    if (!failure_.ok()) return failure_;
    const auto& records = records_[organization];
    if (records.empty()) return absl::NotFoundError("nothing is published");
    return records.rbegin()->first;
  }

  absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) override {
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
    ++calls_;
    if (!failure_.ok()) return failure_;
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
  std::map<std::string, std::map<Day, std::string>> records_;
  absl::Status failure_;
  int calls_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_SCORE_FAKE_PUBLICATIONS_H_
