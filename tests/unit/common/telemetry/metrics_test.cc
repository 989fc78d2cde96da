#include "common/telemetry/metrics.h"

#include <gtest/gtest.h>

#include "prometheus/collectable.h"
#include "prometheus/text_serializer.h"

namespace tutti {
namespace {

std::string Text(const Metrics& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.series()->Collect());
}

TEST(MetricsTest, ShowsEachSeriesWithItsLabels) {
  Metrics metrics;
  metrics.AddCounter("tutti_refused_total", "Refused activities.", {{"reason", "stale"}},
                     [] { return 3; });
  metrics.AddCounter("tutti_refused_total", "Refused activities.", {{"reason", "future"}},
                     [] { return 0; });
  metrics.AddGauge("tutti_ready_state", "Is ready.", {}, [] { return 1.0; });
  ASSERT_TRUE(metrics.status().ok()) << metrics.status();
  EXPECT_EQ(Text(metrics),
            "# HELP tutti_ready_state Is ready.\n"
            "# TYPE tutti_ready_state gauge\n"
            "tutti_ready_state 1\n"
            "# HELP tutti_refused_total Refused activities.\n"
            "# TYPE tutti_refused_total counter\n"
            "tutti_refused_total{reason=\"stale\"} 3\n"
            "tutti_refused_total{reason=\"future\"} 0\n");
}

TEST(MetricsTest, ReadsTheValueWhenAsked) {
  uint64_t value = 1;
  Metrics metrics;
  metrics.AddCounter("tutti_a_total", "A.", {}, [&value] { return value; });
  EXPECT_NE(Text(metrics).find("tutti_a_total 1\n"), std::string::npos);
  value = 2;
  EXPECT_NE(Text(metrics).find("tutti_a_total 2\n"), std::string::npos);
}

TEST(MetricsTest, RefusesNamesWithoutPrefixOrUnit) {
  for (const char* name : {"activities_total", "tutti_activities", "tutti_Activities_total",
                           "tutti_depth_seconds", ""}) {
    Metrics metrics;
    metrics.AddCounter(name, "A.", {}, [] { return 0; });
    EXPECT_EQ(metrics.status().code(), absl::StatusCode::kFailedPrecondition) << name;
    EXPECT_EQ(Text(metrics), "") << name;
  }
  for (const char* name : {"tutti_depth_total", "tutti_depth_count", "tutti_depth_bucket"}) {
    Metrics metrics;
    metrics.AddGauge(name, "A.", {}, [] { return 0.0; });
    EXPECT_FALSE(metrics.status().ok()) << name;
  }
}

TEST(MetricsTest, AddsUpTheCountsOfAHistogram) {
  Metrics metrics;
  metrics.AddHistogram("tutti_a_seconds", "A.", {{"method", "x"}}, {0.1, 1}, [] {
    return HistogramCounts{{2, 0, 3}, 4.5};
  });
  ASSERT_TRUE(metrics.status().ok()) << metrics.status();
  EXPECT_EQ(Text(metrics),
            "# HELP tutti_a_seconds A.\n"
            "# TYPE tutti_a_seconds histogram\n"
            "tutti_a_seconds_count{method=\"x\"} 5\n"
            "tutti_a_seconds_sum{method=\"x\"} 4.5\n"
            "tutti_a_seconds_bucket{method=\"x\",le=\"0.1\"} 2\n"
            "tutti_a_seconds_bucket{method=\"x\",le=\"1\"} 2\n"
            "tutti_a_seconds_bucket{method=\"x\",le=\"+Inf\"} 5\n");
}

TEST(MetricsTest, RefusesLabelsThatTellOrganisationsOrPeopleApart) {
  for (const char* label : {"organization", "org", "tenant", "subject", "user", "Reason", ""}) {
    Metrics metrics;
    metrics.AddCounter("tutti_a_total", "A.", {{label, "x"}}, [] { return 0; });
    EXPECT_EQ(metrics.status().code(), absl::StatusCode::kFailedPrecondition) << label;
    EXPECT_EQ(Text(metrics), "") << label;
  }
}

TEST(MetricsTest, RefusesTheSameSeriesTwice) {
  Metrics metrics;
  metrics.AddCounter("tutti_a_total", "A.", {{"reason", "x"}}, [] { return 0; });
  metrics.AddCounter("tutti_a_total", "A.", {{"reason", "x"}}, [] { return 1; });
  EXPECT_EQ(metrics.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(MetricsTest, ServesNothingThatBreaksARule) {
  Metrics metrics;
  metrics.AddCounter("wrong", "A.", {}, [] { return 0; });
  EXPECT_EQ(MetricsServer::Start(metrics, "127.0.0.1:0").status(), metrics.status());
}

}  // namespace
}  // namespace tutti
