#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/catalog/catalog.h"
#include "common/privacy/budget.h"
#include "common/privacy/noise.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using window::v1::Cadence;
using window::v1::CADENCE_DAILY;
using window::v1::CADENCE_FOUR_WEEKLY;
using window::v1::CADENCE_WEEKLY;

constexpr Cadence kCadences[] = {CADENCE_DAILY, CADENCE_WEEKLY, CADENCE_FOUR_WEEKLY};

// Two kinds: "person" with all three roles, "meeting" with primary and supporting
// tables.
constexpr char kOrchestra[] = R"pb(
  name: "orchestra"
  version: "1"
  kinds {
    id: "person"
    plural: "people"
    expected_per_100_people: 100
    slots_per_subject: 8
    max_slots_log2: 18
    max_slots_log2_daily: 17
    min_headcount: 10
    protected_unit: "one player's whole activity in the window"
  }
  kinds {
    id: "meeting"
    plural: "rehearsals"
    expected_per_100_people: 2000
    slots_per_subject: 2
    max_slots_log2: 13
    max_slots_log2_daily: 13
    min_headcount: 250
    protected_unit: "one rehearsal"
  }
  activity_types { id: "played" kind: "person" description: "played a note" }
  activity_types { id: "held" kind: "meeting" description: "held a rehearsal" }
  platforms { id: "stage" display_name: "Stage" }
  platforms { id: "pit" display_name: "Pit" }
  tables {
    id: "player"
    kind: "person"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Players"
    description: "People who played."
    features {
      id: "any"
      column: 0
      display_name: "Played"
      any_of { types: "played" }
    }
  }
  tables {
    id: "places"
    kind: "person"
    role: TABLE_ROLE_PRIMARY
    weight: 4
    display_name: "Places"
    description: "Where people played."
    features {
      id: "stage"
      column: 1
      display_name: "On stage"
      any_of { types: "played" platforms: "stage" }
    }
    features {
      id: "pit"
      column: 2
      display_name: "In the pit"
      any_of { types: "played" platforms: "pit" }
    }
  }
  tables {
    id: "daily"
    kind: "person"
    role: TABLE_ROLE_HABIT
    weight: 1
    display_name: "Practice"
    description: "People who played that day."
    features {
      id: "any"
      column: 0
      display_name: "Played"
      any_of { types: "played" }
    }
  }
  tables {
    id: "rehearsal"
    kind: "meeting"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Rehearsals"
    description: "Rehearsals that were held."
    features {
      id: "any"
      column: 0
      display_name: "Held"
      any_of { types: "held" }
    }
  }
  tables {
    id: "rehearsal_places"
    kind: "meeting"
    role: TABLE_ROLE_SUPPORTING
    weight: 1
    display_name: "Places of rehearsals"
    description: "Where rehearsals were held."
    features {
      id: "stage"
      column: 1
      display_name: "On stage"
      any_of { types: "held" platforms: "stage" }
    }
    features {
      id: "pit"
      column: 2
      display_name: "In the pit"
      any_of { types: "held" platforms: "pit" }
    }
  }
  budget_splits {
    cadence: "daily"
    primary_permille: 500
    habit_permille: 200
    supporting_permille: 300
  }
  budget_splits {
    cadence: "weekly"
    primary_permille: 500
    habit_permille: 250
    supporting_permille: 250
  }
  budget_splits {
    cadence: "four_weekly"
    primary_permille: 400
    habit_permille: 400
    supporting_permille: 200
  }
)pb";

catalog::v1::Catalog OrchestraProto() {
  catalog::v1::Catalog proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kOrchestra, &proto));
  return proto;
}

