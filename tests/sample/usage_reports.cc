#include "tests/sample/usage_reports.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/window/day.h"
#include "tests/sample/clients.h"
#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

// What reports count of a person's day, report by report.
enum Usage : size_t {
  kSent,
  kReceived,
  kRead,
  kChannelMessages,
  kChats,
  kCalls,
  kMeetings,
  kPosts,
  kReplies,
  kAdHoc,
  kOneTime,
  kRecurring,
  kVideoSeconds,
  kScreenSeconds,
  kSiteFiles,
  kSiteSynced,
  kSiteInside,
  kSiteOutside,
  kSitePages,
  kDriveFiles,
  kDriveSynced,
  kDriveInside,
  kDriveOutside,
  kPosted,
  kCommunityRead,
  kLiked,
  kMailForMac,
  kOutlookForMac,
  kOutlookForWindows,
  kOutlookForMobile,
  kOtherForMobile,
  kOutlookForWeb,
  kUsedWeb,
  kUsedIos,
  kUsedMac,
  kUsedAndroid,
  kUsedWindows,
  kFirstApp,                         // then each application on each platform
  kFirstAssistant = kFirstApp + 24,  // then where the assistant was used
  kUsageCount = kFirstAssistant + 8,
  kUsedAgent = kUsageCount - 1,
};
using UsageCounts = std::array<uint32_t, kUsageCount>;

constexpr absl::string_view kHeaders[] = {
    "Send Count",
    "Receive Count",
    "Read Count",
    "Team Chat Message Count",
    "Private Chat Message Count",
    "Call Count",
    "Meetings Attended Count",
    "Post Messages",
    "Reply Messages",
    "Ad Hoc Meetings Attended Count",
    "Scheduled One-time Meetings Attended Count",
    "Scheduled Recurring Meetings Attended Count",
    "Video Duration In Seconds",
    "Screen Share Duration In Seconds",
    "Viewed Or Edited File Count",
    "Synced File Count",
    "Shared Internally File Count",
    "Shared Externally File Count",
    "Visited Page Count",
    "Viewed Or Edited File Count",
    "Synced File Count",
    "Shared Internally File Count",
    "Shared Externally File Count",
    "Posted Count",
    "Read Count",
    "Liked Count",
    "Mail For Mac",
    "Outlook For Mac",
    "Outlook For Windows",
    "Outlook For Mobile",
    "Other For Mobile",
    "Outlook For Web",
    "Used Web",
    "Used iOS",
    "Used Mac",
    "Used Android Phone",
    "Used Windows",
};
static_assert(std::size(kHeaders) == kFirstApp);

struct App {
  absl::string_view name;
  absl::string_view id;  // the catalogue's
};
constexpr App kApps[] = {{"Outlook", "outlook"},       {"Word", "word"},       {"Excel", "excel"},
                         {"PowerPoint", "powerpoint"}, {"OneNote", "onenote"}, {"Teams", "teams"}};
enum Platform : size_t { kWindows, kMac, kMobile, kWeb, kPlatformCount };
constexpr absl::string_view kPlatforms[] = {"Windows", "Mac", "Mobile", "Web"};
static_assert(std::size(kApps) * kPlatformCount == kFirstAssistant - kFirstApp);

// What the report of the assistant has a column for.
constexpr App kAssistants[] = {{"Copilot Chat", "assistant"},
                               {"Microsoft Teams Copilot", "teams"},
                               {"Word Copilot", "word"},
                               {"Excel Copilot", "excel"},
                               {"PowerPoint Copilot", "powerpoint"},
                               {"Outlook Copilot", "outlook"},
                               {"OneNote Copilot", "onenote"},
                               {"Copilot Agent", ""}};
static_assert(std::size(kAssistants) == kUsageCount - kFirstAssistant);

