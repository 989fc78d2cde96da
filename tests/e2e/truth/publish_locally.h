#ifndef TUTTI_TESTS_E2E_TRUTH_PUBLISH_LOCALLY_H_
#define TUTTI_TESTS_E2E_TRUTH_PUBLISH_LOCALLY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/window/day.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// What goes through the suite.
struct LocalInput {
  aggregate::v1::Organization profile;  // headcount, first day, sources, entitlements
  Day last_day;
  uint32_t key_seed = 1;  // decides the keys, and thereby which subjects share a slot
  // Calls with every activity.
  std::function<void(const std::function<void(const ingest::v1::Activity&)>&)> tell;
};

// What comes out of it.
struct LocalOutput {
  std::vector<publication::v1::Publication> records;  // ascending by end day
  std::vector<aggregate::v1::CloseOutcome> outcomes;  // of every window
  std::map<ingest::v1::Reason, int64_t> refused;      // activities
  int64_t activities = 0;
};

// Sends an organisation's activity through everything but the network, back-filled
// and closed. Without noise; the records say what noise there would have been.
LocalOutput PublishLocally(const Catalog& catalog, const LocalInput& input);

}  // namespace tutti

#endif  // TUTTI_TESTS_E2E_TRUTH_PUBLISH_LOCALLY_H_
