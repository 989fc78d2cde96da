#ifndef TUTTI_TESTS_SAMPLE_HABITS_H_
#define TUTTI_TESTS_SAMPLE_HABITS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/sample/draws.h"

namespace tutti {

// What people may be used to doing.
enum class Practice : uint8_t {
  kMail,
  kMailRead,
  kChat,
  kChannel,
  kCommunityPost,
  kCommunityRead,
  kFileRead,
  kFileWrite,
  kTeamShare,
  kMeeting,
  kCall,
  kAssistant,
  // Traits of one act, given that it is done:
  kGroupMail,
  kAttachment,
  kMention,
  kLink,
  kTeamSite,
  kOthersFile,
  kVideo,
  kScreen,
  kInteraction,
  kCount,
};

inline constexpr int kSharedOwnFiles = 6;

// One person's habits: stable over the weeks. The index of a day is from 0.
struct SampleHabits {
  double operator[](Practice practice) const { return chance[static_cast<size_t>(practice)]; }

  uint32_t person = 0;
  std::array<float, static_cast<size_t>(Practice::kCount)> chance = {};
  std::array<float, 3> devices = {};  // shares of desktop, web and mobile; they sum to 1
  float present = 0;                  // on an ordinary day of work
  float weekend = 0;                  // at work on a day off
  int day_off = 7;                    // a weekday that this person has off (0 Monday); 7: none
  int leave_from = 0;                 // the days from leave_from until before leave_until
  int leave_until = 0;
  int community_from = 0;  // from when communities and the assistant are used
  int assistant_from = 0;
  bool licensed = false;  // for the assistant
  // When the person's own files are shared, one after the other; -1: never.
  std::array<int, kSharedOwnFiles> share_day = {};
};

// Habits come from latent factors (diligence, teamwork, mobility, curiosity), so
// that they go together; some people never do some things. `days` is the number of
// days of the organisation, `campaign_day` the one of the campaign, or below 0.
SampleHabits DrawHabits(const SampleKey& key, uint32_t person, int days, int campaign_day);

// Nine of twenty people have a licence for the assistant.
bool IsLicensed(uint32_t person);
int64_t LicensedPeople(int64_t people);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_HABITS_H_
