#include "common/scoring/category_points.h"

#include <cmath>

#include "gtest/gtest.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

Figure Habit(double share, double sd) {
  Figure figure;
  figure.value = share;
  figure.errors[1] = {0, sd};
  return figure;
}

constexpr double kFull = 3.0 / 7;

TEST(HabitPoints, GrowUpToTheFullMark) {
  EXPECT_NEAR(HabitPoints(Habit(kFull / 2, 0), kFull, 30).value, 15, 1e-12);
  EXPECT_DOUBLE_EQ(HabitPoints(Habit(kFull, 0), kFull, 30).value, 30);
  EXPECT_DOUBLE_EQ(HabitPoints(Habit(0.9, 0), kFull, 30).value, 30);
}

TEST(HabitPoints, LoseTheirErrorAsTheIntervalRisesAboveTheFullMark) {
  const double slope = 30 / kFull;
  EXPECT_NEAR(MarginOf(HabitPoints(Habit(0.3, 0.01), kFull, 30)), slope * 0.0196, 1e-9);
  // Half of the lower side is still below the mark.
  EXPECT_NEAR(MarginOf(HabitPoints(Habit(kFull + 0.0098, 0.01), kFull, 30)), slope * 0.0098, 1e-9);
  EXPECT_EQ(MarginOf(HabitPoints(Habit(0.9, 0.01), kFull, 30)), 0);
}

TEST(HabitPoints, CloseWhatIsOpenAboveTheFullMark) {
  Figure clamped = Habit(0.95, 0.01);
  clamped.open.above = 0.05;
  EXPECT_EQ(HabitPoints(clamped, kFull, 30).open.above, 0);
  Figure low = Habit(0.05, 0.01);
  low.open.below = 0.05;
  EXPECT_EQ(ToEstimate(HabitPoints(low, kFull, 30), 30).bound(), score::v1::BOUND_AT_MOST);
}

// Devices and meetings: kinds that the shipped catalogue does not count.
constexpr char kOtherKinds[] = R"pb(
  name: "test"
  version: "1"
  kinds {
    id: "device"
    plural: "devices"
    expected_per_100_people: 150
    slots_per_subject: 8
    max_slots_log2: 18
    max_slots_log2_daily: 17
    min_headcount: 10
    protected_unit: "one device"
  }
  kinds {
    id: "meeting"
    plural: "meetings"
    expected_per_100_people: 2000
    slots_per_subject: 2
    max_slots_log2: 13
    max_slots_log2_daily: 13
    min_headcount: 250
    protected_unit: "one meeting"
  }
  activity_types { id: "device.seen" kind: "device" description: "was seen" }
  activity_types { id: "device.crashed" kind: "device" description: "crashed" }
  activity_types { id: "device.slow" kind: "device" description: "started slowly" }
  activity_types { id: "meeting.held" kind: "meeting" description: "was held" }
  activity_types { id: "meeting.recorded" kind: "meeting" description: "was recorded" }
  activity_types { id: "meeting.large" kind: "meeting" description: "was large" }
  tables {
    id: "endpoint"
    kind: "device"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Devices"
    description: "Shows devices."
    features {
      id: "seen"
      column: 0
      display_name: "Seen"
      any_of {}
    }
    features {
      id: "slow"
      column: 1
      display_name: "Slow"
      any_of { types: "device.slow" }
    }
    features {
      id: "crash"
      column: 2
      display_name: "Crash"
      any_of { types: "device.crashed" }
    }
  }
  tables {
    id: "held"
    kind: "meeting"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Meetings"
    description: "Shows meetings."
    features {
      id: "held"
      column: 0
      display_name: "Held"
      any_of {}
    }
  }
  tables {
    id: "recorded"
    kind: "meeting"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Recorded"
    description: "Shows recorded meetings."
    features {
      id: "recorded"
      column: 1
      display_name: "Recorded"
      any_of { types: "meeting.recorded" }
    }
    features {
      id: "large"
      column: 2
      display_name: "Large"
      any_of { types: "meeting.large" }
    }
  }
  budget_splits { cadence: "daily" primary_permille: 1000 }
  budget_splits { cadence: "weekly" primary_permille: 1000 }
  budget_splits { cadence: "four_weekly" primary_permille: 1000 }
  measures {
    id: "slow_share"
    display_name: "Slow"
    sentence: "Slow."
    numerator_words: "slow"
    denominator_words: "seen"
    raise_words: "None."
    share {
      numerator {
        table: "endpoint"
        any_of { features: "slow" }
      }
      subjects {
        table: "endpoint"
        any_of { features: "seen" }
      }
    }
    category: "endpoints"
  }
  measures {
    id: "crash_share"
    display_name: "Crash"
    sentence: "Crash."
    numerator_words: "crashed"
    denominator_words: "seen"
    raise_words: "None."
    share {
      numerator {
        table: "endpoint"
        any_of { features: "crash" }
      }
      subjects {
        table: "endpoint"
        any_of { features: "seen" }
      }
    }
    category: "endpoints"
  }
  categories {
    id: "endpoints"
    display_name: "Endpoints"
    description: "Devices."
    sources: "telemetry"
    fault_free { fault_measures: "slow_share" fault_measures: "crash_share" }
  }
  categories {
    id: "meeting_practice"
    display_name: "Practice"
    description: "Meetings."
    sources: "calendar"
    practices {
      practices {
        table: "recorded"
        followed_feature: "recorded"
        double_weight_feature: "large"
        denominator {
          table: "held"
          any_of { features: "held" }
        }
        phase: "follow up"
        display_name: "Recorded"
        weight: 1
      }
    }
  }
  sources { id: "telemetry" display_name: "Telemetry" }
  sources { id: "calendar" display_name: "Calendar" }
  sources { id: "activities" display_name: "Activities" }
)pb";

