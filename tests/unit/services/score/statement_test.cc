#include "services/score/statement.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/redis/keys.h"
#include "common/retention/retention.h"
#include "common/window/day.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/cli/report/statement_text.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// That the series has.
constexpr int kRecords = 5;

class StatementTest : public ::testing::Test {
 protected:
  score::v1::PrivacyStatement Write(window::v1::Cadence cadence) {
    publication::v1::Publication latest;
    latest.set_cadence(cadence);
    latest.set_headcount(1000);
    latest.set_end_day("2026-11-22");
    latest.mutable_grace()->set_seconds(int64_t{48} * 3600);
    latest.add_sources("m365_usage_report");
    latest.add_sources("activities");
    aggregate::v1::SourceContents& declared = *latest.add_source_contents();
    declared.set_source("activities");
    declared.add_types()->set_type("mail.sent");
    declared.mutable_types(0)->set_platform(true);
    declared.add_types()->set_type("chat.sent");
    return writer_.Write(latest, kRecords);
  }

  // The statement of one that has published nothing yet.
  score::v1::PrivacyStatement Planned(window::v1::Cadence cadence, int64_t headcount) {
    score::v1::PlannedProfile planned;
    planned.set_cadence(cadence);
    planned.set_headcount(headcount);
    planned.add_fed_categories("communication");
    return writer_.Write(planned);
  }

  std::unique_ptr<const Catalog> catalog_ = LoadShippedCatalog();
  StatementWriter writer_{*catalog_};
};

// Mutation: one cadence's rho for all, or a year of fewer records than there are.
TEST_F(StatementTest, PrintsTheGuaranteeOfTheCadence) {
  const auto weekly = Write(window::v1::CADENCE_WEEKLY).guarantees(0);
  EXPECT_EQ(weekly.kind(), "person");
  EXPECT_NEAR(weekly.rho_per_publication(), 2.6 / 56, 1e-3);
  EXPECT_NEAR(weekly.rho_per_year(), 2.6, 1e-9);
  EXPECT_NEAR(weekly.epsilon_per_year(), 13.7, 0.1);
  EXPECT_DOUBLE_EQ(weekly.delta(), 1e-6);
  const auto slow = Write(window::v1::CADENCE_FOUR_WEEKLY).guarantees(0);
  EXPECT_NEAR(slow.rho_per_publication(), 2.6 / 14, 1e-3);
  EXPECT_GT(slow.epsilon_per_publication(), weekly.epsilon_per_publication());
}

// Mutation: the planned cost where a record says what it paid.
TEST_F(StatementTest, TakesTheCostThatWasPaid) {
  publication::v1::Publication latest;
  latest.set_cadence(window::v1::CADENCE_WEEKLY);
  latest.add_kinds()->set_kind("person");
  latest.mutable_kinds(0)->set_nano_rho(20'000'000);
  EXPECT_NEAR(writer_.Write(latest, kRecords).guarantees(0).epsilon_per_publication(), 0.900,
              0.001);
}

// Mutation: the figures of weekly publication for everybody.
TEST_F(StatementTest, SaysWhatIsPlannedWhenNothingIsPublished) {
  const auto planned = Planned(window::v1::CADENCE_FOUR_WEEKLY, 90);
  EXPECT_THAT(planned.claim(), HasSubstr("planned at its four-weekly cadence"));
  EXPECT_NEAR(planned.guarantees(0).rho_per_publication(), 2.6 / 14, 1e-3);
  EXPECT_THAT(Planned(window::v1::CADENCE_WEEKLY, 1000).claim(), HasSubstr("Nothing is published"));
  EXPECT_THAT(Write(window::v1::CADENCE_WEEKLY).claim(), Not(HasSubstr("Nothing is published")));
}

// Mutations: a list of what is collected that leaves a type out; a line for each type.
TEST_F(StatementTest, ListsEveryActivityTypeByKindAndWhatIsNeverMeasured) {
  const auto statement = Planned(window::v1::CADENCE_WEEKLY, 1000);
  EXPECT_EQ(statement.collected_size(), catalog_->proto().kinds_size() + 1);
  for (const catalog::v1::ActivityType& type : catalog_->proto().activity_types()) {
    EXPECT_THAT(statement.collected(), Contains(HasSubstr(type.description())));
  }
  EXPECT_THAT(statement.collected(0), StartsWith("People: that somebody "));
  EXPECT_EQ(statement.never_measured_size(), catalog_->proto().never_measured_size());
  EXPECT_EQ(statement.catalog_fingerprint(), catalog_->fingerprint());
}

std::string RetentionOf(const score::v1::PrivacyStatement& statement) {
  std::string retention;
  for (const auto& entry : statement.retention()) {
    retention += entry.what() + entry.where() + entry.how_long() + "\n";
  }
  return retention;
}

