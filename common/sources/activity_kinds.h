#ifndef TUTTI_COMMON_SOURCES_ACTIVITY_KINDS_H_
#define TUTTI_COMMON_SOURCES_ACTIVITY_KINDS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// The traits that logs and reports of the shipped catalogue can show, as bits of a set.
using TraitSet = uint32_t;
enum Trait : TraitSet {
  kTraitGroupMailbox = 1u << 0,
  kTraitAttachmentCopy = 1u << 1,
  kTraitSharedFile = 1u << 2,
  kTraitTeamSite = 1u << 3,
  kTraitPersonalDrive = 1u << 4,
  kTraitInternal = 1u << 5,
  kTraitExternal = 1u << 6,
  kTraitVideo = 1u << 7,
  kTraitScreenShare = 1u << 8,
  kTraitOneOff = 1u << 9,
  kTraitRecurring = 1u << 10,
  kTraitMeetNow = 1u << 11,
  kTraitOneToOne = 1u << 12,
  kTraitGroup = 1u << 13,
  kTraitInMail = 1u << 14,
  kTraitInChat = 1u << 15,
  kTraitInMeeting = 1u << 16,
  kTraitInDocument = 1u << 17,
  // Traits of devices.
  kTraitSlowStart = 1u << 18,
  kTraitPoorMail = 1u << 19,
  kTraitPoorFiles = 1u << 20,
  kTraitPoorCalls = 1u << 21,
  kTraitRecommendedChannel = 1u << 22,
  kTraitSupportedVersion = 1u << 23,
  // A trait of assistant.used.
  kTraitWithAgent = 1u << 24,
};

// The catalogue's ids of the traits, in the order of the bits.
inline constexpr std::array<absl::string_view, 25> kTraitNames = {"group_mailbox",
                                                                  "attachment_copy",
                                                                  "shared_file",
                                                                  "team_site",
                                                                  "personal_drive",
                                                                  "internal",
                                                                  "external",
                                                                  "video",
                                                                  "screen_share",
                                                                  "one_off",
                                                                  "recurring",
                                                                  "meet_now",
                                                                  "one_to_one",
                                                                  "group",
                                                                  "in_mail",
                                                                  "in_chat",
                                                                  "in_meeting",
                                                                  "in_document",
                                                                  "slow_start",
                                                                  "poor_mail",
                                                                  "poor_files",
                                                                  "poor_calls",
                                                                  "recommended_channel",
                                                                  "supported_version",
                                                                  "with_agent"};

// One thing that one person or device did, before it becomes a message. Valid during the
// call that hands it over; the subject is in lower case.
struct MappedActivity {
  absl::string_view subject;
  absl::string_view type;
  int64_t seconds = 0;  // since 1970
  absl::string_view app;
  absl::string_view platform;
  TraitSet traits = 0;
  // Traits that have no bit, by the catalogue's ids.
  absl::Span<const absl::string_view> more_traits = {};
};

// Calls with each trait of an activity, by the catalogue's ids.
template <typename Take>
void ForEachTrait(const MappedActivity& activity, Take take) {
  for (size_t bit = 0; bit < kTraitNames.size(); ++bit) {
    if ((activity.traits >> bit & 1U) != 0) take(kTraitNames[bit]);
  }
  for (const absl::string_view trait : activity.more_traits) take(trait);
}

// Gets the activities of one organisation. An error ends the import.
class ActivitySink {
 public:
  virtual ~ActivitySink() = default;
  virtual absl::Status OnActivity(const MappedActivity& activity) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_ACTIVITY_KINDS_H_