class OtherKindsTest : public ::testing::Test {
 protected:
  static constexpr int64_t kHeadcount = 2000;

  // The share of runs in which the truth lies in the margin.
  double Coverage(const char* category, const Activity& activity, double truth) {
    const catalog::v1::Category& proto = *catalog_->FindCategory(category);
    constexpr int kTrials = 1000;
    int hits = 0;
    for (int i = 0; i < kTrials; ++i) {
      const auto record =
          Publish(*catalog_, kHeadcount, window::v1::CADENCE_WEEKLY, activity, simulator_);
      const PublicTerms terms = TermsOf(*catalog_, record);
      const auto counts = ReadCounts(*catalog_, record);
      EXPECT_TRUE(counts.ok()) << counts.status();
      const Figure points =
          MeasuredPoints(*catalog_, MeasureFormulas(*catalog_, terms), proto, *counts);
      hits += std::abs(points.value - truth) <= MarginOf(points) ? 1 : 0;
    }
    return static_cast<double>(hits) / kTrials;
  }

  std::unique_ptr<const Catalog> catalog_ = CatalogFrom(kOtherKinds);
  SlotSimulator simulator_{41};
};

TEST_F(OtherKindsTest, TakesTheMeanShareWithoutAFault) {
  // 2,500 devices: 25% slow, 16% crashed, 6% both.
  const double coverage =
      Coverage("endpoints", {{{"endpoint", {0, 1625, 0, 475, 0, 250, 0, 150}}}, {}},
               100 * (0.75 + 0.84) / 2);
  EXPECT_GE(coverage, 0.935);
  // Both faults are of one table, so their errors are added as if they agreed.
  EXPECT_LE(coverage, 0.999);
}

TEST_F(OtherKindsTest, CountsLargeMeetingsTwice) {
  // 20,000 meetings, 6,000 of them large; 4,000 small and 3,000 large recorded.
  const double truth = 100.0 * (7000 + 3000) / (20000 + 6000);
  const double coverage = Coverage(
      "meeting_practice", {{{"held", {0, 20000}}, {"recorded", {0, 4000, 3000, 3000}}}, {}}, truth);
  EXPECT_GE(coverage, 0.935);
  EXPECT_LE(coverage, 0.97);
}

}  // namespace
}  // namespace tutti