struct Report {
  absl::string_view name;
  size_t begin = 0;  // of Usage; the end is excluded
  size_t end = 0;
  bool has_deleted = false;   // "Is Deleted", and rows of people who left
  bool has_products = false;  // "Assigned Products"
  bool says_yes = false;      // whether, not how often
};
constexpr Report kReports[] = {
    {"email-activity", kSent, kChannelMessages, true, true, false},
    {"teams-activity", kChannelMessages, kSiteFiles, true, true, false},
    {"sharepoint-activity", kSiteFiles, kDriveFiles, true, true, false},
    {"onedrive-activity", kDriveFiles, kPosted, true, true, false},
    {"yammer-activity", kPosted, kMailForMac, false, true, false},
    {"email-apps", kMailForMac, kUsedWeb, true, false, true},
    {"teams-devices", kUsedWeb, kFirstApp, true, false, true},
    {"m365-apps", kFirstApp, kFirstAssistant, false, false, true},
};

constexpr int64_t kDaySeconds = 86400;

Day UtcDay(int64_t seconds) { return Day(1970, 1, 1) + seconds / kDaySeconds; }

std::string HeaderOf(size_t usage) {
  if (usage < kFirstApp) return std::string(kHeaders[usage]);
  if (usage >= kFirstAssistant) {
    return absl::StrCat(kAssistants[usage - kFirstAssistant].name, " Last Activity Date");
  }
  const size_t app = (usage - kFirstApp) / kPlatformCount;
  return absl::StrCat(kApps[app].name, " (", kPlatforms[(usage - kFirstApp) % kPlatformCount], ")");
}

// Both spellings of yes and no occur in one file.
absl::string_view YesNo(bool yes, uint32_t person) {
  if (person % 3 == 0) return yes ? "True" : "False";
  return yes ? "Yes" : "No";
}

class UsageTeller {
 public:
  UsageTeller(const SampleOrganization& organization, const ReportFileSink& take)
      : organization_(organization),
        take_(take),
        last_active_(std::size(kReports)),
        last_assisted_(std::size(kAssistants)) {
    for (uint32_t person = 0; person < organization.people(); ++person) {
      habits_.push_back(organization.HabitsOf(person));
    }
    for (std::vector<std::vector<Day>>* lasts : {&last_active_, &last_assisted_}) {
      for (std::vector<Day>& last : *lasts) last.resize(organization.people(), kNoDay);
    }
  }

  absl::StatusOr<AuditLogCounts> Tell() {
    std::vector<SampleEvent> events;
    for (int day = 0; day < organization_.days(); ++day) {
      pending_[organization_.DayAt(day)].resize(organization_.people());
      for (const SampleHabits& person : habits_) {
        events.clear();
        organization_.AppendDay(person, day, events);
        counts_.activities += static_cast<int64_t>(events.size());
        for (const SampleEvent& event : events) Count(event);
      }
      // The next day may begin at most 14 hours early.
      RETURN_IF_ERROR(WriteBefore(organization_.DayAt(day)));
    }
    RETURN_IF_ERROR(WriteBefore(organization_.DayAt(organization_.days() + 1)));
    return counts_;
  }

 private:
  static constexpr Day kNoDay = Day(1970, 1, 1);

  void Count(const SampleEvent& event) {
    std::vector<UsageCounts>& day = pending_[UtcDay(event.seconds)];
    day.resize(organization_.people());
    UsageCounts& counts = day[event.person];
    CountAct(event, counts);
    CountApp(event, counts);
  }

