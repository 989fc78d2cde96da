#ifndef TUTTI_TESTS_SUPPORT_LOCAL_SUITE_H_
#define TUTTI_TESTS_SUPPORT_LOCAL_SUITE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/keyring/key_store.h"
#include "common/keyring/opt_out_store.h"
#include "common/privacy/noise.h"
#include "common/window/day.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/journal_binding.h"
#include "services/aggregate/window_closer.h"
#include "services/ingest/acknowledged_cache.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/aggregate_client.h"
#include "services/ingest/delta_coalescer.h"
#include "services/ingest/ingest_counters.h"
#include "services/ingest/policy_cache.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/doubles/no_journal.h"
#include "tests/support/organizations.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The catalogue that is shipped. Fails the test, and then the process, when it
// cannot be read.
const Catalog& ShippedCatalog();

// An activity of `subject` that sets the feature (index), by the first of its rules.
ingest::v1::Activity ActivityFor(const Catalog& catalog, const CatalogTable& table, int feature,
                                 const std::string& subject, Day day);

// What `subject` does who does everything that the catalogue's tables of the kind
// know, on one day.
std::vector<ingest::v1::Activity> EverythingOn(const Catalog& catalog, const std::string& kind,
                                               const std::string& subject, Day day);

// What this thread has had of a processor so far. The stores here are in memory, so a close
// waits for nothing, and what a busy machine does meanwhile is not in it.
absl::Duration ThreadTime();

// The classes of ingest and of aggregate, joined without a network, over a store in
// memory. Organisations are back-filled: activity goes in, Close() publishes. Not
// thread-safe.
class LocalSuite {
 public:
  using MakeNoise = std::function<std::unique_ptr<NoiseSource>()>;

  // Now is noon of the day after `last_day`. The seed decides the keys; equal seeds
  // give subjects equal slots.
  LocalSuite(const Catalog& catalog, Day last_day, uint32_t seed = 1);
  ~LocalSuite();

  // Creates an organisation that takes activity from `first_day` on, and whose
  // windows have keys.
  void Create(const std::string& organization, int64_t headcount, Day first_day,
              const std::vector<std::string>& sources = {"m365_audit", "activities"});
  void Create(const std::string& organization, const aggregate::v1::Organization& profile);

  // Sends activities, in batches, each made durable by a tick of its own; returns
  // how many were accepted.
  int64_t Ingest(const std::string& organization,
                 const std::vector<ingest::v1::Activity>& activities);

  // Creates an organisation like another and gives it the same bits, without
  // ingest: for closing the same counters many times.
  void Repeat(const std::vector<aggregate::v1::MergeDeltasRequest>& merges,
              const std::string& organization, int64_t headcount, Day first_day);

  // Finishes the back-fill, goes on until every window that ended by `last_day` is
  // due, closes those, and returns what was published, in order.
  std::vector<publication::v1::Publication> Close(const std::string& organization,
                                                  const MakeNoise& noise);

  // Activities that were refused, and what became of every closed window.
  std::map<ingest::v1::Reason, int64_t> refused;
  std::vector<aggregate::v1::CloseOutcome> outcomes;

  // ThreadTime() that the last Close() took inside aggregate's own class.
  absl::Duration close_time;

  // Every call to aggregate since the last clear, in order.
  std::vector<aggregate::v1::MergeDeltasRequest> merges;

  MemoryStore& store() { return store_; }
  KeyStore& keys() { return *keys_; }
  Organizations& organizations() { return organizations_; }
  FakeWallClock& clock() { return clock_; }
  const std::string& keyring_path() const { return keyring_path_; }

 private:
  class Aggregate;

  const Catalog& catalog_;
  const Day last_day_;
  const uint32_t seed_;
  FakeWallClock clock_;
  FakeSteadyClock steady_clock_;
  MemoryStore store_;
  NoJournal journal_;
  Organizations organizations_;
  JournalBinding binding_;
  DeltaMerger merger_;
  std::filesystem::path folder_;
  std::string keyring_path_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<OptOutStore> opt_outs_;
  std::unique_ptr<Aggregate> aggregate_;
  IngestCounters counters_;
  std::unique_ptr<PolicyCache> policies_;
  std::unique_ptr<AcknowledgedCache> acknowledged_;
  std::unique_ptr<DeltaCoalescer> coalescer_;
  std::unique_ptr<ActivityIngester> ingester_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_LOCAL_SUITE_H_
