#include "common/upload/fed_categories.h"

#include <algorithm>
#include <array>

namespace tutti {
namespace {

enum Category : uint32_t {
  kCommunication,
  kContentCollaboration,
  kTeamwork,
  kMobility,
  kMeetings,
  kAiAssistance,
  kMeetingPractice,
  kEndpoint,
  kNetwork,
  kAppsHealth,
  kCategoryCount,
};
constexpr std::array<absl::string_view, kCategoryCount> kNames = {
    "communication", "content_collaboration", "teamwork", "mobility", "meetings",
    "ai_assistance", "meeting_practice",      "endpoint", "network",  "apps_health"};

// What a type feeds by itself; with what it is about, also Teamwork.
struct Feeding {
  absl::string_view type;
  Category category = kCommunication;
};
constexpr Feeding kFeedings[] = {
    {"mail.sent", kCommunication},
    {"chat.sent", kCommunication},
    {"channel_message.sent", kCommunication},
    {"channel_message.sent", kTeamwork},
    {"community.posted", kCommunication},
    {"file.written", kContentCollaboration},
    {"meeting.attended", kMeetings},
    {"assistant.used", kAiAssistance},
    {"meeting.held", kMeetingPractice},
    {"device.started", kEndpoint},
    {"device.app_crashed", kEndpoint},
    {"device.network_measured", kNetwork},
    {"device.apps_reported", kAppsHealth},
};

// On whatever platform a person did one of these, it feeds Mobility.
constexpr std::array<absl::string_view, 13> kActsOfPeople = {
    "mail.sent",      "mail.read", "chat.sent",     "channel_message.sent", "community.posted",
    "community.read", "file.read", "file.written",  "file.shared",          "meeting.attended",
    "call.joined",    "app.used",  "assistant.used"};

constexpr std::array<TraitSet, 3> kDecidingTraits = {kTraitGroupMailbox, kTraitSharedFile,
                                                     kTraitTeamSite};

// The catalogue's id of a trait that is one bit.
absl::string_view NameOf(TraitSet trait) {
  size_t bit = 0;
  while ((trait >> bit & 1) == 0) ++bit;
  return kTraitNames[bit];
}

}  // namespace

void FedCategories::Add(const MappedActivity& activity) {
  AddOf(activity.type, activity.platform, activity.traits);
}

void FedCategories::Add(const ingest::v1::Activity& activity) {
  TraitSet traits = 0;
  for (const std::string& name : activity.traits()) {
    for (const TraitSet trait : kDecidingTraits) {
      if (name == NameOf(trait)) traits |= trait;
    }
  }
  AddOf(activity.type(), activity.platform(), traits);
}

void FedCategories::AddOf(absl::string_view type, absl::string_view platform, TraitSet traits) {
  const auto add = [this](Category category) { bits_ |= uint32_t{1} << category; };
  for (const Feeding& feeding : kFeedings) {
    if (feeding.type == type) add(feeding.category);
  }
  const bool of_file = type == "file.read" || type == "file.written";
  if (of_file && (traits & kTraitSharedFile)) add(kContentCollaboration);
  if (of_file && (traits & kTraitTeamSite)) add(kTeamwork);
  if (type == "mail.sent" && (traits & kTraitGroupMailbox)) add(kTeamwork);
  const bool known = platform == "desktop" || platform == "web" || platform == "mobile";
  if (known && std::find(kActsOfPeople.begin(), kActsOfPeople.end(), type) != kActsOfPeople.end()) {
    add(kMobility);
  }
}

std::set<std::string> FedCategories::Names() const {
  std::set<std::string> names;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (bits_ >> i & 1) names.emplace(kNames[i]);
  }
  return names;
}

}  // namespace tutti
