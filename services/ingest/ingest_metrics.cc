#include "services/ingest/ingest_metrics.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace tutti {

Metrics MetricsOf(const IngestCounters& counters, const KeyringMinder& keyring,
                  const DeltaCoalescer& coalescer) {
  Metrics metrics;
  metrics.AddCounter("tutti_ingest_accepted_activities_total",
                     "Activities that were answered as accepted.", {},
                     [&counters] { return counters.accepted_activities.load(); });
  metrics.AddGauge("tutti_ingest_overdue_keys",
                   "Keys of windows that are closed, a day after they should have been destroyed.",
                   {}, [&keyring] { return static_cast<double>(keyring.CountOverdueKeys()); });
  metrics.AddGauge("tutti_ingest_pending_batches",
                   "Batches that wait for the next flush, whether or not they bring anything new.",
                   {}, [&coalescer] { return static_cast<double>(coalescer.pending_batches()); });
  for (int reason = ingest::v1::REASON_UNSPECIFIED + 1; reason < ingest::v1::Reason_ARRAYSIZE;
       ++reason) {
    if (!ingest::v1::Reason_IsValid(reason)) continue;
    const auto at = static_cast<size_t>(reason);
    const std::string& name = ingest::v1::Reason_Name(static_cast<ingest::v1::Reason>(reason));
    const std::string value = absl::AsciiStrToLower(absl::StripPrefix(name, "REASON_"));
    metrics.AddCounter("tutti_ingest_refused_activities_total",
                       "Activities that were refused, each in a batch that was taken.",
                       {{"reason", value}},
                       [&counters, at] { return counters.refused_activities[at].load(); });
    metrics.AddCounter("tutti_ingest_refused_batches_total", "Batches that were refused whole.",
                       {{"reason", value}},
                       [&counters, at] { return counters.refused_batches[at].load(); });
  }
  return metrics;
}

}  // namespace tutti
