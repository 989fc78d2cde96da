#ifndef TUTTI_TESTS_UNIT_COMMON_CATALOG_VENDOR_CATALOG_H_
#define TUTTI_TESTS_UNIT_COMMON_CATALOG_VENDOR_CATALOG_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "google/protobuf/text_format.h"

namespace tutti {

// The catalogue of a made-up vendor of help desks: another kind of subject beside
// people, its own activity types, every sort of measure and category.
inline constexpr char kVendorCatalog[] = R"text(
name: "help_desk"
version: "3"
kinds {
  id: "person" plural: "people" protected_unit: "one person"
  expected_per_100_people: 100 slots_per_subject: 8
  max_slots_log2: 18 max_slots_log2_daily: 17 min_headcount: 10
}
kinds {
  id: "ticket" plural: "tickets" protected_unit: "one ticket"
  expected_per_100_people: 500 slots_per_subject: 2
  max_slots_log2: 13 max_slots_log2_daily: 12 min_headcount: 250
}
activity_types { id: "note.written" kind: "person" description: "wrote a note" }
activity_types { id: "ticket.opened" kind: "ticket" description: "opened a ticket" }
activity_types { id: "ticket.closed" kind: "ticket" description: "closed a ticket" }
apps { id: "desk" display_name: "Desk" }
apps { id: "pager" display_name: "Pager" }
platforms { id: "web" display_name: "Web" }
platforms { id: "mobile" display_name: "Mobile" }
traits { id: "urgent" display_name: "Urgent" }
traits { id: "answered" display_name: "Answered" }
traits { id: "large" display_name: "Large" }
sources { id: "desk_export" display_name: "Desk export" }
tables {
  id: "notes" kind: "person" role: TABLE_ROLE_PRIMARY weight: 1
  display_name: "Notes" description: "Shows who writes notes."
  features { id: "written" column: 0 display_name: "Wrote" any_of { types: "note.written" } }
  features {
    id: "by_pager" column: 5 display_name: "Wrote by pager"
    any_of { types: "note.written" apps: "pager" }
  }
}
tables {
  id: "tickets" kind: "ticket" role: TABLE_ROLE_PRIMARY weight: 2
  display_name: "Tickets" description: "Shows what becomes of tickets."
  features { id: "seen" column: 0 display_name: "Seen" any_of {} }
  features {
    id: "quick" column: 1 display_name: "Closed quickly"
    any_of { types: "ticket.closed" all_traits: ["urgent", "answered"] }
    any_of { types: "ticket.closed" apps: "pager" platforms: "mobile" }
  }
  features { id: "large" column: 2 display_name: "Large" any_of { any_traits: "large" } }
}
tables {
  id: "places" kind: "ticket" role: TABLE_ROLE_SUPPORTING weight: 1000
  display_name: "Places" description: "Shows where tickets come from."
  features { id: "web" column: 3 display_name: "From the web" any_of { platforms: "web" } }
}
tables {
  id: "habit_notes" kind: "person" role: TABLE_ROLE_HABIT weight: 1
  display_name: "Daily notes" description: "Counts who wrote a note on a day."
  features { id: "did" column: 0 display_name: "Wrote" any_of { types: "note.written" } }
}
budget_splits { cadence: "daily" primary_permille: 500 habit_permille: 200 supporting_permille: 300 }
budget_splits { cadence: "weekly" primary_permille: 600 habit_permille: 200 supporting_permille: 200 }
budget_splits { cadence: "four_weekly" primary_permille: 400 habit_permille: 400 supporting_permille: 200 }
measures {
  id: "notes_reach" display_name: "Notes" sentence: "S." numerator_words: "n"
  denominator_words: "d" raise_words: "r" category: "notes"
  share { numerator { table: "notes" at_least: 1 } entitled_product: "" }
}
measures {
  id: "notes_habit" display_name: "Daily notes" sentence: "S." numerator_words: "n"
  denominator_words: "d" raise_words: "r" category: "notes"
  habit { table: "habit_notes" entitled_product: "desk" }
}
measures {
  id: "pager_share" display_name: "By pager" sentence: "S." numerator_words: "n"
  denominator_words: "d" raise_words: "r"
  share {
    numerator { table: "notes" all_of { features: "by_pager" } }
    subjects { table: "notes" any_of { features: "written" } }
  }
}
measures {
  id: "slow_share" display_name: "Slow" sentence: "S." numerator_words: "n"
  denominator_words: "d" raise_words: "r"
  share {
    numerator { table: "tickets" only { features: "seen" } }
    subjects { table: "places" exactly: 1 }
  }
}
measures {
  id: "tickets_seen" display_name: "Tickets" sentence: "S." numerator_words: "n" raise_words: "r"
  count { table: "tickets" any_of { features: ["seen", "quick"] } }
}
categories {
  id: "notes" display_name: "Notes" description: "Measures notes." sources: "desk_export"
  reach_and_habit {
    reach_measure: "notes_reach" habit_measure: "notes_habit" reach_points: 70 habit_points: 30
    full_habit_numerator: 3 full_habit_denominator: 7
  }
}
categories {
  id: "service" display_name: "Service" description: "Measures service." sources: "desk_export"
  practices {
    practices {
      table: "tickets" followed_feature: "quick" double_weight_feature: "large"
      denominator { table: "tickets" any_of { features: "seen" } }
      phase: "follow up" display_name: "Closed quickly" weight: 1
    }
  }
}
categories {
  id: "faults" display_name: "Faults" description: "Measures faults." sources: "desk_export"
  fault_free { fault_measures: "slow_share" }
  substitutes: "service"
}
actions {
  id: "write_notes" measure: "notes_reach" below_permille: 500 title: "Write notes" text: "Do."
}
never_measured: "Who is slow."
)text";

inline catalog::v1::Catalog ParseCatalog(const std::string& text) {
  catalog::v1::Catalog proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto));
  return proto;
}

// The vendor's catalogue, or null (and a failed test).
inline std::unique_ptr<const Catalog> VendorCatalog() {
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog =
      Catalog::Build(ParseCatalog(kVendorCatalog), "vendor");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

// The catalogue that is shipped, or null (and a failed test).
inline std::unique_ptr<const Catalog> LoadShippedCatalog() {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  EXPECT_NE(source, nullptr) << "run it by ctest, or set TUTTI_SOURCE_DIR to the repository";
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(
      std::string(source == nullptr ? "." : source) + "/deploy/catalog/adoption.textproto");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMMON_CATALOG_VENDOR_CATALOG_H_
