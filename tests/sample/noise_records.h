#ifndef TUTTI_TESTS_SAMPLE_NOISE_RECORDS_H_
#define TUTTI_TESTS_SAMPLE_NOISE_RECORDS_H_

#include <cstdint>
#include <vector>

#include "tests/sample/audit_row.h"
#include "tests/sample/event_records.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

// Writes what an audit log is full of and what means nothing: sign-ins, background
// synchronisation, pages, thumbnails, drafts, failures, bots, guests, the service's
// own accounts. No activity may come of any of it. Not thread-safe.
class NoiseRecords {
 public:
  // The references outlive this.
  NoiseRecords(const SampleOrganization& organization, EventRecords& records)
      : organization_(organization), records_(records) {}

  // Appends what a person's day at work leaves: kNoisePerPresence on average.
  void AppendForPerson(const SampleHabits& habits, int day, std::vector<AuditRow>& rows);
  // Appends what belongs to nobody of the organisation.
  void AppendForDay(int day, std::vector<AuditRow>& rows);

 private:
  void AppendMailNoise(int kind, RecordStart start, uint32_t person, std::vector<AuditRow>& rows);
  void AppendFileNoise(int kind, RecordStart start, uint32_t person, std::vector<AuditRow>& rows);
  void AppendOtherNoise(int kind, RecordStart start, std::vector<AuditRow>& rows);

  const SampleOrganization& organization_;
  EventRecords& records_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_NOISE_RECORDS_H_
