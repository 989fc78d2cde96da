#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_EVENT_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_EVENT_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// What somebody did. In the order of the type names.
enum class SampleAct : uint8_t {
  kMailSent,
  kMailRead,
  kChatSent,
  kChannelMessage,
  kCommunityPosted,
  kCommunityRead,
  kFileRead,
  kFileWritten,
  kFileShared,
  kMeetingAttended,
  kCallJoined,
  kAssistantUsed,
};
inline constexpr std::array<absl::string_view, 12> kSampleActTypes = {
    "mail.sent",        "mail.read",        "chat.sent",   "channel_message.sent",
    "community.posted", "community.read",   "file.read",   "file.written",
    "file.shared",      "meeting.attended", "call.joined", "assistant.used"};

// Traits of an activity, as bits of a set, in the order of the names.
using SampleTraits = uint32_t;
enum SampleTrait : SampleTraits {
  kSampleGroupMailbox = 1u << 0,
  kSampleMention = 1u << 1,
  kSampleAttachmentCopy = 1u << 2,
  kSampleAttachmentLink = 1u << 3,
  kSampleSharedFile = 1u << 4,
  kSampleTeamSite = 1u << 5,
  kSamplePersonalDrive = 1u << 6,
  kSampleInternal = 1u << 7,
  kSampleExternal = 1u << 8,
  kSampleVideo = 1u << 9,
  kSampleScreenShare = 1u << 10,
  kSampleReaction = 1u << 11,
  kSampleRaisedHand = 1u << 12,
  kSampleChat = 1u << 13,
  kSampleOneOff = 1u << 14,
  kSampleRecurring = 1u << 15,
  kSampleMeetNow = 1u << 16,
  kSampleOneToOne = 1u << 17,
  kSampleGroup = 1u << 18,
  kSampleInMail = 1u << 19,
  kSampleInChat = 1u << 20,
  kSampleInMeeting = 1u << 21,
  kSampleInDocument = 1u << 22,
  kSampleWithAgent = 1u << 23,
};
// The catalogue's ids.
const std::array<std::string, 24>& SampleTraitNames();

// Traits that no audit log shows.
inline constexpr SampleTraits kSampleUnloggedTraits =
    kSampleMention | kSampleAttachmentLink | kSampleReaction | kSampleRaisedHand | kSampleChat;

// Where a file lives.
enum class SamplePlace : uint8_t { kOwnDrive, kOthersDrive, kTeamSite };

// What a meeting or call is to its organiser.
enum class SampleMeetingKind : uint8_t { kOneOff, kRecurring, kMeetNow, kGroupCall };

// One thing that one person did, as it was meant, and how the log tells it. What
// was meant is act, person, seconds, app, platform and traits; the rest only
// decides which records are written.
struct SampleEvent {
  SampleAct act = SampleAct::kMailSent;
  SamplePlace place = SamplePlace::kOwnDrive;
  uint8_t client = 0;  // into the table of the act's clients
  uint8_t form = 0;    // which of several records the act leaves
  SampleTraits traits = 0;
  uint32_t person = 0;    // from 0
  uint32_t other = 0;     // owner of the drive, organiser of the meeting, ...
  int64_t seconds = 0;    // since 1970
  uint64_t item = 0;      // identifies the file, the meeting
  uint64_t id = 0;        // identifies the event among all of the organisation
  absl::string_view app;  // the catalogue's ids; static; may be empty
  absl::string_view platform;
};

// A meeting or a group call of a team.
struct SampleMeeting {
  SampleMeetingKind kind = SampleMeetingKind::kOneOff;
  uint32_t organizer = 0;
  int64_t start = 0;  // since 1970
  int minutes = 30;
  uint64_t item = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_EVENT_H_