  static void CountAct(const SampleEvent& event, UsageCounts& counts) {
    const bool outside = (event.traits & kSampleExternal) != 0;
    const bool site = event.place == SamplePlace::kTeamSite;
    switch (event.act) {
      case SampleAct::kMailSent:
        ++counts[kSent];
        break;
      case SampleAct::kMailRead:
        ++counts[kReceived];
        ++counts[kRead];
        break;
      case SampleAct::kChatSent:
        ++counts[kChats];
        break;
      case SampleAct::kChannelMessage:
        ++counts[kChannelMessages];
        ++counts[event.id % 2 == 0 ? kPosts : kReplies];
        break;
      case SampleAct::kCommunityPosted:
        ++counts[kPosted];
        break;
      case SampleAct::kCommunityRead:
        ++counts[kCommunityRead];
        break;
      case SampleAct::kFileRead:
      case SampleAct::kFileWritten:
        if (event.act == SampleAct::kFileWritten && event.form == kWrittenBySync) {
          ++counts[site ? kSiteSynced : kDriveSynced];
          break;
        }
        ++counts[site ? kSiteFiles : kDriveFiles];
        if (site) ++counts[kSitePages];
        break;
      case SampleAct::kFileShared:
        if (site) ++counts[outside ? kSiteOutside : kSiteInside];
        if (!site) ++counts[outside ? kDriveOutside : kDriveInside];
        break;
      case SampleAct::kMeetingAttended:
        ++counts[kMeetings];
        ++counts[(event.traits & kSampleOneOff)      ? kOneTime
                 : (event.traits & kSampleRecurring) ? kRecurring
                                                     : kAdHoc];
        if (event.traits & kSampleVideo) counts[kVideoSeconds] += 600;
        if (event.traits & kSampleScreenShare) counts[kScreenSeconds] += 120;
        break;
      case SampleAct::kCallJoined:
        if (event.traits & kSampleOneToOne) ++counts[kCalls];
        break;
      case SampleAct::kAssistantUsed:
        for (size_t i = 0; i < std::size(kAssistants); ++i) {
          if (kAssistants[i].id == event.app) ++counts[kFirstAssistant + i];
        }
        if (event.traits & kSampleWithAgent) ++counts[kUsedAgent];
        break;
    }
  }

  static void CountApp(const SampleEvent& event, UsageCounts& counts) {
    if (event.platform.empty()) return;
    const bool mail = event.act == SampleAct::kMailSent || event.act == SampleAct::kMailRead;
    const bool mac = mail && absl::StrContains(MailClients()[event.client].info, "MacOutlook");
    const Platform platform = event.platform == "web"      ? kWeb
                              : event.platform == "mobile" ? kMobile
                              : mac                        ? kMac
                                                           : kWindows;
    for (size_t app = 0; app < std::size(kApps); ++app) {
      if (kApps[app].id == event.app) ++counts[kFirstApp + app * kPlatformCount + platform];
    }
    if (event.app == "teams") {
      const Usage phone = event.person % 2 == 0 ? kUsedIos : kUsedAndroid;
      const std::array<Usage, kPlatformCount> used = {kUsedWindows, kUsedMac, phone, kUsedWeb};
      ++counts[used[platform]];
    }
    if (!mail) return;
    const Usage phone = event.app == "outlook" ? kOutlookForMobile : kOtherForMobile;
    const std::array<Usage, kPlatformCount> used = {kOutlookForWindows, kOutlookForMac, phone,
                                                    kOutlookForWeb};
    ++counts[used[platform]];
  }

  absl::Status WriteBefore(Day end) {
    while (!pending_.empty() && pending_.begin()->first < end) {
      const auto& [day, people] = *pending_.begin();
      for (size_t report = 0; report < std::size(kReports); ++report) {
        const std::string name = absl::StrCat(kReports[report].name, "-", FormatDay(day), ".csv");
        RETURN_IF_ERROR(take_(name, Csv(report, day, people)));
      }
      RETURN_IF_ERROR(
          take_(absl::StrCat("copilot-usage-", FormatDay(day), ".csv"), AssistantCsv(day, people)));
      pending_.erase(pending_.begin());
    }
    return absl::OkStatus();
  }

