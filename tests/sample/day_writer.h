#ifndef TUTTI_TESTS_SAMPLE_DAY_WRITER_H_
#define TUTTI_TESTS_SAMPLE_DAY_WRITER_H_

#include <cstdint>
#include <vector>

#include "tests/sample/clients.h"
#include "tests/sample/draws.h"
#include "tests/sample/habits.h"
#include "tests/sample/sample_event.h"

namespace tutti {

class SampleOrganization;

// Decides what one person does on one day. Used once.
class DayWriter {
 public:
  // The references outlive this; events are appended.
  DayWriter(const SampleOrganization& organization, const SampleHabits& habits, int day,
            std::vector<SampleEvent>& events);
  void Write();

 private:
  bool Does(Practice practice) { return draws_.Chance(habits_[practice]); }
  // 1, or more when much is repeated; `weight` is how readily.
  int Times(double weight);
  // Later the same day, in the organisation's working hours.
  int64_t AnyTime();
  SampleDevice AnyDevice();
  SampleEvent& Add(SampleAct act);

  void Mails();
  void Messages(SampleAct act, Practice practice);
  void Communities();
  void Files(SampleAct act, Practice practice);
  void TeamShares();
  void OwnShares();
  void Meetings();
  void Calls();
  void Assistant();

  // Sets the file, its place and the client that opens it.
  void ChooseFile(SampleEvent& event);
  void ChooseFileClient(SampleEvent& event);
  // An audit log says of Teams no more than whether it ran on a telephone.
  void ChooseTeamsClient(SampleEvent& event);
  uint32_t AnyTeammate();

  const SampleOrganization& organization_;
  const SampleHabits& habits_;
  const int day_;
  std::vector<SampleEvent>& events_;
  Draws draws_;
  const bool whole_vocabulary_;
  const bool knows_platforms_;  // of Teams, telephones apart
  uint64_t count_ = 0;
};

// Identifies a file of a person's own drive, and one of a team's site.
uint64_t OwnFile(uint32_t person, uint32_t number);
uint64_t TeamFile(uint32_t team, uint32_t number);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_DAY_WRITER_H_
