#ifndef TUTTI_TESTS_UNIT_SERVICES_INGEST_INGEST_FIXTURE_H_
#define TUTTI_TESTS_UNIT_SERVICES_INGEST_INGEST_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/keyring/key_store.h"
#include "common/keyring/opt_out_store.h"
#include "common/rpc/error_details.h"
#include "services/ingest/activity_ingester.h"
#include "services/ingest/aggregate_client.h"
#include "tests/doubles/fake_clock.h"

namespace tutti {

// Answers policies and merges at once, or when it is told to.
class FakeAggregateClient final : public AggregateClient {
 public:
  void FetchPolicy(const std::string& organization, PolicyCallback done) override;
  void Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration limit,
             MergeCallback done) override;

  // Answer what is held, the oldest first.
  void AnswerPolicies();
  void AnswerMerges();

  std::map<std::string, absl::StatusOr<aggregate::v1::GetIngestPolicyResponse>> policies;
  std::function<absl::StatusOr<aggregate::v1::DeltaOutcome>(const aggregate::v1::WindowDelta&)>
      outcome =
          [](const aggregate::v1::WindowDelta&) { return aggregate::v1::DELTA_OUTCOME_MERGED; };
  bool hold_policies = false;
  bool hold_merges = false;

  int fetched = 0;
  std::vector<aggregate::v1::MergeDeltasRequest> merges;
  std::vector<absl::Duration> limits;  // of each of them

 private:
  void Answer(const std::string& organization, const PolicyCallback& done);
  void Answer(const aggregate::v1::MergeDeltasRequest& request, const MergeCallback& done);

  std::vector<std::pair<std::string, PolicyCallback>> held_policies_;
  std::vector<std::pair<aggregate::v1::MergeDeltasRequest, MergeCallback>> held_merges_;
};

// A small catalogue: people with the reach tables modes {email 0, message 1} and
// shared {shared 2} and the habit communicated {0}; devices with the reach table
// fleet {seen 0}.
const Catalog& SmallCatalog();

// A batch as it is read from the wire; keeps its bytes.
std::shared_ptr<const BatchView> ViewOf(const ingest::v1::IngestActivitiesRequest& request);

// What one batch came to.
struct Reply {
  bool done = false;
  absl::Status status;
  ingest::v1::IngestActivitiesResponse response;
};

// An ingester over a fake aggregate, on Friday 2026-11-20 at 12:00 UTC. The
// organisation acme is weekly: reach windows end on 2026-11-22 and the three
// Sundays after it, day windows from 2026-11-17 to 2026-11-22 are open; V = M =
// 1,024 for people, devices are not collected.
class IngestFixture : public testing::Test {
 protected:
  IngestFixture();
  ~IngestFixture() override;

  // When every test begins.
  static absl::Time Noon() {
    return absl::FromCivil(absl::CivilHour(2026, 11, 20, 12), absl::UTCTimeZone());
  }
  static aggregate::v1::GetIngestPolicyResponse AcmePolicy();
  aggregate::v1::GetIngestPolicyResponse& policy() { return *client.policies.at("acme"); }
  // Gives every window of acme's policy the same sizes for a kind.
  void SetSize(const std::string& kind, uint32_t slots_log2, uint32_t kept_log2);

  static ingest::v1::Activity MakeActivity(const std::string& subject, const std::string& type,
                                           const std::string& time = "2026-11-20T08:00:00Z");
  static ingest::v1::IngestActivitiesRequest MakeBatch(
      std::vector<ingest::v1::Activity> activities);

  // Ingests; the reply may still be waiting for a tick.
  std::shared_ptr<Reply> Send(const ingest::v1::IngestActivitiesRequest& request);
  // Ingests, ticks, and expects an answer.
  Reply SendAndTick(const ingest::v1::IngestActivitiesRequest& request);
  // Ingests one activity; the reason for which it was refused, if it was.
  ingest::v1::Reason ReasonFor(ingest::v1::Activity activity);

  // Every delta that was sent, the oldest first.
  std::vector<aggregate::v1::WindowDelta> SentDeltas() const;
  // The positions that were sent to a window.
  std::vector<uint32_t> SentTo(WindowKind kind, const std::string& end_day) const;

  FakeWallClock clock{Noon()};
  FakeSteadyClock steady_clock;
  FakeAggregateClient client;
  std::string folder;
  std::string keyring_path;
  std::unique_ptr<KeyStore> keys;
  std::unique_ptr<OptOutStore> opt_outs;
  std::unique_ptr<PolicyCache> policies;
  std::unique_ptr<AcknowledgedCache> acknowledged;
  std::unique_ptr<DeltaCoalescer> coalescer;
  IngestCounters counters;
  std::unique_ptr<ActivityIngester> ingester;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SERVICES_INGEST_INGEST_FIXTURE_H_