  std::string Csv(size_t number, Day day, const std::vector<UsageCounts>& people) {
    const Report& report = kReports[number];
    const std::string refreshed = FormatDay(day + 2);
    // Reports begin with a byte order mark.
    std::string csv = "\xEF\xBB\xBFReport Refresh Date,User Principal Name";
    if (report.has_deleted) absl::StrAppend(&csv, ",Is Deleted,Deleted Date");
    absl::StrAppend(&csv, ",Last Activity Date");
    for (size_t usage = report.begin; usage < report.end; ++usage) {
      absl::StrAppend(&csv, ",", HeaderOf(usage));
    }
    if (report.has_products) absl::StrAppend(&csv, ",Assigned Products");
    absl::StrAppend(&csv, ",Report Period\r\n");
    for (uint32_t person = 0; person < people.size(); ++person) {
      const UsageCounts& counts = people[person];
      Day& last = last_active_[number][person];
      for (size_t usage = report.begin; usage < report.end; ++usage) {
        if (counts[usage] > 0) last = day;
      }
      const std::string active = last == kNoDay ? "" : FormatDay(last);
      absl::StrAppend(&csv, refreshed, ",", NameOf(person));
      if (report.has_deleted) absl::StrAppend(&csv, ",", YesNo(false, person), ",");
      absl::StrAppend(&csv, ",", active);
      AppendCounts(report, counts, person, csv);
      if (report.has_products) {
        absl::StrAppend(&csv, ",MICROSOFT 365 E3",
                        habits_[person].licensed ? "+MICROSOFT 365 COPILOT" : "");
      }
      absl::StrAppend(&csv, ",1\r\n");
      ++counts_.records;
    }
    if (report.has_deleted) AppendDeleted(report, day, csv);
    return csv;
  }

  // The report of the assistant: its licensees alone, and the last day of each application.
  std::string AssistantCsv(Day day, const std::vector<UsageCounts>& people) {
    std::string csv =
        "\xEF\xBB\xBFReport Refresh Date,User Principal Name,Display Name,Last Activity Date";
    for (size_t usage = kFirstAssistant; usage < kUsageCount; ++usage) {
      absl::StrAppend(&csv, ",", HeaderOf(usage));
    }
    absl::StrAppend(&csv, ",Report Period\r\n");
    for (uint32_t person = 0; person < people.size(); ++person) {
      if (!habits_[person].licensed) continue;
      Day latest = kNoDay;
      std::string cells;
      for (size_t i = 0; i < std::size(kAssistants); ++i) {
        Day& last = last_assisted_[i][person];
        if (people[person][kFirstAssistant + i] > 0) last = day;
        latest = std::max(latest, last);
        absl::StrAppend(&cells, ",", last == kNoDay ? "" : FormatDay(last));
      }
      absl::StrAppend(&csv, FormatDay(day + 2), ",", NameOf(person), ",Made Up,",
                      latest == kNoDay ? "" : FormatDay(latest), cells, ",7\r\n");
      ++counts_.records;
    }
    return csv;
  }

  static void AppendCounts(const Report& report, const UsageCounts& counts, uint32_t person,
                           std::string& csv) {
    for (size_t usage = report.begin; usage < report.end; ++usage) {
      if (report.says_yes) {
        absl::StrAppend(&csv, ",", YesNo(counts[usage] > 0, person + static_cast<uint32_t>(usage)));
      } else {
        absl::StrAppend(&csv, ",", counts[usage]);
      }
    }
  }

  // Somebody who left that day, whose row says what they had done before.
  void AppendDeleted(const Report& report, Day day, std::string& csv) {
    UsageCounts counts;
    counts.fill(1);
    absl::StrAppend(&csv, FormatDay(day + 2), ",gone@", organization_.domain(), ",True,",
                    FormatDay(day), ",", FormatDay(day));
    AppendCounts(report, counts, 0, csv);
    absl::StrAppend(&csv, report.has_products ? ",MICROSOFT 365 E3,1\r\n" : ",1\r\n");
    ++counts_.records;
  }

  // Case differs from person to person.
  std::string NameOf(uint32_t person) const {
    const std::string name = organization_.PersonName(person);
    return person % 5 == 0 ? absl::AsciiStrToUpper(name) : name;
  }

  const SampleOrganization& organization_;
  const ReportFileSink& take_;
  std::vector<SampleHabits> habits_;
  std::map<Day, std::vector<UsageCounts>> pending_;  // by day in UTC; by person
  std::vector<std::vector<Day>> last_active_;        // by report and person
  std::vector<std::vector<Day>> last_assisted_;      // by column and person
  AuditLogCounts counts_;
};

}  // namespace

absl::StatusOr<AuditLogCounts> TellUsageReports(const SampleOrganization& organization,
                                                const ReportFileSink& take) {
  return UsageTeller(organization, take).Tell();
}

}  // namespace tutti
