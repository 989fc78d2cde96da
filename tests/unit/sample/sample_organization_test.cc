#include "tests/sample/sample_organization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/window/day.h"
#include "tests/unit/sample/sample_fixture.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Everything(const SampleOptions& options) {
  std::vector<std::string> texts;
  Made(options).ForEachActivity([&texts](const ingest::v1::Activity& activity) {
    texts.push_back(absl::StrCat(Text(activity), " ", activity.occurred_at().seconds()));
  });
  return texts;
}

TEST(SampleOrganization, IsTheSameForTheSameSeed) {
  SampleOptions options = SampleOf(40, 3);
  const std::vector<std::string> once = Everything(options);
  EXPECT_EQ(once, Everything(options));
  options.seed = 2;
  EXPECT_NE(once, Everything(options));
}

TEST(SampleOrganization, DoesNothingBeforeTheFirstDayOrAfterTheLast) {
  for (const char* zone : {"Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin"}) {
    SampleOptions options = SampleOf(60, 5);
    options.last_day = Day(2026, 4, 5);  // across a change of the clocks
    options.time_zone = zone;
    const SampleOrganization organization = Made(options);
    std::vector<SampleEvent> events;
    for (uint32_t person = 0; person < organization.people(); ++person) {
      for (int day = 0; day < organization.days(); ++day) {
        events.clear();
        organization.AppendDay(organization.HabitsOf(person), day, events);
        for (const SampleEvent& event : events) {
          const absl::CivilDay happened =
              absl::ToCivilDay(absl::FromUnixSeconds(event.seconds), *LoadZone(zone));
          ASSERT_EQ(happened, organization.DayAt(day)) << zone;
        }
      }
    }
    EXPECT_EQ(organization.DayAt(organization.days() - 1), options.last_day);
  }
}

TEST(SampleOrganization, WorksOnWeekdaysMoreThanOnWeekendsAndHolidays) {
  const SampleOrganization organization = Made(SampleOf(200, 8));
  int64_t working = 0, working_days = 0, off = 0, off_days = 0, holidays = 0;
  std::vector<SampleEvent> events;
  for (int day = 0; day < organization.days(); ++day) {
    events.clear();
    for (uint32_t person = 0; person < organization.people(); ++person) {
      organization.AppendDay(organization.HabitsOf(person), day, events);
    }
    const int64_t count = static_cast<int64_t>(events.size());
    const bool is_off = organization.IsDayOff(day);
    (is_off ? off : working) += count;
    ++(is_off ? off_days : working_days);
    const absl::Weekday weekday = absl::GetWeekday(organization.DayAt(day));
    holidays += is_off && weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday;
  }
  EXPECT_GT(off, 0);
  EXPECT_GT(working / working_days, 8 * (off / off_days));
  EXPECT_LE(holidays, 2);
}

TEST(SampleOrganization, GivesPeopleHabitsThatDifferAndStay) {
  const SampleOrganization organization = Made(SampleOf(300, 12));
  int never_chats = 0, correlated = 0, pairs = 0;
  std::vector<double> channel, team_site;
  for (uint32_t person = 0; person < organization.people(); ++person) {
    const SampleHabits habits = organization.HabitsOf(person);
    never_chats += habits[Practice::kChat] == 0;
    if (habits[Practice::kChannel] == 0 || habits[Practice::kTeamSite] == 0) continue;
    channel.push_back(habits[Practice::kChannel]);
    team_site.push_back(habits[Practice::kTeamSite]);
  }
  EXPECT_GT(never_chats, 15);
  EXPECT_LT(never_chats, 100);
  // Concordant pairs: half of them without a common factor.
  for (size_t i = 0; i < channel.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      ++pairs;
      correlated += (channel[i] > channel[j]) == (team_site[i] > team_site[j]);
    }
  }
  EXPECT_GT(correlated, pairs * 6 / 10);
}

TEST(SampleOrganization, TakesUpTheAssistantAndCommunitiesOverTheWeeks) {
  const SampleOrganization organization = Made(SampleOf(400, 16));
  std::map<std::string, std::vector<std::set<std::string>>> people;
  for (const char* type : {"assistant.used", "community.posted"}) people[type].resize(4);
  organization.ForEachActivity([&](const ingest::v1::Activity& activity) {
    const auto found = people.find(activity.type());
    if (found == people.end()) return;
    const int64_t day = (activity.occurred_at().seconds() - organization.DayStart(0)) / 86400;
    found->second[static_cast<size_t>(std::min<int64_t>(day / 28, 3))].insert(activity.subject());
  });
  for (const auto& [type, periods] : people) {
    EXPECT_GT(periods[3].size(), periods[0].size() * 5 / 4) << type;
  }
}

