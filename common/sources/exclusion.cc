#include "common/sources/exclusion.h"

namespace tutti {

absl::string_view ExclusionName(Exclusion exclusion) {
  switch (exclusion) {
    case Exclusion::kGuest:
      return "guest";
    case Exclusion::kPartner:
      return "partner's technician";
    case Exclusion::kService:
      return "system, application or policy";
    case Exclusion::kNotAPerson:
      return "account that is no person's";
    case Exclusion::kForeignDomain:
      return "not in an accepted domain";
    case Exclusion::kUnknownUserType:
      return "unknown user type";
    case Exclusion::kFailed:
      return "failed operation";
    case Exclusion::kMachineClient:
      return "machine under a person's name";
    case Exclusion::kUnattendedApp:
      return "application of unknown name";
    case Exclusion::kBackgroundClient:
      return "background program";
    case Exclusion::kFolderSync:
      return "folder synchronisation";
    case Exclusion::kNotADocument:
      return "not a document";
    case Exclusion::kNoPrompt:
      return "assistant without a prompt";
    case Exclusion::kSystemShare:
      return "system's part of a share";
    case Exclusion::kRepeated:
      return "one more record of the same act";
    case Exclusion::kNotAnAttendee:
      return "not an attendee of this tenant";
    case Exclusion::kUnknownAttendee:
      return "attendee known by object id only";
    case Exclusion::kMeetingOutline:
      return "meeting outline";
    case Exclusion::kDeleted:
      return "person who has left";
    case Exclusion::kSeveralDays:
      return "totals of several days";
    case Exclusion::kOtherEvent:
      return "event that means nothing here";
    case Exclusion::kNoAttendees:
      return "meeting or call without attendees";
    case Exclusion::kSoftware:
      return "agent or application in a person's name";
    case Exclusion::kNothingDone:
      return "person who did nothing that counts";
    case Exclusion::kNoMeasurement:
      return "device without a measurement to judge by";
    case Exclusion::kUnreadableDay:
      return "day of a cell that cannot be read";
    case Exclusion::kUnreadableNumber:
      return "number of a cell that cannot be read";
  }
  return "unknown";
}

}  // namespace tutti
