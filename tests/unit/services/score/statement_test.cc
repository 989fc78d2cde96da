#include "services/score/statement.h"

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/cli/report/statement_text.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class StatementTest : public ::testing::Test {
 protected:
  score::v1::PrivacyStatement Write(aggregate::v1::Cadence cadence) {
    publication::v1::Publication latest;
    latest.set_cadence(cadence);
    latest.set_headcount(1000);
    return writer_.Write(latest);
  }

  std::unique_ptr<const Catalog> catalog_ = ShippedCatalog();
  StatementWriter writer_{*catalog_, {}};
};

// Mutation: one cadence's rho for all, or a year of fewer records than there are.
TEST_F(StatementTest, PrintsTheGuaranteeOfTheCadence) {
  const auto weekly = Write(aggregate::v1::CADENCE_WEEKLY).guarantees(0);
  EXPECT_EQ(weekly.kind(), "person");
  EXPECT_NEAR(weekly.rho_per_publication(), 2.6 / 56, 1e-3);
  EXPECT_NEAR(weekly.rho_per_year(), 2.6, 1e-9);
  EXPECT_NEAR(weekly.epsilon_per_year(), 13.7, 0.1);
  EXPECT_DOUBLE_EQ(weekly.delta(), 1e-6);
  const auto slow = Write(aggregate::v1::CADENCE_FOUR_WEEKLY).guarantees(0);
  EXPECT_NEAR(slow.rho_per_publication(), 2.6 / 14, 1e-3);
  EXPECT_GT(slow.epsilon_per_publication(), weekly.epsilon_per_publication());
}

// Mutation: the planned cost where a record says what it paid.
TEST_F(StatementTest, TakesTheCostThatWasPaid) {
  publication::v1::Publication latest;
  latest.set_cadence(aggregate::v1::CADENCE_WEEKLY);
  latest.add_kinds()->set_kind("person");
  latest.mutable_kinds(0)->set_nano_rho(20'000'000);
  EXPECT_NEAR(writer_.Write(latest).guarantees(0).epsilon_per_publication(), 0.900, 0.001);
}

TEST_F(StatementTest, SaysWhenNothingIsPublished) {
  EXPECT_THAT(writer_.Write(std::nullopt).claim(), HasSubstr("Nothing is published"));
  EXPECT_THAT(Write(aggregate::v1::CADENCE_WEEKLY).claim(), Not(HasSubstr("Nothing is published")));
}

// Mutation: a list of what is collected that leaves a type out.
TEST_F(StatementTest, ListsEveryActivityTypeAndWhatIsNeverMeasured) {
  const auto statement = writer_.Write(std::nullopt);
  EXPECT_EQ(statement.collected_size(), catalog_->proto().activity_types_size());
  EXPECT_THAT(statement.collected(), Contains(HasSubstr("sent a mail")));
  EXPECT_EQ(statement.never_measured_size(), catalog_->proto().never_measured_size());
  EXPECT_EQ(statement.catalog_fingerprint(), catalog_->fingerprint());
}

// Mutation: hours of grace that do not follow the flag.
TEST_F(StatementTest, SaysHowLongWindowsStayOpen) {
  const StatementWriter patient(*catalog_, {absl::Hours(72)});
  std::string retention;
  const auto statement = patient.Write(std::nullopt);
  for (const auto& entry : statement.retention()) {
    retention += entry.what() + entry.where() + entry.how_long() + "\n";
  }
  EXPECT_THAT(retention, HasSubstr("72 hours"));
  EXPECT_THAT(retention, Not(HasSubstr("48 hours")));
  for (const char* kept : {"window keys", "identity key", "bitmaps", "exact counts", "ledger",
                           "profile", "published records", "checksums", "logs"}) {
    EXPECT_THAT(retention, HasSubstr(kept));
  }
}

// The whole statement as people read it. After a change that is meant, run the test
// with TUTTI_UPDATE_GOLDEN=1 and read the difference.
TEST_F(StatementTest, ReadsAsTheGoldenFile) {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "ctest sets TUTTI_SOURCE_DIR";
  const std::string path = absl::StrCat(source, "/tests/unit/services/score/statement.golden.txt");
  score::v1::PrivacyStatement statement = Write(aggregate::v1::CADENCE_WEEKLY);
  statement.set_catalog_fingerprint("FINGERPRINT");  // changes with every word of the catalogue
  const std::string text = RenderStatement(statement, /*brief=*/false, TextStyle());
  if (std::getenv("TUTTI_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, golden);

  const StatementWriter patient(*catalog_, {absl::Hours(72)});
  EXPECT_NE(RenderStatement(patient.Write(std::nullopt), false, TextStyle()),
            RenderStatement(writer_.Write(std::nullopt), false, TextStyle()))
      << "another configuration, and the same statement";
}

TEST_F(StatementTest, PrintsAThresholdForEveryCategory) {
  const auto automatic = writer_.Write(std::nullopt);
  ASSERT_EQ(automatic.thresholds_size(), catalog_->proto().categories_size());
  for (const auto& threshold : automatic.thresholds()) {
    EXPECT_GT(threshold.headcount(), 50);
    EXPECT_LT(threshold.headcount(), 500);
  }
  EXPECT_LT(automatic.thresholds(0).headcount(), 130);
}

// Mutation: the people's budget alone, as if other kinds cost nothing.
TEST_F(StatementTest, SaysWhatEveryKindProtectsAndWhatTheyComeToTogether) {
  const auto statement = writer_.Write(std::nullopt);
  ASSERT_EQ(statement.guarantees_size(), 7);
  EXPECT_EQ(statement.guarantees(2).kind(), "meeting");
  EXPECT_EQ(statement.guarantees(2).protected_unit(), "one meeting");
  EXPECT_NEAR(statement.guarantees(2).rho_per_year(), 2.6, 1e-9);
  EXPECT_THAT(statement.limits(), Contains(HasSubstr("rho 18.2")));
  EXPECT_THAT(statement.collected(), Contains(HasSubstr("Of meetings: that one was held")));
}

TEST_F(StatementTest, SaysHowOftenAMembershipTestIsWrong) {
  EXPECT_THAT(writer_.Write(std::nullopt).limits(), Contains(HasSubstr("up to 12%")));
}

}  // namespace
}  // namespace tutti
