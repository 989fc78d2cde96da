#ifndef TUTTI_COMMON_SOURCES_EXCLUSION_H_
#define TUTTI_COMMON_SOURCES_EXCLUSION_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace tutti {

// Why a record that could be read is not an activity of a person.
enum class Exclusion {
  kGuest,
  kPartner,
  kService,        // UserType: a system, an application, a policy
  kNotAPerson,     // a system account of an ordinary user type
  kForeignDomain,  // not in an accepted domain
  kUnknownUserType,
  kFailed,            // the operation did not succeed
  kMachineClient,     // the service or a crawler under a person's name
  kUnattendedApp,     // a Graph or EWS application of unknown name
  kBackgroundClient,  // fetched without anybody looking
  kFolderSync,        // a synchronised folder: nobody read a mail
  kNotADocument,      // a page, a list, a picture of a profile
  kNoPrompt,          // an assistant's record without a prompt
  kSystemShare,       // SharePoint's own part of a share
  kRepeated,          // one more record of the same mail, message, share, attendance
  kNotAnAttendee,     // a recorder, a bridge, a telephone, a person of another tenant
  kUnknownAttendee,   // an object id that no record ties to a person
  kMeetingOutline,    // MeetingDetail: used for the meeting's kind only
  kDeleted,           // of a report: somebody who has left
  kSeveralDays,       // of a report: totals that say nothing of a day
  kOtherEvent,        // of a report: an event that means nothing here
  kNoAttendees,       // a meeting or a call whose record names nobody, or whose list was cut off
  kSoftware,          // an agent or an application in somebody's name
  kNothingDone,       // of a report: somebody who did nothing that counts
  kNoMeasurement,     // of a device: nothing was measured, or not enough to judge by
  kUnreadableDay,     // of a report: the day in one of a row's cells, which has others
  kUnreadableNumber,  // of a report: what one of a row's cells counts
};
inline constexpr size_t kExclusionCount = 27;

// A stable name for people and for JSON.
absl::string_view ExclusionName(Exclusion exclusion);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_EXCLUSION_H_
