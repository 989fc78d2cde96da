#ifndef TUTTI_TESTS_PRIVACY_ATTACKS_ATTACK_H_
#define TUTTI_TESTS_PRIVACY_ATTACKS_ATTACK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/privacy/audit/longer.h"
#include "tests/support/local_suite.h"
#include "tests/support/report_attack.h"

namespace tutti {

inline const Day kLastDay(2026, 11, 1);  // a Sunday that ends a window of every cadence
inline const Day kFirstDay = kLastDay - int64_t{27};

inline std::string PersonId(int64_t person) {
  return absl::StrCat("person", person, "@acme.example");
}

// The kind that people are counted by, and its first table.
inline const CatalogKind& PersonKind() {
  return ShippedCatalog().kind(ShippedCatalog().FindKind("person"));
}
inline const CatalogTable& FirstTable() {
  return ShippedCatalog().table(PersonKind().reach_tables[0]);
}

// What somebody does who does everything, on every day of the window.
inline std::vector<ingest::v1::Activity> Everything(const std::string& person) {
  std::vector<ingest::v1::Activity> all;
  for (Day day = kFirstDay; day <= kLastDay; ++day) {
    for (ingest::v1::Activity& activity : EverythingOn(ShippedCatalog(), "person", person, day)) {
      all.push_back(std::move(activity));
    }
  }
  return all;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_PRIVACY_ATTACKS_ATTACK_H_