// Mutation: hours of grace that are not those of the record.
TEST_F(StatementTest, SaysHowLongWindowsStayOpenAsTheLatestRecordWasClosed) {
  publication::v1::Publication latest;
  latest.set_cadence(window::v1::CADENCE_WEEKLY);
  latest.mutable_grace()->set_seconds(int64_t{72} * 3600);
  const std::string retention = RetentionOf(writer_.Write(latest, kRecords));
  EXPECT_THAT(retention, HasSubstr("72 hours"));
  EXPECT_THAT(retention, Not(HasSubstr("48 hours")));
  for (const char* kept : {"window keys", "identity key", "bitmaps", "exact counts", "ledger",
                           "profile", "published records", "checksums", "logs"}) {
    EXPECT_THAT(retention, HasSubstr(kept));
  }
  latest.mutable_grace()->set_seconds(int64_t{90} * 60);
  EXPECT_THAT(RetentionOf(writer_.Write(latest, kRecords)), HasSubstr("one day and 1h30m"));
  latest.mutable_grace()->set_seconds(0);
  EXPECT_THAT(RetentionOf(writer_.Write(latest, kRecords)), HasSubstr("one day and 0 hours"));
}

// Mutation: a figure where there is no record, or an older one, that says it.
TEST_F(StatementTest, DoesNotGuessHowLongWindowsStayOpen) {
  publication::v1::Publication older;
  older.set_cadence(window::v1::CADENCE_WEEKLY);
  for (const auto& statement :
       {Planned(window::v1::CADENCE_WEEKLY, 1000), writer_.Write(older, kRecords)}) {
    EXPECT_THAT(RetentionOf(statement), HasSubstr("the grace that aggregate is run with"));
  }
}

// Mutation: a list of a service that is left out, or said twice.
TEST_F(StatementTest, SaysEverythingThatAnybodyKeepsOnce) {
  std::map<std::string, std::string> kept;  // how long, by what and where
  const std::string grace = "48 hours";
  for (const auto& retentions :
       {RetentionsOfIngest(grace), RetentionsOfRedis(grace), RetentionsOfAggregate(),
        RetentionsOfScore(), RetentionsOfEveryService()}) {
    for (const Retention& one : retentions) {
      EXPECT_TRUE(kept.emplace(one.what + " in " + one.where, one.how_long).second) << one.what;
    }
  }
  std::map<std::string, std::string> said;
  const auto statement = Write(window::v1::CADENCE_WEEKLY);
  for (const auto& entry : statement.retention()) {
    said.emplace(entry.what() + " in " + entry.where(), entry.how_long());
  }
  EXPECT_EQ(said, kept);
  EXPECT_EQ(static_cast<size_t>(statement.retention_size()), kept.size());
}

