#ifndef TUTTI_TESTS_SAMPLE_EVENT_RECORDS_H_
#define TUTTI_TESTS_SAMPLE_EVENT_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/sample/audit_row.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// What every record begins with.
struct RecordStart {
  int record_type = 0;
  absl::string_view record_type_name;
  absl::string_view operation;
  absl::string_view workload;
  std::string user;
  std::string user_key;
  int user_type = 0;
  absl::string_view result;  // ResultStatus; empty: absent
  int64_t seconds = 0;
  uint64_t id = 0;  // of the event
  int part = 0;     // which of the event's records, 0 to 15
};

// Writes what people did as records of an audit log. Not thread-safe.
class EventRecords {
 public:
  // The organisation outlives this.
  explicit EventRecords(const SampleOrganization& organization);

  // Appends every record that the event leaves.
  void Append(const SampleEvent& event, std::vector<AuditRow>& rows);
  // Appends the record of a meeting that was held.
  void AppendMeeting(const SampleMeeting& meeting, std::vector<AuditRow>& rows);
  // Appends a sign-in, which ties the object id to the name.
  void AppendSignIn(uint32_t person, int64_t seconds, uint64_t id, int part, bool success,
                    std::vector<AuditRow>& rows);

  // Begins a record; add its own members, then Finish.
  AuditJson Begin(const RecordStart& start);
  void Finish(const RecordStart& start, AuditJson json, std::vector<AuditRow>& rows);

  // The person's name as some record spells it: not always in lower case.
  std::string Spelling(uint32_t person, uint64_t id) const;
  // UserKey: as Exchange and Yammer, as SharePoint, as Teams and Entra have it.
  std::string Puid(uint32_t person) const;
  std::string ClaimKey(uint32_t person) const;
  std::string ObjectId(uint32_t person) const;
  // A made-up address of the ranges kept for documentation.
  std::string Address(uint64_t id) const;

  // Members of Exchange and SharePoint records, shared with records without meaning.
  void AddMailbox(uint32_t person, AuditJson& json) const;
  void AddFile(const SampleEvent& event, AuditJson& json) const;
  // "https://acme-my.sharepoint.com/personal/person_0001_acme_example/".
  std::string SiteOf(SamplePlace place, uint32_t other) const;

 private:
  void AppendMail(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendMailRead(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendMessage(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendCommunity(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendFile(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendShare(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendAttendance(const SampleEvent& event, std::vector<AuditRow>& rows);
  void AppendAssistant(const SampleEvent& event, std::vector<AuditRow>& rows);

  RecordStart StartOf(const SampleEvent& event) const;
  std::string Recipients(const SampleEvent& event) const;
  int64_t LaterThan(int64_t seconds, uint64_t id) const;

  const SampleOrganization& organization_;
  const std::string tenant_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_EVENT_RECORDS_H_