std::unique_ptr<const Catalog> Build(catalog::v1::Catalog proto) {
  auto catalog = Catalog::Build(std::move(proto), "orchestra");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

std::unique_ptr<const Catalog> Shipped() {
  const char* root = std::getenv("TUTTI_SOURCE_DIR");
  EXPECT_NE(root, nullptr) << "set TUTTI_SOURCE_DIR to the root of the source tree";
  if (root == nullptr) return nullptr;
  auto catalog = Catalog::Load(absl::StrCat(root, "/deploy/catalog/adoption.textproto"));
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

TEST(PlanNoise, GivesEachTableItsShare) {
  const auto catalog = Build(OrchestraProto());
  ASSERT_NE(catalog, nullptr);
  const NoisePlan plan = PlanNoise(*catalog, catalog->FindKind("person"), CADENCE_WEEKLY, 7);
  ASSERT_EQ(plan.reach.size(), 2u);
  ASSERT_EQ(plan.habits.size(), 1u);
  EXPECT_EQ(plan.reach[0].table, catalog->FindTable("player"));
  EXPECT_EQ(plan.reach[1].table, catalog->FindTable("places"));
  EXPECT_EQ(plan.habits[0].table, catalog->FindTable("daily"));
  // 0.046428571 is shared out: 500 of 750 to primary tables, of that one and four fifths;
  // 250 of 750 to the habit.
  EXPECT_EQ(plan.reach[0].sigma_squared, 81u);     // 1 / (2 x 0.00619048) = 80.8
  EXPECT_EQ(plan.reach[1].sigma_squared, 41u);     // 2 / (2 x 0.0247619) = 40.4
  EXPECT_EQ(plan.habits[0].sigma_squared, 1584u);  // 49 / (2 x 0.0154762) = 1583.1
}

TEST(PlanNoise, GivesTheHabitsShareOfAKindWithoutHabitsToItsTables) {
  const auto catalog = Build(OrchestraProto());
  ASSERT_NE(catalog, nullptr);
  const NoisePlan plan = PlanNoise(*catalog, catalog->FindKind("meeting"), CADENCE_FOUR_WEEKLY, 28);
  ASSERT_EQ(plan.reach.size(), 2u);
  EXPECT_TRUE(plan.habits.empty());
  EXPECT_EQ(plan.reach[0].sigma_squared, 5u);   // 1 / (2 x 0.185714 x 2/3) = 4.04
  EXPECT_EQ(plan.reach[1].sigma_squared, 17u);  // 2 / (2 x 0.185714 / 3) = 16.2
}

TEST(PlanNoise, AddsNoiseToHabitsWithTheDaysThatTheySum) {
  const auto catalog = Build(OrchestraProto());
  ASSERT_NE(catalog, nullptr);
  const int person = catalog->FindKind("person");
  uint64_t last = 0;
  for (int days = 1; days <= 28; ++days) {
    const NoisePlan plan = PlanNoise(*catalog, person, CADENCE_FOUR_WEEKLY, days);
    EXPECT_GT(plan.habits[0].sigma_squared, last);
    EXPECT_LE(plan.nano_rho, PublicationNanoRho(CADENCE_FOUR_WEEKLY));
    last = plan.habits[0].sigma_squared;
  }
  EXPECT_EQ(PlanNoise(*catalog, person, CADENCE_DAILY, 29).habits[0].sigma_squared,
            std::numeric_limits<uint64_t>::max());
  EXPECT_GT(PlanNoise(*catalog, person, CADENCE_DAILY, 0).habits[0].sigma_squared, 0u);
}

TEST(PlanNoise, SpendsTheShippedCataloguesBudgetAndNoMore) {
  const auto catalog = Shipped();
  ASSERT_NE(catalog, nullptr);
  for (size_t kind = 0; kind < catalog->kinds().size(); ++kind) {
    for (const Cadence cadence : kCadences) {
      for (const int days : {1, 7, 28}) {
        const NoisePlan plan = PlanNoise(*catalog, static_cast<int>(kind), cadence, days);
        EXPECT_EQ(plan.reach.size(), catalog->kinds()[kind].reach_tables.size());
        EXPECT_EQ(plan.habits.size(), catalog->kinds()[kind].habit_tables.size());
        const uint64_t share = PublicationNanoRho(cadence);
        EXPECT_LE(plan.nano_rho, share);
        // Rounding sigma^2 up wastes less than a tenth, a fifth where it is one digit.
        EXPECT_GT(plan.nano_rho, share / 10 * (plan.reach[0].sigma_squared < 10 ? 8 : 9))
            << catalog->kinds()[kind].proto->id();
      }
    }
  }
  EXPECT_TRUE(CheckNoisePlans(*catalog).ok()) << CheckNoisePlans(*catalog);
}

TEST(CheckNoisePlans, NamesATableThatCannotBeDrawn) {
  catalog::v1::Catalog proto = OrchestraProto();
  catalog::v1::Table& light = *proto.add_tables();
  light = proto.tables(2);
  light.set_id("rarely");
  light.mutable_features(0)->set_column(1);
  proto.mutable_tables(2)->set_weight(1000);
  ASSERT_EQ(light.role(), catalog::v1::TABLE_ROLE_HABIT);
  const auto catalog = Build(proto);
  ASSERT_NE(catalog, nullptr);
  const absl::Status status = CheckNoisePlans(*catalog);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("kind person, table rarely, cadence"));
  EXPECT_TRUE(CheckNoisePlans(*Build(OrchestraProto())).ok());
}

}  // namespace
}  // namespace tutti
