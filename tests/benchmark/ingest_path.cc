// Measures what ingest adds to an activity, without a network: identities that
// become digests, known subjects (a cache hit), and unknown ones (slots of every
// window). Prints nanoseconds for each activity; best of several rounds.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/catalog/catalog.h"
#include "common/clock/clock.h"
#include "common/identity/digester.h"
#include "common/identity/subject_id.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/opt_out_store.h"
#include "common/rpc/resource_name.h"
#include "common/window/window_proto.h"
#include "services/ingest/activity_ingester.h"

namespace tutti {
namespace {

constexpr int kBatch = 1000;
constexpr int kBatches = 100;
constexpr int kRounds = 5;

// An aggregate that takes everything at once; one weekly organisation.
class InstantAggregate final : public AggregateClient {
 public:
  void FetchPolicy(const std::string&, PolicyCallback done) override {
    aggregate::v1::GetIngestPolicyResponse policy;
    const Day today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
    policy.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(24)));
    policy.set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
    policy.set_first_day(FormatDay(today - 60));
    for (int week = 0; week < 4; ++week) {
      Add({WindowKind::kReach,
           absl::NextWeekday(today - 1, absl::Weekday::sunday) + int64_t{7} * week},
          policy);
    }
    for (int day = -1; day < 2; ++day) Add({WindowKind::kDay, today + day}, policy);
    done(policy);
  }
  void Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration,
             MergeCallback done) override {
    aggregate::v1::MergeDeltasResponse response;
    for (int i = 0; i < request.deltas_size(); ++i) {
      response.add_outcomes(aggregate::v1::DELTA_OUTCOME_MERGED);
    }
    done(response);
  }

 private:
  static void Add(Window window, aggregate::v1::GetIngestPolicyResponse& policy) {
    aggregate::v1::OpenWindow& open = *policy.add_windows();
    SetWindow(window, open);
    aggregate::v1::KindSize& size = *open.add_kinds();
    size.set_kind("person");
    size.set_slots_log2(18);
    size.set_kept_slots_log2(18);
  }
};

double NanosecondsEach(const std::function<void()>& round) {
  double best = 1e18;
  for (int i = 0; i < kRounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    round();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    best = std::min(best, taken.count() / (kBatch * kBatches));
  }
  return best;
}

// A batch's bytes, and how they read.
struct Batch {
  std::string bytes;
  BatchView view;
};

std::shared_ptr<const BatchView> ReadBatch(const ingest::v1::IngestActivitiesRequest& request) {
  const auto batch = std::make_shared<Batch>();
  batch->bytes = request.SerializeAsString();
  if (!batch->view.Append(batch->bytes)) std::abort();
  return {batch, &batch->view};
}

ingest::v1::IngestActivitiesRequest MakeBatch(int first_person) {
  static const char* const types[] = {"mail.sent", "chat.sent", "file.read", "meeting.attended"};
  static const char* const platforms[] = {"desktop", "web", "mobile"};
  ingest::v1::IngestActivitiesRequest batch;
  batch.set_organization("organizations/acme");
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  for (int i = 0; i < kBatch; ++i) {
    ingest::v1::Activity& activity = *batch.add_activities();
    activity.set_subject(absl::StrCat("Person.Number", first_person + i / 4, "@example.org"));
    activity.set_type(types[i % 4]);
    activity.set_app(i % 4 == 2 ? "word" : "outlook");
    activity.set_platform(platforms[i % 3]);
    activity.mutable_occurred_at()->set_seconds(now);
  }
  return batch;
}

void Measure(const Catalog& catalog, KeyStore& keys, const OptOutStore& opt_outs) {
  const std::vector<std::string> subjects = {"Person.Number12345@example.org"};
  std::printf("parse an identifier: %.0f ns\n", NanosecondsEach([&] {
                for (int i = 0; i < kBatch * kBatches; ++i) {
                  if (SubjectId::Parse(subjects[0]).index() != 0) std::abort();
                }
              }));
  Digester::Session session = keys.snapshot()->digester().NewSession();
  const DigestScope scope("person", "acme");
  uint8_t sum = 0;
  std::printf("parse and digest it: %.0f ns\n", NanosecondsEach([&] {
                for (int i = 0; i < kBatch * kBatches; ++i) {
                  const auto subject = SubjectId::Parse(subjects[0]);
                  sum ^= session.Compute(scope, std::get<SubjectId>(subject)).bytes[0];
                }
              }));
  if (sum == 1) std::printf("\n");

  const SystemWallClock clock;
  InstantAggregate aggregate;
  IngestCounters counters;
  PolicyCache policies(aggregate, catalog, keys, clock);
  AcknowledgedCache acknowledged(ColumnLayout::Of(catalog).words(), size_t{1} << 20);
  const SystemSteadyClock steady_clock;
  DeltaCoalescer coalescer(aggregate, catalog, CoalescerLimits(), steady_clock);
  ActivityIngester ingester(
      {catalog, policies, acknowledged, coalescer, opt_outs, counters, clock});
  std::vector<std::shared_ptr<const BatchView>> batches;
  batches.reserve(kBatches);
  for (int i = 0; i < kBatches; ++i) batches.push_back(ReadBatch(MakeBatch(i * kBatch)));
  const auto ingest_all = [&] {
    for (const std::shared_ptr<const BatchView>& batch : batches) {
      ingest::v1::IngestActivitiesResponse response;
      ingester.Ingest(ParseOrganizationName(batch->organization()), batch, response,
                      [](const absl::Status& status) {
                        if (!status.ok()) std::abort();
                      });
      coalescer.Tick();
      coalescer.AnswerWritten();
      if (response.accepted_count() != kBatch) std::abort();
    }
  };
  std::printf("ingest an activity of an unknown person: %.0f ns\n", NanosecondsEach([&] {
                acknowledged.NextGeneration();
                acknowledged.NextGeneration();
                ingest_all();
              }));
  ingest_all();
  std::printf("ingest an activity that is known: %.0f ns\n", NanosecondsEach(ingest_all));
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: ingest_path CATALOG NEW_KEYRING\n");
    return 2;
  }
  const auto catalog = tutti::Catalog::Load(argv[1]);
  auto keyring = tutti::NewKeyring(absl::Now(), tutti::kDefaultGrace);
  if (!catalog.ok() || !keyring.ok() || !tutti::KeyringFile(argv[2]).Create(*keyring).ok()) {
    std::fprintf(stderr, "the catalogue cannot be loaded or the keyring not be made\n");
    return 1;
  }
  const std::string list = tutti::OptOutPathBeside(argv[2]);
  const auto keys = tutti::KeyStore::Open(argv[2]);
  const absl::Status listed = tutti::OptOutFile(list).Create();
  const auto opt_outs = tutti::OptOutStore::Open(list);
  if (!keys.ok() || !listed.ok() || !opt_outs.ok()) {
    std::fprintf(stderr, "the keyring or the list of opt-outs cannot be opened\n");
    return 1;
  }
  tutti::Measure(**catalog, **keys, **opt_outs);
  return 0;
}