// The whole statement as people read it. After a change that is meant, run the test
// with TUTTI_UPDATE_GOLDEN=1 and read the difference.
TEST_F(StatementTest, ReadsAsTheGoldenFile) {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "ctest sets TUTTI_SOURCE_DIR";
  const std::string path = absl::StrCat(source, "/tests/unit/services/score/statement.golden.txt");
  score::v1::PrivacyStatement statement = Write(window::v1::CADENCE_WEEKLY);
  statement.set_catalog_fingerprint("FINGERPRINT");  // changes with every word of the catalogue
  statement.set_counting_fingerprint("COUNTED");
  const std::string text = RenderStatement(statement, /*brief=*/false, TextStyle());
  if (std::getenv("TUTTI_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, golden);
}

TEST_F(StatementTest, SaysWhatWasDeclaredOnceSomethingIsPublished) {
  EXPECT_TRUE(Planned(window::v1::CADENCE_WEEKLY, 1000).declared().empty());
  EXPECT_THAT(
      Write(window::v1::CADENCE_WEEKLY).declared(),
      ::testing::ElementsAre("m365_usage_report was declared to give everything that it can.",
                             "activities was declared to give mail.sent+platform,chat.sent.",
                             HasSubstr("does not depend on it")));
}

// Mutation: a category without a size is left out.
TEST_F(StatementTest, PrintsAThresholdForEveryCategory) {
  const auto statement = Planned(window::v1::CADENCE_WEEKLY, 1000);
  ASSERT_EQ(statement.thresholds_size(), catalog_->proto().categories_size());
  for (const auto& threshold : statement.thresholds()) {
    EXPECT_GT(threshold.headcount(), 50);
    EXPECT_LT(threshold.headcount(), 500);
    EXPECT_GE(threshold.headcount_with_level(), 40);
    EXPECT_LE(threshold.headcount_with_level(), threshold.headcount());
    EXPECT_EQ(threshold.cadence() == window::v1::CADENCE_WEEKLY,
              threshold.headcount() >= 225 || !threshold.entitled_product().empty());
    const bool fed = threshold.category() == "communication";
    EXPECT_EQ(threshold.from_record(), fed ? 1 : 0);
    EXPECT_EQ(threshold.state(),
              fed ? score::v1::FIGURE_STATE_MEASURED : score::v1::FIGURE_STATE_NOT_MEASURED);
    EXPECT_EQ(threshold.from_end_day(), "") << "nothing is published";
  }
  EXPECT_LT(statement.thresholds(0).headcount_with_level(), 130);
  // The smallest size of all, where 1,000 people get weekly records; what 228 of them lack to be
  // shown weekly ones. Mutation: the smallest weekly size for everybody.
  EXPECT_NEAR(static_cast<double>(statement.thresholds(0).headcount()), 109, 4);
  EXPECT_EQ(statement.thresholds(0).cadence(), window::v1::CADENCE_FOUR_WEEKLY);
  const auto lacking = Planned(window::v1::CADENCE_WEEKLY, 228);
  EXPECT_NEAR(static_cast<double>(lacking.thresholds(0).headcount()), 234, 4);
  EXPECT_EQ(lacking.thresholds(0).cadence(), window::v1::CADENCE_WEEKLY);
}

// Mutations: none is told; one is told of a category that nothing feeds; everybody taken for
// entitled; a day that is not that of the record.
TEST_F(StatementTest, SaysFromWhichRecordOnASmallOrganisationSeesACategory) {
  publication::v1::Publication latest;
  latest.set_cadence(window::v1::CADENCE_FOUR_WEEKLY);
  latest.set_headcount(64);
  latest.set_end_day("2026-11-22");
  latest.add_sources("m365_audit");
  aggregate::v1::Entitlement& entitled = *latest.add_entitlements();
  entitled.set_product("assistant");
  entitled.set_people(10);
  const auto statement = writer_.Write(latest, kRecords);
  std::map<std::string, score::v1::CategoryThreshold> found;
  for (const auto& threshold : statement.thresholds()) found[threshold.category()] = threshold;
  const score::v1::CategoryThreshold& small = found.at("communication");
  EXPECT_GE(small.from_record(), 3);
  EXPECT_LE(small.from_record(), 20);
  EXPECT_EQ(small.from_end_day(),
            FormatDay(*ParseDay("2026-11-22") + int64_t{28} * (small.from_record() - kRecords)));
  EXPECT_EQ(found.at("endpoint").state(), score::v1::FIGURE_STATE_NOT_MEASURED);
  EXPECT_EQ(found.at("endpoint").cadence(), window::v1::CADENCE_FOUR_WEEKLY);
  const score::v1::CategoryThreshold& ai = found.at("ai_assistance");
  EXPECT_EQ(ai.state(), score::v1::FIGURE_STATE_WITHHELD);
  EXPECT_EQ(ai.entitled_product(), "assistant");
  EXPECT_EQ(ai.people(), 10);
  EXPECT_GT(ai.headcount_with_level(), 10);
  std::string text = RenderStatement(statement, /*brief=*/false, TextStyle());
  absl::RemoveExtraAsciiWhitespace(&text);  // lines are wrapped
  EXPECT_THAT(text, HasSubstr(absl::StrCat("here from record ", small.from_record(), " on")));
  EXPECT_THAT(text, HasSubstr("never here, with 10 entitled"));
  EXPECT_THAT(text, HasSubstr("not measured here: no connected source gives it"));
}

// Mutations: a table that has no headcount; the cadence of another organisation.
TEST_F(StatementTest, PrintsAThresholdForEveryMeasureAndTable) {
  const auto headcounts = [&](const score::v1::PrivacyStatement& statement) {
    std::map<std::string, int64_t> found;
    for (const auto& threshold : statement.figure_thresholds()) {
      EXPECT_NE(threshold.measure().empty(), threshold.table().empty());
      EXPECT_TRUE(found
                      .emplace("measure " + threshold.measure() + " table " + threshold.table(),
                               threshold.headcount())
                      .second);
    }
    return found;
  };
  const auto weekly = headcounts(Write(window::v1::CADENCE_WEEKLY));
  EXPECT_EQ(weekly.size(),
            static_cast<size_t>(catalog_->proto().measures_size()) + catalog_->tables().size());
  EXPECT_NE(weekly, headcounts(Write(window::v1::CADENCE_DAILY)));
  EXPECT_EQ(weekly, headcounts(Planned(window::v1::CADENCE_WEEKLY, 1000)));
}

// Mutation: the people's budget alone, as if other kinds cost nothing.
TEST_F(StatementTest, SaysWhatEveryKindProtectsAndWhatTheyComeToTogether) {
  const auto statement = Planned(window::v1::CADENCE_WEEKLY, 1000);
  ASSERT_EQ(statement.guarantees_size(), 7);
  EXPECT_EQ(statement.guarantees(2).kind(), "meeting");
  EXPECT_EQ(statement.guarantees(2).protected_unit(), "one meeting");
  EXPECT_NEAR(statement.guarantees(2).rho_per_year(), 2.6, 1e-9);
  EXPECT_THAT(statement.limits(), Contains(HasSubstr("rho 18.2")));
  EXPECT_THAT(statement.collected(), Contains("Meetings: that one was held."));
}

TEST_F(StatementTest, SaysHowOftenAMembershipTestIsWrong) {
  EXPECT_THAT(Planned(window::v1::CADENCE_WEEKLY, 1000).limits(),
              Contains(HasSubstr("for up to 12% of them (person, device), up to 39% of them (")));
}

}  // namespace
}  // namespace tutti
