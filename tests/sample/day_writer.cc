#include "tests/sample/day_writer.h"

#include <algorithm>
#include <cmath>

#include "tests/sample/record_forms.h"
#include "tests/sample/sample_organization.h"

namespace tutti {
namespace {

constexpr uint32_t kOwnFiles = 14;  // the first kSharedOwnFiles of them may be shared
constexpr uint32_t kTeamFiles = 40;
constexpr uint64_t kOfTeam = uint64_t{1} << 63;

}  // namespace

uint64_t OwnFile(uint32_t person, uint32_t number) { return uint64_t{person} << 16 | number; }
uint64_t TeamFile(uint32_t team, uint32_t number) {
  return kOfTeam | uint64_t{team} << 16 | number;
}

DayWriter::DayWriter(const SampleOrganization& organization, const SampleHabits& habits, int day,
                     std::vector<SampleEvent>& events)
    : organization_(organization),
      habits_(habits),
      day_(day),
      events_(events),
      draws_(organization.key(), SampleStream::kPersonDay, habits.person,
             static_cast<uint32_t>(day)),
      whole_vocabulary_(organization.options().Writes(SampleShape::kActivities) ||
                        organization.options().Writes(SampleShape::kRemaining)),
      knows_platforms_(organization.options().Writes(SampleShape::kActivities) ||
                       organization.options().Writes(SampleShape::kUsageReports) ||
                       organization.options().Writes(SampleShape::kGoogleReports)) {}

void DayWriter::Write() {
  // The day's first draw, as in SampleOrganization::IsPresent.
  if (draws_.Chance(organization_.PresenceChance(habits_, day_))) {
    Mails();
    Messages(SampleAct::kChatSent, Practice::kChat);
    Messages(SampleAct::kChannelMessage, Practice::kChannel);
    Communities();
    Files(SampleAct::kFileRead, Practice::kFileRead);
    Files(SampleAct::kFileWritten, Practice::kFileWrite);
    TeamShares();
    Meetings();
    Calls();
    Assistant();
  }
  OwnShares();
}

int DayWriter::Times(double weight) {
  const double extra = organization_.volume_ * weight * draws_.Exponential();
  return 1 + static_cast<int>(std::min(std::floor(extra), 500.0));
}

int64_t DayWriter::AnyTime() {
  // Eight to six, mostly; a few early birds and night owls.
  const uint32_t hour = draws_.Chance(0.9) ? 8 + draws_.Below(10) : 6 + draws_.Below(16);
  return organization_.DayStart(day_) + int64_t{hour} * 3600 + draws_.Below(3600);
}

SampleDevice DayWriter::AnyDevice() {
  const double u = draws_.Uniform();
  if (u < double{habits_.devices[0]}) return SampleDevice::kDesktop;
  if (u < double{habits_.devices[0]} + double{habits_.devices[1]}) return SampleDevice::kWeb;
  if (habits_.devices[2] > 0) return SampleDevice::kMobile;
  return habits_.devices[1] > 0 ? SampleDevice::kWeb : SampleDevice::kDesktop;
}

SampleEvent& DayWriter::Add(SampleAct act) {
  SampleEvent& event = events_.emplace_back();
  event.act = act;
  event.person = habits_.person;
  event.seconds = AnyTime();
  event.id = (uint64_t{habits_.person} << 16 | static_cast<uint32_t>(day_)) << 16 | ++count_;
  return event;
}

uint32_t DayWriter::AnyTeammate() {
  const uint32_t first = SampleOrganization::TeamOf(habits_.person) * SampleOrganization::kTeamSize;
  const uint32_t size = std::min(SampleOrganization::kTeamSize, organization_.people() - first);
  return first + draws_.Below(size);
}

void DayWriter::Mails() {
  const auto choose_client = [this](SampleEvent& event) {
    const SampleDevice device = AnyDevice();
    std::vector<uint8_t> fitting;
    for (uint8_t i = 0; i < MailClients().size(); ++i) {
      const MailClientText& client = MailClients()[i];
      const bool usable = client.reads || event.act == SampleAct::kMailSent;
      if (client.device == device && usable) fitting.push_back(i);
    }
    event.client = fitting[draws_.Below(static_cast<uint32_t>(fitting.size()))];
    event.app = MailClients()[event.client].app;
    event.platform = PlatformOf(device);
  };
  if (Does(Practice::kMail)) {
    for (int n = Times(1); n > 0; --n) {
      SampleEvent& event = Add(SampleAct::kMailSent);
      choose_client(event);
      if (Does(Practice::kGroupMail)) event.traits |= kSampleGroupMailbox;
      if (Does(Practice::kAttachment)) event.traits |= kSampleAttachmentCopy;
      const bool mention = Does(Practice::kMention);
      const bool link = Does(Practice::kLink);
      if (whole_vocabulary_ && mention) event.traits |= kSampleMention;
      if (whole_vocabulary_ && link) event.traits |= kSampleAttachmentLink;
      event.other = draws_.Below(organization_.group_count());
      event.form = static_cast<uint8_t>(draws_.Below(4));
    }
  }
  if (Does(Practice::kMailRead)) {
    for (int n = Times(1); n > 0; --n) choose_client(Add(SampleAct::kMailRead));
  }
}

void DayWriter::ChooseTeamsClient(SampleEvent& event) {
  const SampleDevice device = AnyDevice();
  event.client = static_cast<uint8_t>(device);
  event.app = "teams";
  if (knows_platforms_ || device == SampleDevice::kMobile) event.platform = PlatformOf(device);
}

void DayWriter::Messages(SampleAct act, Practice practice) {
  if (!Does(practice)) return;
  for (int n = Times(act == SampleAct::kChatSent ? 1.5 : 0.7); n > 0; --n) {
    SampleEvent& event = Add(act);
    ChooseTeamsClient(event);
    event.form = draws_.Chance(0.75) ? uint8_t{kPlainMessage}
                                     : static_cast<uint8_t>(1 + draws_.Below(kMessageForms - 1));
    event.other = AnyTeammate();
  }
}

void DayWriter::Communities() {
  if (day_ < habits_.community_from) return;
  if (Does(Practice::kCommunityPost)) {
    for (int n = Times(0.3); n > 0; --n) Add(SampleAct::kCommunityPosted).app = "community";
  }
  if (Does(Practice::kCommunityRead)) {
    for (int n = Times(0.6); n > 0; --n) {
      SampleEvent& event = Add(SampleAct::kCommunityRead);
      event.app = "community";
      event.form = static_cast<uint8_t>(draws_.Below(3));
    }
  }
}

void DayWriter::ChooseFile(SampleEvent& event) {
  if (Does(Practice::kTeamSite)) {
    event.place = SamplePlace::kTeamSite;
    event.other = SampleOrganization::TeamOf(habits_.person);
    event.item = TeamFile(event.other, draws_.Below(kTeamFiles));
    event.traits |= kSampleTeamSite | kSampleSharedFile;
    return;
  }
  const uint32_t number = draws_.Below(kOwnFiles);
  if (Does(Practice::kOthersFile)) {
    event.other = AnyTeammate();
    if (event.other != habits_.person) {
      event.place = SamplePlace::kOthersDrive;
      event.item = OwnFile(event.other, number);
      event.traits |= kSamplePersonalDrive | kSampleSharedFile;
      return;
    }
  }
  event.place = SamplePlace::kOwnDrive;
  event.other = habits_.person;
  event.item = OwnFile(habits_.person, number);
  event.traits |= kSamplePersonalDrive;
  // A file counts as shared when its owner shares it at any time of the log.
  if (number < kSharedOwnFiles && habits_.share_day[number] >= 0) {
    event.traits |= kSampleSharedFile;
  }
}

void DayWriter::ChooseFileClient(SampleEvent& event) {
  const FileKind& kind = FileKindOf(event.item);
  const SampleDevice device = AnyDevice();
  std::vector<uint8_t> fitting;
  for (uint8_t i = 0; i < FileClients().size(); ++i) {
    const FileClientText& client = FileClients()[i];
    const bool opens = !client.office_only || !kind.office_name.empty();
    if (client.device == device && opens) fitting.push_back(i);
  }
  event.client = fitting[draws_.Below(static_cast<uint32_t>(fitting.size()))];
  event.app = FileClients()[event.client].is_teams ? "teams" : kind.app;
  event.platform = PlatformOf(device);
}

void DayWriter::Files(SampleAct act, Practice practice) {
  if (!Does(practice)) return;
  for (int n = Times(0.8); n > 0; --n) {
    SampleEvent& event = Add(act);
    ChooseFile(event);
    ChooseFileClient(event);
    if (act == SampleAct::kFileRead) {
      event.form = static_cast<uint8_t>(draws_.Below(4));
    } else if (event.platform == "desktop" && draws_.Chance(0.1)) {
      // The synchronising client says which computer, not which application.
      event.form = kWrittenBySync;
      event.app = "";
    }
  }
}

void DayWriter::TeamShares() {
  if (!Does(Practice::kTeamShare)) return;
  SampleEvent& event = Add(SampleAct::kFileShared);
  event.place = SamplePlace::kTeamSite;
  event.other = SampleOrganization::TeamOf(habits_.person);
  event.item = TeamFile(event.other, draws_.Below(kTeamFiles));
  event.form = static_cast<uint8_t>(draws_.Below(kShareForms));
  const bool outside = event.form == kAnyoneLink || event.form == kToGuest;
  event.traits = outside ? kSampleExternal : kSampleInternal;
  ChooseFileClient(event);
}

void DayWriter::OwnShares() {
  for (uint32_t number = 0; number < kSharedOwnFiles; ++number) {
    if (habits_.share_day[number] != day_) continue;
    SampleEvent& event = Add(SampleAct::kFileShared);
    event.place = SamplePlace::kOwnDrive;
    event.other = habits_.person;
    event.item = OwnFile(habits_.person, number);
    event.form = static_cast<uint8_t>(draws_.Below(kShareForms));
    const bool outside = event.form == kAnyoneLink || event.form == kToGuest;
    event.traits = outside ? kSampleExternal : kSampleInternal;
    ChooseFileClient(event);
  }
}

void DayWriter::Meetings() {
  const uint32_t team = SampleOrganization::TeamOf(habits_.person);
  for (const SampleMeeting& meeting : organization_.MeetingsOf(team, day_)) {
    if (!Does(Practice::kMeeting)) continue;
    const bool call = meeting.kind == SampleMeetingKind::kGroupCall;
    SampleEvent& event = Add(call ? SampleAct::kCallJoined : SampleAct::kMeetingAttended);
    ChooseTeamsClient(event);
    event.item = meeting.item;
    event.other = meeting.organizer;
    event.seconds = meeting.start + draws_.Below(600);
    if (draws_.Chance(0.15)) event.form |= kByObjectIdAlone;
    if (call) {
      event.traits = kSampleGroup;
      continue;
    }
    event.traits = meeting.kind == SampleMeetingKind::kOneOff      ? kSampleOneOff
                   : meeting.kind == SampleMeetingKind::kRecurring ? kSampleRecurring
                                                                   : kSampleMeetNow;
    if (Does(Practice::kVideo)) event.traits |= kSampleVideo;
    if (Does(Practice::kScreen)) event.traits |= kSampleScreenShare;
    if (draws_.Chance(0.08)) event.form |= kRejoined;
    const SampleTraits interaction = kSampleReaction << draws_.Below(3);
    if (Does(Practice::kInteraction) && whole_vocabulary_) event.traits |= interaction;
  }
}

void DayWriter::Calls() {
  if (!Does(Practice::kCall)) return;
  SampleEvent& event = Add(SampleAct::kCallJoined);
  ChooseTeamsClient(event);
  event.other = habits_.person;
  event.traits = kSampleOneToOne;
  event.item = uint64_t{1} << 57 | event.id;
}

void DayWriter::Assistant() {
  if (!habits_.licensed || day_ < habits_.assistant_from || !Does(Practice::kAssistant)) return;
  for (int n = Times(0.7); n > 0; --n) {
    SampleEvent& event = Add(SampleAct::kAssistantUsed);
    // Each person keeps to a few places.
    const uint32_t places = static_cast<uint32_t>(AssistantHosts().size());
    event.client = static_cast<uint8_t>((habits_.person * 7 + draws_.Below(4)) % places);
    const AssistantHost& host = AssistantHosts()[event.client];
    event.app = host.app;
    event.traits = host.traits;
  }
}

int RecordsOf(const SampleEvent& event) {
  switch (event.act) {
    case SampleAct::kChatSent:
    case SampleAct::kChannelMessage:
      return event.form == kMessageAndLink ? 2 : 1;
    case SampleAct::kFileShared:
      return 5;
    case SampleAct::kMeetingAttended:
    case SampleAct::kCallJoined:
      return 1 + ((event.form & kRejoined) ? 1 : 0) + ((event.form & kByObjectIdAlone) ? 1 : 0);
    default:
      return 1;
  }
}

}  // namespace tutti
