#include "tests/sample/told.h"

#include <algorithm>

#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

constexpr int64_t kDaySeconds = 86400;

using Told = std::vector<ToldActivity>;

absl::string_view TypeOf(const SampleEvent& event) {
  return kSampleActTypes[static_cast<size_t>(event.act)];
}

bool IsMail(const SampleEvent& event) {
  return event.act == SampleAct::kMailSent || event.act == SampleAct::kMailRead;
}

bool IsBySync(const SampleEvent& event) {
  return event.act == SampleAct::kFileWritten && event.form == kWrittenBySync;
}

void AppendAsAuditLog(const SampleEvent& event, Told& told) {
  const bool by_teams =
      event.act == SampleAct::kChatSent || event.act == SampleAct::kChannelMessage ||
      event.act == SampleAct::kMeetingAttended || event.act == SampleAct::kCallJoined;
  // It says no more of Teams than whether it ran on a telephone.
  const bool unknown = by_teams && event.platform != "mobile";
  told.push_back({TypeOf(event), event.seconds, event.app, unknown ? "" : event.platform,
                  event.traits & ~kSampleUnloggedTraits});
}

void AppendActsAsUsageReports(const SampleEvent& event, int64_t noon, Told& told) {
  const auto add = [&](absl::string_view type, absl::string_view app, SampleTraits traits) {
    told.push_back({type, noon, app, "", traits});
  };
  switch (event.act) {
    case SampleAct::kMailSent:
    case SampleAct::kMailRead:
      return add(TypeOf(event), "outlook", 0);
    case SampleAct::kChatSent:
    case SampleAct::kChannelMessage:
      return add(TypeOf(event), "teams", 0);
    case SampleAct::kCommunityPosted:
    case SampleAct::kCommunityRead:
      return add(TypeOf(event), "community", 0);
    case SampleAct::kFileRead:
    case SampleAct::kFileWritten:
      // A column counts files that were viewed or edited; what was synchronised has
      // another one, which the importer leaves alone.
      if (IsBySync(event)) return;
      return add("file.read", "",
                 event.place == SamplePlace::kTeamSite ? kSampleTeamSite | kSampleSharedFile
                                                       : kSamplePersonalDrive);
    case SampleAct::kFileShared:
      return add(TypeOf(event), "", event.traits & (kSampleInternal | kSampleExternal));
    case SampleAct::kMeetingAttended:
      add(TypeOf(event), "teams", 0);
      // A column for each.
      for (const SampleTraits trait :
           {kSampleOneOff, kSampleRecurring, kSampleMeetNow, kSampleVideo, kSampleScreenShare}) {
        if (event.traits & trait) add(TypeOf(event), "teams", trait);
      }
      return;
    case SampleAct::kCallJoined:
      if (event.traits & kSampleOneToOne) add(TypeOf(event), "teams", kSampleOneToOne);
      return;
    case SampleAct::kAssistantUsed:
      // The last day of each application, and of agents whatever application they are in.
      add(TypeOf(event), event.app, event.traits & (kSampleInMail | kSampleInDocument));
      if (event.traits & kSampleWithAgent) add(TypeOf(event), "other", kSampleWithAgent);
      return;
  }
}

void AppendAsUsageReports(const SampleEvent& event, Told& told) {
  // Their days are those of UTC, and of a day they say nothing but which.
  const int64_t noon = event.seconds / kDaySeconds * kDaySeconds + kDaySeconds / 2;
  const bool has_column = IsMail(event) || event.app != "other";
  if (has_column && !event.app.empty() && !event.platform.empty()) {
    told.push_back({"app.used", noon, event.app, event.platform, 0});
  }
  AppendActsAsUsageReports(event, noon, told);
}

void AppendAsGoogleReports(const SampleEvent& event, Told& told) {
  SampleTraits kept = 0;
  bool has_platform = false;
  switch (event.act) {
    case SampleAct::kMailSent:
    case SampleAct::kMailRead:
      kept = kSampleAttachmentCopy;
      has_platform = true;
      break;
    case SampleAct::kMeetingAttended:
      kept = kSampleVideo | kSampleScreenShare;
      has_platform = true;
      break;
    case SampleAct::kChatSent:
    case SampleAct::kChannelMessage:
      break;
    case SampleAct::kFileRead:
    case SampleAct::kFileWritten:
      kept = kSampleTeamSite | kSamplePersonalDrive | kSampleSharedFile;
      break;
    case SampleAct::kFileShared:
      kept = kSampleInternal | kSampleExternal;
      break;
    case SampleAct::kAssistantUsed:
      kept = kSampleInMail | kSampleInChat | kSampleInMeeting | kSampleInDocument;
      break;
    case SampleAct::kCommunityPosted:
    case SampleAct::kCommunityRead:
    case SampleAct::kCallJoined:
      return;
  }
  // Programs on desktops are any protocol's clients.
  const bool known = has_platform && event.platform != "desktop";
  const bool own_app = event.act == SampleAct::kAssistantUsed && event.app == "assistant";
  told.push_back({TypeOf(event), event.seconds, own_app ? event.app : "other",
                  known ? event.platform : "", event.traits & kept});
}

}  // namespace

void AppendTold(const SampleEvent& event, SampleShape shape, Told& told) {
  switch (shape) {
    case SampleShape::kAuditCsv:
    case SampleShape::kAuditLines:
      return AppendAsAuditLog(event, told);
    case SampleShape::kActivities:
      told.push_back({TypeOf(event), event.seconds, event.app, event.platform, event.traits});
      return;
    case SampleShape::kUsageReports:
      return AppendAsUsageReports(event, told);
    case SampleShape::kGoogleReports:
      return AppendAsGoogleReports(event, told);
    case SampleShape::kTelemetry:
      return;
    case SampleShape::kRemaining:
      if ((event.traits & kSampleUnloggedTraits) == 0) return;
      told.push_back({TypeOf(event), event.seconds, "", "", event.traits & kSampleUnloggedTraits});
      return;
  }
}

bool TellsPeople(const SampleOptions& options) {
  return std::any_of(options.shapes.begin(), options.shapes.end(),
                     [](SampleShape shape) { return shape != SampleShape::kTelemetry; });
}

bool TellsDevices(const SampleOptions& options) {
  return options.Writes(SampleShape::kActivities) || options.Writes(SampleShape::kTelemetry);
}

bool TellsItems(const SampleOptions& options) {
  return options.Writes(SampleShape::kActivities) || options.Writes(SampleShape::kRemaining);
}

}  // namespace tutti
