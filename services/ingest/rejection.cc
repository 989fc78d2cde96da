#include "services/ingest/rejection.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// The field at fault, and what to do.
struct Said {
  const char* field;
  std::string description;
};

Said SaidOf(ingest::v1::Reason reason, Day first_day) {
  switch (reason) {
    case ingest::v1::REASON_SUBJECT_MISSING:
      return {"subject", "is empty, or nothing but white space: give an identifier"};
    case ingest::v1::REASON_SUBJECT_TOO_LONG:
      return {"subject", "is longer than 512 bytes after trimming: shorten it"};
    case ingest::v1::REASON_SUBJECT_MALFORMED:
      return {"subject", "is not valid UTF-8, or has control characters: send plain text"};
    case ingest::v1::REASON_TYPE_UNKNOWN:
      return {"type", "is not an activity type of the catalogue: see the catalogue's list"};
    case ingest::v1::REASON_TIME_MISSING:
      return {"occurred_at", "is absent or out of range: give a time from the year 2000 on"};
    case ingest::v1::REASON_TIME_IN_FUTURE:
      return {"occurred_at", "is more than 5 minutes from now: check the producer's clock"};
    case ingest::v1::REASON_LATE:
      return {"occurred_at", "every window of its day is closed: send activities sooner"};
    case ingest::v1::REASON_BEFORE_FIRST_DAY:
      return {"occurred_at", absl::StrCat("lies before the first day that the organisation takes, ",
                                          FormatDay(first_day), ": leave it out")};
    case ingest::v1::REASON_TOO_MANY_TRAITS:
      return {"traits", "are more than 16: send fewer"};
    case ingest::v1::REASON_KIND_NOT_COLLECTED:
      return {"type", "is of a subject kind that the organisation's size withholds: leave it out"};
    case ingest::v1::REASON_KEY_MISSING:
      return {"occurred_at",
              "this ingest has no key for an open window of its day: rotate the keyring, or extend "
              "it for the back-fill, then send again"};
    case ingest::v1::REASON_WINDOW_INCOMPLETE:
      return {"occurred_at",
              "every open window of its day was begun under another key and takes nothing more"};
    default:
      return {"", "is refused"};
  }
}

}  // namespace

void FillRejection(int index, ingest::v1::Reason reason, Day first_day,
                   ingest::v1::Rejection& rejection) {
  const Said said = SaidOf(reason, first_day);
  rejection.set_index(index);
  rejection.set_reason(reason);
  rejection.set_field(said.field);
  rejection.set_description(said.description);
}

}  // namespace tutti
