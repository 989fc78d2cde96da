#ifndef TUTTI_TESTS_SAMPLE_GOOGLE_ROWS_H_
#define TUTTI_TESTS_SAMPLE_GOOGLE_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// One activity of the Reports API.
struct GoogleRow {
  absl::string_view application;
  int64_t seconds = 0;    // since 1970
  int64_t qualifier = 0;  // uniqueQualifier
  std::string actor;      // a JSON object
  std::vector<std::string> events;
};

// The activity as a JSON object. The same one that comes `again` is written otherwise: its
// qualifier as a number or a text, its only event in an array or not.
std::string GoogleJson(const SampleOrganization& organization, const GoogleRow& row, bool again);

// Writes what people did, and what means nothing, as activities. Not thread-safe.
class GoogleRows {
 public:
  // The organisation outlives this.
  explicit GoogleRows(const SampleOrganization& organization) : organization_(organization) {}

  // Appends every activity that an event leaves.
  void Append(const SampleEvent& event, std::vector<GoogleRow>& rows);
  // Appends what means nothing, of a person's day at work and of nobody's.
  void AppendForPerson(uint32_t person, int day, std::vector<GoogleRow>& rows);
  void AppendForDay(int day, std::vector<GoogleRow>& rows);

 private:
  void AppendMail(const SampleEvent& event, std::vector<GoogleRow>& rows);
  void AppendMessage(const SampleEvent& event, std::vector<GoogleRow>& rows);
  void AppendFile(const SampleEvent& event, std::vector<GoogleRow>& rows);
  void AppendShare(const SampleEvent& event, std::vector<GoogleRow>& rows);
  void AppendAttendance(const SampleEvent& event, std::vector<GoogleRow>& rows);
  void AppendAssistant(const SampleEvent& event, std::vector<GoogleRow>& rows);

  // The `part`-th activity, 0 to 15, of what `id` stands for.
  GoogleRow Row(absl::string_view application, int64_t seconds, uint64_t id, int part,
                std::string actor, std::vector<std::string> events) const;
  std::string Person(uint32_t person, uint64_t id) const;
  // Case differs from time to time.
  std::string Spelling(uint32_t person, uint64_t id) const;
  uint64_t Drawn(uint64_t id) const { return organization_.key().Number("google", id); }

  const SampleOrganization& organization_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_GOOGLE_ROWS_H_
