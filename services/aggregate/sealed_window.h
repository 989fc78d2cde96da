#ifndef TUTTI_SERVICES_AGGREGATE_SEALED_WINDOW_H_
#define TUTTI_SERVICES_AGGREGATE_SEALED_WINDOW_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/catalog/catalog.h"
#include "common/storage/counter_store.h"
#include "services/aggregate/scheduled_organization.h"

namespace tutti {

// All the bits of one kind in a sealed window, zeros where nobody has begun it. NotFound when not
// all that happened was counted, or not all of it alike. Takes as long, and gives as long a text,
// where nobody did anything: how long a close takes must not tell.
absl::StatusOr<std::string> ReadSealedBits(CounterStore& counters,
                                           const ScheduledOrganization& organization, Window window,
                                           const std::string& kind, const BitmapShape& shape);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_SEALED_WINDOW_H_
