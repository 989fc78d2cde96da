#ifndef TUTTI_TESTS_SAMPLE_RECORD_FORMS_H_
#define TUTTI_TESTS_SAMPLE_RECORD_FORMS_H_

#include <cstdint>

namespace tutti {

// The share of a log's records that were seen before.
inline constexpr double kRedeliveredShare = 0.1;
// Records without meaning that a person's day at work leaves, on average.
inline constexpr double kNoisePerPresence = 0.5;

// SampleEvent::form of chat and channel messages.
enum MessageForm : uint8_t { kPlainMessage, kLinkOnly, kMessageAndLink, kMessageForms };

// SampleEvent::form of shares: by a link for the organisation, for anyone, to a
// person of it, to a guest.
enum ShareForm : uint8_t { kCompanyLink, kAnyoneLink, kToMember, kToGuest, kShareForms };

// SampleEvent::form of attendances, as bits.
enum AttendanceForm : uint8_t { kRejoined = 1, kByObjectIdAlone = 2 };

// SampleEvent::form of file.written: through the synchronising client.
enum WriteForm : uint8_t { kWrittenInProgram, kWrittenBySync };

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_RECORD_FORMS_H_
