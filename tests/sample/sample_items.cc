#include "tests/sample/sample_items.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sample/draws.h"
#include "tests/sample/told.h"

namespace tutti {
namespace {

using Traits = std::vector<const char*>;

constexpr std::array<const char*, 9> kPractices = {
    "chat_before", "notice_24h",      "accepted_by_most", "joined_on_time", "interactive",
    "visual",      "third_took_part", "recorded",         "message_after"};
constexpr std::array<const char*, 4> kMembers = {"members_1_to_4", "members_5_to_10",
                                                 "members_11_to_50", "members_over_50"};
constexpr uint32_t kWorkspacesOfTeam = 3;

class ItemTeller {
 public:
  ItemTeller(const SampleOrganization& organization, const ItemSink& take)
      : organization_(organization),
        take_(take),
        measured_(organization.options().Writes(SampleShape::kTelemetry)) {}

  void Tell() {
    if (TellsDevices(organization_.options())) {
      for (uint32_t person = 0; person < organization_.people(); ++person) Devices(person);
    }
    if (!TellsItems(organization_.options())) return;
    for (uint32_t person = 0; person < organization_.people(); ++person) {
      Documents(person);
      MailThreads(person);
      Questions(person);
      Messages(person);
    }
    for (uint32_t team = 0; team < organization_.team_count(); ++team) {
      Meetings(team);
      for (uint32_t i = 0; i < kWorkspacesOfTeam; ++i) Workspace(team * kWorkspacesOfTeam + i);
    }
  }

 private:
  int days() const { return organization_.days(); }

  // What lasts of a thing, and what is drawn anew on each day.
  Draws Lasting(SampleStream stream, uint32_t number) const {
    return Draws(organization_.key(), stream, number, 0);
  }
  Draws OfDay(SampleStream stream, uint32_t number, int day) const {
    return Draws(organization_.key(), stream, number, static_cast<uint32_t>(day) + 1);
  }

  // Tells it on a day, when that is one of the organisation's.
  void Emit(const std::string& subject, const char* type, int day, const Traits& traits) {
    if (day < 0 || day >= days()) return;
    activity_.Clear();
    activity_.set_subject(subject);
    activity_.set_type(type);
    activity_.mutable_occurred_at()->set_seconds(organization_.DayStart(day) + int64_t{12} * 3600);
    for (const char* trait : traits) activity_.add_traits(trait);
    take_(activity_, day);
  }

  void Devices(uint32_t person) {
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t number = 2 * person + i;
      Draws lasting = Lasting(SampleStream::kDevice, number);
      if (i > 0 && !lasting.Chance(0.45)) continue;
      const std::string subject = absl::StrCat("device-", number);
      const double slow = lasting.Chance(0.35) ? 0.2 : 0.004;
      const double crash = lasting.Chance(0.25) ? 0.12 : 0.003;
      const double poor = lasting.Chance(0.3) ? 0.15 : 0.002;
      // Some come to the recommended channel, and to a supported version, some day.
      const int recommended_from = FromSomeDay(lasting, 0.6);
      const int supported_from = FromSomeDay(lasting, 0.8);
      for (int day = 0; day < days(); ++day) {
        Draws draws = OfDay(SampleStream::kDevice, number, day);
        if (!draws.Chance(organization_.IsDayOff(day) ? 0.08 : 0.75)) continue;
        Emit(subject, "device.started", day, draws.Chance(slow) ? Traits{"slow_start"} : Traits{});
        if (draws.Chance(crash)) Emit(subject, "device.app_crashed", day, {});
        Traits network;
        const bool mail = draws.Chance(poor);
        const bool files = draws.Chance(poor);
        const bool calls = draws.Chance(poor);
        // What is too slow for mail by measurement is too slow for all else.
        if (mail) network.push_back("poor_mail");
        if (files || (mail && measured_)) network.push_back("poor_files");
        if (calls || (mail && measured_)) network.push_back("poor_calls");
        if (draws.Chance(0.6)) Emit(subject, "device.network_measured", day, network);
        if (!draws.Chance(0.2)) continue;
        Traits apps;
        if (day >= recommended_from) apps.push_back("recommended_channel");
        if (day >= supported_from) apps.push_back("supported_version");
        Emit(subject, "device.apps_reported", day, apps);
      }
    }
  }

  // The first day with `already`; else any day, or none.
  int FromSomeDay(Draws& draws, double already) const {
    if (draws.Chance(already)) return 0;
    return static_cast<int>(draws.Below(2 * static_cast<uint32_t>(days())));
  }

