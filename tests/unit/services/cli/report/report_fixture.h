#ifndef TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_REPORT_FIXTURE_H_
#define TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_REPORT_FIXTURE_H_

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tutti {

// A message from its text form; a failed expectation and an empty one otherwise.
template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// How often a text has another in it.
inline int Times(const std::string& text, const std::string& what) {
  int times = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

// A score with a measured, a withheld and a bounded category, and a measure.
inline constexpr char kScore[] = R"pb(
  name: "organizations/acme/scores/2026-11-22"
  start_day: "2026-10-26"
  end_day: "2026-11-22"
  state: FIGURE_STATE_MEASURED
  points { value: 140.25 margin: 8.5 }
  possible_points: 200
  percent { value: 70.125 margin: 4.25 }
  headcount: 600
  change {
    since_end_day: "2026-10-25"
    difference { value: 12.5 margin: 6.5 }
    beyond_noise: true
  }
  most_room_category: "teamwork"
  notice: "This measures how an organisation adopts its tools, never a person."
  categories {
    category: "communication"
    display_name: "Communication"
    description: "Measures talk."
    state: FIGURE_STATE_MEASURED
    points { value: 95 margin: 2 bound: BOUND_AT_LEAST }
    change {
      since_end_day: "2026-10-25"
      difference { value: -1 margin: 3 }
    }
  }
  categories {
    category: "teamwork"
    display_name: "Teamwork"
    description: "Measures teams, and \"spaces\"."
    state: FIGURE_STATE_MEASURED
    points { value: 45.25 margin: 8.25 }
  }
  categories {
    category: "network"
    display_name: "Network"
    state: FIGURE_STATE_WITHHELD
    state_reason: "With 600 people, its margin would be above 15 points."
  }
  measures {
    measure: "reach"
    display_name: "Reach"
    sentence: "The share of people."
    category: "teamwork"
    state: FIGURE_STATE_MEASURED
    value { value: 51.5 margin: 5.25 }
    unit: UNIT_PERCENT
    numerator_words: "people who did"
    denominator_words: "everyone"
    raise_words: "A site for every team."
  }
)pb";

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_CLI_REPORT_REPORT_FIXTURE_H_
