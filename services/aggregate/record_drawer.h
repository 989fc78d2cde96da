#ifndef TUTTI_SERVICES_AGGREGATE_RECORD_DRAWER_H_
#define TUTTI_SERVICES_AGGREGATE_RECORD_DRAWER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/privacy/noise.h"
#include "common/storage/counter_store.h"
#include "common/storage/publication_store.h"
#include "services/aggregate/scheduled_organization.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// What came of drawing a record.
struct DrawnRecord {
  // PUBLISHED when there is one to publish; else why there is none.
  aggregate::v1::CloseOutcome outcome = aggregate::v1::CLOSE_OUTCOME_UNSPECIFIED;
  StagedRecord staged;  // without the lease
};

// Makes the one record of a sealed window: counts it, sees that it can be afforded, and adds the
// noise. Stores nothing. Thread-safe.
class RecordDrawer {
 public:
  // References outlive this. `make_noise` makes the noise of one record, which one thread uses.
  RecordDrawer(CounterStore& counters, const Catalog& catalog,
               std::function<std::unique_ptr<NoiseSource>()> make_noise)
      : counters_(counters), catalog_(catalog), make_noise_(std::move(make_noise)) {}

  // `ledger` is all that was spent. Every kind is counted, and found affordable, before any noise
  // is drawn.
  absl::StatusOr<DrawnRecord> Draw(const ScheduledOrganization& organization, Day end_day,
                                   const Ledger& ledger) const;

 private:
  struct CountedKind;
  // What was counted of one kind, and the noise that is planned for it.
  absl::StatusOr<CountedKind> Count(const ScheduledOrganization& organization, Day end_day,
                                    int kind, const std::map<Day, DayTally>& tallies) const;
  // The record without its kinds.
  publication::v1::Publication Describe(const ScheduledOrganization& organization,
                                        Day end_day) const;

  CounterStore& counters_;
  const Catalog& catalog_;
  const std::function<std::unique_ptr<NoiseSource>()> make_noise_;
};

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_RECORD_DRAWER_H_
