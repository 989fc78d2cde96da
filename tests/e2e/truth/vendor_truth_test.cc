// Another vendor's catalogue, with a kind of subject and activity types that the
// product has never heard of, gets scores from the product as it is: nothing but the
// catalogue says what a ticket is.

#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/scoring/score_builder.h"
#include "gtest/gtest.h"
#include "tests/e2e/truth/publish_locally.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

constexpr int kPeople = 600;
constexpr int kTickets = 3000;
constexpr int kDays = 28;
const Day kFirstDay(2026, 10, 5);
const Day kLastDay(2026, 11, 1);

ingest::v1::Activity MakeActivity(const std::string& subject, const char* type, int day) {
  ingest::v1::Activity activity;
  activity.set_subject(subject);
  activity.set_type(type);
  activity.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(
      absl::FromCivil(absl::CivilHour(kFirstDay + day) + 9, absl::UTCTimeZone())));
  return activity;
}

// Every second person writes notes, half of them by pager too; on each day half of
// the writers do. A fifth of the tickets is large, half are closed quickly, half come
// from the web.
void Tell(const std::function<void(const ingest::v1::Activity&)>& take) {
  for (int person = 0; person < kPeople; person += 2) {
    for (int day = 0; day < kDays; ++day) {
      if ((person / 2 + day) % 2 != 0) continue;
      ingest::v1::Activity note = MakeActivity(absl::StrCat("p", person), "note.written", day);
      if (person % 4 == 0) note.set_app("pager");
      take(note);
    }
  }
  for (int ticket = 0; ticket < kTickets; ++ticket) {
    const std::string subject = absl::StrCat("t", ticket);
    ingest::v1::Activity opened = MakeActivity(subject, "ticket.opened", ticket % kDays);
    if (ticket % 2 == 0) opened.set_platform("web");
    if (ticket % 5 == 0) opened.add_traits("large");
    take(opened);
    ingest::v1::Activity closed = MakeActivity(subject, "ticket.closed", kDays - 1);
    if (ticket % 4 == 0) {
      closed.add_traits("urgent");
      closed.add_traits("answered");
    } else if (ticket % 4 == 1) {
      closed.set_app("pager");
      closed.set_platform("mobile");
    } else {
      closed.add_traits("urgent");  // and not answered: not quick
    }
    take(closed);
  }
}

class VendorTruthTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(catalog_, nullptr); }

  const std::unique_ptr<const Catalog> catalog_ = VendorCatalog();
};

// Mutation: the slots of two tables of one kind taken under one salt, or a practice's
// large subjects counted once, move the figures by many margins.
TEST_F(VendorTruthTest, ScoresWhatOnlyTheCatalogueKnows) {
  LocalInput input;
  input.profile.set_headcount(kPeople);
  input.profile.set_first_day(FormatDay(kFirstDay));
  input.profile.add_sources("desk_export");
  aggregate::v1::Entitlement& desk = *input.profile.add_entitlements();
  desk.set_product("desk");
  desk.set_people(500);
  input.last_day = kLastDay;
  input.tell = Tell;
  LocalOutput output = PublishLocally(*catalog_, input);
  EXPECT_TRUE(output.refused.empty());
  ASSERT_EQ(output.records.size(), 1U);
  ASSERT_EQ(output.records[0].kinds_size(), 2);

  const auto scored = ScorePublication(*catalog_, output.records[0]);
  ASSERT_TRUE(scored.ok()) << scored.status();
  const std::map<std::string, double> truths = {
      {"notes_reach", 50},
      {"notes_habit", 30},
      {"pager_share", 50},
      {"slow_share", 80},
      {"tickets_seen", kTickets},
      // 70 x 0.5 + 30 x 0.3 / (3/7); (1,500 + 300 large) / (3,000 + 600 large); 1 - 0.8.
      {"notes", 56},
      {"service", 50},
      {"faults", 20}};
  std::map<std::string, score::v1::Estimate> shown;
  for (const auto& measure : scored->score.measures()) {
    EXPECT_EQ(measure.state(), score::v1::FIGURE_STATE_MEASURED) << measure.measure();
    shown[measure.measure()] = measure.value();
  }
  for (const auto& category : scored->score.categories()) {
    EXPECT_EQ(category.state(), score::v1::FIGURE_STATE_MEASURED) << category.category();
    shown[category.category()] = category.points();
  }
  ASSERT_EQ(shown.size(), truths.size());
  for (const auto& [id, truth] : truths) {
    const score::v1::Estimate& estimate = shown.at(id);
    EXPECT_EQ(estimate.bound(), score::v1::BOUND_UNSPECIFIED) << id;
    // The record is without noise, so the margin, which has it, is generous.
    EXPECT_LE(std::abs(estimate.value() - truth), estimate.margin()) << id;
    EXPECT_LT(estimate.margin(), id == "tickets_seen" ? 0.1 * kTickets : 15) << id;
  }
  // The stand-in is shown beside what it stands in for, and counts once.
  EXPECT_EQ(scored->score.possible_points(), 200);
}

}  // namespace
}  // namespace tutti