TEST(SampleOrganization, LeavesTheAssistantToTheLicensed) {
  const SampleOrganization organization = Made(SampleOf(107, 4));
  int64_t licensed = 0;
  for (uint32_t person = 0; person < organization.people(); ++person) {
    licensed += IsLicensed(person);
  }
  EXPECT_EQ(licensed, organization.licensed_people());
  organization.ForEachActivity([](const ingest::v1::Activity& activity) {
    if (activity.type() != "assistant.used") return;
    const int number = std::stoi(activity.subject().substr(7, 4));
    ASSERT_TRUE(IsLicensed(static_cast<uint32_t>(number - 1)));
  });
}

TEST(SampleOrganization, MeansNothingThatAnAuditLogCannotShow) {
  SampleOptions options = SampleOf(150, 5);
  const std::set<std::string> hidden = {"mention", "attachment_link", "reaction", "raised_hand",
                                        "chat"};
  std::set<std::string> seen;
  const auto look = [&](const ingest::v1::Activity& activity) {
    for (const std::string& trait : activity.traits()) {
      if (hidden.count(trait) > 0) seen.insert(trait);
    }
  };
  Made(options).ForEachActivity(look);
  EXPECT_TRUE(seen.empty());
  options.shapes = {SampleShape::kActivities};
  Made(options).ForEachActivity(look);
  EXPECT_EQ(seen, hidden);
}

TEST(SampleOrganization, UsesOnlyWordsOfTheCatalogue) {
  const std::unique_ptr<const Catalog> catalog = LoadShippedCatalog();
  SampleOptions options = SampleOf(150, 5);
  options.shapes = {SampleShape::kActivities};
  std::set<std::string> types;
  Made(options).ForEachActivity([&](const ingest::v1::Activity& activity) {
    types.insert(activity.type());
    ActivityTraits traits;
    traits.type = activity.type();
    traits.app = activity.app();
    traits.platform = activity.platform();
    const std::vector<absl::string_view> names(activity.traits().begin(), activity.traits().end());
    traits.traits = names;
    IgnoredTerms ignored;
    ASSERT_NE(catalog->Classify(traits, ignored), nullptr) << Text(activity);
    ASSERT_EQ(ignored.apps + ignored.platforms + ignored.traits, 0) << Text(activity);
  });
  EXPECT_EQ(types.size(), kSampleActTypes.size());
}

TEST(SampleOptions, NamesTheFieldThatIsWrong) {
  const auto message = [](const auto& change) {
    SampleOptions options = SampleOf(100, 4);
    change(options);
    return std::string(ValidateSampleOptions(options).message());
  };
  EXPECT_THAT(message([](SampleOptions& o) { o.people = 9; }), HasSubstr("people"));
  EXPECT_THAT(message([](SampleOptions& o) { o.people = 1'000'001; }), HasSubstr("people"));
  EXPECT_THAT(message([](SampleOptions& o) { o.weeks = 0; }), HasSubstr("weeks"));
  EXPECT_THAT(message([](SampleOptions& o) { o.organization = "A b"; }), HasSubstr("organization"));
  EXPECT_THAT(message([](SampleOptions& o) { o.records = -1; }), HasSubstr("records"));
  EXPECT_THAT(message([](SampleOptions& o) { o.last_day = Day(2000, 1, 20); }),
              HasSubstr("--last-day"));
  EXPECT_NE(message([](SampleOptions& o) { o.time_zone = "Mars/Base"; }), "");
  EXPECT_EQ(message([](SampleOptions&) {}), "");
}

TEST(SampleOptions, EndsYesterday) {
  absl::TimeZone zone = *LoadZone("Pacific/Auckland");
  const absl::Time noon = absl::FromCivil(absl::CivilHour(2026, 5, 4, 12), zone);
  EXPECT_EQ(DayBefore(noon, zone), Day(2026, 5, 3));
}

}  // namespace
}  // namespace tutti