  void Meetings(uint32_t team) {
    Draws lasting = Lasting(SampleStream::kMeeting, team);
    std::array<double, kPractices.size()> habit{};
    for (double& chance : habit) chance = lasting.Uniform();
    for (int day = 0; day < days(); ++day) {
      if (organization_.IsDayOff(day)) continue;
      Draws draws = OfDay(SampleStream::kMeeting, team, day);
      const uint32_t meetings = draws.Below(8);
      for (uint32_t i = 0; i < meetings; ++i) {
        const std::string subject = absl::StrCat("meeting-", team, "-", day, "-", i);
        Traits traits;
        if (draws.Chance(0.3)) traits.push_back("over_8_people");
        if (draws.Chance(0.15)) traits.push_back("over_60_minutes");
        Traits later;
        for (size_t p = 0; p < kPractices.size(); ++p) {
          if (!draws.Chance(habit[p])) continue;
          (p >= 7 ? later : traits).push_back(kPractices[p]);
        }
        Emit(subject, "meeting.held", day, traits);
        // Records and messages are known a day later, and told with all of it.
        if (later.empty()) continue;
        later.insert(later.end(), traits.begin(), traits.end());
        Emit(subject, "meeting.held", day + static_cast<int>(draws.Below(2)), later);
      }
    }
  }

  void Workspace(uint32_t number) {
    Draws lasting = Lasting(SampleStream::kWorkspace, number);
    const std::string subject = absl::StrCat("workspace-", number);
    const char* const members = kMembers[lasting.Below(4)];
    const bool team = lasting.Chance(0.6);
    const int created = static_cast<int>(lasting.Below(2000)) - 1900;
    const bool used = lasting.Chance(0.7);
    std::array<double, 3> chance{};
    for (double& one : chance) one = used && lasting.Chance(0.6) ? 0.2 * lasting.Uniform() : 0;
    constexpr std::array<const char*, 3> kUses = {"workspace.mailed", "workspace.posted",
                                                  "workspace.content_used"};
    for (int day = std::max(created, 0); day < days(); ++day) {
      Draws draws = OfDay(SampleStream::kWorkspace, number, day);
      const int age = day - created;
      Traits traits = {members, age <= 90     ? "age_up_to_90_days"
                                : age <= 365  ? "age_up_to_1_year"
                                : age <= 1095 ? "age_up_to_3_years"
                                              : "age_over_3_years"};
      if (team) traits.push_back("team_attached");
      // The inventory is taken once a week.
      if (day % 7 == 0) Emit(subject, "workspace.listed", day, traits);
      for (size_t use = 0; use < kUses.size(); ++use) {
        if (draws.Chance(chance[use])) Emit(subject, kUses[use], day, traits);
      }
    }
  }

  void Documents(uint32_t person) {
    for (int day = 0; day < days(); ++day) {
      Draws draws = OfDay(SampleStream::kDocument, person, day);
      if (organization_.IsDayOff(day) || !draws.Chance(0.3)) continue;
      const std::string subject = absl::StrCat("document-", person, "-", day);
      Emit(subject, "document.shared", day, {draws.Chance(0.75) ? "internal" : "external"});
      if (!draws.Chance(0.3)) continue;
      // Shared again, days later.
      Emit(subject, "document.shared", day + 1 + static_cast<int>(draws.Below(10)),
           {draws.Chance(0.5) ? "internal" : "external"});
    }
  }

  void MailThreads(uint32_t person) {
    for (int day = 0; day < days(); ++day) {
      Draws draws = OfDay(SampleStream::kThread, person, day);
      if (organization_.IsDayOff(day) || !draws.Chance(0.25)) continue;
      const std::string subject = absl::StrCat("mail-thread-", person, "-", day);
      Emit(subject, "mail_thread.mentioned", day, {});
      if (!draws.Chance(0.65)) continue;
      Emit(subject, "mail_thread.answered", day + static_cast<int>(draws.Below(4)), {});
    }
  }

  void Questions(uint32_t person) {
    for (int day = 0; day < days(); ++day) {
      Draws draws = OfDay(SampleStream::kQuestion, person, day);
      if (organization_.IsDayOff(day) || !draws.Chance(0.06)) continue;
      const std::string subject = absl::StrCat("question-", person, "-", day);
      Emit(subject, "question.asked", day, {});
      if (!draws.Chance(0.7)) continue;
      const int answered = day + static_cast<int>(draws.Below(5));
      Emit(subject, "question.answered", answered, {});
      if (!draws.Chance(0.4)) continue;
      Emit(subject, "question.best_answered", answered + static_cast<int>(draws.Below(3)), {});
    }
  }

  void Messages(uint32_t person) {
    for (int day = 0; day < days(); ++day) {
      Draws draws = OfDay(SampleStream::kMessage, person, day);
      const uint32_t messages = organization_.IsDayOff(day) ? 0 : draws.Below(6);
      for (uint32_t i = 0; i < messages; ++i) {
        Emit(absl::StrCat("message-", person, "-", day, "-", i), "message.sent", day, {});
      }
    }
  }

  const SampleOrganization& organization_;
  const ItemSink& take_;
  const bool measured_;  // telemetry tells milliseconds, and not what they mean
  ingest::v1::Activity activity_;
};

}  // namespace

void ForEachItemActivity(const SampleOrganization& organization, const ItemSink& take) {
  ItemTeller(organization, take).Tell();
}

}  // namespace tutti
