// Attack 5: an organisation in which everybody, or nobody, does something would
// tell what each of its people does. Everything that derives from such a share
// must show the clamped one.

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"
#include "common/scoring/score_builder.h"
#include "common/scoring/table_breakdown.h"
#include "tests/doubles/zero_noise.h"
#include "tests/privacy/attacks/attack.h"

namespace tutti {
namespace {

using publication::v1::Publication;

constexpr int64_t kHeadcount = 600;

// Without noise, which would hide most of it by itself.
Publication Publish(bool everybody) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", kHeadcount, kFirstDay);
  for (int64_t person = 0; person < kHeadcount && everybody; ++person) {
    suite.Ingest("acme", EverythingOn(ShippedCatalog(), "person",
                                      absl::StrCat("p", person, "@acme.example"), kLastDay));
  }
  return suite.Close("acme", [] { return std::make_unique<ZeroNoise>(); }).at(0);
}

// A share in percent that may be shown: not a plain estimate in a tail.
bool Clamped(const score::v1::Estimate& share) {
  if (share.value() > 95 + 1e-9 || share.value() < 5 - 1e-9) return false;
  if (share.value() > 95 - 1e-9) return share.bound() == score::v1::BOUND_AT_LEAST;
  if (share.value() < 5 + 1e-9) return share.bound() == score::v1::BOUND_AT_MOST;
  return true;
}

// Mutation: shares that are shown as they are estimated.
TEST(ClampAttack, NeverShowsThatEverybodyOrNobodyDoesSomething) {
  for (const bool everybody : {true, false}) {
    const Publication record = Publish(everybody);
    const auto scored = ScorePublication(ShippedCatalog(), record);
    ASSERT_TRUE(scored.ok()) << scored.status();
    int shares = 0;
    for (const auto& measure : scored->score.measures()) {
      if (measure.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      if (measure.unit() != score::v1::UNIT_PERCENT) continue;
      ++shares;
      EXPECT_TRUE(Clamped(measure.value()))
          << measure.measure() << " " << measure.value().ShortDebugString();
    }
    // Points come from clamped shares, so their range is one of clamped shares too.
    int categories = 0;
    for (const auto& category : scored->score.categories()) {
      if (category.state() != score::v1::FIGURE_STATE_MEASURED) continue;
      ++categories;
      EXPECT_LT(category.points().value(), 100) << category.category();
      EXPECT_GT(category.points().value(), 0) << category.category();
      EXPECT_NE(category.points().bound(), score::v1::BOUND_UNSPECIFIED) << category.category();
    }
    EXPECT_NE(scored->score.percent().bound(), score::v1::BOUND_UNSPECIFIED);
    int rows = 0;
    for (size_t t = 0; t < ShippedCatalog().tables().size(); ++t) {
      if (ShippedCatalog().tables()[t].proto->kind() != "person") continue;
      const auto table = BreakDown(ShippedCatalog(), record, static_cast<int>(t));
      ASSERT_TRUE(table.ok()) << table.status();
      if (table->state() != score::v1::FIGURE_STATE_MEASURED) continue;
      double exactly = 0;
      for (const auto& row : table->rows()) {
        ++rows;
        EXPECT_LE(row.share().value(), 95 + 1e-9) << table->display_name();
        if (row.kind() == score::v1::ROW_KIND_EXACTLY &&
            row.share().bound() != score::v1::BOUND_AT_MOST) {
          exactly += row.share().value();
        }
        if (row.kind() == score::v1::ROW_KIND_ANY) {
          EXPECT_TRUE(Clamped(row.share())) << table->display_name();
        }
      }
      EXPECT_LE(exactly, 95 + 1e-6)
          << table->display_name() << ": the sum tells what the total hides";
    }
    EXPECT_GT(shares, 20);
    EXPECT_GT(categories, 3);
    EXPECT_GT(rows, 50);
    ReportAttack(5, absl::StrFormat("%s: %d shares, %d categories and %d table rows, all clamped",
                                    everybody ? "everybody" : "nobody", shares, categories, rows));
  }
  // The control: the same check over shares that nobody clamped.
  score::v1::Estimate plain;
  plain.set_value(100);
  EXPECT_FALSE(Clamped(plain));
  plain.set_value(0);
  EXPECT_FALSE(Clamped(plain));
}

}  // namespace
}  // namespace tutti
